"""Exceptions as the architecture takes them; what each guest does is in guests/."""

from dataclasses import dataclass

import pytest

from tests.engines.guest import Guest, assembly_guest, c_guest, run_c
from tinysim.board import Board, load_board
from tinysim.engines import Stop

LOW, MIDDLE, HIGH = [0x10, 0x16, 0x11], [0x20, 0x80, 0x21], [0x30]


@dataclass(frozen=True)
class Returns:
    """EXC_RETURN to thread mode on either stack and to handler mode, and with a floating-point frame."""

    thread: int
    process: int
    handler: int
    thread_float: int


ARMV7M = Returns(0xFFFF_FFF9, 0xFFFF_FFFD, 0xFFFF_FFF1, 0xFFFF_FFE9)
ARMV8M = Returns(0xFFFF_FFB8, 0xFFFF_FFBC, 0xFFFF_FFB0, 0xFFFF_FFA8)
FPCA = 4


@pytest.fixture(params=["nucleo_l4r5zi", "disco_f746ng", "nucleo_h7a3zi_q", "nucleo_u575zi_q"])
def board(request) -> Board:
    return load_board(request.param)


@pytest.fixture
def returns(board) -> Returns:
    return ARMV8M if board.chip.core.name == "cortex-m33" else ARMV7M


def test_priorities_nest_chain_and_order(board):
    nested = [0x10, 0x16, 0x20, 0x30, 0xC0, 0x21, 0x11]
    assert run_c("priorities", board=board) == [
        *nested,
        *LOW,
        0,
        *(0x40, *HIGH, *LOW, 0x41),
        *(*MIDDLE, *HIGH, 0x42),
        *(*MIDDLE, *HIGH, 0x43),
    ]


def test_masks_keep_exceptions_pending(board):
    assert run_c("masks", board=board) == [
        *(0x01, 1, 0x20),
        *(0x02, 0x20, 0x03, 0x80, 0x10, 0x04),
        *(0x05, 1, 0x20, 0x06),
        *(0x07, 0x10, 0x08, 0x09),
    ]


def test_threads_on_process_stacks_switched_by_pendsv(board, returns):
    results = run_c("context_switch", board=board)
    started = [0x5001, returns.thread, 0x1234]
    # The first thread is unprivileged on the process stack: CONTROL is 3.
    rounds = [
        value for number in range(4) for value in (0x100 + number, 3, 0x5002, 0x200 + number, 1, 0x5002)
    ]
    assert results == [*started, *rounds, 0x5002, 0x5003]


def test_a_thread_on_the_process_stack_outlives_nested_interrupts(board):
    *rounds, nested = run_c("nested_thread", board=board)
    assert rounds == [2, 1, 1, 0] * 3
    assert nested == 3


def test_floating_point_state_is_saved_when_the_handler_uses_it(board, returns):
    two = 0x4000_0000
    results = run_c("lazy_float", board=board)
    assert results[:2] == [returns.thread, 0]
    assert results[2] & FPCA
    left_alone = [0, 1, returns.thread_float, 1, 1, two]
    saved = [two, 1, returns.thread_float, 1, 0, two]
    assert results[3:-1] == left_alone + saved
    assert results[-1] & FPCA


def test_exception_returns_and_stack_alignment(board, returns):
    assert run_c("modes", board=board) == [returns.thread, returns.handler, 1, 0, 0x24, returns.process, 0]


def test_sleep_and_what_ends_it(board):
    slept_cheaply, masked, unmasked, event, conditional, pending, on_exit = run_c("sleep", board=board)
    assert slept_cheaply
    assert (masked, unmasked, event, conditional, pending) == (0, 1, 1, 1, 1)
    assert on_exit == 4


def test_sleep_costs_virtual_time_but_no_cycles():
    guest = Guest(c_guest("sleep"))
    assert guest.run(0.0048) is Stop.DEADLINE
    now = guest.engine.now()
    assert now.time_ns >= 4_800_000
    assert now.cycles == now.instructions < 1000


def test_bit_bands_narrow_accesses_and_reset():
    guest = Guest(c_guest("bits"))
    guest.run()
    # What is in .bss survives a reset, as nothing clears it in these guests.
    kept = guest.word(0x2000_8004)
    results = guest.results()
    assert results[:kept] == [0x8000_0000, 1, 8, 0x1208, 0xBE, 0]
    assert results[kept:] == [2, 0, 0]
    assert guest.engine.resets == 1


def test_code_that_the_guest_rewrites_runs_as_written():
    assert run_c("rewrite") == [*range(1, 21), *range(100, 103)]


def test_code_that_the_host_rewrites_runs_as_written():
    guest = Guest(assembly_guest("movs r0, #0; 1: adds r0, #1; wfi"))
    start = guest.engine.snapshot()
    guest.run()
    assert guest.engine.registers()["r0"] == 1
    # ADDS r0, #1 is 0x3001, behind the 64 bytes of vectors, the default handler and MOVS.
    place = guest.symbol("Reset_Handler") // 2 * 2 + 2
    assert guest.engine.read_memory(place, 2) == b"\x01\x30"
    guest.engine.write_memory(place, b"\x07\x30")
    guest.engine.restore(start)
    guest.run()
    assert guest.engine.registers()["r0"] == 7


def test_an_address_is_tested_against_the_regions_of_memory_protection():
    # Region 3 is 0x20001000 to 0x20001fff; TT and TTT by their encodings: the guests are built for another
    # core.
    body = """
    ldr r0, =0xe000ed94
    movs r1, #3
    str r1, [r0, #4]
    ldr r2, =0x20001000
    str r2, [r0, #8]
    ldr r2, =0x20001fe1
    str r2, [r0, #12]
    movs r1, #5
    str r1, [r0]
    dsb
    isb
    ldr r4, =0x20001fff
    .inst.w 0xe844f500
    .inst.w 0xe844f640
    ldr r4, =0x20002000
    .inst.w 0xe844f700
    .inst.w 0xe844f840
    mov lr, r4
    .inst.w 0xe84ef900
    .inst.w 0xe84efe00
    wfi
    """
    guest = Guest(assembly_guest(body), board=load_board("nucleo_u575zi_q"))
    assert guest.run() is Stop.ASLEEP
    registers = guest.engine.registers()
    assert [registers[name] for name in ("r5", "r6")] == [0x000D_0003, 0x0001_0003]
    assert [registers[name] for name in ("r7", "r8", "r9", "lr")] == [
        0x000C_0000,
        0,
        0x000C_0000,
        0x000C_0000,
    ]
    # What stands in for an instruction is counted as one.
    assert guest.engine.now().instructions == 21
