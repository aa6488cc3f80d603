"""The performance mode: its run, its files and its figures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tinysim.datasets.dataset import DataSet
from tinysim.results.summary import format_performance
from tinysim.results.tree import ModeFiles
from tinysim.runner.device import Device
from tinysim.runner.performance import PerformanceRun, run_performance
from tinysim.runner.record import performance_record
from tinysim.simulation.result import files_of


@dataclass(frozen=True)
class PerformanceResult:
    """A performance run on a data set."""

    run: PerformanceRun
    dataset: DataSet

    def files(self, epoch_s: float, start_s: float) -> tuple[ModeFiles, float]:
        """Return the run's files, and the second at which it ended."""
        record = performance_record(self.run, self.dataset, epoch_s, start_s)
        return files_of(format_performance(self.run.summary(), record.stop_s), record), record.stop_s

    def figures(self) -> dict[str, Any]:
        """Return throughput and latency."""
        throughput = self.run.summary().median_inf_per_s
        return {"latency_ms": 1000 / throughput, "throughput_inf_per_s": throughput}

    def describe(self) -> list[tuple[str, str]]:
        """Return throughput and latency for people."""
        median = self.run.summary().median_inf_per_s
        return [("throughput", f"{median:.3f} inf./s, {1000 / median:.3f} ms an inference")]


def run_in_session(
    device: Device, dataset: DataSet, inference_s: float, on_progress: Callable[[int], None]
) -> PerformanceResult:
    """Do the run on a booted device; see `run_performance`."""
    return PerformanceResult(run_performance(device, dataset, inference_s, on_progress), dataset)
