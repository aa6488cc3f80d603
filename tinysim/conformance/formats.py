"""The lines of a run's three files: which ones the official runner writes."""

from __future__ import annotations

import re

_TIME = r"\d{5,}\.\d{3}"
_SOURCE = r"(?:ulp-mlperf|ulp-ml)"

SUMMARY_LINES = tuple(
    re.compile(f"{_TIME} {text}")
    for text in (
        rf"{_SOURCE}: Performance results for window \d+:",
        rf"{_SOURCE}:   # Inferences : +\d+",
        rf"{_SOURCE}:   Runtime      : +\d+\.\d{{3}} sec\.",
        rf"{_SOURCE}:   Throughput   : +\d+\.\d{{3}} inf\./sec\.",
        rf"{_SOURCE}: Runtime requirements have been met\.",
        rf"{_SOURCE}: e-\[The run must take at least 10 seconds and 10 iterations to be valid\]",
        rf"{_SOURCE}: -{{57}}",
        rf"{_SOURCE}: Median throughput is +\d+\.\d{{3}} inf\./sec\.",
        rf"{_SOURCE}: Cannot compute accuracy metrics in single-run mode\.",
        r"ulp-mlperf: Top-1: \d+\.\d%",
        r"ulp-mlperf: AUC: \d\.\d\d",
        r"ulp-ml: Energy data for window \d+ at time \d+\.\d\d for \d+\.\d\d sec\.:",
        r"ulp-ml:   Energy       : +\d+\.\d{3} uJ",
        r"ulp-ml:   Power        : +\d+\.\d{3} uW",
        r"ulp-ml:   Energy/Inf\.  : +\d+\.\d{3} uJ/inf\.",
        r"ulp-ml: Median energy cost is +\d+\.\d{3} uJ/inf\.",
    )
)

LOG_LINE = re.compile(rf"{_TIME} (?P<source>session|parser|sequencer|dut|io|emon|pnp|ulp-mlperf|ulp-ml): ?.*")
CONTINUATION = re.compile(rf"(?!{_TIME} ).*")
"""Follows a line of the device that holds a lone LF."""

SCRIPT_LINE = re.compile(r"\{|\},?|cmd: '(?:[^'\\]|\\.)*',?|ms: -?\d+,?|ack: /(?:[^/\\]|\\.)*/,?")


def bad_summary_line(content: str) -> tuple[int, str] | None:
    """Return the number and text of the first line of results.txt that is none of the runner's, or None."""
    for number, line in enumerate(_lines(content), start=1):
        if not any(pattern.fullmatch(line) for pattern in SUMMARY_LINES):
            return number, line
    return None


def bad_log_line(content: str) -> tuple[int, str] | None:
    """Return the number and text of the first line of log.txt that is none of the runner's, or None."""
    after_device = False
    for number, line in enumerate(_lines(content), start=1):
        match = LOG_LINE.fullmatch(line)
        if match:
            after_device = match["source"] in ("dut", "io")
        elif not (after_device and CONTINUATION.fullmatch(line)):
            return number, line
    return None


def bad_script_line(content: str) -> tuple[int, str] | None:
    """Return the number and text of the first line of script.async that is not in its grammar, or None."""
    lines = [line.strip() for line in _lines(content)]
    for number, line in enumerate(lines, start=1):
        expected = {1: "[", len(lines): "]"}.get(number)
        if line != expected if expected else not SCRIPT_LINE.fullmatch(line):
            return number, line
    return None


def _lines(content: str) -> list[str]:
    return [line.removesuffix("\r") for line in content.removesuffix("\n").split("\n")]
