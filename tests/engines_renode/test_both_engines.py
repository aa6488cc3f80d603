"""The same image and inputs on both engines, on every board: the same vectors, instructions, throughput."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tinysim.benchmark import BENCHMARKS
from tinysim.board import board_ids, load_board
from tinysim.datasets.choice import choose
from tinysim.runner.boot import booted
from tinysim.runner.performance import SingleInference, count_inference
from tinysim.simulation.cycles_per_instruction import timed_board
from tinysim.simulation.implementation import build_implementation
from tinysim.simulation.targets import SimulatedBoard

INPUTS = int(os.environ.get("TINYSIM_RENODE_INPUTS", "5"))
"""More of them take longer: 50 are a fair sample, 1000 are all, and more than all."""

WINDOW_INFERENCES = 10


@dataclass(frozen=True)
class Run:
    """One inference, the throughput of a window by the guest's own clock, and the vectors of all inputs."""

    inference: SingleInference
    throughput_inf_per_s: float
    vectors: list[tuple[float, ...]]


def run(factory: SimulatedBoard, inputs: list[bytes]) -> Run:
    with booted(factory) as (target, device):
        inference = count_inference(target, device, inputs[0])
        ready = target.snapshot()
        vectors = []
        for data in inputs:
            target.restore(ready)
            device.load(data)
            vectors.append(device.infer(1, 0).results)
        window = device.infer(WINDOW_INFERENCES, 1)
    return Run(inference, WINDOW_INFERENCES / (window.runtime_us / 1e6), vectors)


@pytest.mark.parametrize("board_id", board_ids())
@pytest.mark.usefixtures("renode")
def test_both_engines_give_the_same_vectors_instructions_and_throughput(
    board_id: str, tmp_path: Path
) -> None:
    choice = choose(BENCHMARKS["kws"])
    dataset = choice.dataset
    inputs = [
        dataset.read(segment) for segment, _ in zip(dataset.accuracy_segments(), range(INPUTS), strict=False)
    ]
    board = load_board(board_id)
    image = build_implementation(board, choice, "zig", tmp_path).image
    embedded = run(SimulatedBoard(board, image, "embedded"), inputs)
    factory, _ = timed_board(board, image, "renode", inputs[0])
    renode = run(factory, inputs)
    assert renode.inference.instructions == embedded.inference.instructions
    assert renode.vectors == embedded.vectors
    # 1 % is asked for; whole instructions a microsecond alone would take nearly that on a slow board.
    assert renode.throughput_inf_per_s == pytest.approx(embedded.throughput_inf_per_s, rel=0.003)
    assert renode.inference.time_s == pytest.approx(embedded.inference.time_s, rel=0.003)


@pytest.mark.usefixtures("renode")
def test_renode_s_own_clock_follows_the_cycles_it_is_handed(tmp_path: Path) -> None:
    choice = choose(BENCHMARKS["kws"])
    data = choice.dataset.read(choice.dataset.performance_segments()[0])
    board = load_board("nucleo_l4r5zi")
    image = build_implementation(board, choice, "zig", tmp_path).image
    right, counted = timed_board(board, image, "renode", data)
    assert counted is not None
    assert right.cycles_per_instruction == counted.cycles / counted.instructions
    laps = []
    for factory in (right, replace(right, cycles_per_instruction=2 * right.cycles_per_instruction)):
        with booted(factory) as (_, device):
            device.load(data)
            laps.append(device.infer(10, 0).runtime_us)
    assert laps[1] == pytest.approx(2 * laps[0], rel=0.02)
