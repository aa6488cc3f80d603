"""What comes out: a row for each image, and how far simulated latencies are from published ones."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

CORE_GROUPS = (("cortex-m4", "cortex-m33"), ("cortex-m7", "cortex-m0+"))
"""Cores whose errors are also judged together."""


@dataclass(frozen=True)
class Row:
    """An image and its figures; None for what is not known.

    `reason` says why the image was not run, or why a published figure is missing, and is empty where all went
    well; `vectors_reason` the same of result vectors. `note` is what else is to be known, `firmware_notes`
    the engine's remarks on what the firmware used. `image` and `other_images` are paths inside the clone.
    """

    round: str | None
    division: str
    org: str
    system: str | None
    core: str | None
    benchmark: str | None
    board: str | None
    published_ms: float | None
    simulated_ms: float | None
    error_percent: float | None
    vectors_equal: int | None
    vectors_total: int | None
    reason: str
    vectors_reason: str
    note: str
    firmware_notes: tuple[str, ...]
    image: str
    other_images: tuple[str, ...]
    firmware_sha256: str | None
    instructions_per_inference: int | None
    cycles_per_inference: int | None

    def as_json(self) -> dict[str, Any]:
        """Return the row as JSON can hold it."""
        lists = {"other_images": list(self.other_images), "firmware_notes": list(self.firmware_notes)}
        return {**asdict(self), **lists}


def error_percent(published_ms: float | None, simulated_ms: float | None) -> float | None:
    """Return by how many percent of the published latency the simulated one is longer."""
    if published_ms is None or simulated_ms is None:
        return None
    return 100 * (simulated_ms - published_ms) / published_ms


@dataclass(frozen=True)
class GroupErrors:
    """How far off the images of some cores are: absolute errors in percent."""

    cores: tuple[str, ...]
    images: int
    median_percent: float
    worst_percent: float
    worst: Row


def group_errors(rows: Iterable[Row]) -> list[GroupErrors]:
    """Return the errors of CORE_GROUPS, then of each core; of those only that have an image with an error."""
    measured = [row for row in rows if row.error_percent is not None and row.core is not None]
    single = sorted({row.core for row in measured if row.core is not None})
    groups = []
    for cores in (*CORE_GROUPS, *((core,) for core in single)):
        own = [row for row in measured if row.core in cores]
        if own:
            worst = max(own, key=_absolute)
            groups.append(
                GroupErrors(
                    tuple(cores),
                    len(own),
                    statistics.median(_absolute(row) for row in own),
                    _absolute(worst),
                    worst,
                )
            )
    return groups


def vector_totals(rows: Sequence[Row]) -> tuple[int, int]:
    """Return how many vectors are equal to published ones, and how many were compared."""
    return sum(row.vectors_equal or 0 for row in rows), sum(row.vectors_total or 0 for row in rows)


def _absolute(row: Row) -> float:
    return abs(row.error_percent or 0.0)
