"""A board's memories as the native timing model simulates them, fed with blocks that a test names."""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Callable
from pathlib import Path

import tinysim.timing
from tests.native import shared_library
from tests.timing.assembler import disassemble
from tinysim.board import load_board
from tinysim.timing import TimingModel, timing_model
from tinysim.timing.structures import native_block, native_parameters

SOURCES = sorted((Path(tinysim.timing.__file__).parent / "native").glob("*.c"))
PEEK = ctypes.CFUNCTYPE(ctypes.c_uint32, ctypes.c_void_p, ctypes.c_uint32)
STATE_BYTES = 1 << 16


@functools.cache
def board_model(board_id: str) -> TimingModel:
    model = timing_model(load_board(board_id).chip)
    assert model is not None
    return model


class Machine:
    """A core that executes the blocks a test names; `controls` are the registers that the guest has set."""

    def __init__(
        self, controls: dict[int, int], board_id: str = "nucleo_l4r5zi", model: TimingModel | None = None
    ) -> None:
        self.native = shared_library("timing", SOURCES)
        self.model = model or board_model(board_id)
        self.state = ctypes.create_string_buffer(STATE_BYTES)
        self.words: dict[int, int] = {}
        self.peek = PEEK(lambda _context, address: self.words.get(address, 0))
        control = PEEK(lambda _context, address: controls.get(address, 0))
        self.native.timing_reset(self.state, ctypes.byref(native_parameters(self.model)), control, None)

    def follow(self, peek: Callable[[int], int]) -> None:
        """Have pointers out of memory read by `peek`."""
        self.peek = PEEK(lambda _context, address: peek(address))

    def write_control(self, address: int, value: int) -> None:
        self.native.timing_written(self.state, address, value)

    def total(self, source: str, address: int, **registers: int) -> int:
        """Return the cycles of the block of `source` at `address`."""
        instructions = disassemble(source, address, self.model.chip.core.name)
        size = sum(instruction.size for instruction in instructions)
        block = native_block(self.model.describe_block(address, instructions), address, size)
        values = (ctypes.c_uint32 * 16)()
        for name, value in registers.items():
            values[int(name[1:])] = value
        return int(self.native.timing_enter(self.state, ctypes.byref(block), values, self.peek, None))

    def enter(self, source: str, address: int, **registers: int) -> int:
        """Return the cycles beyond what the block costs with memory that answers at once."""
        instructions = disassemble(source, address, self.model.chip.core.name)
        return (
            self.total(source, address, **registers) - self.model.describe_block(address, instructions).cycles
        )
