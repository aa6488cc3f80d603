"""Rules of Cortex-M33 that a block shows by itself (github.com/jnk0le/random, cortex_m33.md), by hand."""

import pytest

from tests.timing.assembler import disassemble
from tests.timing.machine import board_model

FLASH = 0x0800_0000


def cost_of(source: str):
    return board_model("nucleo_u575zi_q").core.block_cost(FLASH, disassemble(source, FLASH, "cortex-m33"))


@pytest.mark.parametrize(
    ("source", "before"),
    [
        # "nop can dual issue with arithmetic or load/store instruction"; nothing goes together with a NOP
        # before it.
        ("mov r0, r1; nop; nop; mov r2, r3", (0, 1, 1, 2, 3)),
        ("ldr.w r0, [r1]; mov.w r8, r9; add.w r2, r0, r3", (0, 1, 2, 3)),
        ("ldr.w r0, [r1]; add.w r2, r0, r3", (0, 2, 3)),
        ("ldm r0, {r1-r3}; add.w r4, r3, r1", (0, 4, 5)),
        ("vfma.f32 s0, s1, s2; mov.w r0, r1; vadd.f32 s3, s4, s5", (0, 1, 3, 4)),
    ],
)
def test_when_each_instruction_starts(source, before):
    assert cost_of(source).cycles_before == before


@pytest.mark.parametrize(
    ("source", "taken"),
    [
        ("subs r7, #1; bne .", 3),  # "subs r7, #1 // 1 cycle; bne 1b // 2 cycles taken"
        ("subs r7, #1; add r0, r1; bne .", 3),  # "effectively executing in 1 cycle"
        ("ldmia r6!, {r0-r3}; bne .", 5),
        ("mov.w r0, r1; b .", 3),
        ("b .", 2),
        ("bl .", 2),
        ("mov r0, r1; bx lr", 2),
        ("pop {r4, pc}", 4),
    ],
)
def test_a_taken_branch(source, taken):
    cost = cost_of(source)
    assert cost.cycles + cost.leaving == taken


@pytest.mark.parametrize(
    ("source", "cycles"),
    [("subs r7, #1; bne .", 1), ("adds r3, r4; beq .", 1), ("subs.w r7, r7, #1; bne .", 2)],
)
def test_a_branch_not_taken_takes_no_cycle_after_a_16_bit_instruction(source, cycles):
    assert cost_of(source).cycles == cycles


def test_only_loads_and_stores_right_after_a_load_can_overlap():
    assert cost_of("ldr r0, [r1]; ldr r2, [r3]; str r2, [r3]; nop; str r0, [r1]").overlapped == {1, 2}
