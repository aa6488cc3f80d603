"""Waiting for flash: hand-counted sequences through the native model with the L4R5's parameters."""

from __future__ import annotations

import pytest

from tests.timing.machine import Machine as BoardMachine

FLASH_ACR = 0x4002_2000
FLASH, RAM = 0x0800_0000, 0x2000_0000
PREFETCH, INSTRUCTION_CACHE, DATA_CACHE = 1 << 8, 1 << 9, 1 << 10
WAIT_STATES = 5


class Machine(BoardMachine):
    """An STM32L4R5 with FLASH_ACR as the guest has set it."""

    def __init__(self, control: int) -> None:
        super().__init__({FLASH_ACR: control})


def warm(machine: Machine, source: str, address: int, **registers: int) -> int:
    machine.enter(source, address, **registers)
    return machine.enter(source, address, **registers)


FOUR_UNITS = "; ".join(["nop.w"] * 8)


def test_without_accelerator_each_read_of_flash_waits():
    machine = Machine(WAIT_STATES)
    assert machine.enter(FOUR_UNITS, FLASH) == 4 * WAIT_STATES
    # Straight on, the next four reads wait again.
    assert machine.enter(FOUR_UNITS, FLASH + 32) == 4 * WAIT_STATES


def test_no_wait_states_no_waiting():
    machine = Machine(0)
    assert machine.enter(FOUR_UNITS, FLASH) == 0


def test_prefetch_hides_what_the_core_spends_in_a_line():
    machine = Machine(WAIT_STATES | PREFETCH)
    # The first read waits 5; each following one was started when its forerunner arrived and takes 6
    # cycles, of which the core spends 2 executing.
    assert machine.enter(FOUR_UNITS, FLASH) == 5 + 3 * 4


def test_instruction_cache_keeps_a_loop():
    machine = Machine(WAIT_STATES | INSTRUCTION_CACHE)
    loop = f"{FOUR_UNITS}; b ."
    assert warm(machine, loop, FLASH) == 1
    assert machine.enter(loop, FLASH) == 1


def test_a_loop_larger_than_the_cache_is_read_again():
    machine = Machine(WAIT_STATES | INSTRUCTION_CACHE)
    for _ in range(2):
        stalls = [machine.enter(FOUR_UNITS, FLASH + 32 * line) for line in range(33)]
    assert sum(stalls[1:]) == 32 * 4 * WAIT_STATES


def test_code_in_ram_does_not_wait():
    machine = Machine(WAIT_STATES)
    assert machine.enter(FOUR_UNITS, RAM) == 0


def test_weights_from_flash_wait_once_for_each_64_bits():
    machine = Machine(WAIT_STATES | DATA_CACHE)
    load = "ldr r0, [r1]"
    waits = [machine.enter(load, RAM + 0x100, r1=FLASH + 0x1000 + 4 * word) for word in range(8)]
    assert waits == [5, 0] * 4
    again = [machine.enter(load, RAM + 0x100, r1=FLASH + 0x1000 + 4 * word) for word in range(8)]
    assert again == [0] * 8


def test_without_data_cache_every_read_waits():
    machine = Machine(WAIT_STATES)
    waits = [machine.enter("ldr r0, [r1]", RAM, r1=FLASH + offset) for offset in (0, 4, 8, 0)]
    assert waits == [WAIT_STATES] * 4


def test_flash_is_seen_through_its_alias():
    machine = Machine(WAIT_STATES | DATA_CACHE)
    assert machine.enter("ldr r0, [r1]", RAM, r1=0x1000) == 5
    assert machine.enter("ldr r0, [r1]", RAM, r1=FLASH + 0x1000) == 0


def test_loads_from_ram_do_not_wait():
    machine = Machine(WAIT_STATES | DATA_CACHE)
    assert machine.enter("ldr r0, [r1]; ldr r2, [r1, #4]", RAM, r1=RAM + 0x400) == 0


def test_a_pointer_out_of_memory_is_followed_to_flash():
    machine = Machine(WAIT_STATES | DATA_CACHE)
    machine.words[RAM + 0x400] = FLASH + 0x2000
    assert machine.enter("ldr r0, [r1]; ldr r2, [r0, #4]", RAM, r1=RAM + 0x400) == 5


@pytest.mark.parametrize(
    ("instruction", "offset", "extra"),
    [
        ("ldr r0, [r1]", 0, 0),
        ("ldr r0, [r1]", 2, 1),
        ("ldr r0, [r1]", 1, 2),
        ("ldrh r0, [r1]", 1, 1),
        ("ldrh r0, [r1]", 2, 0),
        ("ldrb r0, [r1]", 3, 0),
    ],
)
def test_unaligned_loads_take_longer(instruction, offset, extra):
    assert Machine(0).enter(instruction, RAM, r1=RAM + 0x400 + offset) == extra


def test_the_guest_sets_the_wait_states():
    machine = Machine(0)
    machine.write_control(FLASH_ACR, 2)
    assert machine.enter(FOUR_UNITS, FLASH) == 4 * 2
