"""results.txt: the figures of a run, in the words of the EEMBC runner.

The official checker reads a file of this name only; the submission rules call it result.txt.
"""

from __future__ import annotations

import re
import statistics
from dataclasses import dataclass

from tinysim.results.lines import RunnerLine, format_lines, parse_lines

PERFORMANCE_SOURCE = "ulp-mlperf"
WINDOW_MIN_S = 10.0
WINDOW_MIN_INFERENCES = 10

_RULE = "-" * 57
_MET = "Runtime requirements have been met."
_NOT_MET = "e-[The run must take at least 10 seconds and 10 iterations to be valid]"
_NO_ACCURACY = "Cannot compute accuracy metrics in single-run mode."

_PERFORMANCE_TEXTS = {
    "window": re.compile(r"Performance results for window (\d+):"),
    "inferences": re.compile(r"  # Inferences : +(\d+)"),
    "runtime": re.compile(r"  Runtime      : +(\d+\.\d{3}) sec\."),
    "throughput": re.compile(r"  Throughput   : +(\d+\.\d{3}) inf\./sec\."),
    "verdict": re.compile(f"({re.escape(_MET)}|{re.escape(_NOT_MET)})"),
}
_MEDIAN = re.compile(r"Median throughput is +(\d+\.\d{3}) inf\./sec\.")
_TOP1 = re.compile(r"Top-1: (\d+\.\d)%")
_AUC = re.compile(r"AUC: (\d\.\d\d)")


@dataclass(frozen=True)
class Window:
    """The interval between two time stamps in which the inferences of one input ran.

    `number` counts intervals between consecutive time stamps from 1: of a run's windows, every second one.
    """

    number: int
    inferences: int
    runtime_s: float
    throughput_inf_per_s: float

    @property
    def is_valid(self) -> bool:
        """Whether it lasted 10 seconds and 10 inferences; both are needed."""
        return self.runtime_s >= WINDOW_MIN_S and self.inferences >= WINDOW_MIN_INFERENCES


@dataclass(frozen=True)
class PerformanceSummary:
    """The windows of a performance run, and the median of their throughputs."""

    windows: tuple[Window, ...]
    median_inf_per_s: float


@dataclass(frozen=True)
class AccuracySummary:
    """Top-1 in percent (for anomaly detection the best accuracy over thresholds) and AUC."""

    top1_percent: float
    auc: float


def summarize(windows: tuple[Window, ...]) -> PerformanceSummary:
    """Return the summary of a run's windows."""
    return PerformanceSummary(windows, statistics.median(window.throughput_inf_per_s for window in windows))


def format_performance(summary: PerformanceSummary, time_s: float, source: str = PERFORMANCE_SOURCE) -> str:
    """Return the text of a performance run's results.txt; `time_s` is when the run was evaluated."""
    texts: list[str] = []
    for window in summary.windows:
        texts += [
            f"Performance results for window {window.number}:",
            f"  # Inferences : {window.inferences:12d}",
            f"  Runtime      : {window.runtime_s:12.3f} sec.",
            f"  Throughput   : {window.throughput_inf_per_s:12.3f} inf./sec.",
            _MET if window.is_valid else _NOT_MET,
        ]
    texts += [_RULE, f"Median throughput is {summary.median_inf_per_s:.3f} inf./sec.", _RULE, _NO_ACCURACY]
    return format_lines([RunnerLine(time_s, source, text) for text in texts]) + "\n"


def format_accuracy(summary: AccuracySummary, time_s: float) -> str:
    """Return the text of an accuracy run's results.txt."""
    texts = (f"Top-1: {summary.top1_percent:.1f}%", f"AUC: {summary.auc:.2f}")
    return format_lines([RunnerLine(time_s, PERFORMANCE_SOURCE, text) for text in texts]) + "\n"


def parse_performance(content: str) -> PerformanceSummary:
    """Return the figures of a performance run's results.txt, or of the performance part of an energy run's.

    Where several runs were written into one file the last counts. Raises ValueError where a block is
    incomplete or there is no median.
    """
    windows: list[Window] = []
    summary: PerformanceSummary | None = None
    texts = [line.text for line in parse_lines(content)]
    position = 0
    while position < len(texts):
        median = _MEDIAN.fullmatch(texts[position])
        if _PERFORMANCE_TEXTS["window"].fullmatch(texts[position]):
            windows.append(_parse_window(texts[position : position + len(_PERFORMANCE_TEXTS)]))
            position += len(_PERFORMANCE_TEXTS)
            continue
        if median:
            summary = PerformanceSummary(tuple(windows), float(median[1]))
            windows = []
        position += 1
    if summary is None:
        raise ValueError("there is no line `Median throughput is ... inf./sec.`")
    return summary


def parse_accuracy(content: str) -> AccuracySummary:
    """Return the figures of an accuracy run's results.txt. Raises ValueError where one is missing."""
    texts = [line.text for line in parse_lines(content)]
    top1 = [match[1] for text in texts if (match := _TOP1.fullmatch(text))]
    auc = [match[1] for text in texts if (match := _AUC.fullmatch(text))]
    if not top1 or not auc:
        raise ValueError("there is no line `Top-1: ...%` or no line `AUC: ...`")
    return AccuracySummary(float(top1[-1]), float(auc[-1]))


def _parse_window(texts: list[str]) -> Window:
    values = []
    for name, text in zip(_PERFORMANCE_TEXTS, [*texts, ""] + [""] * len(_PERFORMANCE_TEXTS), strict=False):
        match = _PERFORMANCE_TEXTS[name].fullmatch(text)
        if match is None:
            raise ValueError(f"a window's {name} line is missing or reads {text[:60]!r}")
        values.append(match[1])
    return Window(int(values[0]), int(values[1]), float(values[2]), float(values[3]))
