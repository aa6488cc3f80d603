"""The accuracy run: every input of the data set, each from the same state of the board.

Since no input knows of another, the work may be spread over processes, stopped and taken up again; the
result is the same.
"""

from __future__ import annotations

import contextlib
import itertools
import os
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import Any

import numpy as np

from tinysim.datasets.dataset import DataSet, InputSegment
from tinysim.errors import GuestError, UserError
from tinysim.processes import ProcessEnded, Worker, worker
from tinysim.results.summary import AccuracySummary
from tinysim.runner import metrics
from tinysim.runner.boot import booted
from tinysim.runner.device import Device
from tinysim.runner.journal import Journal
from tinysim.runner.performance import check_model
from tinysim.runner.target import Target, TargetFactory

BATCH = 20
"""Inputs that a worker does, and the journal takes, at a time."""

TimedLines = tuple[tuple[int, str], ...]
"""Lines of the device with the nanoseconds at which they came."""


@dataclass(frozen=True)
class AccuracyInput:
    """What one input gave. Times are nanoseconds since its download began."""

    download_stop_ns: int
    lines: TimedLines
    results: tuple[float, ...]

    @property
    def stop_ns(self) -> int:
        """The time of `m-ready`."""
        return self.lines[-1][0]


@dataclass(frozen=True)
class AccuracyStart:
    """The beginning of the run: `profile` and `timestamp`, times in nanoseconds since boot.

    After it comes the state that every input starts from.
    """

    profile_sent_ns: int
    profile_lines: TimedLines
    timestamp_sent_ns: int
    timestamp_lines: TimedLines


@dataclass(frozen=True)
class AccuracyRun:
    """An accuracy run: its beginning, and what each segment of the data set gave, in order."""

    start: AccuracyStart
    segments: tuple[InputSegment, ...]
    inputs: tuple[AccuracyInput, ...]

    def summary(self, dataset: DataSet) -> AccuracySummary:
        """Return the run's figures, computed as EEMBC does."""
        if dataset.benchmark.is_anomaly_detection:
            scores, labels = self._file_scores(dataset)
            return AccuracySummary(
                metrics.anomaly_top1_eembc(scores, labels), metrics.anomaly_auc_eembc(scores, labels)
            )
        values = np.array([run_input.results for run_input in self.inputs])
        labels = np.array([segment.entry.label for segment in self.segments])
        return AccuracySummary(metrics.top1_percent(values, labels), metrics.auc_eembc(values, labels))

    def results_by_row(self) -> dict[int, list[tuple[float, ...]]]:
        """Return the values that each window of a row's file gave, by row."""
        rows: dict[int, list[tuple[float, ...]]] = {}
        for segment, run_input in zip(self.segments, self.inputs, strict=True):
            rows.setdefault(segment.row, []).append(run_input.results)
        return rows

    def _file_scores(self, dataset: DataSet) -> tuple[metrics.Floats, metrics.Labels]:
        """Return the score of each file, the mean over its windows, and the files' labels."""
        rows = self.results_by_row()
        scores = np.array(
            [np.mean([values[0] for values in rows[row]]) for row in range(len(dataset.entries))]
        )
        return scores, np.array([entry.label for entry in dataset.entries])


def run_accuracy(
    factory: TargetFactory,
    dataset: DataSet,
    journal: Journal | None = None,
    workers: int = 1,
    on_progress: Callable[[int, int], None] | None = None,
) -> AccuracyRun:
    """Do the run on boards that `factory` makes, in `workers` processes (1: in this one).

    `on_progress` is called with the number of finished inputs and of all. What `journal` has is not done
    again; without one an interrupted run is lost. Raises UserError where an input is missing, GuestError
    where a device misbehaves.
    """
    segments = tuple(dataset.accuracy_segments())
    records: dict[int, Any] = dict(journal.records) if journal is not None else {}
    with _station(factory, dataset) as station:
        todo = [number for number in range(len(segments)) if number not in records]
        batches = [todo[first : first + BATCH] for first in range(0, len(todo), BATCH)]
        if workers == 1 or len(batches) < 2:
            done: Generator[dict[int, Any], None, None] = (station.run(numbers) for numbers in batches)
        else:
            done = _in_processes(factory, dataset, batches, min(workers, len(batches)))
        if on_progress is not None:
            on_progress(len(records), len(segments))
        # Closed here and not when it is collected, so that no worker outlives an error.
        with contextlib.closing(done):
            for batch in done:
                records.update(batch)
                if journal is not None:
                    journal.add(batch)
                if on_progress is not None:
                    on_progress(len(records), len(segments))
    inputs = tuple(_from_record(records[number]) for number in range(len(segments)))
    return AccuracyRun(station.start, segments, inputs)


