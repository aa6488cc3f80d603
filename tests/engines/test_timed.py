"""The engine with the board's timing model: the same instructions, more cycles, and time to match."""

import pytest

from tests.engines.guest import Guest, assembly_guest, c_guest
from tinysim.engines import Stop

NOT_ABOUT_TIME = ("priorities", "masks", "context_switch", "lazy_float", "modes", "rewrite")


@pytest.mark.parametrize("name", NOT_ABOUT_TIME)
def test_the_model_changes_cycles_not_what_is_executed(name):
    plain, timed = Guest(c_guest(name)), Guest(c_guest(name), with_timing=True)
    assert plain.run() is timed.run() is Stop.ASLEEP
    assert timed.results() == plain.results()
    assert timed.engine.now().instructions == plain.engine.now().instructions
    assert timed.engine.now().cycles > plain.engine.now().cycles


def test_the_guest_reads_the_cycles_that_the_engine_counts():
    body = """
        ldr r0, =0xE000EDFC; movs r1, #1; lsls r1, r1, #24; str r1, [r0]
        ldr r0, =0xE0001000; movs r1, #1; str r1, [r0]; b 1f
        .ltorg
    1:  ldr r2, [r0, #4]
        movs r3, #100
    2:  nop; nop; subs r3, #1; bne 2b
        ldr r3, [r0, #4]
        b .
    """
    guest = Guest(assembly_guest(body), with_timing=True)
    guest.run(0.001)
    registers = guest.engine.registers()
    counted = registers["r3"] - registers["r2"]
    # Four instructions a round, and the refill of the pipeline at each branch that is taken.
    assert 100 * 5 <= counted <= 100 * 7 + 40


def test_within_a_block_the_counter_goes_by_the_model():
    body = """
        ldr r0, =0xE000EDFC; movs r1, #1; lsls r1, r1, #24; str r1, [r0]
        ldr r0, =0xE0001000; movs r1, #1; str r1, [r0]; b 1f
        .ltorg
    1:  ldr r2, [r0, #4]; sdiv r5, r6, r7; sdiv r5, r6, r7; ldr r3, [r0, #4]; ldr r4, [r0, #4]
        wfi
    """
    registers = Guest(assembly_guest(body), with_timing=True)
    registers.run()
    values = registers.engine.registers()
    # A division takes 2 to 12 cycles, loads in a row pipeline (Arm 100166, table 3-1).
    assert values["r3"] - values["r2"] > 3
    assert values["r4"] - values["r3"] in (1, 2)


def test_exceptions_cost_what_the_board_says():
    guest = Guest(c_guest("priorities"), with_timing=True)
    plain = Guest(c_guest("priorities"))
    guest.run()
    plain.run()
    parameters = guest.engine.timing.parameters
    exceptions = 13
    extra = guest.engine.now().cycles - plain.engine.now().cycles
    assert extra >= exceptions * parameters.exception_entry_cycles
