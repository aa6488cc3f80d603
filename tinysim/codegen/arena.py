"""Where each tensor and scratch buffer lies in the one block of RAM that an inference uses."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass

ALIGNMENT_BYTES = 4


@dataclass(frozen=True)
class Buffer:
    """Something that needs RAM from step `first_step` to step `last_step`, both included."""

    key: Hashable
    size_bytes: int
    first_step: int
    last_step: int

    def lives_with(self, other: Buffer) -> bool:
        """Tell whether both are needed at some step."""
        return self.first_step <= other.last_step and other.first_step <= self.last_step


@dataclass(frozen=True)
class ArenaPlan:
    """Offsets in bytes by buffer key, each a multiple of ALIGNMENT_BYTES, and the whole size."""

    offsets: Mapping[Hashable, int]
    size_bytes: int


def plan_arena(buffers: Sequence[Buffer]) -> ArenaPlan:
    """Place `buffers` so that no two overlap while both live; deterministic, not always the least possible.

    Greedy: one buffer after another goes to the lowest gap it fits in. Several orders are tried (largest
    first is what TensorFlow Lite Micro's planner does) and the smallest arena wins.
    """
    plans = [_place(sorted(buffers, key=order)) for order in _ORDERS]
    return min(plans, key=lambda plan: plan.size_bytes)


def peak_bytes(buffers: Iterable[Buffer], steps: int) -> int:
    """Return the bytes that live at the fullest step, which no plan can go below."""
    return max(bytes_at(buffers, step) for step in range(steps))


def bytes_at(buffers: Iterable[Buffer], step: int) -> int:
    """Return the bytes that live at one step."""
    return sum(_aligned(each.size_bytes) for each in buffers if each.first_step <= step <= each.last_step)


_ORDERS: tuple[Callable[[Buffer], tuple[int, int, str]], ...] = (
    lambda buffer: (-buffer.size_bytes, buffer.first_step, str(buffer.key)),
    lambda buffer: (buffer.first_step, -buffer.size_bytes, str(buffer.key)),
    lambda buffer: (buffer.first_step - buffer.last_step, -buffer.size_bytes, str(buffer.key)),
)


def _aligned(size_bytes: int) -> int:
    return -(-size_bytes // ALIGNMENT_BYTES) * ALIGNMENT_BYTES


def _place(buffers: Sequence[Buffer]) -> ArenaPlan:
    placed: list[tuple[int, Buffer]] = []
    for buffer in buffers:
        offset = 0
        neighbours = (each for each in placed if each[1].lives_with(buffer))
        for start, neighbour in sorted(neighbours, key=lambda each: each[0]):
            if offset + buffer.size_bytes <= start:
                break
            offset = max(offset, start + _aligned(neighbour.size_bytes))
        placed.append((offset, buffer))
    size = max((offset + _aligned(buffer.size_bytes) for offset, buffer in placed), default=0)
    return ArenaPlan({buffer.key: offset for offset, buffer in placed}, size)
