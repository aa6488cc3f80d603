"""`tinysim sim`: build, run, write the tree, check it, say what came out."""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import click

from tinysim.atomic import check_file, check_folder, check_replaceable, replace_file
from tinysim.benchmark import BENCHMARKS, CLASSIC, Benchmark, find_benchmark
from tinysim.board import Board, load_board
from tinysim.cli.progress import progress_bars, say
from tinysim.conformance.findings import Finding, errors
from tinysim.conformance.tree import DEFAULT_VERSION, check_tree
from tinysim.datasets.choice import Choice, choose, describe_choice
from tinysim.datasets.dataset import DataSet
from tinysim.engines.embedded.library import is_compiled, load_library
from tinysim.engines.factory import ENGINES, choose_engine
from tinysim.errors import UserError
from tinysim.results.tree import DIVISIONS, SUMMARY_NAMES, Place, check_name, check_origin, write_submission
from tinysim.runner.accuracy import default_workers
from tinysim.simulation.hand_over import compare_instructions, measure_on_embedded_engine
from tinysim.simulation.implementation import Implementation, build_implementation, given_implementation
from tinysim.simulation.run import Mode, Outcome, Progress, check_inputs, run_on_board, simulate
from tinysim.simulation.standing import UNVERIFIED, Standing
from tinysim.simulation.submission import describe_figures, make_figures, make_submission
from tinysim.simulation.targets import SerialBoard, SimulatedBoard
from tinysim.toolchain import DEFAULT_TOOLCHAIN

SIMULATED_OUT = Path("build/submission")
MEASURED_OUT = Path("build/measured")


@dataclass(frozen=True)
class Options:
    """What was asked for."""

    board: Board
    engine: str
    mode: Mode
    out: Path
    organisation: str
    division: str | None
    system_id: str
    summary_name: str
    data: Path | None
    model: Path | None
    firmware: Path | None
    port: str | None
    toolchain: str
    workers: int
    build_folder: Path
    epoch_s: float


@click.command()
@click.argument("benchmark")
@click.option("--board", "board_id", default="nucleo_l4r5zi", show_default=True, help="See `tinysim boards`.")
@click.option(
    "--engine",
    type=click.Choice(ENGINES),
    default="auto",
    show_default=True,
    help="What runs the firmware.",
)
@click.option(
    "--mode",
    type=click.Choice(["all", "performance", "accuracy"]),
    default="all",
    show_default=True,
    help="The runs to make.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help=f"The results tree, written or merged into.  [default: {SIMULATED_OUT}; {MEASURED_OUT} with --port]",
)
@click.option("--org", default="tinysim", show_default=True, help="The submitting organisation.")
@click.option(
    "--division",
    type=click.Choice(DIVISIONS),
    help="[default: closed for the official data with the reference model, else open]",
)
@click.option("--system-id", help="The system's name in the tree.  [default: the board's]")
@click.option(
    "--summary-name",
    type=click.Choice(SUMMARY_NAMES),
    default=SUMMARY_NAMES[0],
    show_default=True,
    help="The official checker reads results.txt; the submission rules say result.txt.",
)
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    help="A folder with y_labels.csv and its inputs.  [default: see `tinysim data list`]",
)
@click.option(
    "--model",
    type=click.Path(path_type=Path),
    help="An int8 .tflite network of your own instead of the benchmark's.",
)
@click.option(
    "--firmware",
    type=click.Path(path_type=Path),
    help="An ELF, HEX or BIN image to run instead of building one.",
)
@click.option(
    "--port", help="A real board's serial port, such as /dev/ttyACM0, instead of a simulated board."
)
@click.option("--toolchain", default=DEFAULT_TOOLCHAIN, show_default=True, help="What compiles the firmware.")
@click.option(
    "--workers",
    type=click.IntRange(1, 256),
    default=None,
    help="Processes; results do not depend on it.  [default: one for each core]",
)
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write the figures to this file.")
@click.option(
    "--build",
    "build_folder",
    type=click.Path(path_type=Path),
    default=Path("build"),
    show_default=True,
    help="Where firmware is built, and interrupted runs are kept.",
)
def sim(
    benchmark: str,
    board_id: str,
    engine: str,
    mode: Mode,
    out: Path | None,
    org: str,
    division: str | None,
    system_id: str | None,
    summary_name: str,
    data: Path | None,
    model: Path | None,
    firmware: Path | None,
    port: str | None,
    toolchain: str,
    workers: int | None,
    json_file: Path | None,
    build_folder: Path,
) -> int:
    """Run BENCHMARK (kws, vww, ic, ad, all of these, or ic02) and write a results tree.

    Exits with 1 where the tree that comes out is not conformant, for example because accuracy is below its
    target.
    """
    names = CLASSIC if benchmark == "all" else (benchmark,)
    benchmarks = [find_benchmark(name) for name in names]
    if len(benchmarks) > 1:
        for what, given in (("an image is", firmware), ("a model is", model), ("--data is", data)):
            if given is not None:
                raise UserError(f"{what} of one benchmark: name it instead of `all`")
    if firmware is not None and model is not None:
        raise UserError("--firmware is an image with its model in it: leave --model out")
    board = load_board(board_id)
    options = Options(
        board=board,
        engine=engine,
        mode=mode,
        out=out or (MEASURED_OUT if port else SIMULATED_OUT),
        organisation=org,
        division=division,
        system_id=system_id or board.id,
        summary_name=summary_name,
        data=data,
        model=model,
        firmware=firmware,
        port=port,
        toolchain=toolchain,
        workers=workers or default_workers(),
        build_folder=build_folder,
        epoch_s=_epoch_s(),
    )
    _check_outputs(options, json_file)
    check_name("organisation", options.organisation)
    check_name("system id", options.system_id)
    check_origin(options.out, simulated=port is None)
    # Before the first of several benchmarks is run.
    choices = [_choose(each, options) for each in benchmarks]
    places = [_place(choice, options) for choice in choices]
    figures = []
    findings: list[Finding] = []
    for choice, place in zip(choices, places, strict=True):
        outcome_figures, outcome_findings = _run(choice, place, options)
        figures.append(outcome_figures)
        findings += outcome_findings
    if json_file is not None:
        written = json.dumps(figures if benchmark == "all" else figures[0], indent=4) + "\n"
        replace_file(json_file, written.encode())
    return 1 if errors(findings) else 0


