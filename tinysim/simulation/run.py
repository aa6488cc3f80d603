"""Runs of one benchmark on one board, and their outcome."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path

import tinysim
from tinysim.benchmark import Benchmark
from tinysim.board import Board
from tinysim.datasets.choice import model_kind
from tinysim.datasets.dataset import DataSet
from tinysim.errors import TinysimError
from tinysim.mode import Mode
from tinysim.processes import Job, ProcessEnded, job
from tinysim.runner.boot import booted
from tinysim.runner.journal import Journal
from tinysim.runner.performance import SingleInference, calibrate, count_inference
from tinysim.runner.target import TargetFactory
from tinysim.simulation.implementation import Implementation
from tinysim.simulation.modes import FROM_ONE_STATE, IN_ONE_SESSION, RUN_MODES
from tinysim.simulation.result import Result
from tinysim.simulation.standing import Standing

Progress = Callable[[str, int, int], None]
"""Takes the name of a run, the number of finished inputs, and of all."""


@dataclass(frozen=True)
class Outcome:
    """What the runs of a benchmark gave: `results` by mode, and one counted inference, None on a real board.

    `notes` are remarks on how the firmware used the simulated board.
    """

    benchmark: Benchmark
    board: Board
    engine: str | None
    implementation: Implementation
    dataset: DataSet
    inference: SingleInference | None
    results: Mapping[Mode, Result]
    notes: tuple[str, ...] = ()

    @property
    def standing(self) -> Standing:
        """What may be said of the figures."""
        sha256 = self.implementation.model_sha256
        return Standing(self.dataset.kind, None if sha256 is None else model_kind(self.benchmark, sha256))

    @property
    def is_simulated(self) -> bool:
        """Whether an engine ran the firmware, and not a board."""
        return self.engine is not None


def check_inputs(dataset: DataSet, modes: Sequence[Mode]) -> None:
    """Raise UserError where an input of the runs is missing, so that they do not end in their last minute."""
    counts = [mode.inputs for mode in modes]
    dataset.check_files(None if None in counts else max(count for count in counts if count is not None))


def simulate(
    board: Board,
    engine: str,
    implementation: Implementation,
    dataset: DataSet,
    factory: TargetFactory,
    *,
    modes: Sequence[Mode],
    workers: int,
    journal_folder: Path,
    on_progress: Progress,
) -> Outcome:
    """Do the runs on simulated boards that `factory` makes.

    With more than one worker what is one session, the performance run, goes beside the accuracy run. Raises
    UserError, GuestError; an accuracy run that was interrupted goes on where it stopped when it is called
    again.
    """
    check_inputs(dataset, modes)
    in_session = [mode for mode in modes if mode in IN_ONE_SESSION]
    others = [mode for mode in modes if mode in FROM_ONE_STATE]
    results: dict[Mode, Result] = {}

    def run_others(on_progress: Progress) -> None:
        for mode in others:
            journal = Journal(journal_folder, _journal_key(mode, board, engine, implementation, dataset))
            results[mode] = FROM_ONE_STATE[mode](
                factory, dataset, implementation, journal, workers, partial(on_progress, mode.id)
            )
            journal.remove()

    session = partial(_run_session, factory, dataset, in_session)
    if not others or workers == 1:
        counted = session(on_progress)
        run_others(on_progress)
    else:
        with job(session) as beside:

            def on_other(name: str, done: int, total: int) -> None:
                _pass_on(beside, on_progress)
                on_progress(name, done, total)

            run_others(on_other)
            _pass_on(beside, on_progress, to_the_end=True)
            counted = beside.result
    results.update(counted.results)
    return Outcome(
        dataset.benchmark,
        board,
        engine,
        implementation,
        dataset,
        counted.inference,
        {mode: results[mode] for mode in RUN_MODES if mode in results},
        counted.notes,
    )


def run_on_board(
    board: Board,
    implementation: Implementation,
    dataset: DataSet,
    factory: TargetFactory,
    *,
    modes: Sequence[Mode],
    on_progress: Progress,
) -> Outcome:
    """Do the runs on a real board: one after the other, in real time, without counts.

    There is no journal: a board cannot be told from another one at the same port.
    """
    check_inputs(dataset, modes)
    results: dict[Mode, Result] = {}
    for mode in modes:
        if mode in IN_ONE_SESSION:
            with booted(factory) as (_, device):
                inference_s = calibrate(device, dataset.read(dataset.performance_segments()[0]))
                on_input = _input_counter(mode, on_progress)
                results[mode] = IN_ONE_SESSION[mode](device, dataset, inference_s, on_input)
        else:
            on_inputs = partial(on_progress, mode.id)
            results[mode] = FROM_ONE_STATE[mode](factory, dataset, implementation, None, 1, on_inputs)
    return Outcome(dataset.benchmark, board, None, implementation, dataset, None, results)


@dataclass(frozen=True)
class _Session:
    """What a session gave: the counted inference, its modes' results, how the firmware used the board."""

    inference: SingleInference
    results: Mapping[Mode, Result]
    notes: tuple[str, ...]


def _run_session(
    factory: TargetFactory, dataset: DataSet, modes: Sequence[Mode], on_progress: Progress
) -> _Session:
    with booted(factory) as (target, device):
        inference = count_inference(target, device, dataset.read(dataset.performance_segments()[0]))
        results = {
            mode: IN_ONE_SESSION[mode](device, dataset, inference.time_s, _input_counter(mode, on_progress))
            for mode in modes
        }
        return _Session(inference, results, target.notes())


def _input_counter(mode: Mode, on_progress: Progress) -> Callable[[int], None]:
    return lambda done: on_progress(mode.id, done, mode.inputs or 0)


def _pass_on(beside: Job, on_progress: Progress, *, to_the_end: bool = False) -> None:
    try:
        for report in beside.reports(to_the_end=to_the_end):
            on_progress(*report)
    except ProcessEnded:
        raise TinysimError("the process of the performance run ended unexpectedly: run again") from None


def _journal_key(
    mode: Mode, board: Board, engine: str, implementation: Implementation, dataset: DataSet
) -> dict[str, str]:
    return {
        "mode": mode.id,
        "firmware": implementation.firmware_sha256,
        "board": hashlib.sha256(board.model_dump_json(exclude={"folder"}).encode()).hexdigest(),
        "engine": engine,
        "code": _code_sha256(),
        "data": _dataset_sha256(dataset),
    }


def _code_sha256() -> str:
    """Return a checksum of what a result depends on besides firmware and data: our code and Unicorn."""
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
