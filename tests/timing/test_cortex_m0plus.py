"""Cortex-M0+ by the table of its manual (Arm DDI 0484C, 3.3), block by block."""

import pytest

from tests.timing.assembler import disassemble
from tests.timing.machine import board_model

FLASH = 0x0800_0000


def cost_of(source: str):
    return board_model("nucleo_g0b1re").core.block_cost(FLASH, disassemble(source, FLASH, "cortex-m0+"))


def test_instructions_follow_each_other():
    source = (
        "adds r0, r1, r2; muls r0, r1, r0; ldr r1, [r0]; strb r1, [r0]; push {r4-r7}; mrs r0, primask; "
        "dsb; nop"
    )
    assert cost_of(source).cycles_before == (0, 1, 2, 4, 6, 11, 14, 17, 18)


@pytest.mark.parametrize(
    ("source", "not_taken", "taken"),
    [
        ("beq .", 1, 2),
        ("b .", None, 2),
        ("bl .", None, 3),
        ("bx lr", None, 2),
        ("blx r3", None, 2),
        ("mov pc, r3", None, 2),
        ("add pc, r3", None, 2),
        ("pop {r4, r5, pc}", None, 3 + 3),
    ],
)
def test_branches(source, not_taken, taken):
    cost = cost_of(source)
    assert cost.cycles + cost.leaving == taken
    assert not_taken is None or cost.cycles == not_taken


def test_nothing_of_a_block_depends_on_the_one_before():
    cost = cost_of("ldr r0, [r1]; ldr r2, [r0]; b .")
    assert (cost.entered, cost.mispredicted, cost.overlapped, cost.again, cost.joined) == (
        0,
        0,
        frozenset(),
        None,
        None,
    )
