"""log.txt: what the runner's sequencer did, command by command, and what the device said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone

from tinysim.results.lines import RunnerLine, format_lines
from tinysim.results.script import ScriptCommand

DEFAULT_MS = 5000
DOWNLOAD_MS_PER_FILE_BYTE = 16
INFER_ACK = "dut.?: m-ready"
RUN_NAME = "ML Performance 1.0.1"
RUN_CODE = "ulp-mlperf"


@dataclass(frozen=True)
class Configuration:
    """What `bm cfg` prints: the settings of the run. `source_folder` is where the data sets are."""

    warmup: int
    iterations: int
    run_mode: str
    model: str
    source_folder: str
    first_file: str


@dataclass(frozen=True)
class DeviceCommand:
    """A command to the device and its answer: times in seconds since the runner started."""

    text: str
    sent_s: float
    lines: tuple[tuple[float, str], ...]

    @property
    def done_s(self) -> float:
        """The time of the answer's last line."""
        return self.lines[-1][0] if self.lines else self.sent_s


@dataclass(frozen=True)
class FileDownload:
    """An input that was sent: `path` as the runner names it, and the part of the file that went out.

    `window` is (offset, length) where the file holds several windows, None where it is sent whole.
    """

    path: str
    file_bytes: int
    window: tuple[int, int] | None
    start_s: float
    stop_s: float

    @property
    def command(self) -> str:
        """The runner's command."""
        suffix = "" if self.window is None else f" {self.window[0]} {self.window[1]}"
        return f'bload dut "{self.path}"{suffix}'


@dataclass(frozen=True)
class RunRecord:
    """A performance or accuracy run, as the runner's log tells it.

    `session_id` is the start of the session as YYYYMMDDhhmmss; times are seconds since the runner started.
    `steps` are what follows `version` and `bm cfg`: `profile`, `timestamp`, then downloads and `infer`.
    """

    session_id: str
    runner_version: str
    configuration: Configuration
    start_s: float
    steps: tuple[DeviceCommand | FileDownload, ...]

    @property
    def stop_s(self) -> float:
        """The time at which the last step was done."""
        last = self.steps[-1]
        return last.done_s if isinstance(last, DeviceCommand) else last.stop_s


def session_id(unix_time_s: float) -> str:
    """Return a session's id: its start in UTC, YYYYMMDDhhmmss."""
    return datetime.fromtimestamp(int(unix_time_s), tz=timezone.utc).strftime("%Y%m%d%H%M%S")


def script_of(record: RunRecord) -> list[ScriptCommand]:
    """Return the commands of script.async: initialisation, then the run."""
    before = [ScriptCommand("umount"), ScriptCommand("mountc dut dut"), ScriptCommand("dut profile")]
    return before + [command for command, _ in _sequence(record)]


def format_log(record: RunRecord) -> str:
    """Return the text of log.txt; like the runner's, it has no line end after the last line."""
    start_s, stop_s = record.start_s, record.stop_s
    lines = [
        RunnerLine(start_s, "session", f"m-session-start-id[{record.session_id}]"),
        RunnerLine(start_s, "parser", f"m-bmark-run-name[{RUN_NAME}]-code[{RUN_CODE}]"),
        RunnerLine(start_s, "sequencer", "m-sequencer-start"),
    ]
    sequence = _sequence(record)
    headers = sequencing_texts([command for command, _ in sequence])
    time_s = start_s
    for header, (command, step) in zip(headers, sequence, strict=True):
        time_s = step.sent_s if isinstance(step, DeviceCommand) else time_s
        time_s = step.start_s if isinstance(step, FileDownload) else time_s
        lines.append(RunnerLine(time_s, "sequencer", header))
        lines.append(RunnerLine(time_s, "parser", f'Command "{command.cmd}"'))
        lines += _step_lines(record, command.cmd, step, time_s)
        time_s = lines[-1].time_s
    lines += [
        RunnerLine(stop_s, "sequencer", "m-sequencer-stop"),
        RunnerLine(stop_s, "session", f"m-session-stop-id[{record.session_id}]"),
        RunnerLine(stop_s, "session", f"Saved this run to session ID {record.session_id}"),
    ]
    return format_lines(lines)