class _Station:
    """A board that was taken to the state that every input starts from."""

    def __init__(self, target: Target, device: Device, dataset: DataSet) -> None:
        self.dataset = dataset
        self.segments = tuple(dataset.accuracy_segments())
        self.target = target
        self.device = device
        profile = check_model(self.device.profile(), dataset)
        timestamp = self.device.timestamp()
        self.start = AccuracyStart(
            profile.reply.sent.time_ns,
            tuple((line.stamp.time_ns, line.text) for line in profile.reply.lines),
            timestamp.sent.time_ns,
            tuple((line.stamp.time_ns, line.text) for line in timestamp.lines),
        )
        self.snapshot = self.target.snapshot()

    def run(self, numbers: Iterable[int]) -> dict[int, Any]:
        """Do inputs; return their records, which JSON can hold."""
        return {number: self._run_one(self.segments[number]) for number in numbers}

    def _run_one(self, segment: InputSegment) -> Any:
        data = self.dataset.read(segment)
        self.target.restore(self.snapshot)
        download = self.device.load(data)
        inference = self.device.infer(1, 0)
        wanted = self.dataset.benchmark.result_values
        if len(inference.results) < wanted:
            raise GuestError(
                f"the device printed {len(inference.results)} result values for {segment.entry.file}; "
                f"{self.dataset.benchmark.id} has {wanted}"
            )
        start_ns = download.start.time_ns
        lines = [[line.stamp.time_ns - start_ns, line.text] for line in inference.reply.lines]
        return [download.stop.time_ns - start_ns, lines, list(inference.results)]


@contextlib.contextmanager
def _station(factory: TargetFactory, dataset: DataSet) -> Generator[_Station, None, None]:
    with booted(factory) as (target, device):
        yield _Station(target, device, dataset)


def _from_record(record: Any) -> AccuracyInput:
    download_stop_ns, lines, results = record
    return AccuracyInput(download_stop_ns, tuple((time_ns, text) for time_ns, text in lines), tuple(results))


def _work(connection: Connection, factory: TargetFactory, dataset: DataSet) -> None:
    """Do the inputs whose numbers come through `connection`, on a board of this process."""
    # The performance run, which cannot be shared out, may be under way beside: let it go first.
    if hasattr(os, "nice"):
        os.nice(5)
    with _station(factory, dataset) as station:
        while True:
            connection.send(station.run(connection.recv()))


def _in_processes(
    factory: TargetFactory, dataset: DataSet, batches: Iterable[list[int]], workers: int
) -> Generator[dict[int, Any], None, None]:
    waiting = iter(batches)
    busy: dict[Connection, Worker] = {}
    try:
        with contextlib.ExitStack() as processes:
            for batch in itertools.islice(waiting, workers):
                process = processes.enter_context(worker(_work, factory, dataset))
                process.send(batch)
                busy[process.connection] = process
            while busy:
                for connection in wait(list(busy)):
                    assert isinstance(connection, Connection)
                    process = busy.pop(connection)
                    records = process.receive()
                    if (batch_after := next(waiting, None)) is not None:
                        process.send(batch_after)
                        busy[connection] = process
                    yield records
    except ProcessEnded:
        raise UserError(
            "a worker process was killed, perhaps for want of memory; "
            "run the command again, with fewer --workers: it goes on where it stopped"
        ) from None


def default_workers() -> int:
    """Return how many processes an accuracy run takes unless told otherwise: one for each core at hand."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
