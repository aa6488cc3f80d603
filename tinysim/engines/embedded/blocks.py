"""Blocks of code, disassembled for the timing model when they are first executed."""

from __future__ import annotations

from typing import Any

import capstone

from tinysim.engines.embedded.library import engine_interface
from tinysim.timing import TimingModel
from tinysim.timing.marshalling import NativeBlock, native_block

_decoder = capstone.Cs(capstone.CS_ARCH_ARM, capstone.CS_MODE_THUMB | capstone.CS_MODE_MCLASS)
_decoder.detail = True
# What is no instruction ends a block in a fault: it takes no time.
_decoder.skipdata = True


class TimedBlocks:
    """Describes blocks for the native core, and keeps what it has handed out alive."""

    def __init__(self, model: TimingModel) -> None:
        self._model = model
        self._kept: list[tuple[NativeBlock, Any]] = []

    def describe(self, address: int, code: bytes, description: Any) -> None:
        """Fill the `struct block_description` for the block of `code` at `address`."""
        instructions = [found for found in _decoder.disasm(code, address) if found.id]
        timing = self._model.describe_block(address, instructions)
        native = native_block(timing, address, len(code))
        cycles_before = engine_interface().ffi.new("uint32_t[]", [*timing.cycles_before, timing.cycles])
        self._kept.append((native, cycles_before))
        description.timing = native.block
        description.cycles_before = cycles_before
