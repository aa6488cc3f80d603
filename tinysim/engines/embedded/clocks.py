"""Clock trees: from the registers of a clock controller to the frequencies that follow from them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

ReadRegister = Callable[[int], int]
"""Returns the 32-bit register at an offset within the clock controller."""

HSI16_HZ = 16_000_000
HSI64_HZ = 64_000_000
CSI_HZ = 4_000_000
LSE_HZ = 32_768
LSI_HZ = 32_000

_AHB_DIVIDERS = (1,) * 8 + (2, 4, 8, 16, 64, 128, 256, 512)
_APB_DIVIDERS = (1,) * 4 + (2, 4, 8, 16)


@dataclass(frozen=True)
class Clocks:
    """Frequencies in Hz: the core's, and by the names that board.toml gives to the devices' clocks."""

    core_hz: int
    device_hz: Mapping[str, int]


def stm32l4_rcc(read: ReadRegister, hse_hz: int) -> Clocks:
    """Return the clocks of an STM32L4+ (RM0432 6.2, 6.4)."""
    cr, cfgr, pllcfgr, ccipr = read(0x00), read(0x08), read(0x0C), read(0x88)
    msi_hz = _l4_msi_hz(cr, read(0x94))
    system_hz = (msi_hz, HSI16_HZ, hse_hz, _l4_pll_hz(pllcfgr, msi_hz, hse_hz))[cfgr & 3]
    core_hz = system_hz // _AHB_DIVIDERS[cfgr >> 4 & 0xF]
    apb1_divider, apb2_divider = _APB_DIVIDERS[cfgr >> 8 & 7], _APB_DIVIDERS[cfgr >> 11 & 7]
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
            "timer_apb1": _timer_hz(apb1_hz, apb1_divider),
            "timer_apb2": _timer_hz(apb2_hz, apb2_divider),
            "lptim1": (apb1_hz, LSI_HZ, HSI16_HZ, LSE_HZ)[ccipr >> 18 & 3],
            "lptim2": (apb1_hz, LSI_HZ, HSI16_HZ, LSE_HZ)[ccipr >> 20 & 3],
            "rtc": _rtc_hz(read(0x90), hse_hz // 32),
        },
    )


def _l4_msi_hz(cr: int, csr: int) -> int:
    """RM0432 6.4.1: MSIRANGE counts once MSIRGSEL is set, before that the range for after standby does."""
    ranges_khz = (100, 200, 400, 800, 1000, 2000, 4000, 8000, 16000, 24000, 32000, 48000)
    selected = cr >> 4 & 0xF if cr & 1 << 3 else csr >> 8 & 0xF
    return ranges_khz[min(selected, len(ranges_khz) - 1)] * 1000


def _l4_pll_hz(pllcfgr: int, msi_hz: int, hse_hz: int) -> int:
    """RM0432 6.4.4: source / M x N / R."""
    source_hz = (0, msi_hz, HSI16_HZ, hse_hz)[pllcfgr & 3]
    multiplier = pllcfgr >> 8 & 0x7F
    return source_hz // ((pllcfgr >> 4 & 0xF) + 1) * multiplier // (2 * ((pllcfgr >> 25 & 3) + 1))


def stm32u5_rcc(read: ReadRegister, hse_hz: int) -> Clocks:
    """Return the clocks of an STM32U5 (RM0456, reset and clock control)."""
    cfgr1, cfgr2, cfgr3 = read(0x1C), read(0x20), read(0x24)
    ccipr1, ccipr3 = read(0xE0), read(0xE8)
    msis_hz, msik_hz = _u5_msi_hz(read(0x08), read(0xF4))
    pll1cfgr, pll1divr = read(0x28), read(0x34)
    pll1_hz = _fractional_pll_hz(
        (0, msis_hz, HSI16_HZ, hse_hz)[pll1cfgr & 3] // ((pll1cfgr >> 8 & 0xF) + 1),
        pll1divr,
        read(0x38) if pll1cfgr & 1 << 4 else 0,
        (pll1divr >> 24 & 0x7F) + 1,
    )
    system_hz = (msis_hz, HSI16_HZ, hse_hz, pll1_hz)[cfgr1 & 3]
    core_hz = system_hz // _AHB_DIVIDERS[cfgr2 & 0xF]
    apb1_divider, apb2_divider = _APB_DIVIDERS[cfgr2 >> 4 & 7], _APB_DIVIDERS[cfgr2 >> 8 & 7]
    apb1_hz, apb2_hz = core_hz // apb1_divider, core_hz // apb2_divider
    apb3_hz = core_hz // _APB_DIVIDERS[cfgr3 >> 4 & 7]

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
            "timer_apb1": _timer_hz(apb1_hz, apb1_divider),
            "timer_apb2": _timer_hz(apb2_hz, apb2_divider),
            "lptim1": (msik_hz, LSI_HZ, HSI16_HZ, LSE_HZ)[ccipr3 >> 10 & 3],
            "lptim2": (apb1_hz, LSI_HZ, HSI16_HZ, LSE_HZ)[ccipr1 >> 18 & 3],
            "lptim34": (msik_hz, LSI_HZ, HSI16_HZ, LSE_HZ)[ccipr3 >> 8 & 3],
            "rtc": _rtc_hz(read(0xF0), hse_hz // 32),
        },
    )


def _u5_msi_hz(icscr1: int, csr: int) -> tuple[int, int]:
    """RM0456, RCC_ICSCR1: MSIS and MSIK. MSIRGSEL chooses between its ranges and those for after standby."""
    ranges_khz = (48000, 24000, 16000, 12000, 4000, 2000, 1330, 1000,
                  3072, 1536, 1024, 768, 400, 200, 133, 100)  # fmt: skip
    selected = (icscr1 >> 28, icscr1 >> 24) if icscr1 & 1 << 23 else (csr >> 12, csr >> 8)
    return ranges_khz[selected[0] & 0xF] * 1000, ranges_khz[selected[1] & 0xF] * 1000


def stm32h7a3_rcc(read: ReadRegister, hse_hz: int) -> Clocks:
    """Return the clocks of an STM32H7A3 (RM0455, reset and clock control); PLL2 and PLL3 are taken as off."""
    cr, cfgr, cdcfgr1, cdcfgr2 = read(0x00), read(0x10), read(0x18), read(0x1C)
    hsi_hz = HSI64_HZ >> (cr >> 3 & 3)
    system_hz = (hsi_hz, CSI_HZ, hse_hz, _h7a3_pll1_hz(read, hsi_hz, hse_hz), 0, 0, 0, 0)[cfgr & 7]
    core_hz = system_hz // _AHB_DIVIDERS[cdcfgr1 >> 8 & 0xF]
    ahb_hz = core_hz // _AHB_DIVIDERS[cdcfgr1 & 0xF]
    apb1_divider, apb2_divider = _APB_DIVIDERS[cdcfgr2 >> 4 & 7], _APB_DIVIDERS[cdcfgr2 >> 8 & 7]
    apb1_hz, apb2_hz = ahb_hz // apb1_divider, ahb_hz // apb2_divider
    apb4_hz = ahb_hz // _APB_DIVIDERS[read(0x20) >> 4 & 7]
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
            "timer_apb1": _timer_hz(apb1_hz, apb1_divider, timpre),
            "timer_apb2": _timer_hz(apb2_hz, apb2_divider, timpre),
            "lptim1": low_power_timer(cdccip2r >> 28, apb1_hz),
            "lptim2": low_power_timer(srdccipr >> 10, apb4_hz),
            "lptim3": low_power_timer(srdccipr >> 13, apb4_hz),
            "rtc": _rtc_hz(read(0x70), _divided(hse_hz, cfgr >> 8 & 0x3F)),
        },
    )


def _h7a3_pll1_hz(read: ReadRegister, hsi_hz: int, hse_hz: int) -> int:
    """RM0455, PLL1: off where the input divider DIVM1 is 0."""
    pllckselr, pll1divr = read(0x28), read(0x30)
    input_divider = pllckselr >> 4 & 0x3F
    if input_divider == 0:
        return 0
    return _fractional_pll_hz(
        (hsi_hz, CSI_HZ, hse_hz, 0)[pllckselr & 3] // input_divider,
        pll1divr,
        read(0x34) if read(0x2C) & 1 else 0,
        (pll1divr >> 9 & 0x7F) + 1,
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
    core_hz = system_hz // _AHB_DIVIDERS[cfgr >> 4 & 0xF]
    apb1_divider, apb2_divider = _APB_DIVIDERS[cfgr >> 10 & 7], _APB_DIVIDERS[cfgr >> 13 & 7]
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
            "rtc": _rtc_hz(read(0x70), _divided(hse_hz, cfgr >> 16 & 0x1F)),
            "timer_apb1": _timer_hz(apb1_hz, apb1_divider, timpre),
            "timer_apb2": _timer_hz(apb2_hz, apb2_divider, timpre),
        },
    )


def stm32g0_rcc(read: ReadRegister, hse_hz: int) -> Clocks:
    """Return the clocks of an STM32G0x1 (RM0444 5.4)."""
    cfgr, pllcfgr, ccipr = read(0x08), read(0x0C), read(0x54)
    hsisys_hz = HSI16_HZ >> (read(0x00) >> 11 & 7)
    source_hz = (0, 0, HSI16_HZ, hse_hz)[pllcfgr & 3] // ((pllcfgr >> 4 & 7) + 1)
    pll_hz = source_hz * (pllcfgr >> 8 & 0x7F) // ((pllcfgr >> 29 & 7) + 1)
    system_hz = (hsisys_hz, hse_hz, pll_hz, LSI_HZ, LSE_HZ, 0, 0, 0)[cfgr & 7]
    core_hz = system_hz // _AHB_DIVIDERS[cfgr >> 8 & 0xF]
    apb_divider = _APB_DIVIDERS[cfgr >> 12 & 7]
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
            "timer_apb": _timer_hz(apb_hz, apb_divider),
            "lptim1": (apb_hz, LSI_HZ, HSI16_HZ, LSE_HZ)[ccipr >> 18 & 3],
            "lptim2": (apb_hz, LSI_HZ, HSI16_HZ, LSE_HZ)[ccipr >> 20 & 3],
            "rtc": _rtc_hz(read(0x5C), hse_hz // 32),
        },
    )


def _timer_hz(bus_hz: int, bus_divider: int, timpre: bool = False) -> int:
    """A timer runs at its bus's clock, or at up to twice that where the bus is divided (RM0432 6.2.14).

    With TIMPRE set, where a chip has it, at up to four times (RM0385 5.3.25).
    """
    return bus_hz * min(bus_divider, 4 if timpre else 2)


def _rtc_hz(bdcr: int, divided_hse_hz: int) -> int:
    """RTCSEL and RTCEN of the backup domain's register (RM0432, RCC_BDCR); 0 where the clock is off."""
    return (0, LSE_HZ, LSI_HZ, divided_hse_hz)[bdcr >> 8 & 3] if bdcr & 1 << 15 else 0


def _divided(hz: int, divider: int) -> int:
    """RTCPRE: 0 and 1 are no clock."""
    return hz // divider if divider > 1 else 0


def _fractional_pll_hz(input_hz: int, divr: int, fracr: int, output_divider: int) -> int:
    """RM0456 and RM0455, PLLs: input x (N + fraction / 2^13) / output divider; N - 1 and fraction are fields."""
    multiplier = ((divr & 0x1FF) + 1) * 8192 + (fracr >> 3 & 0x1FFF)
    return input_hz * multiplier // 8192 // output_divider


CLOCK_TREES: Mapping[str, Callable[[ReadRegister, int], Clocks]] = {
    "stm32l4_rcc": stm32l4_rcc,
    "stm32u5_rcc": stm32u5_rcc,
    "stm32h7a3_rcc": stm32h7a3_rcc,
    "stm32f7_rcc": stm32f7_rcc,
    "stm32g0_rcc": stm32g0_rcc,
}
"""By the name of the controller's register layout in board.toml; they take the external oscillator's Hz too."""
