"""Runs of one benchmark on one board, and their outcome."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Generator
from dataclasses import dataclass
from importlib.metadata import version
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Literal

import tinysim
from tinysim.benchmark import Benchmark
from tinysim.board import Board
from tinysim.datasets.choice import model_kind
from tinysim.datasets.dataset import PERFORMANCE_INPUTS, DataSet
from tinysim.datasets.expected import Agreement, compare
from tinysim.errors import GuestError, TinysimError
from tinysim.runner.accuracy import AccuracyRun, run_accuracy
from tinysim.runner.device import Device
from tinysim.runner.journal import Journal
from tinysim.runner.performance import (
    PerformanceRun,
    SingleInference,
    calibrate,
    measure_single_inference,
    run_performance,
)
from tinysim.runner.processes import ProcessEnded, Worker, worker
from tinysim.runner.target import TargetFactory
from tinysim.simulation.implementation import Implementation
from tinysim.simulation.standing import Standing
from tinysim.simulation.targets import SimulatedTarget

Mode = Literal["all", "performance", "accuracy"]
_Performance = tuple[SingleInference, PerformanceRun | None, tuple[str, ...]]
Progress = Callable[[str, int, int], None]
"""Takes the name of a run, the number of finished inputs, and of all."""


@dataclass(frozen=True)
class Outcome:
    """What the runs of a benchmark gave; None for what was not asked for, or not possible on a real board.

    `notes` are remarks on how the firmware used the simulated board.
    """

    benchmark: Benchmark
    board: Board
    engine: str | None
    implementation: Implementation
    dataset: DataSet
    inference: SingleInference | None
    performance: PerformanceRun | None
    accuracy: AccuracyRun | None
    notes: tuple[str, ...] = ()

    @property
    def standing(self) -> Standing:
        """What may be said of the figures."""
        sha256 = self.implementation.model_sha256
        return Standing(self.dataset.kind, None if sha256 is None else model_kind(self.benchmark, sha256))

    @property
    def agreement(self) -> Agreement | None:
        """How the accuracy run's result vectors agree with the reference kernels'; None where that is not known."""
        if self.accuracy is None:
            return None
        return compare(self.dataset, self.implementation.model_sha256, self.accuracy.results_by_row())

    @property
    def is_simulated(self) -> bool:
        """Whether an engine ran the firmware, and not a board."""
        return self.engine is not None


def check_inputs(dataset: DataSet, mode: Mode) -> None:
    """Raise UserError where an input of the runs is missing, so that they do not end in their last minute."""
    dataset.check_files(PERFORMANCE_INPUTS if mode == "performance" else None)


def simulate(
    board: Board,
    engine: str,
    implementation: Implementation,
    dataset: DataSet,
    factory: TargetFactory,
    *,
    mode: Mode,
    workers: int,
    journal_folder: Path,
    on_progress: Progress,
) -> Outcome:
    """Do the runs on simulated boards.

    With more than one worker the performance run, which is one session, goes beside the accuracy run. Raises
    UserError, GuestError; an accuracy run that was interrupted goes on where it stopped when it is called
    again.
    """
    check_inputs(dataset, mode)
    benchmark = dataset.benchmark
    if mode == "performance" or workers == 1:
        inference, performance, notes = _performance_job(
            factory, dataset, mode != "accuracy", lambda done: on_progress("performance", done, 5)
        )
        accuracy = None
        if mode != "performance":
            accuracy = _accuracy(
                board, engine, implementation, factory, dataset, workers, journal_folder, on_progress
            )
        return Outcome(
            benchmark, board, engine, implementation, dataset, inference, performance, accuracy, notes
        )
    with _beside(factory, dataset, mode != "accuracy", on_progress) as job:

        def on_accuracy(name: str, done: int, total: int) -> None:
            job.poll()
            on_progress(name, done, total)

        accuracy = _accuracy(
            board, engine, implementation, factory, dataset, workers, journal_folder, on_accuracy
        )
        inference, performance, notes = job.wait()
    return Outcome(benchmark, board, engine, implementation, dataset, inference, performance, accuracy, notes)


def run_on_board(
    board: Board,
    implementation: Implementation,
    dataset: DataSet,
    factory: TargetFactory,
    *,
    mode: Mode,
    on_progress: Progress,
) -> Outcome:
    """Do the runs on a real board: one after the other, in real time, without counts.

    There is no journal: a board cannot be told from another one at the same port.
    """
    check_inputs(dataset, mode)
    performance = accuracy = None
    if mode != "accuracy":
        with contextlib.closing(factory()) as target:
            device = Device(target.session)
            device.synchronise()
            inference_s = calibrate(device, dataset.read(dataset.performance_segments()[0]))
            performance = run_performance(
                device,
                dataset,
                inference_s,
                lambda done: on_progress("performance", done, PERFORMANCE_INPUTS),
            )
    if mode != "performance":
        accuracy = run_accuracy(
            factory,
            dataset,
            on_progress=lambda done, total: on_progress("accuracy", done, total),
            has_banner=False,
        )
    return Outcome(dataset.benchmark, board, None, implementation, dataset, None, performance, accuracy)


def _accuracy(
    board: Board,
    engine: str,
    implementation: Implementation,
    factory: TargetFactory,
    dataset: DataSet,
    workers: int,
    journal_folder: Path,
    on_progress: Progress,
) -> AccuracyRun:
    key = {
        "firmware": implementation.firmware_sha256,
        "board": hashlib.sha256(board.model_dump_json(exclude={"folder"}).encode()).hexdigest(),
        "engine": engine,
        "code": _code_sha256(),
        "data": _dataset_sha256(dataset),
    }
    journal = Journal(journal_folder, key)
    run = run_accuracy(
        factory, dataset, journal, workers, lambda done, total: on_progress("accuracy", done, total)
    )
    journal.remove()
    return run


def _code_sha256() -> str:
    """Return a checksum of what a result depends on besides firmware and data: our code, Unicorn's version."""
    package = Path(tinysim.__file__).parent
    digest = hashlib.sha256(version("unicorn").encode())
    for path in sorted(package.rglob("*")):
        if path.suffix in (".py", ".c", ".h"):
            digest.update(path.relative_to(package).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def _dataset_sha256(dataset: DataSet) -> str:
    digest = hashlib.sha256(repr(dataset.entries).encode())
    for entry in dataset.entries:
        digest.update((dataset.folder / entry.file).read_bytes())
    return digest.hexdigest()


def _performance_job(
    factory: TargetFactory, dataset: DataSet, with_run: bool, on_progress: Callable[[int], None]
) -> _Performance:
    """Count one inference and, if asked to, do the performance run; tell how the firmware used the board."""
    with contextlib.closing(factory()) as target:
        device = Device(target.session)
        device.wait_for_banner()
        device.name()
        inference = measure_single_inference(target, device, dataset.read(dataset.performance_segments()[0]))
        if inference.time_s <= 0:
            raise GuestError("an inference took no time: this firmware does not compute anything")
        run = run_performance(device, dataset, inference.time_s, on_progress) if with_run else None
        notes = target.notes() if isinstance(target, SimulatedTarget) else ()
        return inference, run, notes


class _Job:
    """A performance run in a process of its own, seen from the parent."""

    def __init__(self, process: Worker, on_progress: Progress) -> None:
        self._process = process
        self._on_progress = on_progress
        self._result: _Performance | None = None

    def poll(self) -> None:
        """Take what the process has sent. Raises the error that it ended with."""
        while self._result is None and self._process.connection.poll():
            self._receive()

    def wait(self) -> _Performance:
        """Wait for the result. Raises the error that the process ended with."""
        while self._result is None:
            self._receive()
        return self._result

    def _receive(self) -> None:
        try:
            message = self._process.receive()
        except ProcessEnded:
            raise TinysimError("the process of the performance run ended unexpectedly: run again") from None
        if isinstance(message, int):
            self._on_progress("performance", message, PERFORMANCE_INPUTS)
        else:
            self._result = message


@contextlib.contextmanager
def _beside(
    factory: TargetFactory, dataset: DataSet, with_run: bool, on_progress: Progress
) -> Generator[_Job, None, None]:
    with worker(_work, factory, dataset, with_run) as process:
        yield _Job(process, on_progress)


def _work(connection: Connection, factory: TargetFactory, dataset: DataSet, with_run: bool) -> None:
    connection.send(_performance_job(factory, dataset, with_run, connection.send))
