"""What the timing model costs on each board: the same kws firmware with it off, on, and on with caches."""

from __future__ import annotations

import contextlib
import statistics
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tinysim.bench.bare import BareUnicorn
from tinysim.bench.both import run_s
from tinysim.bench.engine import BootedBoard, Timing, kws_image_and_input, seconds
from tinysim.board import load_board
from tinysim.datasets.dataset import PERFORMANCE_INPUTS
from tinysim.mode import PERFORMANCE
from tinysim.runner.performance import WARMUP, iterations_for_window

ROUNDS = 3
ROUND_INSTRUCTIONS = 150e6


@dataclass(frozen=True)
class BoardSpeed:
    """Medians over rounds in which bare Unicorn and each kind of timing took turns.

    Rates are millions of guest instructions a second of host time; ratios are medians of each round's ratio
    to the faster kind of bare Unicorn. `performance_s` is a whole command with the image already built: a
    performance run of five windows of at least ten seconds of the board's time, whose inferences are
    `performance_instructions`.
    """

    board_id: str
    bare_mips: float
    mips: dict[Timing, float]
    ratio: dict[Timing, float]
    performance_instructions: int
    performance_s: float


def measure_board(board_id: str, build_folder: Path) -> BoardSpeed:
    """Build the kws image in `build_folder` and measure.

    Raises UserError where data or compiler are missing.
    """
    board = load_board(board_id)
    image, data = kws_image_and_input(board, build_folder)
    with contextlib.ExitStack() as opened:
        booted = {}
        for timing in Timing:
            booted[timing] = BootedBoard(board, image, data, timing)
            opened.callback(booted[timing].close)
        engine = booted[Timing.OFF].target.engine
        bare = [BareUnicorn(engine, "model_invoke", plain_ram=plain) for plain in (False, True)]
        inference = booted[Timing.WITH_CACHES].count()
        times = max(1, round(ROUND_INSTRUCTIONS / inference.instructions))
        millions = times * inference.instructions / 1e6
        rounds = []
        for number in range(ROUNDS + 1):
            bare_s = min(seconds(partial(kind.call, times)) for kind in bare)
            row = {timing: booted[timing].infer(times) for timing in Timing}
            if number > 0:  # the first round translates the code
                rounds.append((bare_s, row))
    return BoardSpeed(
        board_id=board_id,
        bare_mips=statistics.median(millions / bare_s for bare_s, _ in rounds),
        mips={timing: statistics.median(millions / row[timing] for _, row in rounds) for timing in Timing},
        ratio={
            timing: statistics.median(bare_s / row[timing] for bare_s, row in rounds) for timing in Timing
        },
        performance_instructions=PERFORMANCE_INPUTS
        * (WARMUP + iterations_for_window(inference.time_s))
        * inference.instructions,
        performance_s=run_s(board_id, "embedded", PERFORMANCE, build_folder),
    )
