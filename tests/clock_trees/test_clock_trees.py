"""Clock trees: what registers select, worked out by hand from the reference manuals."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinysim.board import Board, board_ids, load_board
from tinysim.clock_trees import Clocks, chip_clocks


def clocks(board: Board, registers: dict[int, int]) -> Clocks:
    """The clocks with some of the controller's registers, by offset, as given, others as after reset."""
    base = board.chip.clock_control.address
    values = {register.address - base: register.reset for register in board.chip.status_register} | registers
    return chip_clocks(board.chip, lambda offset: values.get(offset, 0), board.clock.hse_hz or 0)


@pytest.mark.parametrize("board", map(load_board, board_ids()), ids=lambda board: board.id)
def test_after_reset_one_oscillator_clocks_everything(board: Board) -> None:
    devices = (*board.chip.uarts, *(part for part in board.chip.device if part.model == "stm32_timer"))
    after_reset = clocks(board, {})
    assert {after_reset.device_hz[device.clock or ""] for device in devices} == {after_reset.core_hz}


@pytest.mark.parametrize(
    ("board_id", "core_hz"),
    [
        ("nucleo_l4r5zi", 4_000_000),
        ("nucleo_u575zi_q", 4_000_000),
        ("nucleo_u385rg_q", 12_000_000),
        ("nucleo_h7a3zi_q", 64_000_000),
        ("disco_f746ng", 16_000_000),
        ("nucleo_g0b1re", 16_000_000),
    ],
)
def test_after_reset_the_core_runs_from_the_internal_oscillator(board_id: str, core_hz: int) -> None:
    assert clocks(load_board(board_id), {}).core_hz == core_hz


@dataclass(frozen=True)
class Setting:
    """Registers of a board's clock controller by offset, and the frequencies in MHz that follow."""

    board: str
    registers: dict[int, int]
    core_mhz: float
    device_mhz: dict[str, float] = field(default_factory=dict)


