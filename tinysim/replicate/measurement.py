"""A published image on a simulated board: throughput as the official runner computes it, and vectors."""

from __future__ import annotations

import contextlib
import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tinysim.benchmark import Benchmark
from tinysim.board import Board
from tinysim.datasets.dataset import DataSet
from tinysim.errors import GuestError
from tinysim.replicate.published import InputKey
from tinysim.runner.accuracy import run_accuracy
from tinysim.runner.boot import boot
from tinysim.runner.device import Device, Inference
from tinysim.runner.performance import WARMUP, SingleInference, count_inference, iterations_for_window
from tinysim.runner.replies import Kind, read_messages
from tinysim.runner.target import Target
from tinysim.simulation.cycles_per_instruction import compare_instructions, timed_board
from tinysim.simulation.targets import SimulatedBoard

SHORT_WINDOW_S = 0.25
SHORT_WINDOW_INFERENCES = 2
"""A window is at least as long, in virtual time and in inferences, unless all of it is run."""

FULL_WINDOW_MAX_S = 300.0
"""A longer window is none of a benchmark's, whatever a published file says; it is not run in full."""

ERROR_NOTES_MAX = 3

CLOCK_TOLERANCE = 0.005
CLOCK_STEP_S = 0.0015
"""How far the device's clock may be from ours before its word is taken: 0.5 %, and 1 ms twice."""


@dataclass(frozen=True)
class Performance:
    """A performance run. `iterations` is the number of inferences in a window that the throughput is of.

    `clock_ratio` is the device's time by its own clock over the engine's; `notes` are the engine's remarks on
    what the firmware used.
    """

    throughput_inf_per_s: float
    iterations: int
    inference: SingleInference
    clock_ratio: float
    notes: tuple[str, ...] = ()

    @property
    def latency_ms(self) -> float:
        """What one inference takes, as published figures have it: 1000 / throughput."""
        return 1000 / self.throughput_inf_per_s


@dataclass(frozen=True)
class Plan:
    """How an image is run: on what, with which inputs, how long.

    `iterations` is the published number of inferences in a window, None where it is not known; with `in_full`
    all of them are run.
    """

    board: Board
    benchmark: Benchmark
    engine: str
    image: Path
    inputs: tuple[bytes, ...]
    iterations: int | None
    in_full: bool
    model: str | None


def run_performance(plan: Plan) -> Performance:
    """Do the performance run of a plan. Raises GuestError, UserError.

    On Renode, cycles come from the embedded engine's run of one inference, as with `tinysim sim`.
    """
    factory, embedded = timed_board(
        plan.board, plan.image, plan.engine, plan.inputs[0], lambda device: _check_model(device, plan)
    )
    with contextlib.closing(factory()) as target:
        try:
            single, iterations, windows, runtimes_s = _run(target, boot(target), plan)
        except GuestError as error:
            # What the firmware used and the engine lacks may be why.
            raise GuestError(
                "; ".join((str(error).split("\n", 1)[0], *target.notes()[:ERROR_NOTES_MAX]))
            ) from error
        notes = target.notes()
    ratio = _clock_ratio(windows)
    throughput = statistics.median(iterations / runtime_s for runtime_s in runtimes_s) / ratio
    remarks = compare_instructions(embedded, single, depends_on_time=True)
    return Performance(throughput, iterations, single, ratio, (*notes, *remarks))


def run_vectors(
    plan: Plan, dataset: DataSet, workers: int, on_progress: Callable[[int, int], None]
) -> dict[InputKey, str]:
    """Return the result vector of every input of a data set, as the device printed it.

    The timing model stays off: it costs time and changes no result. Raises GuestError, UserError.
    """
    factory = SimulatedBoard(plan.board, plan.image, plan.engine, with_timing=False)
    run = run_accuracy(factory, dataset, workers=workers, on_progress=on_progress)
    vectors = {}
    for segment, run_input in zip(run.segments, run.inputs, strict=True):
        texts = [
            message.value
            for _, line in run_input.lines
            for message in read_messages(line)
            if message.kind is Kind.RESULTS
        ]
        vectors[segment.entry.file, segment.offset_bytes] = texts[-1] if texts else ""
    return vectors


