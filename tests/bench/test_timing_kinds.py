"""What the bench compares: the same run, with more and more of the timing model on."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path

import pytest
from rich.console import Console

from tinysim.bench.__main__ import boards_table
from tinysim.bench.boards import BoardSpeed
from tinysim.bench.engine import BootedBoard, Timing
from tinysim.benchmark import BENCHMARKS
from tinysim.board import board_ids, load_board
from tinysim.datasets.choice import choose
from tinysim.simulation.implementation import build_implementation


@pytest.mark.parametrize("board_id", board_ids())
def test_each_kind_of_timing_adds_cycles_to_the_same_instructions(board_id: str, tmp_path: Path) -> None:
    board, choice = load_board(board_id), choose(BENCHMARKS["kws"])
    dataset = choice.dataset
    data = dataset.read(dataset.performance_segments()[0])
    image = build_implementation(board, choice, "zig", tmp_path).image
    inferences = {}
    for timing in Timing:
        booted = BootedBoard(board, image, data, timing)
        with contextlib.closing(booted.port):
            inferences[timing] = booted.inference(data)
    instructions = inferences[Timing.OFF].instructions
    assert {inference.instructions for inference in inferences.values()} == {instructions}
    assert inferences[Timing.OFF].cycles == instructions
    assert instructions // 2 <= inferences[Timing.PIPELINE].cycles != instructions
    assert inferences[Timing.PIPELINE].cycles < inferences[Timing.WITH_CACHES].cycles


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
