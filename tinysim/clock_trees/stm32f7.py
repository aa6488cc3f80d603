"""The clock tree of STM32F74x and F75x (RM0385)."""

from __future__ import annotations

from tinysim.clock_trees.tree import (
    AHB_DIVIDERS,
    APB_DIVIDERS,
    HSI16_HZ,
    LSE_HZ,
    LSI_HZ,
    Clocks,
    ReadRegister,
    divided,
    rtc_hz,
    timer_hz,
)


def stm32f7_rcc(read: ReadRegister, hse_hz: int) -> Clocks:
    """Return the clocks of an STM32F74x or F75x (RM0385 5.3)."""
    pllcfgr, cfgr, dckcfgr2 = read(0x04), read(0x08), read(0x90)
    input_divider = pllcfgr & 0x3F
    source_hz = hse_hz if pllcfgr & 1 << 22 else HSI16_HZ
    pll_hz = (
        source_hz // input_divider * (pllcfgr >> 6 & 0x1FF) // (2 * ((pllcfgr >> 16 & 3) + 1))
        if input_divider
        else 0
    )
    system_hz = (HSI16_HZ, hse_hz, pll_hz, 0)[cfgr & 3]
    core_hz = system_hz // AHB_DIVIDERS[cfgr >> 4 & 0xF]
    apb1_divider, apb2_divider = APB_DIVIDERS[cfgr >> 10 & 7], APB_DIVIDERS[cfgr >> 13 & 7]
    apb1_hz, apb2_hz = core_hz // apb1_divider, core_hz // apb2_divider
    timpre = bool(read(0x8C) & 1 << 24)

    def kernel(shift: int, bus_hz: int) -> int:
        return (bus_hz, system_hz, HSI16_HZ, LSE_HZ)[dckcfgr2 >> shift & 3]

    return Clocks(
        core_hz,
        {
            "usart1": kernel(0, apb2_hz),
            "usart2": kernel(2, apb1_hz),
            "usart3": kernel(4, apb1_hz),
            "uart4": kernel(6, apb1_hz),
            "uart5": kernel(8, apb1_hz),
            "usart6": kernel(10, apb2_hz),
            "uart7": kernel(12, apb1_hz),
            "uart8": kernel(14, apb1_hz),
            "lptim1": (apb1_hz, LSI_HZ, HSI16_HZ, LSE_HZ)[dckcfgr2 >> 24 & 3],
            "rtc": rtc_hz(read(0x70), divided(hse_hz, cfgr >> 16 & 0x1F)),
            "timer_apb1": timer_hz(apb1_hz, apb1_divider, timpre),
            "timer_apb2": timer_hz(apb2_hz, apb2_divider, timpre),
        },
    )
