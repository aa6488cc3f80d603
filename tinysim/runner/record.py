"""From a run to what the runner's log says of it: one timeline, in seconds since the runner started.

The runner starts when the board boots, `start_s` seconds after the time that session ids count from.
"""

from __future__ import annotations

from tinysim import __version__
from tinysim.datasets.dataset import DataSet, InputSegment
from tinysim.results.log import Configuration, DeviceCommand, FileDownload, RunRecord, session_id
from tinysim.runner.accuracy import AccuracyRun, TimedLines
from tinysim.runner.device import Reply
from tinysim.runner.performance import WARMUP, PerformanceRun

DATASETS = "/datasets"
"""What the log calls the folder of data sets: its real place is nobody's business."""

RUNNER_VERSION = f"tinysim {__version__}"


def performance_record(
    run: PerformanceRun, dataset: DataSet, epoch_s: float, start_s: float = 0.0
) -> RunRecord:
    """Return the record of a performance run; `epoch_s` is the Unix time that `start_s` counts from."""
    steps: list[DeviceCommand | FileDownload] = [
        _command_of(run.profile.reply, start_s),
        _command_of(run.timestamp, start_s),
    ]
    for run_input in run.inputs:
        download = run_input.download
        steps.append(
            _download(
                dataset, run_input.segment, start_s + download.start.time_s, start_s + download.stop.time_s
            )
        )
        steps.append(_command_of(run_input.inference.reply, start_s))
    began_s = start_s + run.profile.reply.sent.time_s
    configuration = _configuration(dataset, WARMUP, run.iterations, "bmark")
    return RunRecord(session_id(epoch_s + began_s), RUNNER_VERSION, configuration, began_s, tuple(steps))


def accuracy_record(run: AccuracyRun, dataset: DataSet, epoch_s: float, start_s: float = 0.0) -> RunRecord:
    """Return the record of an accuracy run: its inputs one after the other, whoever did them and when."""
    start = run.start
    profile = _command("profile", start_s, start.profile_sent_ns, start.profile_lines)
    timestamp = _command("timestamp", start_s, start.timestamp_sent_ns, start.timestamp_lines)
    steps: list[DeviceCommand | FileDownload] = [profile, timestamp]
    elapsed_ns = start.timestamp_lines[-1][0]
    for segment, run_input in zip(run.segments, run.inputs, strict=True):
        base_s = start_s + elapsed_ns / 1e9
        downloaded_ns = run_input.download_stop_ns
        steps.append(_download(dataset, segment, base_s, start_s + (elapsed_ns + downloaded_ns) / 1e9))
        steps.append(_command("infer 1 0", base_s, downloaded_ns, run_input.lines))
        elapsed_ns += run_input.stop_ns
    configuration = _configuration(dataset, 0, 1, "multi")
    return RunRecord(
        session_id(epoch_s + profile.sent_s), RUNNER_VERSION, configuration, profile.sent_s, tuple(steps)
    )


def _configuration(dataset: DataSet, warmup: int, iterations: int, run_mode: str) -> Configuration:
    first = dataset.entries[0].file
    return Configuration(warmup, iterations, run_mode, dataset.benchmark.model, DATASETS, first)


def _command_of(reply: Reply, start_s: float) -> DeviceCommand:
    lines = tuple((line.stamp.time_ns, line.text) for line in reply.lines)
    return _command(reply.command, start_s, reply.sent.time_ns, lines)


def _command(text: str, base_s: float, sent_ns: int, lines: TimedLines) -> DeviceCommand:
    timed = tuple((base_s + time_ns / 1e9, line) for time_ns, line in lines)
    return DeviceCommand(text, base_s + sent_ns / 1e9, timed)


def _download(dataset: DataSet, segment: InputSegment, start_s: float, stop_s: float) -> FileDownload:
    is_window = segment.entry.width_bytes is not None
    return FileDownload(
        f"{DATASETS}/{dataset.benchmark.model}/{segment.entry.file}",
        dataset.benchmark.file_bytes,
        (segment.offset_bytes, segment.length_bytes) if is_window else None,
        start_s,
        stop_s,
    )
