"""What a person asks for, and what has to be known before the first run."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path

from tinysim.atomic import check_folder, check_replaceable
from tinysim.board import Board
from tinysim.datasets.choice import Choice
from tinysim.engines.embedded.library import is_compiled, load_library
from tinysim.engines.factory import choose_engine
from tinysim.errors import UserError
from tinysim.mode import Mode
from tinysim.results.tree import Place, check_name, check_origin
from tinysim.simulation.cycles_per_instruction import compare_instructions, timed_board
from tinysim.simulation.implementation import Implementation, build_implementation, given_implementation
from tinysim.simulation.run import Outcome, Progress, run_on_board, simulate
from tinysim.simulation.standing import Standing
from tinysim.simulation.targets import SerialBoard


@dataclass(frozen=True)
class Request:
    """What to run, on what, and where the results go. With a `port` it is a real board that runs it."""

    board: Board
    engine: str
    modes: tuple[Mode, ...]
    out: Path
    organisation: str
    division: str | None
    system_id: str
    data: Path | None
    model: Path | None
    firmware: Path | None
    port: str | None
    toolchain: str
    workers: int
    build_folder: Path


def check_request(request: Request) -> None:
    """Raise UserError where something cannot be written, so that a run of minutes does not end with that."""
    check_replaceable(request.out)
    check_folder(request.build_folder)
    check_name("organisation", request.organisation)
    check_name("system id", request.system_id)
    check_origin(request.out, simulated=request.port is None)


def place_of(choice: Choice, request: Request) -> Place:
    """Return where the results go. Raises UserError where they cannot go where they are wanted."""
    benchmark = choice.dataset.benchmark
    division = Standing(choice.dataset.kind, choice.model_kind).division(benchmark, request.division)
    return Place(division, request.organisation, request.system_id, benchmark.id)


def make_implementation(choice: Choice, request: Request, on_step: Callable[[str], None]) -> Implementation:
    """Build what is to be run, or take the given image; have ready what runs it. Raises UserError."""
    if request.firmware is None:
        implementation = build_implementation(
            request.board, choice, request.toolchain, request.build_folder, on_step
        )
    else:
        implementation = given_implementation(request.firmware)
    if request.port is None and not is_compiled():
        on_step("compiling the embedded engine's native core ...")
        load_library()  # here once, and not in each of the processes at the same time
    return implementation


def run_request(
    choice: Choice, request: Request, implementation: Implementation, on_progress: Progress
) -> Outcome:
    """Make the runs on the board that is asked for. Raises UserError, GuestError.

    On Renode, cycles come from the embedded engine's run of one inference.
    """
    board, dataset, modes = request.board, choice.dataset, request.modes
    if request.port is not None:
        real = SerialBoard(request.port, board.console.baud)
        return run_on_board(board, implementation, dataset, real, modes=modes, on_progress=on_progress)
    engine = choose_engine(request.engine)
    data = dataset.read(dataset.performance_segments()[0])
    factory, embedded = timed_board(board, implementation.image, engine, data)
    outcome = simulate(
        board,
        engine,
        implementation,
        dataset,
        factory,
        modes=modes,
        workers=request.workers,
        journal_folder=request.build_folder / "journal",
        on_progress=on_progress,
    )
    # Our own firmware is known not to depend on time.
    is_given = request.firmware is not None
    remarks = compare_instructions(embedded, outcome.inference, depends_on_time=is_given)
    return replace(outcome, notes=(*outcome.notes, *remarks))


def start_epoch_s() -> float:
    """Return the Unix time at which the runner starts: SOURCE_DATE_EPOCH's, else now.

    Raises UserError where that variable is no such time.
    """
    given = os.environ.get("SOURCE_DATE_EPOCH")
    if given is None:
        return float(int(time.time()))
    try:
        epoch_s = int(given)
        # A session's id has a year of four digits.
        datetime.fromtimestamp(epoch_s + 10**9, tz=timezone.utc)
        if epoch_s < 0:
            raise ValueError
    except (ValueError, OverflowError, OSError):
        raise UserError(f"SOURCE_DATE_EPOCH is {given!r}: set it to a number of seconds since 1970") from None
    return float(epoch_s)
