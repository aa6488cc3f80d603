"""Every published file of the EEMBC runner is read, and written again with the same bytes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.published import needs_published, published_files, short_name
from tests.results.reading import parse_commands, parse_script
from tinysim.results.lines import RunnerLine, format_lines, parse_lines
from tinysim.results.log import (
    Configuration,
    DeviceCommand,
    FileDownload,
    RunRecord,
    format_log,
    script_of,
    sequencing_texts,
)
from tinysim.results.script import format_script
from tinysim.results.summary import format_accuracy, format_performance, parse_accuracy, parse_performance

pytestmark = needs_published


def texts(content: str) -> list[str]:
    return [line.text for line in parse_lines(content)]


@pytest.mark.parametrize("path", published_files("log.txt"), ids=short_name)
def test_log_lines(path: Path) -> None:
    content = path.read_text()
    assert format_lines(parse_lines(content)) == content


@pytest.mark.parametrize("path", published_files("log.txt"), ids=short_name)
def test_the_sequencer_counts_as_the_official_one(path: Path) -> None:
    lines = parse_lines(path.read_text())
    published = [line.text for line in lines if line.text.startswith("m-sequencing-i[")]
    assert sequencing_texts([command for command, _ in parse_commands(lines)]) == published


@pytest.mark.parametrize("path", published_files("script.async"), ids=short_name)
def test_script(path: Path) -> None:
    content = path.read_text()
    assert format_script(parse_script(content)) == content


@pytest.mark.parametrize("path", published_files("results.txt"), ids=short_name)
def test_results(path: Path) -> None:
    content = path.read_text()
    assert format_lines(parse_lines(content)) + "\n" == content
    if path.parent.name == "accuracy":
        again = format_accuracy(parse_accuracy(content), 1.0)
        assert texts(again) == texts(content)
    else:
        again = format_performance(parse_performance(content), 1.0)
        start = next(i for i, text in enumerate(texts(content)) if text.startswith("Performance results"))
        assert texts(again) == texts(content)[start:]


@pytest.mark.parametrize(
    "path", [path for path in published_files("log.txt") if path.parent.name != "energy"], ids=short_name
)
def test_a_whole_log_and_its_script_are_rebuilt_from_a_record(path: Path) -> None:
    lines = parse_lines(path.read_text())
    record = record_of(lines)
    ours = parse_lines(format_log(record))
    assert [line.source for line in ours] == [line.source for line in lines]
    # The published download took a little longer than the stamps of its lines tell.
    inexact = "Binary load took"
    assert [line.text for line in ours if not line.text.startswith(inexact)] == [
        line.text for line in lines if not line.text.startswith(inexact)
    ]
    assert [line.time_s for line in ours if line.source == "dut"] == [
        line.time_s for line in lines if line.source == "dut"
    ]
    assert format_script(script_of(record)) == path.with_name("script.async").read_text()


def record_of(lines: list[RunnerLine]) -> RunRecord:
    commands = parse_commands(lines)
    version = commands[0][1][1].text.removeprefix("m-version[").removesuffix("]")
    values = [line.text.split("-val[", 1)[1].removesuffix("]") for line in commands[1][1][1:-1]]
    configuration = Configuration(int(values[0]), int(values[1]), values[2], values[3], values[4], values[5])
    steps: list[DeviceCommand | FileDownload] = []
    for command, answer in commands[2:]:
        first = answer[0].time_s
        if command.cmd.startswith("bload"):
            _, path, window = command.cmd.split('"')
            offset_length = tuple(int(word) for word in window.split())
            byte_count = int(answer[1].text.split()[3].removesuffix(","))
            stop = next(line.time_s for line in answer if line.text.startswith("m-unmute"))
            steps.append(
                FileDownload(path, byte_count, offset_length or None, answer[1].time_s, stop)  # type: ignore[arg-type]
            )
        else:
            said = tuple((line.time_s, line.text) for line in answer if line.source == "dut")
            steps.append(DeviceCommand(command.cmd.removeprefix("dut "), first, said))
    identity = lines[0].text.removeprefix("m-session-start-id[").removesuffix("]")
    return RunRecord(identity, version, configuration, lines[0].time_s, tuple(steps))
