"""The clock tree of STM32U3 (RM0487)."""

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

MSIRC0_HZ = 96_000_000
MSIRC1_HZ = 24_000_000


def stm32u3_rcc(read: ReadRegister, hse_hz: int) -> Clocks:
    """Return the clocks of an STM32U3 (RM0487, reset and clock control), which has no PLL."""
    cfgr1, cfgr2, cfgr3 = read(0x1C), read(0x20), read(0x24)
    ccipr1, ccipr3 = read(0x100), read(0x108)
    msis_hz, msik_hz = _msi_hz(read(0x08), read(0x114))
    system_hz = (msis_hz, HSI16_HZ, hse_hz, 0)[cfgr1 & 3]
    core_hz = system_hz // AHB_DIVIDERS[cfgr2 & 0xF]
    apb1_divider, apb2_divider = APB_DIVIDERS[cfgr2 >> 4 & 7], APB_DIVIDERS[cfgr2 >> 8 & 7]
    apb1_hz, apb2_hz = core_hz // apb1_divider, core_hz // apb2_divider
    apb3_hz = core_hz // APB_DIVIDERS[cfgr3 >> 4 & 7]

    def kernel(bit: int, bus_hz: int) -> int:
        return (bus_hz, HSI16_HZ)[ccipr1 >> bit & 1]

    return Clocks(
        core_hz,
        {
            "usart1": kernel(0, apb2_hz),
            "usart3": kernel(2, apb1_hz),
            "uart4": kernel(4, apb1_hz),
            "uart5": kernel(6, apb1_hz),
            "lpuart1": (apb3_hz, HSI16_HZ, LSE_HZ, msik_hz)[ccipr3 & 3],
            "timer_apb1": timer_hz(apb1_hz, apb1_divider),
            "timer_apb2": timer_hz(apb2_hz, apb2_divider),
            "lptim1": (msik_hz, LSI_HZ, HSI16_HZ, LSE_HZ)[ccipr3 >> 10 & 3],
            "lptim2": (apb1_hz, LSI_HZ, HSI16_HZ, LSE_HZ)[ccipr1 >> 18 & 3],
            "lptim34": (msik_hz, LSI_HZ, HSI16_HZ, LSE_HZ)[ccipr3 >> 8 & 3],
            "rtc": rtc_hz(read(0x110), hse_hz // 32),
        },
    )


def _msi_hz(icscr1: int, csr: int) -> tuple[int, int]:
    """RM0487, RCC_ICSCR1: MSIS and MSIK. Without MSIRGSEL they are MSIRC1 divided as after standby."""
    if not icscr1 & 1 << 23:
        return MSIRC1_HZ >> (csr >> 12 & 3), MSIRC1_HZ >> (csr >> 8 & 3)
    sources_hz = MSIRC0_HZ, MSIRC1_HZ
    return sources_hz[icscr1 >> 31] >> (icscr1 >> 29 & 3), sources_hz[icscr1 >> 28 & 1] >> (icscr1 >> 26 & 3)
