"""Firmware as vendors write it: on every board, by every way of serial input, in every file format."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import serial

import tinysim  # noqa: F401  (registers sim://)
from tests.engines.vendor_guest import (
    BOARDS,
    DMA,
    INTERRUPTS,
    OTHER_UART,
    POLLING,
    UNDRIVEN_FLAG,
    as_bin,
    as_hex,
    vendor_elf,
)
from tinysim.board import load_board
from tinysim.errors import GuestHang, UserError

BUFFER_BYTES = 16
# 7 bytes: not a part of the DMA buffer's length, so that the place in it moves on.
MESSAGE = b"message"
OTHER_UARTS = {
    "nucleo_l4r5zi": "usart1",
    "nucleo_u575zi_q": "usart3",
    "nucleo_u385rg_q": "usart3",
    "nucleo_h7a3zi_q": "usart1",
    "disco_f746ng": "usart6",
    "nucleo_g0b1re": "usart1",
}
LSI_HZ = 32_000


@contextmanager
def opened(board_id: str, image: Path, more: str = "") -> Iterator[Any]:
    url = f"sim://{board_id}?firmware={image}&engine=embedded&timing=off{more}"
    with serial.serial_for_url(url, timeout=1) as port:
        yield port


@pytest.fixture(params=BOARDS)
def board_id(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.mark.parametrize("mode", [POLLING, INTERRUPTS, DMA])
def test_start_up_echo_and_clocks(board_id, mode):
    with opened(board_id, vendor_elf(board_id, mode)) as port:
        assert port.read(1) == b">"
        assert port.engine.core_hz == load_board(board_id).clock.core_hz
        for _round in range(5):
            port.write(MESSAGE)
            assert port.read(len(MESSAGE)) == MESSAGE
        port.write(b"!")
        cycles, ticks, low_power, crc, constant, half, complete, idle, woken = (
            int(word, 16) for word in port.read_until(b"\n").split()
        )
        clock_hz = load_board(board_id).clock.core_hz
        # Over 10 ms of a timer behind APB prescalers; the Cortex-M0+ has no cycle counter.
        has_cycles = load_board(board_id).chip.core.name != "cortex-m0+"
        assert cycles == pytest.approx(clock_hz / 100 if has_cycles else 0, rel=1e-3)
        assert ticks in (9, 10, 11)
        assert low_power == pytest.approx(LSI_HZ / 100, abs=2)
        assert crc == 0xB5E8B5CD
        assert constant == 0x1234_5678
        assert woken == 1
        received = 5 * len(MESSAGE) + 1
        if mode == DMA:
            assert (half, complete) == (
                (received + BUFFER_BYTES // 2) // BUFFER_BYTES,
                received // BUFFER_BYTES,
            )
            assert idle == 6
        else:
            assert (half, complete) == (0, 0)
        assert port.engine.unmodelled() == []


def test_the_console_is_the_uart_that_the_guest_speaks_through(board_id):
    with opened(board_id, vendor_elf(board_id, OTHER_UART)) as port:
        assert port.read(1) == b">"
        assert port.engine.console_uart == OTHER_UARTS[board_id]
        assert port.engine.guest_baud == pytest.approx(9600, rel=0.01)
        before = port.now().time_ns
        port.write(b"ab")
        assert port.read(2) == b"ab"
        # Three characters' time at 9600 baud, as the second arrives while the first comes back.
        assert port.now().time_ns - before == pytest.approx(3e9 * 10 / 9600, rel=0.05)


def test_the_console_can_be_named(board_id):
    image = vendor_elf(board_id, OTHER_UART)
    with opened(board_id, image, f"&uart={load_board(board_id).console.uart}") as port:
        assert port.read(1) == b""
        assert f"it has sent 1 bytes through {OTHER_UARTS[board_id]}" in port.whereabouts()
    with (
        pytest.raises(UserError, match="has no UART 'usart99': it has"),
        opened(board_id, image, "&uart=usart99"),
    ):
        pass


def test_input_finds_a_guest_that_has_not_spoken_yet(board_id):
    image = vendor_elf(board_id, OTHER_UART)
    with opened(board_id, image) as port:
        port.write(b"x")
        assert port.read(2) == b">x"


@pytest.mark.parametrize("form", [as_hex, as_bin])
def test_every_file_format_is_the_same_firmware(board_id, form: Callable[[Path, Path], Path], tmp_path):
    elf = vendor_elf(board_id, INTERRUPTS)
    ends = []
    for image in (elf, form(elf, tmp_path)):
        with opened(board_id, image) as port:
            port.write(MESSAGE)
            assert port.read(1 + len(MESSAGE)) == b">" + MESSAGE
            ends.append(port.now())
    assert ends[0] == ends[1]


def test_a_flag_that_nothing_drives_ends_in_a_diagnosis(board_id):
    board = load_board(board_id)
    with opened(board_id, vendor_elf(board_id, UNDRIVEN_FLAG)) as port:
        port.timeout = 60
        assert port.read(1) == b">"
        with pytest.raises(GuestHang) as error:
            port.read(1)
        address = board.chip.peripherals["i2c1"] + 0x18
        assert f"waits for i2c1+0x18 ({address:#010x}), which nothing drives" in str(error.value)
        assert "always 0x00000000" in str(error.value)
        assert "reset_handler+0x" in str(error.value)
        assert port.now().time_s < 2
        (block,) = port.engine.unmodelled()
        assert (block.name, block.address, block.writes) == ("i2c1", board.chip.peripherals["i2c1"], 0)
        assert block.reads > 1000
        assert "reset_handler" in block.place


def test_a_program_that_only_looks_is_not_told(board_id):
    with opened(board_id, vendor_elf(board_id, UNDRIVEN_FLAG)) as port:
        port.timeout = 0.1
        assert port.read(1) == b">"
        for _round in range(4):
            assert port.read(1) == b""


def test_dma_goes_on_from_a_snapshot(board_id):
    with opened(board_id, vendor_elf(board_id, DMA)) as port:
        port.write(MESSAGE)
        assert port.read(8) == b">" + MESSAGE
        snapshot = port.snapshot()
        answers = []
        for _round in range(2):
            port.restore(snapshot)
            port.write(MESSAGE * 4 + b"!")
            answers.append((port.read_until(b"\n"), port.now()))
        assert answers[0] == answers[1]
        assert answers[0][0].startswith(MESSAGE * 4)
