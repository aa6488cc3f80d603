"""What one block of code costs by itself, worked out once when the block is first executed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from capstone import CsInsn
from capstone import arm_const as arm

from tinysim.board import Board
from tinysim.timing import cortex_m4
from tinysim.timing.accesses import Load, find_loads
from tinysim.timing.parameters import TimingParameters, timing_parameters

_DIRECT_BRANCHES = frozenset({arm.ARM_INS_B, arm.ARM_INS_BL, arm.ARM_INS_CBZ, arm.ARM_INS_CBNZ})


@dataclass(frozen=True)
class BlockTiming:
    """The cost of a block with memory that answers at once, and what it asks of memory.

    `cycles_before[i]` are the cycles of the instructions before instruction i; the refill cycles are
    paid when the block is the target of a taken branch, `direct` if that branch's target was encoded in it.
    """

    cycles: int
    cycles_before: tuple[int, ...]
    refill_direct: int
    refill_indirect: int
    ends_in_direct_branch: bool
    loads: tuple[Load, ...]


@dataclass(frozen=True)
class TimingModel:
    """The timing model of one board."""

    board: Board
    parameters: TimingParameters
    instruction_cycles: Callable[[CsInsn, CsInsn | None], int]
    refill_cycles: Callable[[int, int, bool], int]

    def describe_block(self, address: int, instructions: Sequence[CsInsn]) -> BlockTiming:
        """Return the cost of the block of `instructions` (disassembled with details) at `address`."""
        cycles = 0
        cycles_before = []
        previous = None
        for instruction in instructions:
            cycles_before.append(cycles)
            cycles += self.instruction_cycles(instruction, previous)
            previous = instruction
        width = instructions[0].size if instructions else 2
        return BlockTiming(
            cycles=cycles,
            cycles_before=tuple(cycles_before),
            refill_direct=self.refill_cycles(address, width, True),
            refill_indirect=self.refill_cycles(address, width, False),
            ends_in_direct_branch=previous is not None and previous.id in _DIRECT_BRANCHES,
            loads=tuple(find_loads(list(instructions))),
        )


def timing_model(board: Board) -> TimingModel | None:
    """Return the timing model of a board, or None where its core has none yet."""
    parameters = timing_parameters(board)
    if parameters is None or board.core.name != "cortex-m4":
        return None
    return TimingModel(board, parameters, cortex_m4.instruction_cycles, cortex_m4.refill_cycles)
