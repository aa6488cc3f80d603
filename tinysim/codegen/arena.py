"""Where each tensor and scratch buffer lies in the one block of RAM that an inference uses."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
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
class Overlay:
    """That buffer `result` may lie over buffer `source`, which its step is the last to read.

    The step writes behind its own reads as long as the result begins at least `lead_bytes` before the source;
    where that is None, only as long as both begin at the same place.
    """

    source: Hashable
    result: Hashable
    lead_bytes: int | None

    def saved_bytes(self, source_bytes: int, result_bytes: int) -> int:
        """Return how much less both take together than side by side."""
        source_bytes, result_bytes = _aligned(source_bytes), _aligned(result_bytes)
        together = max(_aligned(self.lead_bytes or 0) + source_bytes, result_bytes)
        return max(0, source_bytes + result_bytes - together)


@dataclass(frozen=True)
class ArenaPlan:
    """Offsets in bytes by buffer key, each a multiple of ALIGNMENT_BYTES, and the whole size."""

    offsets: Mapping[Hashable, int]
    size_bytes: int


def plan_arena(buffers: Sequence[Buffer], overlays: Collection[Overlay] = ()) -> ArenaPlan:
    """Place `buffers` so that no two overlap while both live, but for what `overlays` permit.

    Deterministic, not always the least possible. Greedy: one buffer after another goes to the lowest place
    that it may have. Several orders are tried (largest first is what TensorFlow Lite Micro's planner does);
    from each the buffers that reach the top are then put first, a few rounds long. The smallest arena wins,
    be it one without overlays: the greedy one can be led into a worse place.
    """
    permitted = {(overlay.source, overlay.result): overlay for overlay in overlays}
    steps = max((buffer.last_step for buffer in buffers), default=0) + 1
    goal_bytes = peak_bytes(buffers, steps, overlays)
    best: ArenaPlan | None = None
    for order, usable in itertools.product(_ORDERS, (permitted, {}) if permitted else ({},)):
        sequence = sorted(buffers, key=order)
        for _round in range(_ROUNDS):
            plan = _place(sequence, usable)
            if best is None or plan.size_bytes < best.size_bytes:
                best = plan
            if best.size_bytes == goal_bytes:
                return best
            tops = {
                each.key
                for each in buffers
                if plan.offsets[each.key] + _aligned(each.size_bytes) == plan.size_bytes
            }
            sequence.sort(key=lambda buffer: buffer.key not in tops)
    assert best is not None
    return best


def peak_bytes(buffers: Iterable[Buffer], steps: int, overlays: Iterable[Overlay] = ()) -> int:
    """Return the bytes that live at the fullest step, which no plan can go below."""
    return max(bytes_at(buffers, step, overlays) for step in range(steps))


def bytes_at(buffers: Iterable[Buffer], step: int, overlays: Iterable[Overlay] = ()) -> int:
    """Return the bytes that live at one step, at least, if `overlays` are made use of."""
    live = {each.key: each for each in buffers if each.first_step <= step <= each.last_step}
    saved: dict[Hashable, int] = {}
    for overlay in overlays:
        if overlay.source in live and overlay.result in live:
            source, result = live[overlay.source], live[overlay.result]
            saved_bytes = overlay.saved_bytes(source.size_bytes, result.size_bytes)
            saved[overlay.result] = saved.get(overlay.result, 0) + saved_bytes
    return sum(_aligned(each.size_bytes) for each in live.values()) - sum(
        min(saved_bytes, _aligned(live[key].size_bytes)) for key, saved_bytes in saved.items()
    )


_ORDERS: tuple[Callable[[Buffer], tuple[int, int, str]], ...] = (
    lambda buffer: (-buffer.size_bytes, buffer.first_step, str(buffer.key)),
    lambda buffer: (buffer.first_step, -buffer.size_bytes, str(buffer.key)),
    lambda buffer: (buffer.first_step - buffer.last_step, -buffer.size_bytes, str(buffer.key)),
    # A result that is to begin before its source had better be there first.
    lambda buffer: (-buffer.size_bytes, -buffer.first_step, str(buffer.key)),
    lambda buffer: (-buffer.last_step, -buffer.size_bytes, str(buffer.key)),
)

_ROUNDS = 100

_Permitted = Mapping[tuple[Hashable, Hashable], Overlay]


def _aligned(size_bytes: int) -> int:
    return -(-size_bytes // ALIGNMENT_BYTES) * ALIGNMENT_BYTES


def _place(buffers: Sequence[Buffer], permitted: _Permitted) -> ArenaPlan:
    placed: list[tuple[int, Buffer]] = []
    for buffer in buffers:
        refused: list[tuple[int, int]] = []
        for start, neighbour in placed:
            if neighbour.lives_with(buffer):
                refused += _refused(buffer, start, neighbour, permitted)
        # The lowest place is the bottom or where something that refuses a place ends.
        ends = sorted({0, *(end for _, end in refused if end > 0)})
        offset = next(end for end in ends if not any(low < end < high for low, high in refused))
        placed.append((offset, buffer))
    size = max((offset + _aligned(buffer.size_bytes) for offset, buffer in placed), default=0)
    return ArenaPlan({buffer.key: offset for offset, buffer in placed}, size)


def _refused(buffer: Buffer, start: int, neighbour: Buffer, permitted: _Permitted) -> list[tuple[int, int]]:
    """Return the offsets that `buffer` may not have beside a neighbour at `start`, as open intervals."""
    low, high = start - _aligned(buffer.size_bytes), start + _aligned(neighbour.size_bytes)
    as_result = permitted.get((neighbour.key, buffer.key))
    as_source = permitted.get((buffer.key, neighbour.key))
    overlay = as_result or as_source
    if overlay is None:
        return [(low, high)]
    if overlay.lead_bytes is None:
        return [(low, start), (start, high)]
    lead_bytes = _aligned(overlay.lead_bytes)
    if as_result is not None:
        return [(max(low, start - lead_bytes), high)]
    return [(low, min(high, start + lead_bytes))]
