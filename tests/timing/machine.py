"""A board's memories as the native timing model simulates them, fed with blocks that a test names."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path

import tinysim.timing
from tests.native import NativeLibrary, shared_library
from tests.timing.assembler import disassemble
from tinysim.board import load_board
from tinysim.timing import TimingModel, timing_model
from tinysim.timing.marshalling import NativeBlock, native_block, native_parameters

FOLDER = Path(tinysim.timing.__file__).parent / "native"
HEADERS = ("cache.h", "predictor.h", "timing.h", "timing_state.h")


@functools.cache
def board_model(board_id: str) -> TimingModel:
    model = timing_model(load_board(board_id).chip)
    assert model is not None
    return model


@functools.cache
def timing_library() -> NativeLibrary:
    return shared_library("timing", sorted(FOLDER.glob("*.c")), [FOLDER / name for name in HEADERS])


class Machine:
    """A core that executes the blocks a test names; `controls` are the registers that the guest has set."""

    def __init__(
        self, controls: dict[int, int], board_id: str = "nucleo_l4r5zi", model: TimingModel | None = None
    ) -> None:
        self.ffi, self.native = timing_library()
        self.model = model or board_model(board_id)
        self.state = self.ffi.new("struct timing *")
        self.words: dict[int, int] = {}
        self.follow(lambda address: self.words.get(address, 0))
        control = self.ffi.callback("timing_control", lambda _context, address: controls.get(address, 0))
        parameters = native_parameters(self.model)
        self.native.timing_reset(self.state, [parameters], control, self.ffi.NULL)

    def follow(self, peek: Callable[[int], int]) -> None:
        """Have pointers out of memory read by `peek`."""
        self.peek = self.ffi.callback("timing_peek", lambda _context, address: peek(address))

    def write_control(self, address: int, value: int) -> None:
        self.native.timing_written(self.state, address, value)

    def enter_block(self, block: NativeBlock, registers: list[int]) -> int:
        """Return the cycles of `block`, entered with `registers` r0 to r14."""
        # A structure of the model's own interface is none of this library's to cffi.
        native = self.ffi.cast("struct timing_block *", block.block)
        return int(self.native.timing_enter(self.state, native, registers, self.peek, self.ffi.NULL))

    def total(self, source: str, address: int, **registers: int) -> int:
        """Return the cycles of the block of `source` at `address`."""
        instructions = disassemble(source, address, self.model.chip.core.name)
        size = sum(instruction.size for instruction in instructions)
        block = native_block(self.model.describe_block(address, instructions), address, size)
        return self.enter_block(block, [registers.get(f"r{number}", 0) for number in range(15)])

    def enter(self, source: str, address: int, **registers: int) -> int:
        """Return the cycles beyond what the block costs with memory that answers at once."""
        instructions = disassemble(source, address, self.model.chip.core.name)
        return (
            self.total(source, address, **registers) - self.model.describe_block(address, instructions).cycles
        )
