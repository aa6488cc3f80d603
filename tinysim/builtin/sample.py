"""One input of a built-in data set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Split = Literal["test", "training"]
"""Which inputs: those that are shipped, or as many others of the same kind as a model's training wants."""


@dataclass(frozen=True)
class Sample:
    """A file of a data set: its name (`*.bin`), the class that it shows, its bytes."""

    name: str
    label: int
    content: bytes
