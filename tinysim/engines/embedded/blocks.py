"""Blocks of code, disassembled for the timing model when they are first executed."""

from __future__ import annotations

import ctypes

import capstone

from tinysim.engines.embedded.structures import BlockDescription
from tinysim.timing import TimingModel
from tinysim.timing.structures import NativeBlock, native_block

_decoder = capstone.Cs(capstone.CS_ARCH_ARM, capstone.CS_MODE_THUMB | capstone.CS_MODE_MCLASS)
_decoder.detail = True
# What is no instruction ends a block in a fault: it takes no time.
_decoder.skipdata = True


class TimedBlocks:
    """Describes blocks for the native core, and keeps what it has handed out alive."""

    def __init__(self, model: TimingModel) -> None:
        self._model = model
        self._kept: list[tuple[NativeBlock, ctypes.Array[ctypes.c_uint32]]] = []

    def describe(self, address: int, code: bytes, description: BlockDescription) -> None:
        """Fill `description` for the block of `code` at `address`."""
        instructions = [found for found in _decoder.disasm(code, address) if found.id]
        timing = self._model.describe_block(address, instructions)
        native = native_block(timing, address, len(code))
        cycles_before = (ctypes.c_uint32 * (len(timing.cycles_before) + 1))(
            *timing.cycles_before, timing.cycles
        )
        self._kept.append((native, cycles_before))
        description.timing = ctypes.pointer(native)
        description.cycles_before = ctypes.cast(cycles_before, ctypes.POINTER(ctypes.c_uint32))
