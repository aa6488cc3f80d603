"""The clock tree of STM32H7A3, H7B0 and H7B3 (RM0455)."""

from __future__ import annotations

from tinysim.clock_trees.tree import (
    AHB_DIVIDERS,
    APB_DIVIDERS,
    LSE_HZ,
    LSI_HZ,
    Clocks,
    ReadRegister,
    divided,
    fractional_pll_hz,
    rtc_hz,
    timer_hz,
)

HSI64_HZ = 64_000_000
CSI_HZ = 4_000_000


def stm32h7a3_rcc(read: ReadRegister, hse_hz: int) -> Clocks:
    """Return the clocks of an STM32H7A3 (RM0455, reset and clock control); PLL2 and PLL3 are taken as off."""
    cr, cfgr, cdcfgr1, cdcfgr2 = read(0x00), read(0x10), read(0x18), read(0x1C)
    hsi_hz = HSI64_HZ >> (cr >> 3 & 3)
    system_hz = (hsi_hz, CSI_HZ, hse_hz, _pll1_hz(read, hsi_hz, hse_hz), 0, 0, 0, 0)[cfgr & 7]
    core_hz = system_hz // AHB_DIVIDERS[cdcfgr1 >> 8 & 0xF]
    ahb_hz = core_hz // AHB_DIVIDERS[cdcfgr1 & 0xF]
    apb1_divider, apb2_divider = APB_DIVIDERS[cdcfgr2 >> 4 & 7], APB_DIVIDERS[cdcfgr2 >> 8 & 7]
    apb1_hz, apb2_hz = ahb_hz // apb1_divider, ahb_hz // apb2_divider
    apb4_hz = ahb_hz // APB_DIVIDERS[read(0x20) >> 4 & 7]
    cdccip2r, srdccipr, timpre = read(0x54), read(0x58), bool(cfgr & 1 << 15)

    def kernel(selected: int, bus_hz: int) -> int:
        return (bus_hz, 0, 0, hsi_hz, CSI_HZ, LSE_HZ, 0, 0)[selected & 7]

    per_ck_hz = (hsi_hz, CSI_HZ, hse_hz, 0)[read(0x4C) >> 28 & 3]

    def low_power_timer(selected: int, bus_hz: int) -> int:
        return (bus_hz, 0, 0, LSE_HZ, LSI_HZ, per_ck_hz, 0, 0)[selected & 7]

    return Clocks(
        core_hz,
        {
            "usart1": kernel(cdccip2r >> 3, apb2_hz),
            "usart2": kernel(cdccip2r, apb1_hz),
            "usart3": kernel(cdccip2r, apb1_hz),
            "lpuart1": kernel(srdccipr, apb4_hz),
            "timer_apb1": timer_hz(apb1_hz, apb1_divider, timpre),
            "timer_apb2": timer_hz(apb2_hz, apb2_divider, timpre),
            "lptim1": low_power_timer(cdccip2r >> 28, apb1_hz),
            "lptim2": low_power_timer(srdccipr >> 10, apb4_hz),
            "lptim3": low_power_timer(srdccipr >> 13, apb4_hz),
            "rtc": rtc_hz(read(0x70), divided(hse_hz, cfgr >> 8 & 0x3F)),
        },
    )


def _pll1_hz(read: ReadRegister, hsi_hz: int, hse_hz: int) -> int:
    """RM0455, PLL1: off where the input divider DIVM1 is 0."""
    pllckselr, pll1divr = read(0x28), read(0x30)
    input_divider = pllckselr >> 4 & 0x3F
    if input_divider == 0:
        return 0
    return fractional_pll_hz(
        (hsi_hz, CSI_HZ, hse_hz, 0)[pllckselr & 3] // input_divider,
        pll1divr,
        read(0x34) if read(0x2C) & 1 else 0,
        (pll1divr >> 9 & 0x7F) + 1,
    )