def _check_outputs(options: Options, json_file: Path | None) -> None:
    """Raise UserError where something cannot be written, so that a run of minutes does not end with that."""
    check_replaceable(options.out)
    check_folder(options.build_folder)
    if json_file is not None:
        check_file(json_file)


def _choose(benchmark: Benchmark, options: Options) -> Choice:
    """Return what a benchmark is run on. Raises UserError where an input or the model is missing or does not fit."""
    with progress_bars("making data") as show_progress:

        def on_progress(done: int, total: int) -> None:
            if done == 0:
                say(f"making the built-in data for {benchmark.id} ...")
            show_progress(f"for {benchmark.id}", done, total)

        choice = choose(
            benchmark,
            options.data,
            options.model,
            needs_model=options.firmware is None,
            on_progress=on_progress,
        )
    check_inputs(choice.dataset, options.mode)
    return choice


def _place(choice: Choice, options: Options) -> Place:
    """Return where the results go. Raises UserError where they cannot go where they are wanted."""
    benchmark = choice.dataset.benchmark
    division = Standing(choice.dataset.kind, choice.model_kind).division(benchmark, options.division)
    return Place(division, options.organisation, options.system_id, benchmark.id)


def _run(choice: Choice, place: Place, options: Options) -> tuple[dict[str, Any], list[Finding]]:
    benchmark = choice.dataset.benchmark
    outcome = _measure(choice, options)
    submission = make_submission(outcome, place, options.epoch_s, options.summary_name)
    results = write_submission(options.out, submission)

    click.echo(f"{benchmark.id} on {options.board.name}, {_how(outcome)}")
    for name, value in (
        *describe_choice(choice),
        *describe_figures(outcome),
        ("tree", str(results)),
    ):
        click.echo(f"  {name:<13} {value}")
    findings = _findings(options, place, choice.dataset.benchmark.version)
    for finding in findings:
        click.echo(f"  {finding}")
    return make_figures(outcome, str(options.out)), findings


def _measure(choice: Choice, options: Options) -> Outcome:
    dataset = choice.dataset
    benchmark = dataset.benchmark
    board = options.board
    if options.firmware is None:
        implementation = build_implementation(board, choice, options.toolchain, options.build_folder, say)
    else:
        implementation = given_implementation(options.firmware)
    if options.port is None and not is_compiled():
        say("compiling the embedded engine's native core ...")
        load_library()  # here once, and not in each of the processes at the same time
    say(f"running {benchmark.id} on {options.port or board.name} ...")
    with progress_bars(benchmark.id) as on_progress:
        if options.port is not None:
            return run_on_board(
                board,
                implementation,
                dataset,
                SerialBoard(options.port, board.console.baud),
                mode=options.mode,
                on_progress=on_progress,
            )
        engine = choose_engine(options.engine)
        if engine == "embedded":
            factory = SimulatedBoard(board.id, implementation.image, engine)
            return _simulate(options, implementation, dataset, factory, on_progress)
        data = dataset.read(dataset.performance_segments()[0])
        embedded = measure_on_embedded_engine(board.id, implementation.image, data)
        factory = SimulatedBoard(
            board.id, implementation.image, engine, embedded.cycles / embedded.instructions
        )
        outcome = _simulate(options, implementation, dataset, factory, on_progress)
        remarks = compare_instructions(
            embedded, outcome.inference, depends_on_time=options.firmware is not None
        )
        return replace(outcome, notes=(*outcome.notes, *remarks))


def _simulate(
    options: Options,
    implementation: Implementation,
    dataset: DataSet,
    factory: SimulatedBoard,
    on_progress: Progress,
) -> Outcome:
    return simulate(
        options.board,
        factory.engine,
        implementation,
        dataset,
        factory,
        mode=options.mode,
        workers=options.workers,
        journal_folder=options.build_folder / "journal",
        on_progress=on_progress,
    )


def _how(outcome: Outcome) -> str:
    clock = f"{outcome.board.clock.core_hz / 1e6:g} MHz"
    return f"{outcome.engine} engine, {clock} ({UNVERIFIED})" if outcome.is_simulated else "a real board"


def _findings(options: Options, place: Place, version: str) -> list[Finding]:
    """Return what is wrong with what was just written; that other modes or benchmarks lack is no concern here."""
    prefix = f"{place.division}/{place.organisation}/"
    return [
        finding
        for finding in check_tree(options.out, max(version, DEFAULT_VERSION))
        if finding.severity != "note"  # what the summary has said
        and finding.path.startswith(prefix)
        and not f"{finding.path}/".startswith(_other_results(prefix, place))
        and finding.rule != "companion"
        and not (finding.rule == "mode" and options.mode != "all")
    ]


def _other_results(prefix: str, place: Place) -> tuple[str, ...]:
    others = [benchmark for benchmark in BENCHMARKS if benchmark != place.benchmark]
    return tuple(f"{prefix}results/{place.system_id}/{other}/" for other in others)


def _epoch_s() -> float:
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
