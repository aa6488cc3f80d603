"""The performance run: five inputs, a window of inferences for each, the median of their throughputs."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from tinysim.datasets.dataset import DataSet, InputSegment
from tinysim.errors import GuestError, UserError
from tinysim.results.summary import WINDOW_MIN_INFERENCES, PerformanceSummary, Window, summarize
from tinysim.runner.device import Device, Download, Inference, Profile, Reply
from tinysim.runner.target import Target
from tinysim.stamp import Stamp

WARMUP = 1
"""Warm-up inferences before a window: what 305 of 328 published logs have."""

WINDOW_AIM_S = 10.5
CALIBRATION_MIN_S = 0.5
COUNTED_INFERENCES = 4
"""N of the comparison of `infer N+1 0` with `infer N 0`: enough for the UART to have fallen silent."""


@dataclass(frozen=True)
class SingleInference:
    """One inference, as the difference between `infer N+1 0` and `infer N 0` from the same state."""

    instructions: int
    cycles: int
    time_s: float


@dataclass(frozen=True)
class PerformanceInput:
    """One of the five inputs: its download and its window."""

    segment: InputSegment
    download: Download
    inference: Inference


@dataclass(frozen=True)
class PerformanceRun:
    """A performance run, from `profile` on, on one timeline."""

    profile: Profile
    timestamp: Reply
    iterations: int
    inputs: tuple[PerformanceInput, ...]

    def summary(self) -> PerformanceSummary:
        """Return the run's figures. Raises GuestError where a window took no time."""
        windows = []
        for index, run_input in enumerate(self.inputs):
            runtime_s = run_input.inference.runtime_us / 1e6
            if runtime_s == 0:
                raise GuestError("the device's clock stood still during a window of inferences")
            # Between two windows lies the interval of a download: hence 2, 4, 6, 8, 10.
            windows.append(Window(2 * (index + 1), self.iterations, runtime_s, self.iterations / runtime_s))
        return summarize(tuple(windows))


def count_inference(target: Target, device: Device, data: bytes | None = None) -> SingleInference:
    """Count one inference on `data`, else on the loaded input; the board is left as it was found.

    Raises GuestError where an inference takes no time, and where the session has no counts, as with a real
    board.
    """
    before = loaded = target.snapshot()
    if data is not None:
        device.load(data)
        loaded = target.snapshot()
    # By one it is known what several may take, which for a large network on a slow core is more than the
    # first's limit.
    inference_s = device.infer(1, 0).runtime_us / 1e6
    target.restore(loaded)
    shorter = _end_of_window(device.infer(COUNTED_INFERENCES, 0, iteration_s=inference_s))
    target.restore(loaded)
    longer = _end_of_window(device.infer(COUNTED_INFERENCES + 1, 0, iteration_s=inference_s))
    target.restore(before)
    if longer.instructions is None or shorter.instructions is None:
        raise GuestError("this port does not count instructions")
    if longer.cycles is None or shorter.cycles is None:
        raise GuestError("this port does not count cycles")
    time_s = (longer.time_ns - shorter.time_ns) / 1e9
    if time_s <= 0:
        raise GuestError("an inference took no time: this firmware does not compute anything")
    return SingleInference(longer.instructions - shorter.instructions, longer.cycles - shorter.cycles, time_s)


def _end_of_window(inference: Inference) -> Stamp:
    """Return when the line of the second time stamp began: before its digits, whose number is not the same.

    Where an echoed command hides that line, the end of the reply has to do.
    """
    return inference.laps[1].began if len(inference.laps) == 2 else inference.reply.ready


def calibrate(device: Device, data: bytes) -> float:
    """Return the seconds of one inference on `data`, by the device's clock alone: for a real board."""
    device.load(data)
    iterations, inference_s = 1, 0.0
    while True:
        runtime_s = device.infer(iterations, 0, iteration_s=inference_s).runtime_us / 1e6
        if runtime_s >= CALIBRATION_MIN_S:
            return runtime_s / iterations
        # A clock of 1 ms may say 0 for a short inference; ten times as many will show.
        inference_s = runtime_s / iterations
        wanted = math.ceil(1.2 * CALIBRATION_MIN_S / inference_s) if inference_s else 10 * iterations
        iterations = min(wanted, 10 * iterations)
        if iterations > 10**7:
            raise GuestError("the device's clock stands still during inferences")


def iterations_for_window(inference_s: float) -> int:
    """Return how many inferences of `inference_s` seconds make a valid window with a little to spare."""
    return max(WINDOW_MIN_INFERENCES, math.ceil(WINDOW_AIM_S / inference_s))


def run_performance(
    device: Device,
    dataset: DataSet,
    inference_s: float,
    on_progress: Callable[[int], None] | None = None,
) -> PerformanceRun:
    """Do the run on a booted device of which one inference takes `inference_s` seconds.

    `on_progress` is called with the number of finished inputs. Raises UserError where an input is missing or
    the firmware is another benchmark's, GuestError where the device misbehaves.
    """
    iterations = iterations_for_window(inference_s)
    profile = check_model(device.profile(), dataset)
    timestamp = device.timestamp()
    inputs = []
    for segment in dataset.performance_segments():
        download = device.load(dataset.read(segment))
        inference = device.infer(iterations, WARMUP, iteration_s=inference_s)
        inputs.append(PerformanceInput(segment, download, inference))
        if on_progress is not None:
            on_progress(len(inputs))
    return PerformanceRun(profile, timestamp, iterations, tuple(inputs))


def check_model(profile: Profile, dataset: DataSet) -> Profile:
    """Return `profile` if it is of the data set's benchmark. Raises UserError otherwise."""
    if profile.model != dataset.benchmark.model:
        raise UserError(
            f"the firmware says that its model is {profile.model!r}; {dataset.benchmark.id} needs "
            f"{dataset.benchmark.model!r}: choose the benchmark that the firmware is for"
        )
    return profile
