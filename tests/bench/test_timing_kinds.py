"""What the bench compares: the same run, with more and more of the timing model on."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path

import pytest
from rich.console import Console

from tinysim.bench.__main__ import boards_table
from tinysim.bench.bare import BareUnicorn
from tinysim.bench.boards import BoardSpeed
from tinysim.bench.engine import BootedBoard, Timing, kws_image_and_input
from tinysim.board import board_ids, load_board
from tinysim.engines.embedded.cores import CORE_TYPES


@pytest.mark.parametrize("board_id", board_ids())
def test_each_kind_of_timing_adds_cycles_to_the_same_instructions(board_id: str, tmp_path: Path) -> None:
    board = load_board(board_id)
    image, data = kws_image_and_input(board, tmp_path)
    inferences = {}
    for timing in Timing:
        booted = BootedBoard(board, image, data, timing)
        with contextlib.closing(booted):
            inferences[timing] = booted.count()
    instructions = inferences[Timing.OFF].instructions
    assert {inference.instructions for inference in inferences.values()} == {instructions}
    assert inferences[Timing.OFF].cycles == instructions
    assert instructions // 2 <= inferences[Timing.PIPELINE].cycles != instructions
    assert inferences[Timing.PIPELINE].cycles < inferences[Timing.WITH_CACHES].cycles


@pytest.mark.parametrize("board_id", board_ids())
def test_bare_unicorn_is_the_board_s_own_core(board_id: str, tmp_path: Path) -> None:
    board = load_board(board_id)
    image, data = kws_image_and_input(board, tmp_path)
    with contextlib.closing(BootedBoard(board, image, data, Timing.OFF)) as booted:
        bare = BareUnicorn(booted.target.engine, "model_invoke", plain_ram=True)
        assert bare._unicorn.ctl_get_cpu_model() == CORE_TYPES[board.chip.core.name].unicorn_model
        bare.call(1)


def test_the_table_has_a_row_for_each_board_with_rates_and_ratios() -> None:
    speeds = [
        BoardSpeed(
            board_id,
            bare_mips=400.0,
            mips={Timing.OFF: 380.0, Timing.PIPELINE: 200.0 + number, Timing.WITH_CACHES: 100.0 + number},
            ratio={Timing.OFF: 0.95, Timing.PIPELINE: 0.5, Timing.WITH_CACHES: 0.25},
            performance_instructions=5_100_000_000,
            performance_s=20.0 + number,
        )
        for number, board_id in enumerate(board_ids())
    ]
    printed = io.StringIO()
    Console(file=printed, width=80).print(boards_table(speeds))
    lines = printed.getvalue().splitlines()
    for number, board_id in enumerate(board_ids()):
        row = next(line for line in lines if board_id in line)
        assert [cell.strip() for cell in row.split("│")] == [
            board_id,
            "400",
            "380 (0.95)",
            f"{200 + number} (0.50)",
            f"{100 + number} (0.25)",
            "5.1 G",
            f"{20 + number} s",
        ]
    assert any(">= 80" in line and "< 30 s" in line for line in lines)
