"""The clock tree of STM32U5 (RM0456)."""

from __future__ import annotations

from tinysim.clock_trees.tree import (
    AHB_DIVIDERS,
    APB_DIVIDERS,
    HSI16_HZ,
    LSE_HZ,
    LSI_HZ,
    Clocks,
    ReadRegister,
    fractional_pll_hz,
    rtc_hz,
    timer_hz,
)


def stm32u5_rcc(read: ReadRegister, hse_hz: int) -> Clocks:
    """Return the clocks of an STM32U5 (RM0456, reset and clock control)."""
    cfgr1, cfgr2, cfgr3 = read(0x1C), read(0x20), read(0x24)
    ccipr1, ccipr3 = read(0xE0), read(0xE8)
    msis_hz, msik_hz = _msi_hz(read(0x08), read(0xF4))
    pll1cfgr, pll1divr = read(0x28), read(0x34)
    pll1_hz = fractional_pll_hz(
        (0, msis_hz, HSI16_HZ, hse_hz)[pll1cfgr & 3] // ((pll1cfgr >> 8 & 0xF) + 1),
        pll1divr,
        read(0x38) if pll1cfgr & 1 << 4 else 0,
        (pll1divr >> 24 & 0x7F) + 1,
    )
    system_hz = (msis_hz, HSI16_HZ, hse_hz, pll1_hz)[cfgr1 & 3]
    core_hz = system_hz // AHB_DIVIDERS[cfgr2 & 0xF]
    apb1_divider, apb2_divider = APB_DIVIDERS[cfgr2 >> 4 & 7], APB_DIVIDERS[cfgr2 >> 8 & 7]
    apb1_hz, apb2_hz = core_hz // apb1_divider, core_hz // apb2_divider
    apb3_hz = core_hz // APB_DIVIDERS[cfgr3 >> 4 & 7]

    def kernel(shift: int, bus_hz: int) -> int:
        return (bus_hz, system_hz, HSI16_HZ, LSE_HZ)[ccipr1 >> shift & 3]

    return Clocks(
        core_hz,
        {
            "usart1": kernel(0, apb2_hz),
            "usart2": kernel(2, apb1_hz),
            "usart3": kernel(4, apb1_hz),
            "uart4": kernel(6, apb1_hz),
            "uart5": kernel(8, apb1_hz),
            "lpuart1": (apb3_hz, system_hz, HSI16_HZ, LSE_HZ, msik_hz, 0, 0, 0)[ccipr3 & 7],
            "timer_apb1": timer_hz(apb1_hz, apb1_divider),
            "timer_apb2": timer_hz(apb2_hz, apb2_divider),
            "lptim1": (msik_hz, LSI_HZ, HSI16_HZ, LSE_HZ)[ccipr3 >> 10 & 3],
            "lptim2": (apb1_hz, LSI_HZ, HSI16_HZ, LSE_HZ)[ccipr1 >> 18 & 3],
            "lptim34": (msik_hz, LSI_HZ, HSI16_HZ, LSE_HZ)[ccipr3 >> 8 & 3],
            "rtc": rtc_hz(read(0xF0), hse_hz // 32),
        },
    )


def _msi_hz(icscr1: int, csr: int) -> tuple[int, int]:
    """RM0456, RCC_ICSCR1: MSIS and MSIK. MSIRGSEL chooses between its ranges and those for after standby."""
    ranges_khz = (48000, 24000, 16000, 12000, 4000, 2000, 1330, 1000,
                  3072, 1536, 1024, 768, 400, 200, 133, 100)  # fmt: skip
    selected = (icscr1 >> 28, icscr1 >> 24) if icscr1 & 1 << 23 else (csr >> 12, csr >> 8)
    return ranges_khz[selected[0] & 0xF] * 1000, ranges_khz[selected[1] & 0xF] * 1000
