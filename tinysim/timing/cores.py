"""The timing of each core of the family."""

from __future__ import annotations

from dataclasses import dataclass

from tinysim.timing import cortex_m0plus, cortex_m4, cortex_m7, cortex_m33
from tinysim.timing.pipeline import Pipeline


@dataclass(frozen=True)
class CoreTiming:
    """A core's pipeline, and what of it depends on the past.

    `unaligned_load_cycles` are what a load at an even and at an odd address costs where it is not aligned;
    `predictor_entries` the size of the branch target address cache, 0 where there is none;
    `overlaps_within_a_memory` whether loads overlap, and only those from the same memory.
    """

    block_cost: Pipeline
    unaligned_load_cycles: tuple[int, int] = (1, 2)
    predictor_entries: int = 0
    overlaps_within_a_memory: bool = False


CORE_TIMINGS = {
    "cortex-m0+": CoreTiming(cortex_m0plus.block_cost),
    # "A halfword aligned word load adds one extra cycle, a byte-aligned one two" (Arm 100166 3.3.2)
    "cortex-m4": CoreTiming(cortex_m4.block_cost, overlaps_within_a_memory=True),
    "cortex-m33": CoreTiming(cortex_m33.block_cost, overlaps_within_a_memory=True),
    "cortex-m7": CoreTiming(
        cortex_m7.block_cost,
        unaligned_load_cycles=cortex_m7.UNALIGNED_LOAD_CYCLES,
        predictor_entries=cortex_m7.PREDICTOR_ENTRIES,
    ),
}
