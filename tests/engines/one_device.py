"""A chip with one device and nothing else, compiled for this machine."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

from tests.native import NativeLibrary, shared_library
from tinysim.engines.embedded.library import source_folders

ALL = 0xFFFF_FFFF


@functools.cache
def device_library() -> NativeLibrary:
    """The chip's native code without a core, and timers, which have functions of their own."""
    interface, core, chip, devices, timing = source_folders()
    here = Path(__file__).parent
    sources = [
        *sorted(chip.glob("*.c")),
        *sorted(devices.glob("*.c")),
        core / "systick.c",
        here / "one_device.c",
    ]
    headers = [timing / "timing.h", interface / "engine.h", here / "one_device.h"]
    headers += [devices / "timer.h", core / "systick.h"]
    return shared_library("devices", sources, headers, (interface, core, chip, devices, timing, here))


class OneDevice:
    """A device by its model's name and options. Moments are ticks of a core at `core_hz`."""

    def __init__(self, model: str, lines: int = 0, core_hz: int = 1, **options: int) -> None:
        self._ffi, self._native = device_library()
        names = {name: self._ffi.new("char[]", name.encode()) for name in (model, *options)}
        description = {
            "model": names[model],
            "address": 0x4000_0000,
            "bytes": 0x1000,
            "interrupt_count": lines,
            "interrupts": list(range(lines)),
            "option_count": len(options),
            "options": [
                {"name": names[name], "count": 1, "values": [value]} for name, value in options.items()
            ],
        }
        chip = self._native.one_device([description], core_hz)
        if not chip:
            raise ValueError(f"{model} with {options} is refused")
        self._chip: Any = self._ffi.gc(chip, self._native.one_device_free)
        self._value = self._ffi.new("uint32_t *")

    def read(self, offset: int, now: int = 0) -> int | None:
        """The register's value; None where it reads as written."""
        known = self._native.one_device_read(self._chip, offset, self._value, now)
        return int(self._value[0]) if known else None

    def write(self, offset: int, value: int, now: int = 0, mask: int = ALL) -> bool:
        return bool(self._native.one_device_write(self._chip, offset, value, mask, now))

    def clock(self, clock_hz: int, now: int = 0) -> None:
        self._native.one_device_clock(self._chip, clock_hz, now)

    def run(self, now: int) -> int:
        """Let happen what is due up to `now`; return the tick of what is due next."""
        return int(self._native.one_device_run(self._chip, now))

    def interrupt(self, line: int = 0) -> bool:
        return bool(self._native.one_device_interrupt(self._chip, line))
