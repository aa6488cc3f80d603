"""What each chip puts between core and memory: hand-counted sequences through the native model.

That of the STM32L4R5 is in test_flash.py.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.timing.machine import Machine

FLASH, TIGHT = 0x0800_0000, 0x2000_0000
LOAD, STORE = "ldr r0, [r1]", "str r0, [r1]"


def load(machine: Machine, address: int) -> int:
    """Return the cycles that a load waits, executed where code waits for nothing."""
    return machine.enter(LOAD, TIGHT, r1=address)


def wait_for_lines(machine: Machine) -> None:
    """Let time pass until all that is on its way from flash has come."""
    machine.enter("sdiv r0, r1, r2; sdiv r0, r1, r2", TIGHT + 0x80)


def store(machine: Machine, address: int) -> int:
    return machine.enter(STORE, TIGHT + 0x40, r1=address)


def narrow(halfwords: int) -> str:
    return "; ".join(["mov r8, r9"] * halfwords)


# STM32U575: RM0456 7 and 8. Four wait states; a miss is looked up, asked for, and waits for flash.
U575 = {0x4002_2000: 4, 0x4003_0400: 1}
MISS = 2 + 4


def test_u575_code_and_constants_share_a_cache():
    machine = Machine(U575, "nucleo_u575zi_q")
    line = narrow(8)  # 128 bits
    assert machine.enter(line, FLASH) == MISS
    assert load(machine, FLASH + 4) == 0
    assert load(machine, FLASH + 16) == MISS
    assert machine.enter(line, FLASH + 16) == 0
    # The third line of a set of two ways, 4 KB on each: the one that was not used for longest makes room.
    assert load(machine, FLASH + 4096) == MISS
    assert load(machine, FLASH) == 0
    assert load(machine, FLASH + 8192) == MISS
    assert load(machine, FLASH) == 0
    assert load(machine, FLASH + 4096) == MISS


def test_u575_data_in_ram_wait_for_nothing():
    machine = Machine(U575, "nucleo_u575zi_q")
    assert load(machine, TIGHT + 0x100) == 0
    assert store(machine, TIGHT + 0x100) == 0


def test_u575_the_guest_switches_the_cache():
    machine = Machine({**U575, 0x4003_0400: 0}, "nucleo_u575zi_q")
    assert load(machine, FLASH) > 0
    assert load(machine, FLASH + 16) > 0
    assert load(machine, FLASH) > 0
    machine.write_control(0x4003_0400, 1)
    assert load(machine, FLASH) == MISS
    assert load(machine, FLASH) == 0


# STM32G0B1: RM0444 3.3.4. Two wait states, 64 bits a read.
FLASH_ACR = 0x4002_2000
PREFETCH, CACHE = 1 << 8, 1 << 9


def test_g0b1_two_lines_are_kept():
    machine = Machine({FLASH_ACR: 2 | CACHE}, "nucleo_g0b1re")
    lines = [FLASH, FLASH + 0x100, FLASH + 0x200]
    assert [machine.enter(narrow(4), line) for line in lines[:2]] == [2, 2]
    assert [machine.enter(narrow(4), line) for line in lines[:2]] == [0, 0]
    assert [machine.enter(narrow(4), line) for line in lines] == [0, 0, 2]
    # That took the place of the first.
    assert [machine.enter(narrow(4), line) for line in (lines[1], lines[0])] == [0, 2]


@pytest.mark.parametrize(
    ("control", "waits"), [(2, 2 * 4), (2 | PREFETCH, 2), (1, 4), (1 | PREFETCH, 1), (0, 0)]
)
def test_g0b1_straight_code(control, waits):
    """Four narrow instructions are longer than a read takes: prefetch hides all but the first."""
    assert Machine({FLASH_ACR: control}, "nucleo_g0b1re").enter(narrow(16), FLASH) == waits


def test_g0b1_constants_have_no_cache():
    machine = Machine({FLASH_ACR: 2 | PREFETCH | CACHE}, "nucleo_g0b1re")
    assert [load(machine, FLASH + offset) for offset in (0, 0x100, 0, 0x100)] == [2, 2, 2, 2]


# Cortex-M7: a miss takes 6 cycles beside flash's wait states.
CCR, INSTRUCTIONS, DATA = 0xE000_ED14, 1 << 17, 1 << 16
H7A3_ACR, F746_ACR = 0x5200_2000, 0x4002_3C00
BOARDS = {"nucleo_h7a3zi_q": (H7A3_ACR, 6, 4096), "disco_f746ng": (F746_ACR, 7, 1024)}


@pytest.mark.parametrize("board_id", BOARDS)
def test_m7_four_lines_of_a_set_are_kept(board_id):
    register, wait_states, way_bytes = BOARDS[board_id]
    machine = Machine({register: wait_states, CCR: DATA}, board_id)
    lines = [FLASH + way_bytes * way for way in range(5)]
    miss = 6 + wait_states
    assert [load(machine, line) for line in lines[:4]] == [miss] * 4
    wait_for_lines(machine)
    assert [load(machine, line) for line in lines[:4]] == [0] * 4
    assert load(machine, lines[4]) == miss
    wait_for_lines(machine)
    assert [load(machine, line) for line in (lines[1], lines[0])] == [0, miss]


@pytest.mark.parametrize("board_id", BOARDS)
def test_m7_caches_are_switched_one_by_one(board_id):
    register, wait_states, _ = BOARDS[board_id]
    machine = Machine({register: wait_states, CCR: 0}, board_id)
    line = narrow(2)
    miss = 6 + wait_states

    def code(place: int) -> list[int]:
        return twice(lambda address: machine.enter(line, address), place)

    def data(place: int) -> list[int]:
        return twice(lambda address: load(machine, address), place)

    def twice(use: Callable[[int], int], place: int) -> list[int]:
        first = [use(place), use(place + 0x100)]
        wait_for_lines(machine)
        return [*first, use(place), use(place + 0x100)]

    assert code(FLASH) == data(FLASH + 0x1000) == [miss] * 4
    machine.write_control(CCR, INSTRUCTIONS)
    assert code(FLASH + 0x2000) == [miss, miss, 0, 0]
    assert data(FLASH + 0x3000) == [miss] * 4
    machine.write_control(CCR, INSTRUCTIONS | DATA)
    assert data(FLASH + 0x4000) == [miss, miss, 0, 0]
    machine.write_control(CCR, DATA)
    assert code(FLASH + 0x5000) == [miss] * 4


def test_h7a3_the_second_flash_word_of_a_line_comes_later():
    machine = Machine({H7A3_ACR: 6, CCR: DATA}, "nucleo_h7a3zi_q")
    # 6 + 6 until the first; 7 more until the second, of which the LDR before it is one cycle.
    assert machine.enter("ldr r0, [r1]; mov r8, r9; ldr r2, [r1, #16]", TIGHT, r1=FLASH) == 12 + 6
    # The other way round as well: the word that is asked for comes first.
    assert machine.enter("ldr r0, [r1, #16]; mov r8, r9; ldr r2, [r1]", TIGHT, r1=FLASH + 0x100) == 12 + 6
    assert load(machine, FLASH + 0x200) == 12


@pytest.mark.parametrize(
    ("board_id", "address", "wait"),
    [
        ("nucleo_h7a3zi_q", 0x2400_0000, 6),
        ("nucleo_h7a3zi_q", 0x3000_0000, 12),
        ("nucleo_h7a3zi_q", 0x3800_0000, 16),
        ("disco_f746ng", 0x2001_0000, 6),
    ],
)
def test_m7_stores_bring_lines_in_and_wait_for_nothing(board_id, address, wait):
    machine = Machine({CCR: DATA}, board_id)
    assert load(machine, address) == wait
    assert store(machine, address + 0x100) == 0
    assert load(machine, address + 0x11C) == 0
    assert load(machine, address + 0x120) == wait
    machine.write_control(CCR, 0)
    assert [load(machine, address), load(machine, address)] == [wait, wait]


@pytest.mark.parametrize("board_id", BOARDS)
def test_m7_tightly_coupled_memory_answers_at_once(board_id):
    machine = Machine({CCR: 0}, board_id)
    assert load(machine, TIGHT + 0x100) == 0
    assert machine.enter(narrow(32), TIGHT) == 0


ITCM = 0x0020_0000
ART, ART_PREFETCH = 1 << 9, 1 << 8


def test_f746_the_accelerator_is_in_front_of_flash_on_itcm_only():
    machine = Machine({F746_ACR: 7 | ART}, "disco_f746ng")
    line = narrow(2)
    assert [machine.enter(line, ITCM + offset) for offset in (0, 0x100, 0, 0x100)] == [7, 7, 0, 0]
    assert [machine.enter(line, FLASH + offset) for offset in (0, 0x100, 0, 0x100)] == [6 + 7] * 4


def test_f746_the_accelerator_keeps_64_lines_of_256_bits():
    machine = Machine({F746_ACR: 7 | ART}, "disco_f746ng")
    for _ in range(2):
        waits = [load(machine, ITCM + 32 * line) for line in range(64)]
    assert waits == [0] * 64
    for _ in range(2):
        waits = [load(machine, ITCM + 32 * line) for line in range(65)]
    assert waits == [7] * 65


@pytest.mark.parametrize(("control", "waits"), [(7, 4 * 7), (7 | ART_PREFETCH, 7 + 3 * (1 + 7 - 8)), (0, 0)])
def test_f746_straight_code_on_itcm(control, waits):
    """Sixteen narrow instructions in a line, two a cycle."""
    assert Machine({F746_ACR: control}, "disco_f746ng").enter(narrow(64), ITCM) == waits


def test_m7_predicts_branches():
    """A loop of three rounds, three times: the first branch back is not known, and each end is a surprise."""
    machine = Machine({}, "nucleo_h7a3zi_q")
    loop, after = "subs r7, #1; bne .", f"{narrow(2)}; b ."
    surprises = []
    for _ in range(3):
        for _ in range(3):
            surprises.append(machine.enter(loop, TIGHT + 0x100) > 0)
        surprises.append(machine.enter(after, TIGHT + 0x104) > 0)
    # The first entry follows nothing, later ones a branch from `after`, which is not known the first time.
    assert surprises == [False, True, False, True, True, False, False, True, False, False, False, True]
