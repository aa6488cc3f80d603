"""Serial port, timers and clocks, as guests see them."""

import pytest

from tests.engines.guest import RESET_HZ, SECOND_NS, Guest, c_guest, run_c
from tinysim.clock_trees.stm32l4 import stm32l4_rcc
from tinysim.clock_trees.tree import Clocks
from tinysim.engines import Stop

CHARACTER_NS = 10 * SECOND_NS / 115_200


def echo() -> Guest:
    guest = Guest(c_guest("echo"))
    guest.run(0.001)
    return guest


def report(guest: Guest) -> list[int]:
    """Return received, overruns, framing errors, idle lines."""
    guest.engine.send(b"?")
    guest.run(0.1)
    return guest.results()


def test_echo_by_interrupts():
    guest = echo()
    guest.engine.send(b"hello")
    assert guest.run(0.1) is Stop.ASLEEP
    assert guest.output == b"hello"
    assert report(guest) == [6, 0, 0, 1]


def test_characters_take_their_time_both_ways():
    guest = echo()
    start = guest.engine.now().time_ns
    guest.engine.send(b"ab")
    assert guest.engine.unsent() == 2
    bytes_back = []
    while len(bytes_back) < 2:
        assert guest.engine.run(start + SECOND_NS) is Stop.OUTPUT
        bytes_back += guest.engine.take_output()
    # Each arrives after its ten bits, and comes back ten bits later, but for the handler's time.
    for number, byte in enumerate(bytes_back):
        expected = start + (number + 2) * CHARACTER_NS
        assert expected <= byte.stamp.time_ns < expected + 20_000
    assert guest.engine.unsent() == 0


def test_what_is_not_read_in_time_is_overrun():
    guest = echo()
    guest.engine.send(b"sabcdefgh")
    guest.run(0.1)
    received, overruns, _errors, _idle = report(guest)
    assert guest.output == b"sa?"
    assert (received, overruns) == (3, 1)


def test_the_fifo_holds_eight_characters():
    guest = echo()
    guest.engine.send(b"f")
    guest.run(0.1)
    guest.engine.send(b"sabcdefgh")
    guest.run(0.1)
    received, overruns, _errors, _idle = report(guest)
    # The echo of "f" is cut short: turning the port off discards what it sends.
    assert guest.output == b"sabcdefgh?"
    assert (received, overruns) == (11, 0)


def test_a_break_is_a_framing_error():
    guest = echo()
    guest.engine.send_break()
    guest.run(0.1)
    assert guest.output == b"\0"
    assert report(guest)[2] == 1


def test_input_before_the_port_is_set_up_is_lost():
    guest = Guest(c_guest("transmit"))
    guest.engine.send(b"early")
    guest.run(0.1)
    assert guest.output == b"ab\nby interrupt"
    assert guest.engine.unsent() == 0


def test_transmit_flags():
    txe, tc = 0x80, 0x40
    assert run_c("transmit") == [txe | tc, txe, 0, 0, txe | tc, 0xDEAD]


def test_a_flood_is_held_back_without_end_and_lost_beyond_the_buffer():
    guest = Guest(c_guest("fault"))
    guest.engine.write_memory(0x2000_8000, (18).to_bytes(4, "little"))
    # Runs that nobody takes the output of end at once, so that nothing piles up.
    assert guest.engine.run(SECOND_NS) is Stop.OUTPUT
    before = guest.engine.now()
    assert guest.engine.run(SECOND_NS) is Stop.OUTPUT
    assert guest.engine.now() == before
    assert len(guest.engine.take_output()) == 1


def test_timers():
    assert run_c("timers") == [1, 1, 10, 11, 0xFFFF, 1, 1, 0, 1, 0, 9, 7, 9, 1, 0]


def test_a_counter_and_what_its_interrupt_counts_never_go_back_together():
    assert run_c("wraps") == [0, 1, 0, 1]


def test_flags_that_are_cleared_by_writing_1_do_not_read_as_written():
    assert run_c("flags") == [0, 0]


def test_the_clock_changes_while_timers_run():
    guest = Guest(c_guest("clocks"))
    guest.run()
    reads, undivided, divided, cycles, flag = guest.results()
    assert (reads, undivided, divided, flag) == (1, 1, 1, 0)
    assert cycles == pytest.approx(120_000 * 3, rel=0.01)
    assert guest.engine.core_hz == 16_000_000


def test_virtual_time_follows_the_clock():
    guest = Guest(c_guest("clocks"))
    # 4 MHz for the first part, 120 MHz for 360,000 cycles, 16 MHz at last.
    assert guest.engine.core_hz == RESET_HZ
    guest.run(0.0015)
    first = guest.engine.now()
    assert guest.engine.core_hz == 120_000_000
    guest.run(0.001)
    second = guest.engine.now()
    assert second.cycles - first.cycles == pytest.approx(120_000, abs=4)


REGISTERS = {0x00: 0x63, 0x08: 0, 0x0C: 0x1000, 0x88: 0, 0x94: 0x600}


def clocks(**changes: int) -> Clocks:
    offsets = {"cr": 0x00, "cfgr": 0x08, "pllcfgr": 0x0C, "ccipr": 0x88, "csr": 0x94}
    values = REGISTERS | {offsets[name]: value for name, value in changes.items()}
    return stm32l4_rcc(lambda offset: values.get(offset, 0), 8_000_000)


def test_clock_tree_of_the_l4():
    assert clocks().core_hz == 4_000_000
    assert clocks(cr=0x63 | 1 << 3 | 0xB << 4).core_hz == 48_000_000
    assert clocks(cfgr=1).core_hz == 16_000_000
    assert clocks(cfgr=2).core_hz == 8_000_000
    pll = 2 | 1 << 4 | 30 << 8 | 1 << 24
    assert clocks(cfgr=3, pllcfgr=pll).core_hz == 120_000_000
    assert clocks(cfgr=3 | 8 << 4, pllcfgr=pll).core_hz == 60_000_000


def test_timers_on_a_divided_bus_run_at_twice_its_clock():
    divided = clocks(cfgr=1 | 4 << 8 | 6 << 11).device_hz
    assert divided["timer_apb1"] == 16_000_000
    assert divided["timer_apb2"] == 4_000_000
    assert divided["usart2"] == 8_000_000
    assert divided["usart1"] == 2_000_000


def test_kernel_clock_selections():
    assert clocks(cfgr=2, ccipr=1 << 10).device_hz["lpuart1"] == 8_000_000
    assert clocks(cfgr=2, ccipr=2 << 10).device_hz["lpuart1"] == 16_000_000
    assert clocks(cfgr=2, ccipr=3 << 10).device_hz["lpuart1"] == 32_768
