"""The modes: all that tells one kind of run from another in a results tree, in one table.

How tinysim makes a mode's run stands in `tinysim.simulation.modes`, its figures are checked in
`tinysim.conformance`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tinysim.datasets.dataset import PERFORMANCE_INPUTS


@dataclass(frozen=True)
class Mode:
    """A kind of run; `id` is the folder of its files in a results tree.

    Results are complete only with every mode that `is_required`. Besides summary, log and script its folder
    may hold `other_files`. A run takes the first `inputs` of a data set; None for all of them.
    """

    id: str
    is_required: bool
    inputs: int | None
    other_files: frozenset[str] = frozenset()


PERFORMANCE = Mode("performance", is_required=True, inputs=PERFORMANCE_INPUTS)
ACCURACY = Mode("accuracy", is_required=True, inputs=None)
ENERGY = Mode(
    "energy",
    is_required=False,
    inputs=PERFORMANCE_INPUTS,
    other_files=frozenset({"trace1-energy.bin", "trace1-timestamps.json"}),
)

MODES = {mode.id: mode for mode in (PERFORMANCE, ACCURACY, ENERGY)}

ALL = "all"


def choices(modes: Iterable[Mode]) -> list[str]:
    """Return what a person may choose among `modes`: all of them, or one by its name."""
    return [ALL, *(mode.id for mode in modes)]


def chosen(choice: str, modes: Iterable[Mode]) -> tuple[Mode, ...]:
    """Return the modes that a choice among `modes` stands for."""
    return tuple(mode for mode in modes if choice in (ALL, mode.id))
