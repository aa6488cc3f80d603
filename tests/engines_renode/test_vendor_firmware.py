"""Firmware written as vendors write it, on Renode: DMA, CRC, clocks, and which UART is the console."""

from __future__ import annotations

import pytest
import serial

import tinysim  # noqa: F401  (registers sim://)
from tests.engines.vendor_guest import BOARDS, DMA, OTHER_UART, UNDRIVEN_FLAG, vendor_elf
from tinysim.board import load_board
from tinysim.engines.renode import Installation

PATIENCE_S = 60
MESSAGE = b"message"


def answers(board_id: str, engine: str) -> list[int]:
    """What the guest measures, after three messages through circular DMA."""
    url = f"sim://{board_id}?firmware={vendor_elf(board_id, DMA)}&engine={engine}&timing=off"
    with serial.serial_for_url(url, timeout=PATIENCE_S) as port:
        assert port.read(1) == b">"
        for _round in range(3):
            port.write(MESSAGE)
            assert port.read(len(MESSAGE)) == MESSAGE
        port.write(b"!")
        return [int(word, 16) for word in port.read_until(b"\n").split()]


@pytest.mark.parametrize("board_id", BOARDS)
def test_dma_and_clocks_are_those_of_the_embedded_engine(renode: Installation, board_id: str) -> None:
    found, expected = answers(board_id, "renode"), answers(board_id, "embedded")
    cycles, ticks, low_power, *others = found
    assert cycles == pytest.approx(expected[0], rel=0.002)
    assert ticks == pytest.approx(expected[1], abs=1)
    assert low_power == pytest.approx(expected[2], abs=2)
    # CRC, what start-up copied, half, complete and idle events, wake-ups.
    assert others == expected[3:]


def test_the_console_is_the_uart_that_the_guest_speaks_through(renode: Installation) -> None:
    board_id = "nucleo_g0b1re"
    url = f"sim://{board_id}?firmware={vendor_elf(board_id, OTHER_UART)}&engine=renode"
    with serial.serial_for_url(url, timeout=1) as port:
        assert port.engine.console_uart == "usart1"
        port.write(b"ab")
        assert port.read(3) == b">ab"


def test_what_has_no_model_is_named(renode: Installation) -> None:
    board_id = "nucleo_g0b1re"
    url = f"sim://{board_id}?firmware={vendor_elf(board_id, UNDRIVEN_FLAG)}&engine=renode"
    with serial.serial_for_url(url, timeout=0.001) as port:
        assert port.read(2) == b">"
        blocks = {block.name: block for block in port.engine.unmodelled()}
        assert set(blocks) == {"i2c1"}
        assert blocks["i2c1"].address == load_board(board_id).chip.peripherals["i2c1"]
        assert blocks["i2c1"].reads > 0
        assert "reset_handler" in blocks["i2c1"].place