SETTINGS = {
    # RM0432 6.4: PLL 4 MHz MSI / 1 x 60 / 2; HPRE / 2, PPRE1 / 4, PPRE2 / 2; USART2 from SYSCLK.
    "L4R5 from MSI": Setting(
        "nucleo_l4r5zi",
        {0x0C: 1 | 60 << 8, 0x08: 3 | 8 << 4 | 5 << 8 | 4 << 11, 0x88: 1 << 2},
        60,
        {"lpuart1": 15, "usart1": 30, "usart2": 120, "timer_apb1": 30, "timer_apb2": 60},
    ),
    # RM0456: PLL1 4 MHz MSIS x 80 / 2; LPUART1 from MSIK, USART1 from HSI16.
    "U575 from MSIS": Setting(
        "nucleo_u575zi_q",
        {0x28: 1, 0x34: 79 | 1 << 24, 0x1C: 3, 0xE0: 2, 0xE8: 4},
        160,
        {"usart1": 16, "usart2": 160, "lpuart1": 4, "timer_apb1": 160},
    ),
    # MSIRGSEL with ranges 0 and 15; AHB / 64, APB1 / 16.
    "U575 on MSIS": Setting(
        "nucleo_u575zi_q",
        {0x08: 15 << 24 | 1 << 23, 0x20: 12 | 7 << 4, 0xE8: 4},
        0.75,
        {"usart1": 0.75, "usart2": 0.046875, "lpuart1": 0.1, "timer_apb1": 0.09375},
    ),
    # HSE 16 MHz / 2 x (19 + 4096 / 8192) / 3.
    "U575 with a fraction": Setting(
        "nucleo_u575zi_q", {0x28: 3 | 1 << 4 | 1 << 8, 0x34: 18 | 2 << 24, 0x38: 4096 << 3, 0x1C: 3}, 52
    ),
    # RM0455: HSE 8 MHz / 1 x 70 / 2; AHB / 2, APB1 / 2, APB2 / 8, TIMPRE: up to four times an APB.
    "H7A3 from HSE": Setting(
        "nucleo_h7a3zi_q",
        {
            0x28: 2 | 1 << 4,
            0x30: 69 | 1 << 9,
            0x10: 3 | 1 << 15,
            0x18: 8,
            0x1C: 4 << 4 | 6 << 8,
            0x54: 3 << 3,
        },
        280,
        {"usart1": 64, "usart3": 70, "timer_apb1": 140, "timer_apb2": 70},
    ),
    # RM0487: MSIRC0 undivided; APB1 / 4, APB3 / 2; LPUART1 from MSIK, half of MSIRC1; USART3 from HSI16.
    "U385 on MSIRC0": Setting(
        "nucleo_u385rg_q",
        {0x08: 1 << 23 | 1 << 28 | 1 << 26, 0x20: 5 << 4, 0x24: 4 << 4, 0x100: 1 << 2, 0x108: 3},
        96,
        {"usart1": 96, "usart3": 16, "uart4": 24, "lpuart1": 12, "timer_apb1": 48, "timer_apb2": 96},
    ),
    # Without MSIRGSEL the dividers for after standby count; AHB / 2; LPUART1 from LSE.
    "U385 on MSIRC1": Setting(
        "nucleo_u385rg_q",
        {0x08: 0, 0x114: 3 << 12, 0x20: 8, 0x108: 2},
        1.5,
        {"usart1": 1.5, "lpuart1": 0.032768, "lptim1": 24},
    ),
    "H7A3 on a divided HSI": Setting("nucleo_h7a3zi_q", {0x00: 3 << 3, 0x18: 8 << 8}, 4, {"lpuart1": 4}),
    # RM0385 5.3: HSE 25 MHz / 25 x 432 / 2; APB1 / 4, APB2 / 2; USART6 from HSI.
    "F746 from HSE": Setting(
        "disco_f746ng",
        {0x04: 25 | 432 << 6 | 1 << 22, 0x08: 2 | 5 << 10 | 4 << 13, 0x90: 2 << 10},
        216,
        {"usart1": 108, "usart2": 54, "usart6": 16, "timer_apb1": 108, "timer_apb2": 216},
    ),
    # TIMPRE: the core's clock up to a divider of 4, else four times the APB's.
    "F746 with TIMPRE": Setting(
        "disco_f746ng",
        {0x08: 1 | 5 << 10 | 7 << 13, 0x8C: 1 << 24},
        25,
        {"timer_apb1": 25, "timer_apb2": 6.25},
    ),
    # RM0444 5.4: HSE 8 MHz / 2 x 32 / 2; APB / 4; LPUART1 from LSE.
    "G0B1 from HSE": Setting(
        "nucleo_g0b1re",
        {0x0C: 3 | 1 << 4 | 32 << 8 | 1 << 29, 0x08: 2 | 5 << 12, 0x54: 3 << 10},
        64,
        {"usart2": 16, "lpuart1": 0.032768, "timer_apb": 32},
    ),
    "G0B1 on HSISYS": Setting("nucleo_g0b1re", {0x00: 2 << 11}, 4),
}


@pytest.mark.parametrize("setting", SETTINGS.values(), ids=SETTINGS)
def test_settings(setting: Setting) -> None:
    found = clocks(load_board(setting.board), setting.registers)
    assert found.core_hz == setting.core_mhz * 1_000_000
    for name, mhz in setting.device_mhz.items():
        assert found.device_hz[name] == mhz * 1_000_000, name


@given(st.sampled_from(board_ids()), st.randoms(use_true_random=False))
def test_no_register_content_is_refused(board_id: str, random) -> None:  # type: ignore[no-untyped-def]
    """A guest may write anything: every device keeps a frequency, of 0 where its clock is off."""
    board = load_board(board_id)
    found = clocks(board, {offset: random.getrandbits(32) for offset in range(0, 0x100, 4)})
    assert all(found.device_hz[device.clock] >= 0 for device in board.chip.device if device.clock)
    assert found.core_hz >= 0
