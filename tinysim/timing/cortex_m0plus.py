"""Cycles of Cortex-M0+ instructions, from the Cortex-M0+ technical reference manual (Arm DDI 0484).

Section 3.3 gives the table of instructions. Memory is taken to answer at once; waiting for flash is added
elsewhere. The multiplier is the fast one (MUL in one cycle).
"""

from __future__ import annotations

from collections.abc import Sequence

from capstone import CsInsn
from capstone import arm_const as arm

from tinysim.timing import instructions as kinds
from tinysim.timing.pipeline import BlockCost

TAKEN_BRANCH_CYCLES = 2


def block_cost(address: int, instructions: Sequence[CsInsn]) -> BlockCost:
    """Return the cost of a block: a two-stage pipeline, in order, nothing overlaps."""
    before = [0]
    for instruction in instructions:
        before.append(before[-1] + _cycles(instruction))
    leaving = 0
    if instructions and kinds.leaves_block(instructions[-1]):
        leaving = TAKEN_BRANCH_CYCLES - 1
    return BlockCost(tuple(before), leaving=leaving)


def _cycles(instruction: CsInsn) -> int:
    kind = instruction.id
    if kind in kinds.LOADS | kinds.STORES:
        return 2
    if kind in kinds.LOADS_MULTIPLE | kinds.STORES_MULTIPLE:
        # POP with PC takes 3 + N, of which the taken branch is counted where it is taken.
        pops = int(arm.ARM_REG_PC in kinds.destination_registers(instruction))
        return 1 + kinds.register_list_length(instruction) + pops
    if kind == arm.ARM_INS_BL:
        return 2  # 3 with the taken branch
    if kind in (arm.ARM_INS_MRS, arm.ARM_INS_MSR, arm.ARM_INS_DMB, arm.ARM_INS_DSB, arm.ARM_INS_ISB):
        return 3
    return 1
