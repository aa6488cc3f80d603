"""Rules of Cortex-M7 that a block shows by itself (github.com/jnk0le/random, cortex_m7.md), by hand."""

import pytest

from tests.timing.assembler import disassemble
from tests.timing.machine import board_model

FLASH = 0x0800_0000


def cost_of(source: str):
    return board_model("nucleo_h7a3zi_q").core.block_cost(FLASH, disassemble(source, FLASH, "cortex-m7"))


@pytest.mark.parametrize(
    ("source", "before"),
    [
        ("add.w r0, r1, r2; eor.w r3, r0, r1; mov.w r8, r9; mov.w r10, r9", (0, 0, 1, 1, 2)),
        ("uxtb.w r0, r1; uxtb.w r2, r3; mov.w r8, r9", (0, 1, 1, 2)),
        ("ldr.w r0, [r6]; mov.w r8, r9; mul r1, r0, r2", (0, 0, 2, 3)),
        ("ldmia r6, {r0-r4}; mov.w r8, r9; mov.w r10, r9", (0, 3, 3, 4)),
        ("sdiv r0, r1, r2; mov.w r8, r9", (0, 7, 8)),
    ],
)
def test_when_each_instruction_is_issued(source, before):
    assert cost_of(source).cycles_before == before


@pytest.mark.parametrize(
    ("source", "mispredicted"),
    [
        # "instruction generating flags have to be placed at least 3 cycles before branch"
        ("subs r7, #1; bne .", 8),
        ("subs.w r7, r7, #1; mov.w r8, r9; mov.w r8, r9; mov.w r9, r8; mov.w r8, r9; mov.w r9, r8; bne .", 6),
        ("subs.w r7, r7, #1; mov.w r8, r9; mov.w r8, r9; mov.w r9, r8; bne .", 8),
    ],
)
def test_flags_that_are_known_early_make_a_wrong_guess_cheaper(source, mispredicted):
    assert cost_of(source).mispredicted == mispredicted


def test_a_loop_carries_its_latencies_to_the_next_round():
    # The product takes a cycle more before it can be multiplied again: a round waits for the one before.
    cost = cost_of("mul r0, r0, r1; subs r7, #1; bne .")
    assert (cost.cycles, cost.again) == (2, 2)
    cost = cost_of("ldr.w r0, [r0]; subs r7, #1; b .")
    assert (cost.cycles, cost.again) == (2, 2)
    cost = cost_of("vadd.f32 s0, s0, s1; subs r7, #1; bne .")
    assert (cost.cycles, cost.again) == (2, 3)


def test_what_follows_a_branch_not_taken_is_issued_beside_it():
    # "Not-taken branch can dual issue with following instruction"
    branch, following = (
        cost_of("cmp r0, r1; mov.w r8, r9; bne ."),
        cost_of("mov.w r8, r9; mov.w r10, r9; mov.w r11, r9"),
    )
    assert (branch.leaves_slot, following.cycles, following.joined) == (True, 2, 1)
    assert not cost_of("cmp r0, r1; bne .").leaves_slot
    # Not what has to be the older of a pair, or goes alone.
    assert cost_of("uxtb.w r0, r1; mov.w r8, r9").joined == 1
    assert cost_of("ldm r0, {r1, r2}; mov.w r8, r9").joined == 2
