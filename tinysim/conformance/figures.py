"""The figures in results.txt: present, in agreement with each other, good enough."""

from __future__ import annotations

import re
import statistics
from collections.abc import Callable, Iterator, Mapping

from tinysim.benchmark import Benchmark
from tinysim.conformance.findings import Finding
from tinysim.mode import ACCURACY, ENERGY, PERFORMANCE
from tinysim.results.summary import parse_accuracy, parse_performance

WINDOW_NUMBERS = (2, 4, 6, 8, 10)
_HALF_DIGIT = 0.0005
_ENERGY_MEDIAN = re.compile(r"Median energy cost is +([\d.]+) uJ/inf")


def check_performance(content: str, where: str, _benchmark: Benchmark, _is_closed: bool) -> Iterator[Finding]:
    """Yield what is wrong with a performance run's summary: windows, their throughputs, the median."""
    try:
        summary = parse_performance(content)
    except ValueError as error:
        yield Finding(where, "performance-figures", str(error))
        return
    numbers = tuple(window.number for window in summary.windows)
    if numbers != WINDOW_NUMBERS:
        yield Finding(where, "windows", f"the windows are {numbers}, not {WINDOW_NUMBERS}")
    for window in summary.windows:
        if not window.is_valid:
            yield Finding(
                where,
                "window-length",
                f"window {window.number} has {window.inferences} inferences in {window.runtime_s:.3f} s; "
                "at least 10 in at least 10 s are needed",
            )
        low = window.inferences / (window.runtime_s + _HALF_DIGIT) - _HALF_DIGIT
        high = window.inferences / max(window.runtime_s - _HALF_DIGIT, 1e-9) + _HALF_DIGIT
        if not low <= window.throughput_inf_per_s <= high:
            yield Finding(
                where,
                "throughput",
                f"window {window.number} says {window.throughput_inf_per_s:.3f} inf./sec. "
                f"for {window.inferences} inferences in {window.runtime_s:.3f} s",
            )
    if summary.windows:
        median = statistics.median(window.throughput_inf_per_s for window in summary.windows)
        if abs(median - summary.median_inf_per_s) > 2 * _HALF_DIGIT:
            yield Finding(
                where,
                "median",
                f"the median of the windows is {median:.3f}, not {summary.median_inf_per_s:.3f}",
            )


def check_accuracy(content: str, where: str, benchmark: Benchmark, is_closed: bool) -> Iterator[Finding]:
    """Yield what is wrong with an accuracy run's summary; only the closed division has a target."""
    try:
        summary = parse_accuracy(content)
    except ValueError as error:
        yield Finding(where, "accuracy-figures", str(error))
        return
    if summary.top1_percent > 100 or summary.auc > 1:
        yield Finding(where, "accuracy-figures", "Top-1 is above 100 % or AUC above 1")
    figure = summary.top1_percent if benchmark.metric == "top1" else summary.auc
    if is_closed and figure < benchmark.target:
        name = "Top-1" if benchmark.metric == "top1" else "AUC"
        yield Finding(where, "accuracy-target", f"{name} is {figure:g}, the target is {benchmark.target:g}")


def check_energy(content: str, where: str, _benchmark: Benchmark, _is_closed: bool) -> Iterator[Finding]:
    """Yield what is wrong with an energy run's summary."""
    if not _ENERGY_MEDIAN.search(content):
        yield Finding(where, "energy-figures", "there is no line `Median energy cost is ... uJ/inf.`")


SUMMARY_CHECKS: Mapping[str, Callable[[str, str, Benchmark, bool], Iterator[Finding]]] = {
    PERFORMANCE.id: check_performance,
    ACCURACY.id: check_accuracy,
    ENERGY.id: check_energy,
}
"""By mode: each takes a summary, where it is, its benchmark, and whether it is of the closed division."""