def _check_model(device: Device, plan: Plan) -> None:
    """See that the firmware is of the benchmark."""
    model = device.profile().model
    known = {plan.benchmark.model.casefold(), (plan.model or plan.benchmark.model).casefold()}
    if model.strip().casefold() not in known:
        raise GuestError(
            f"the firmware says that its model is {model!r}; {plan.benchmark.id} needs "
            f"{plan.benchmark.model!r}"
        )


def _run(
    target: Target, device: Device, plan: Plan
) -> tuple[SingleInference, int, list[Inference], list[float]]:
    """Return an inference's counts, a window's iterations, the windows run, and the seconds of all."""
    _check_model(device, plan)
    device.load(plan.inputs[0])
    single = count_inference(target, device)
    iterations = plan.iterations or iterations_for_window(single.time_s)
    few = max(SHORT_WINDOW_INFERENCES, math.ceil(SHORT_WINDOW_S / single.time_s))
    if 2 * few >= iterations or (plan.in_full and iterations * single.time_s < FULL_WINDOW_MAX_S):
        windows = _windows(device, plan.inputs, iterations, single.time_s)
        return single, iterations, windows, [_runtime_s(window) for window in windows]
    loaded = target.snapshot()
    windows = [device.infer(2 * few, WARMUP, iteration_s=single.time_s)]
    target.restore(loaded)
    windows += _windows(device, plan.inputs, few, single.time_s)
    return single, iterations, windows, _scaled(windows, few, iterations)


def _windows(device: Device, inputs: Sequence[bytes], iterations: int, inference_s: float) -> list[Inference]:
    """Return a window for each input; the first is loaded already."""
    windows = []
    for number, data in enumerate(inputs):
        if number:
            device.load(data)
        windows.append(device.infer(iterations, WARMUP, iteration_s=inference_s))
    return windows


def _scaled(windows: Sequence[Inference], few: int, iterations: int) -> list[float]:
    """Return the seconds of windows of `iterations` inferences, from windows of 2 * `few`, `few`, `few`, ...

    Virtual time has no chance in it: every inference of a window takes the same, and what a window has
    besides (it prints its first time stamp) is there once. The first two windows, of one input, tell these
    apart.
    """
    longer_s, *shorter_s = (_runtime_s(window) for window in windows)
    besides_s = max(2 * shorter_s[0] - longer_s, 0.0)
    return [besides_s + (runtime_s - besides_s) / few * iterations for runtime_s in shorter_s]


def _runtime_s(window: Inference) -> float:
    """Return the seconds between a window's two time stamps: by our clock, since the device's may be coarse.

    Where an echo hides a line, the device's clock is all there is.
    """
    runtime_s = window.runtime_us / 1e6
    if len(window.laps) == 2:
        start, stop = window.laps
        runtime_s = (stop.began.time_ns - start.began.time_ns) / 1e9
    if runtime_s <= 0:
        raise GuestError("a window of inferences took no time")
    return runtime_s


def _clock_ratio(windows: Sequence[Inference]) -> float:
    """Return how fast the device's clock goes, 1 where that cannot be told from its steps.

    Published figures are by the device's clock, which is wrong where firmware takes its crystal for another.
    """
    ours_s = sum(_runtime_s(window) for window in windows)
    theirs_s = sum(window.runtime_us for window in windows) / 1e6
    if theirs_s <= 0:
        raise GuestError("the device's clock stood still during a window of inferences")
    if abs(theirs_s - ours_s) <= CLOCK_TOLERANCE * ours_s + CLOCK_STEP_S * len(windows):
        return 1.0
    return theirs_s / ours_s
