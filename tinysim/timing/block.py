"""What one block of code costs by itself, worked out once when the block is first executed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from capstone import CsInsn

from tinysim.chip import Chip
from tinysim.timing import instructions as kinds
from tinysim.timing.accesses import Access, find_accesses
from tinysim.timing.cores import CORE_TIMINGS, CoreTiming
from tinysim.timing.parameters import TimingParameters, timing_parameters
from tinysim.timing.values import Computation


@dataclass(frozen=True)
class BlockTiming:
    """The cost of a block with memory that answers at once, and what it asks of memory.

    `cycles_before[i]` are the cycles of the instructions before instruction i. `leaving` are paid where the
    block is left by a taken branch that nothing foresaw, `entered` where it is branched to, `mispredicted`
    where a predictor foresaw wrongly how it goes on. `again` are its cycles right after itself, `joined`
    those straight after a block that `leaves_slot` free.
    """

    cycles: int
    cycles_before: tuple[int, ...]
    leaving: int
    entered: int
    mispredicted: int
    is_branch: bool
    overlapped: frozenset[int]
    again: int
    joined: int
    leaves_slot: bool
    accesses: tuple[Access | Computation, ...]


@dataclass(frozen=True)
class TimingModel:
    """The timing model of one chip."""

    chip: Chip
    parameters: TimingParameters
    core: CoreTiming

    def describe_block(self, address: int, instructions: Sequence[CsInsn]) -> BlockTiming:
        """Return the cost of the block of `instructions` (disassembled with details) at `address`."""
        cost = self.core.block_cost(address, instructions)
        accesses = find_accesses(
            instructions, with_stores=self.parameters.follows_stores or self.core.overlaps_within_a_memory
        )
        return BlockTiming(
            cycles=cost.cycles,
            cycles_before=cost.cycles_before[:-1],
            leaving=cost.leaving,
            entered=cost.entered,
            mispredicted=cost.mispredicted,
            is_branch=bool(instructions) and kinds.leaves_block(instructions[-1]),
            overlapped=cost.overlapped,
            again=cost.cycles if cost.again is None else cost.again,
            joined=cost.cycles if cost.joined is None else cost.joined,
            leaves_slot=cost.leaves_slot,
            accesses=tuple(accesses),
        )


def timing_model(chip: Chip) -> TimingModel | None:
    """Return the timing model of a chip, or None where it has none."""
    parameters = timing_parameters(chip)
    core = CORE_TIMINGS.get(chip.core.name)
    if parameters is None or core is None:
        return None
    return TimingModel(chip, parameters, core)
