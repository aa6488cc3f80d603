"""What the clock trees of several families have in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

ReadRegister = Callable[[int], int]
"""Returns the 32-bit register at an offset within the clock controller."""

HSI16_HZ = 16_000_000
LSE_HZ = 32_768
LSI_HZ = 32_000

AHB_DIVIDERS = (1,) * 8 + (2, 4, 8, 16, 64, 128, 256, 512)
APB_DIVIDERS = (1,) * 4 + (2, 4, 8, 16)


@dataclass(frozen=True)
class Clocks:
    """Frequencies in Hz: the core's, and by the names that the chip's file gives to the devices' clocks."""

    core_hz: int
    device_hz: Mapping[str, int]


def timer_hz(bus_hz: int, bus_divider: int, timpre: bool = False) -> int:
    """A timer runs at its bus's clock, or at up to twice that where the bus is divided (RM0432 6.2.14).

    With TIMPRE set, where a chip has it, at up to four times (RM0385 5.3.25).
    """
    return bus_hz * min(bus_divider, 4 if timpre else 2)


def rtc_hz(bdcr: int, divided_hse_hz: int) -> int:
    """RTCSEL and RTCEN of the backup domain's register (RM0432, RCC_BDCR); 0 where the clock is off."""
    return (0, LSE_HZ, LSI_HZ, divided_hse_hz)[bdcr >> 8 & 3] if bdcr & 1 << 15 else 0


def divided(hz: int, divider: int) -> int:
    """RTCPRE: 0 and 1 are no clock."""
    return hz // divider if divider > 1 else 0


def fractional_pll_hz(input_hz: int, divr: int, fracr: int, output_divider: int) -> int:
    """RM0456, RM0455, PLLs: input x (N + fraction / 2^13) / output divider; fields are N - 1 and fraction."""
    multiplier = ((divr & 0x1FF) + 1) * 8192 + (fracr >> 3 & 0x1FFF)
    return input_hz * multiplier // 8192 // output_divider
