"""Both engines work out the same clocks from the same registers, whatever these hold."""

from __future__ import annotations

import hypothesis
import pytest
from hypothesis import strategies

from tests.engines_renode.conftest import MakeEngine
from tinysim.board import board_ids, load_board
from tinysim.clock_trees import chip_clocks
from tinysim.engines.renode import RenodeEngine

REGISTERS = {
    "stm32l4_rcc": (0x00, 0x08, 0x0C, 0x88, 0x94),
    "stm32u5_rcc": (0x08, 0x1C, 0x20, 0x24, 0x28, 0x34, 0x38, 0xE0, 0xE8, 0xF4),
    "stm32u3_rcc": (0x08, 0x1C, 0x20, 0x24, 0x100, 0x108, 0x114),
    "stm32h7a3_rcc": (0x00, 0x10, 0x18, 0x1C, 0x20, 0x28, 0x2C, 0x30, 0x34, 0x54, 0x58),
    "stm32f7_rcc": (0x04, 0x08, 0x8C, 0x90),
    "stm32g0_rcc": (0x00, 0x08, 0x0C, 0x54),
}


def monitor_number(engine: RenodeEngine, command: str) -> int:
    return int(engine.monitor(command).strip(), 0)


@pytest.mark.parametrize("board_id", board_ids())
def test_clocks_agree_between_engines(make_engine: MakeEngine, board_id: str) -> None:
    board = load_board(board_id)
    engine = make_engine("wfi", on=board)
    control = board.chip.clock_control
    clocks = {"core", *(device.clock for device in board.chip.device if device.clock)}

    @hypothesis.settings(max_examples=60, deadline=None, derandomize=True)
    @hypothesis.given(strategies.data())
    def agree(data: strategies.DataObject) -> None:
        values = {}
        for offset in REGISTERS[control.registers]:
            value = data.draw(strategies.integers(0, 0xFFFF_FFFF), label=hex(offset))
            engine.monitor(f"sysbus WriteDoubleWord {control.address + offset:#x} {value:#x}")
            values[offset] = monitor_number(engine, f"sysbus ReadDoubleWord {control.address + offset:#x}")
        tree = chip_clocks(board.chip, lambda offset: values.get(offset, 0), board.clock.hse_hz or 0)
        expected = {name: tree.core_hz if name == "core" else tree.device_hz[name] for name in clocks}
        found = {name: monitor_number(engine, f'sysbus.rcc ClockHz "{name}"') for name in clocks}
        # A division may be rounded at another place.
        assert found == pytest.approx(expected, rel=1e-5, abs=1)

    agree()
