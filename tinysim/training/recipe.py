"""What the recipe of each benchmark takes and gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class TrainingSettings:
    """What the command line asks of a training; `epochs` None leaves their number to the recipe."""

    epochs: int | None = None
    seed: int = 1
    threads: int = 1
    report: Callable[[str], None] = field(default=print, compare=False)


@dataclass(frozen=True)
class TrainedModel:
    """The .tflite file, and what it scored by name: "float", "int8", "baseline", whatever is worth a line.

    Scores are on the built-in test set, from 0 to 1: accuracies, or AUC for ad.
    """

    tflite: bytes
    scores: Mapping[str, float]
