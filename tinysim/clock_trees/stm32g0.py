"""The clock tree of STM32G0x1 (RM0444)."""

from __future__ import annotations

from tinysim.clock_trees.tree import (
    AHB_DIVIDERS,
    APB_DIVIDERS,
    HSI16_HZ,
    LSE_HZ,
    LSI_HZ,
    Clocks,
    ReadRegister,
    rtc_hz,
    timer_hz,
)


def stm32g0_rcc(read: ReadRegister, hse_hz: int) -> Clocks:
    """Return the clocks of an STM32G0x1 (RM0444 5.4)."""
    cfgr, pllcfgr, ccipr = read(0x08), read(0x0C), read(0x54)
    hsisys_hz = HSI16_HZ >> (read(0x00) >> 11 & 7)
    source_hz = (0, 0, HSI16_HZ, hse_hz)[pllcfgr & 3] // ((pllcfgr >> 4 & 7) + 1)
    pll_hz = source_hz * (pllcfgr >> 8 & 0x7F) // ((pllcfgr >> 29 & 7) + 1)
    system_hz = (hsisys_hz, hse_hz, pll_hz, LSI_HZ, LSE_HZ, 0, 0, 0)[cfgr & 7]
    core_hz = system_hz // AHB_DIVIDERS[cfgr >> 8 & 0xF]
    apb_divider = APB_DIVIDERS[cfgr >> 12 & 7]
    apb_hz = core_hz // apb_divider

    def kernel(shift: int) -> int:
        return (apb_hz, system_hz, HSI16_HZ, LSE_HZ)[ccipr >> shift & 3]

    return Clocks(
        core_hz,
        {
            "usart1": kernel(0),
            "usart2": kernel(2),
            "usart3": kernel(4),
            "lpuart1": kernel(10),
            "lpuart2": kernel(8),
            "pclk": apb_hz,
            "timer_apb": timer_hz(apb_hz, apb_divider),
            "lptim1": (apb_hz, LSI_HZ, HSI16_HZ, LSE_HZ)[ccipr >> 18 & 3],
            "lptim2": (apb_hz, LSI_HZ, HSI16_HZ, LSE_HZ)[ccipr >> 20 & 3],
            "rtc": rtc_hz(read(0x5C), hse_hz // 32),
        },
    )
