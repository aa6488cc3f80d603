"""How fast the embedded engine is on the kws image."""

from __future__ import annotations

import contextlib
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from tinysim.bench.bare import BareUnicorn
from tinysim.benchmark import BENCHMARKS
from tinysim.board import Board, load_board
from tinysim.engines import Engine
from tinysim.port.protocol_sim import Serial
from tinysim.runner.boot import boot
from tinysim.runner.performance import SingleInference, count_inference
from tinysim.simulation.implementation import build_at_hand
from tinysim.simulation.targets import SimulatedBoard
from tinysim.toolchain import DEFAULT_TOOLCHAIN

BOARD = "nucleo_l4r5zi"
INFERENCES = 40
ROUNDS = 5
UART_BYTES = 200_000
SNAPSHOTS = 50


@dataclass(frozen=True)
class EngineSpeed:
    """Medians over rounds in which bare Unicorn and the engine took turns.

    Rates are millions of guest instructions a second of host time. Ratios are medians of each round's ratio
    to the faster kind of bare Unicorn.
    """

    bare_mips: float
    plain_ram_mips: float
    counting_mips: float
    timing_mips: float
    counting_ratio: float
    timing_ratio: float
    uart_bytes_per_s: float
    boot_s: float
    snapshot_s: float
    restore_s: float
    instructions_per_inference: int


class Timing(Enum):
    """How much of the timing model is on: nothing of it, a core whose memories answer at once, all of it."""

    OFF = "off"
    PIPELINE = "on"
    WITH_CACHES = "on, caches"


class BootedBoard:
    """A booted board with an input loaded."""

    def __init__(self, board: Board, image: Path, data: bytes, timing: Timing) -> None:
        if timing is Timing.PIPELINE:
            board = without_memories(board)
        began = time.perf_counter()
        self.target = SimulatedBoard(board, image, "embedded", with_timing=timing is not Timing.OFF)()
        self.device = boot(self.target)
        self.boot_s = time.perf_counter() - began
        self.device.load(data)

    def count(self) -> SingleInference:
        """Count one inference."""
        return count_inference(self.target, self.device)

    def infer(self, times: int) -> float:
        """Return the host seconds of so many inferences."""
        return seconds(lambda: self.device.infer(times, 0))

    def close(self) -> None:
        """Free the board."""
        self.target.close()


def kws_image_and_input(board: Board, build_folder: Path) -> tuple[Path, bytes]:
    """Build the kws image in `build_folder`; return it and an input.

    Raises UserError where data or compiler are missing.
    """
    image, dataset = build_at_hand(board, BENCHMARKS["kws"], DEFAULT_TOOLCHAIN, build_folder)
    return image, dataset.read(dataset.performance_segments()[0])


def without_memories(board: Board) -> Board:
    """Return `board` as its timing model sees it where every memory answers at once: nothing to simulate."""
    chip = board.chip.model_copy(update={"timing": {**board.chip.timing, "cache": (), "path": ()}})
    return board.model_copy(update={"chip": chip})


def seconds(action: Callable[[], object]) -> float:
    """Return the host time that `action` takes."""
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def measure_engine(build_folder: Path) -> EngineSpeed:
    """Build the kws image in `build_folder` and measure.

    Raises UserError where data or compiler are missing.
    """
    board = load_board(BOARD)
    image, data = kws_image_and_input(board, build_folder)
    counting = BootedBoard(board, image, data, Timing.OFF)
    timing = BootedBoard(board, image, data, Timing.WITH_CACHES)
    with contextlib.closing(counting), contextlib.closing(timing):
        bare = BareUnicorn(counting.target.engine, "model_invoke", plain_ram=False)
        plain = BareUnicorn(counting.target.engine, "model_invoke", plain_ram=True)
        instructions = counting.count().instructions
        rounds = []
        for number in range(ROUNDS + 1):
            bare_s = seconds(lambda: bare.call(INFERENCES))
            plain_s = seconds(lambda: plain.call(INFERENCES))
            row = (bare_s, plain_s, counting.infer(INFERENCES), timing.infer(INFERENCES))
            if number > 0:  # the first round translates the code
                rounds.append(row)
        millions = INFERENCES * instructions / 1e6
        return EngineSpeed(
            bare_mips=statistics.median(millions / row[0] for row in rounds),
            plain_ram_mips=statistics.median(millions / row[1] for row in rounds),
            counting_mips=statistics.median(millions / row[2] for row in rounds),
            timing_mips=statistics.median(millions / row[3] for row in rounds),
            counting_ratio=statistics.median(min(row[:2]) / row[2] for row in rounds),
            timing_ratio=statistics.median(min(row[:2]) / row[3] for row in rounds),
            uart_bytes_per_s=UART_BYTES / uart_input_s(counting.target.port, UART_BYTES),
            boot_s=timing.boot_s,
            snapshot_s=_snapshot_s(timing.target.engine),
            restore_s=_restore_s(timing.target.engine),
            instructions_per_inference=instructions,
        )


def uart_input_s(port: Serial, size_bytes: int) -> float:
    """Return how long the guest takes for input that ends no command: nothing but bytes on their way in."""
    data = b"x" * size_bytes

    def send() -> None:
        port.write(data)
        port.flush()

    return seconds(send)


def _snapshot_s(engine: Engine) -> float:
    return statistics.median(seconds(engine.snapshot) for _ in range(SNAPSHOTS))


def _restore_s(engine: Engine) -> float:
    kept = engine.snapshot()
    return statistics.median(seconds(lambda: engine.restore(kept)) for _ in range(SNAPSHOTS))
