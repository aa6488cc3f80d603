"""The clock tree of STM32L4+ (RM0432)."""

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


def stm32l4_rcc(read: ReadRegister, hse_hz: int) -> Clocks:
    """Return the clocks of an STM32L4+ (RM0432 6.2, 6.4)."""
    cr, cfgr, pllcfgr, ccipr = read(0x00), read(0x08), read(0x0C), read(0x88)
    msi_hz = _msi_hz(cr, read(0x94))
    system_hz = (msi_hz, HSI16_HZ, hse_hz, _pll_hz(pllcfgr, msi_hz, hse_hz))[cfgr & 3]
    core_hz = system_hz // AHB_DIVIDERS[cfgr >> 4 & 0xF]
    apb1_divider, apb2_divider = APB_DIVIDERS[cfgr >> 8 & 7], APB_DIVIDERS[cfgr >> 11 & 7]
    apb1_hz, apb2_hz = core_hz // apb1_divider, core_hz // apb2_divider

    def kernel(shift: int, bus_hz: int) -> int:
        return (bus_hz, system_hz, HSI16_HZ, LSE_HZ)[ccipr >> shift & 3]

    return Clocks(
        core_hz,
        {
            "usart1": kernel(0, apb2_hz),
            "usart2": kernel(2, apb1_hz),
            "usart3": kernel(4, apb1_hz),
            "uart4": kernel(6, apb1_hz),
            "uart5": kernel(8, apb1_hz),
            "lpuart1": kernel(10, apb1_hz),
            "timer_apb1": timer_hz(apb1_hz, apb1_divider),
            "timer_apb2": timer_hz(apb2_hz, apb2_divider),
            "lptim1": (apb1_hz, LSI_HZ, HSI16_HZ, LSE_HZ)[ccipr >> 18 & 3],
            "lptim2": (apb1_hz, LSI_HZ, HSI16_HZ, LSE_HZ)[ccipr >> 20 & 3],
            "rtc": rtc_hz(read(0x90), hse_hz // 32),
        },
    )


def _msi_hz(cr: int, csr: int) -> int:
    """RM0432 6.4.1: MSIRANGE counts once MSIRGSEL is set, before that the range for after standby does."""
    ranges_khz = (100, 200, 400, 800, 1000, 2000, 4000, 8000, 16000, 24000, 32000, 48000)
    selected = cr >> 4 & 0xF if cr & 1 << 3 else csr >> 8 & 0xF
    return ranges_khz[min(selected, len(ranges_khz) - 1)] * 1000


def _pll_hz(pllcfgr: int, msi_hz: int, hse_hz: int) -> int:
    """RM0432 6.4.4: source / M x N / R."""
    source_hz = (0, msi_hz, HSI16_HZ, hse_hz)[pllcfgr & 3]
    multiplier = pllcfgr >> 8 & 0x7F
    return source_hz // ((pllcfgr >> 4 & 0xF) + 1) * multiplier // (2 * ((pllcfgr >> 25 & 3) + 1))
