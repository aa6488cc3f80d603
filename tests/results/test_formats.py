from __future__ import annotations

import contextlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.results.reading import parse_script
from tinysim.results.lines import RunnerLine, format_lines, parse_lines
from tinysim.results.log import Configuration, DeviceCommand, FileDownload, RunRecord, format_log, session_id
from tinysim.results.script import ScriptCommand, format_script
from tinysim.results.summary import (
    AccuracySummary,
    Window,
    format_accuracy,
    format_performance,
    parse_accuracy,
    parse_performance,
    summarize,
)

SUMMARY_LINES = [
    r"{T} {G}: Performance results for window \d+:",
    r"{T} {G}:   # Inferences : +\d+",
    r"{T} {G}:   Runtime      : +\d+\.\d{{3}} sec\.",
    r"{T} {G}:   Throughput   : +\d+\.\d{{3}} inf\./sec\.",
    r"{T} {G}: Runtime requirements have been met\.",
    r"{T} {G}: e-\[The run must take at least 10 seconds and 10 iterations to be valid\]",
    r"{T} {G}: -{{57}}",
    r"{T} {G}: Median throughput is +\d+\.\d{{3}} inf\./sec\.",
    r"{T} {G}: Cannot compute accuracy metrics in single-run mode\.",
    r"{T} ulp-mlperf: Top-1: \d+\.\d%",
    r"{T} ulp-mlperf: AUC: \d\.\d\d",
]
ANY_SUMMARY_LINE = re.compile(
    "|".join(line.format(T=r"\d{5,}\.\d{3}", G="(ulp-mlperf|ulp-ml)") for line in SUMMARY_LINES)
)
ANY_LOG_LINE = re.compile(r"\d{5,}\.\d{3} (session|parser|sequencer|dut|io|emon|pnp|ulp-mlperf|ulp-ml): ?.*")
ANY_SCRIPT_LINE = re.compile(r"\[|\]|\{|\},?|cmd: '(?:[^'\\]|\\.)*',?|ms: -?\d+,?|ack: /(?:[^/\\]|\\.)*/,?")

windows = st.builds(
    Window,
    st.integers(1, 99),
    st.integers(1, 10**7),
    st.floats(0, 10**6).map(lambda value: round(value, 3)),
    st.floats(0, 10**6).map(lambda value: round(value, 3)),
)


@given(st.lists(windows, min_size=1, max_size=5), st.floats(0, 10**6))
def test_performance_summaries_keep_to_the_format_and_come_back(given: list[Window], time_s: float) -> None:
    summary = summarize(tuple(given))
    content = format_performance(summary, time_s)
    assert content.endswith("\n")
    assert all(ANY_SUMMARY_LINE.fullmatch(line) for line in content.splitlines())
    again = parse_performance(content)
    assert again.windows == summary.windows
    assert again.median_inf_per_s == pytest.approx(summary.median_inf_per_s, abs=6e-4)


@given(st.floats(0, 100), st.floats(0, 1))
def test_accuracy_summaries_keep_to_the_format_and_come_back(top1: float, auc: float) -> None:
    content = format_accuracy(AccuracySummary(top1, auc), 12.3)
    assert all(ANY_SUMMARY_LINE.fullmatch(line) for line in content.splitlines())
    again = parse_accuracy(content)
    assert again.top1_percent == pytest.approx(top1, abs=0.051)
    assert again.auc == pytest.approx(auc, abs=0.0051)


@pytest.mark.parametrize(
    ("inferences", "runtime_s", "valid"),
    [(10, 10.0, True), (9, 60.0, False), (10, 9.999, False), (10, 7.042, False), (10, 18.69, True)],
)
def test_a_window_needs_ten_seconds_and_ten_inferences(
    inferences: int, runtime_s: float, valid: bool
) -> None:
    window = Window(2, inferences, runtime_s, inferences / runtime_s)
    assert window.is_valid is valid
    content = format_performance(summarize((window,)), 1.0)
    assert ("e-[The run must take" in content) is not valid


def test_the_last_of_several_runs_in_a_file_counts() -> None:
    first = format_performance(summarize((Window(2, 10, 10.0, 1.0),)), 1.0)
    second = format_performance(summarize((Window(2, 20, 10.0, 2.0),)), 2.0)
    assert parse_performance(first + second).windows[0].inferences == 20


@pytest.mark.parametrize("keep", [0, 1, 3, 5])
def test_a_truncated_summary_is_an_error(keep: int) -> None:
    content = format_performance(summarize((Window(2, 10, 10.0, 1.0),)), 1.0)
    with pytest.raises(ValueError, match=r"missing|no line|is not"):
        parse_performance("".join(content.splitlines(keepends=True)[:keep]))


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(content: str) -> None:
    for parse in (parse_lines, parse_performance, parse_accuracy):
        with contextlib.suppress(ValueError):
            parse(content)


commands = st.builds(
    ScriptCommand,
    st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1),
    st.none() | st.integers(-1, 10**7),
    st.none() | st.sampled_from(["dut.?: m-ready", r"echo-message\[head\]"]),
)


@given(st.lists(commands))
def test_scripts_keep_to_the_grammar_and_come_back(script: list[ScriptCommand]) -> None:
    content = format_script(script)
    if script:
        assert all(ANY_SCRIPT_LINE.fullmatch(line.strip()) for line in content.split("\n"))
        assert parse_script(content) == script


def record() -> RunRecord:
    configuration = Configuration(1, 300, "bmark", "kws01", "/datasets", "tst_000000_Stop_7.bin")
    infer = DeviceCommand(
        "infer 300 1", 1.2, ((1.3, "chatter\nm-warmup-start-1"), (14.0, "m-results-[1]"), (14.1, "m-ready"))
    )
    steps = (
        DeviceCommand("profile", 1.0, ((1.01, "m-ready"),)),
        FileDownload("/datasets/kws01/tst_000000_Stop_7.bin", 490, None, 1.05, 1.15),
        infer,
    )
    return RunRecord("20260102030405", "tinysim", configuration, 0.5, steps)


def test_every_log_line_has_the_prefix_or_continues_a_device_line() -> None:
    lines = format_log(record()).split("\n")
    unprefixed = [line for line in lines if not ANY_LOG_LINE.fullmatch(line)]
    assert unprefixed == ["m-warmup-start-1"]
    assert parse_lines("\n".join(lines))[-5].text == "m-results-[1]"


def test_log_times_never_go_back() -> None:
    times = [line.time_s for line in parse_lines(format_log(record()))]
    assert times == sorted(times)


def test_a_download_rate_is_that_of_the_file() -> None:
    assert "Binary load took 0.100 sec, or 4.900 kB/sec" in format_log(record())


def test_a_session_is_named_after_its_start_in_utc() -> None:
    assert session_id(1_700_000_000.9) == "20231114221320"


@given(st.lists(st.builds(RunnerLine, st.integers(0, 10**9).map(lambda ms: ms / 1000), st.just("dut"),
                          st.from_regex(r"\A[ -~]{0,20}\Z"))))  # fmt: skip
def test_lines_come_back(lines: list[RunnerLine]) -> None:
    if lines:
        stripped = [RunnerLine(line.time_s, line.source, line.text) for line in lines]
        assert format_lines(parse_lines(format_lines(lines))) == format_lines(stripped)
