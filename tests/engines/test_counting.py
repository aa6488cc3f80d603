"""Every executed instruction is counted once: loops that can be counted by hand."""

import pytest

from tests.engines.guest import Guest, assembly_guest, run_assembly
from tinysim.board import board_ids, load_board
from tinysim.engines import Stop

LOOP = "movs r0, #{n}; 1: subs r0, #1; bne 1b; wfi"


def instructions(body: str) -> int:
    return run_assembly(body).engine.now().instructions


@pytest.mark.parametrize("rounds", [1, 2, 100, 255])
def test_a_loop(rounds):
    assert instructions(LOOP.format(n=rounds)) == 1 + 2 * rounds + 1


def test_a_nested_loop():
    body = "movw r1, #1000; 2: movs r0, #200; 1: subs r0, #1; bne 1b; subs r1, #1; bne 2b; wfi"
    assert instructions(body) == 1 + 1000 * (1 + 2 * 200 + 2) + 1


def test_wide_and_narrow_instructions():
    body = "movw r0, #0x1234; movt r0, #0x2000; mov r1, r0; add.w r2, r0, r1; nop; nop.w; wfi"
    assert instructions(body) == 7


def test_an_it_block_counts_skipped_instructions_as_executed():
    # A conditional instruction whose condition fails takes its cycle all the same.
    body = "movs r0, #10; 1: cmp r0, #5; ite gt; addgt r1, #1; addle r2, #1; subs r0, #1; bne 1b; wfi"
    guest = run_assembly(body)
    assert guest.engine.now().instructions == 1 + 10 * 6 + 1
    registers = guest.engine.registers()
    assert (registers["r1"], registers["r2"]) == (5, 5)


def test_a_block_longer_than_the_translator_takes():
    assert instructions("nop\n" * 2000 + "wfi") == 2001


def test_blocks_split_at_pages():
    # 30 bytes a round, so that rounds lie across the ends of 1 KiB pages in all ways.
    body = "".join(
        f"movs r0, #3; 1{n}: nop.w; nop; nop.w; nop; nop.w; nop; subs r0, #1; bne 1{n}b;" for n in range(80)
    )
    assert instructions(body + "wfi") == 80 * (1 + 3 * 8) + 1


def test_calls_and_returns():
    body = "movs r4, #50; 1: bl f; subs r4, #1; bne 1b; wfi; f: push {lr}; nop; pop {pc}"
    assert instructions(body) == 1 + 50 * (3 + 3) + 1


COUNTED_INTERRUPTS = """
    ldr r0, =0xE000E010
    movs r1, #{reload}
    str r1, [r0, #4]
    movs r1, #0
    str r1, [r0, #8]
    movs r1, #7
    str r1, [r0]
    movs r2, #250
    lsls r2, r2, #3
1:  nop
    subs r2, #1
    bne 1b
    movs r1, #0
    str r1, [r0]
    b 2f
    .thumb_func
SysTick_Handler:
    ldr r3, =0x20000004
    ldr r1, [r3]
    adds r1, #1
    str r1, [r3]
    bx lr
    .ltorg
2:  wfi
"""


@pytest.mark.parametrize("board", board_ids())
@pytest.mark.parametrize("reload", [37, 41, 64, 97, 250])
def test_interrupted_and_re_entered_blocks(board, reload):
    guest = run_assembly(COUNTED_INTERRUPTS.format(reload=reload), board=load_board(board))
    interrupts = guest.word(0x2000_0004)
    assert interrupts > 2000 * 3 // 251
    assert guest.engine.now().instructions == 9 + 2000 * 3 + 4 + 5 * interrupts


def test_an_undefined_instruction_is_not_executed_nor_are_those_behind_it():
    guest = Guest(assembly_guest("nop; nop; udf #1; nop; nop; wfi"))
    with pytest.raises(Exception, match="UNDEFINSTR"):
        guest.run()
    assert guest.engine.now().instructions == 2


def test_a_load_from_nowhere_is_not_executed_nor_are_those_behind_it():
    guest = Guest(assembly_guest("ldr r0, =0x70000000; nop; ldr r1, [r0]; nop; nop; wfi; .ltorg"))
    with pytest.raises(Exception, match="PRECISERR"):
        guest.run()
    assert guest.engine.now().instructions == 2


def test_without_a_timing_model_a_cycle_is_an_instruction():
    guest = Guest(assembly_guest("1: nop; nop; b 1b"))
    guest.run(0.001)
    now = guest.engine.now()
    assert now.cycles == now.instructions
    assert now.time_ns == now.instructions * 250


def test_stops_are_where_they_were_asked_for():
    guest = Guest(assembly_guest("1: nop; b 1b"))
    for microseconds in range(1, 50):
        assert guest.engine.run(microseconds * 1000) is Stop.DEADLINE
        # 4 instructions a microsecond, in blocks of two.
        assert 0 <= guest.engine.now().instructions - 4 * microseconds < 2


CYCLE_COUNTER = """
    ldr r0, =0xE000EDFC
    movs r1, #1
    lsls r1, r1, #24
    str r1, [r0]
    ldr r0, =0xE0001000
    movs r1, #1
    str r1, [r0]
    {body}
    wfi
    .ltorg
"""


def counter_readings(body: str) -> dict[str, int]:
    return run_assembly(CYCLE_COUNTER.format(body=body)).engine.registers()


@pytest.mark.parametrize("between", [0, 1, 7, 100])
def test_the_cycle_counter_is_read_at_the_exact_place_in_a_block(between):
    registers = counter_readings(f"ldr r2, [r0, #4]\n{'nop; ' * between} ldr r3, [r0, #4]")
    assert registers["r3"] - registers["r2"] == between + 1


def test_the_cycle_counter_is_written_at_the_exact_place_in_a_block():
    registers = counter_readings(
        "nop; nop; nop; movs r1, #0; str r1, [r0, #4]; nop; nop; ldr r2, [r0, #4]; adds r2, #0"
    )
    assert registers["r2"] == 3


def test_reading_a_device_within_an_it_block_does_not_disturb_what_follows():
    registers = counter_readings(
        "movs r4, #3; movs r5, #0; movs r6, #0\n"
        "1: cmp r4, #2; ittt ge; ldrge r2, [r0, #4]; ldrge r3, [r0, #4]; addge r5, #1\n"
        "adds r6, #1; subs r4, #1; bne 1b; movs r1, #0; adds r7, r5, #0"
    )
    assert (registers["r5"], registers["r6"], registers["r3"] - registers["r2"]) == (2, 3, 1)
    assert registers["r7"] == 2


def test_first_touch_of_a_page_within_an_it_block_does_not_disturb_what_follows():
    guest = run_assembly(
        "ldr r0, =0x20000000; movs r4, #0; movs r6, #100\n"
        "1: cmp r6, #0; itt ne; strne r6, [r0]; ldrne r1, [r0]\n"
        "add.w r0, r0, #1024; adds r4, r4, #1; subs r6, #1; bne 1b; wfi; .ltorg"
    )
    assert guest.engine.registers()["r4"] == 100
    assert guest.engine.now().instructions == 3 + 100 * 8 + 1
