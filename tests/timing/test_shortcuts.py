"""What makes the model fast must not change what it says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.timing.assembler import disassemble
from tests.timing.machine import Machine
from tests.timing.test_flash import DATA_CACHE, FLASH, INSTRUCTION_CACHE, PREFETCH, RAM
from tests.timing.test_flash import Machine as FlashMachine
from tinysim.timing.marshalling import native_block

BLOCKS = [
    "ldr r0, [r1]; ldr r2, [r1, #4]; ldrh r3, [r1, #6]",
    "ldr r0, [r1], #4; ldr r2, [r3], #4; ldrb r4, [r5, #1]; b .",
    "ldr r0, [r1, #-8]; ldrd r2, r3, [r5, #16]; ldm r4, {r6, r7}",
    "ldrb r0, [r1]; ldr r2, [r1, #1]",
    "ldr r0, [r1]; ldr r2, [r0]",
    "nop.w; nop.w; nop.w; nop.w; nop.w; nop.w; nop.w; nop.w; nop.w; b .",
]
POINTERS = st.sampled_from(
    [RAM, RAM + 1, RAM + 2, FLASH, FLASH + 0x10000, FLASH - 4, FLASH + 0x1FFFFC, 0, 0x1FFFFE]
)


@given(
    control=st.sampled_from([0, 2, 5, 5 | PREFETCH, 5 | PREFETCH | INSTRUCTION_CACHE | DATA_CACHE]),
    steps=st.lists(
        st.tuples(
            st.sampled_from(BLOCKS),
            st.integers(0, 40).map(lambda place: 8 * place + 2 * (place % 3)),
            st.sampled_from([FLASH, RAM]),
            st.lists(POINTERS, min_size=6, max_size=6),
            st.integers(1, 3),
        ),
        max_size=25,
    ),
)
def test_loads_told_free_by_their_ranges_are_free(control, steps):
    quick, thorough = FlashMachine(control), FlashMachine(control)
    for source, offset, where, pointers, times in steps:
        address = where + 4 * offset
        instructions = disassemble(source, address)
        timing = quick.model.describe_block(address, instructions)
        block = native_block(timing, address, sum(instruction.size for instruction in instructions))
        only_ranges = block.block.only_ranges
        for _ in range(times):
            costs = []
            for machine, as_they_are in ((quick, only_ranges), (thorough, False)):
                block.block.only_ranges = as_they_are
                costs.append(machine.enter_block(block, [0, *pointers, *[0] * 8]))
            assert costs[0] == costs[1]


LOOPS = [
    "ldr r0, [r1]; add r2, r0; subs r3, #1; b .",
    "ldr r0, [r1]; ldr r2, [r4, #64]; ldr r5, [r4, #512]; b .",
    "nop.w; nop.w; nop.w; nop.w; nop.w; nop.w; nop.w; b .",
    "ldrd r2, r3, [r4]; str r2, [r1]; b .",
]
CONTROLS = {
    "nucleo_l4r5zi": {0x4002_2000: 5 | PREFETCH | INSTRUCTION_CACHE | DATA_CACHE},
    "nucleo_u575zi_q": {0x4002_2000: 4 | PREFETCH, 0x4003_0400: 1},
    "nucleo_g0b1re": {0x4002_2000: 2 | PREFETCH | INSTRUCTION_CACHE},
    "disco_f746ng": {0x4002_3C00: 7, 0xE000_ED14: 3 << 16},
}


@pytest.mark.parametrize("board_id", CONTROLS)
@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from(LOOPS),
            st.integers(0, 12).map(lambda place: FLASH + 0x700 * place + 4 * (place % 5)),
            st.lists(st.integers(0, 6).map(lambda place: FLASH + 0x1000 * place), min_size=6, max_size=6),
            st.integers(1, 6),
            st.sampled_from([0, 4, 16, 4096]),
        ),
        max_size=12,
    )
)
def test_a_loop_that_skips_its_fetches_costs_what_it_would(board_id, steps):
    """A write to a control register makes the long way be gone."""
    controls = CONTROLS[board_id]
    quick, thorough = Machine(controls, board_id), Machine(controls, board_id)
    for source, address, pointers, rounds, stride in steps:
        if board_id == "nucleo_g0b1re":
            source = "ldr r0, [r1]; ldrb r2, [r4]; b ."
        for round_number in range(rounds):
            values = {f"r{n}": pointer + stride * round_number for n, pointer in enumerate(pointers)}
            for register, value in controls.items():
                thorough.write_control(register, value)
            assert quick.total(source, address, **values) == thorough.total(source, address, **values)