def sequencing_texts(commands: Sequence[ScriptCommand]) -> list[str]:
    """Return the sequencer's line for each command of a run, counting from 1.

    `acc` adds up the limits of the commands before, -1 for none included as it is; `total_ms` leaves -1 out.
    """
    limits = [DEFAULT_MS if command.ms is None else command.ms for command in commands]
    total = sum(limit for limit in limits if limit > 0)
    texts, accumulated = [], 0
    for index, (command, limit) in enumerate(zip(commands, limits, strict=True), start=1):
        ack = command.ack or default_ack(command.cmd)
        texts.append(
            f"m-sequencing-i[{index}]-command[{command.cmd}]-ack[/{ack}/]"
            f"-ms[{limit}]-acc[{accumulated}]-total_ms[{total}]"
        )
        accumulated += limit
    return texts


def default_ack(cmd: str) -> str:
    """Return the regular expression that ends a command where the script gives none."""
    if cmd.startswith("io dut "):
        return "dut.: m-ready"
    word = cmd.split(" ", 1)[0]
    return f"{word}: m-ready" if word in ("dut", "io", "emon") else "parser: m-ready"


_Step = DeviceCommand | FileDownload | None


def _sequence(record: RunRecord) -> list[tuple[ScriptCommand, _Step]]:
    sequence: list[tuple[ScriptCommand, _Step]] = [
        (ScriptCommand("version"), None),
        (ScriptCommand(f"bm cfg {RUN_CODE}"), None),
    ]
    for step in record.steps:
        if isinstance(step, FileDownload):
            limit_ms = DOWNLOAD_MS_PER_FILE_BYTE * step.file_bytes
            sequence.append((ScriptCommand(step.command, limit_ms), step))
        elif step.text.startswith("infer "):
            sequence.append((ScriptCommand(f"dut {step.text}", -1, INFER_ACK), step))
        else:
            sequence.append((ScriptCommand(f"dut {step.text}"), step))
    return sequence


def _step_lines(record: RunRecord, cmd: str, step: _Step, time_s: float) -> list[RunnerLine]:
    finished = f"m-ready-finished[{cmd.split(' ', 1)[0]}]"
    if isinstance(step, DeviceCommand):
        replies = [RunnerLine(moment_s, "dut", text) for moment_s, text in step.lines]
        return [RunnerLine(time_s, "parser", finished), *replies]
    if isinstance(step, FileDownload):
        offset, length = step.window or (0, step.file_bytes)
        took_s = step.stop_s - step.start_s
        before = (
            f"File size is {step.file_bytes}, loading...",
            f"Starting at byte offset {offset}",
            f"Sending {length} bytes",
            "m-mute-target[dut]",
        )
        after = (
            "m-unmute-target[dut]",
            f"Binary load took {took_s:.3f} sec, or {step.file_bytes / took_s / 1000:.3f} kB/sec",
            "m-bload-done",
            finished,
        )
        return [RunnerLine(step.start_s, "parser", text) for text in before] + [
            RunnerLine(step.stop_s, "parser", text) for text in after
        ]
    if cmd == "version":
        texts = [f"m-version[{record.runner_version}]"]
    else:
        texts = [
            f"m-bm-cfg-name[{RUN_CODE}]-key[{key}]-val[{value}]"
            for key, value in _settings(record.configuration).items()
        ]
    return [RunnerLine(time_s, "parser", text) for text in [*texts, finished]]


def _settings(configuration: Configuration) -> dict[str, str | int]:
    return {
        "iterWarmup": configuration.warmup,
        "iterInfer": configuration.iterations,
        "runMode": configuration.run_mode,
        "model": configuration.model,
        "sourceDir": configuration.source_folder,
        "singleInputFn": configuration.first_file,
    }
