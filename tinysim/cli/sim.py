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

from tinysim.atomic import naming
from tinysim.benchmark import BENCHMARKS, Benchmark, find_benchmark
from tinysim.board import Board, load_board
from tinysim.cli.progress import progress_bars, say
from tinysim.conformance.findings import Finding, errors
from tinysim.conformance.tree import check_tree
from tinysim.datasets.dataset import DataSet, find_model, open_dataset
from tinysim.engines.factory import ENGINES, choose_engine
from tinysim.errors import UserError
from tinysim.results.tree import DIVISIONS, SUMMARY_NAMES, Place, check_origin, write_submission
from tinysim.runner.accuracy import default_workers
from tinysim.simulation.hand_over import compare_instructions, measure_on_embedded_engine
from tinysim.simulation.implementation import Implementation, build_implementation, given_implementation
from tinysim.simulation.run import Mode, Outcome, Progress, check_inputs, run_on_board, simulate
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
    division: str
    system_id: str
    summary_name: str
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
@click.option("--division", type=click.Choice(DIVISIONS), default="closed", show_default=True)
@click.option("--system-id", help="The system's name in the tree.  [default: the board's]")
@click.option(
    "--summary-name",
    type=click.Choice(SUMMARY_NAMES),
    default=SUMMARY_NAMES[0],
    show_default=True,
    help="The official checker reads results.txt; the submission rules say result.txt.",
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
    division: str,
    system_id: str | None,
    summary_name: str,
    firmware: Path | None,
    port: str | None,
    toolchain: str,
    workers: int | None,
    json_file: Path | None,
    build_folder: Path,
) -> int:
    """Run BENCHMARK (kws, vww, ic, ad, or all) and write a results tree.

    Exits with 1 where the tree that comes out is not conformant, for example because accuracy is below its
    target.
    """
    benchmarks = list(BENCHMARKS.values()) if benchmark == "all" else [find_benchmark(benchmark)]
    if firmware is not None and len(benchmarks) > 1:
        raise UserError("an image is of one benchmark: name it instead of `all`")
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
        firmware=firmware,
        port=port,
        toolchain=toolchain,
        workers=workers or default_workers(),
        build_folder=build_folder,
        epoch_s=_epoch_s(),
    )
    check_origin(options.out, simulated=port is None)
    # Before the first of several benchmarks is run.
    places = [
        Place(options.division, options.organisation, options.system_id, each.id) for each in benchmarks
    ]
    datasets = [_open_data(each, options) for each in benchmarks]
    figures = []
    findings: list[Finding] = []
    for dataset, place in zip(datasets, places, strict=True):
        outcome_figures, outcome_findings = _run(dataset, place, options)
        figures.append(outcome_figures)
        findings += outcome_findings
    if json_file is not None:
        _write_json(json_file, figures if benchmark == "all" else figures[0])
    return 1 if errors(findings) else 0


def _open_data(benchmark: Benchmark, options: Options) -> DataSet:
    """Return a benchmark's data set. Raises UserError where an input or the model is missing."""
    dataset = open_dataset(benchmark)
    check_inputs(dataset, options.mode)
    if options.firmware is None:
        find_model(benchmark)
    return dataset


def _run(dataset: DataSet, place: Place, options: Options) -> tuple[dict[str, Any], list[Finding]]:
    benchmark = dataset.benchmark
    outcome = _measure(dataset, options)
    submission = make_submission(outcome, place, options.epoch_s, options.summary_name)
    results = write_submission(options.out, submission)

    click.echo(f"{benchmark.id} on {options.board.board.name}, {_how(outcome)}")
    for name, value in (*describe_figures(outcome), ("tree", str(results))):
        click.echo(f"  {name:<13} {value}")
    findings = _findings(options, place)
    for finding in findings:
        click.echo(f"  {finding}")
    return make_figures(outcome, str(options.out)), findings


def _measure(dataset: DataSet, options: Options) -> Outcome:
    benchmark = dataset.benchmark
    board = options.board
    if options.firmware is None:
        say(f"building {benchmark.id} firmware for {board.board.name} ...")
        implementation = build_implementation(board, benchmark, options.toolchain, options.build_folder)
    else:
        implementation = given_implementation(options.firmware)
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
    clock = f"{outcome.board.core.clock_hz / 1e6:g} MHz"
    return f"{outcome.engine} engine, {clock}" if outcome.is_simulated else "a real board"


def _findings(options: Options, place: Place) -> list[Finding]:
    """Return what is wrong with what was just written; that other modes or benchmarks lack is no concern here."""
    own = (options.division, options.organisation)
    prefix = "/".join(own) + "/"
    return [
        finding
        for finding in check_tree(options.out)
        if finding.path.startswith(prefix)
        and not finding.path.startswith(_other_results(prefix, place))
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


def _write_json(path: Path, content: Any) -> None:
    text = json.dumps(content, indent=4) + "\n"
    if path.exists() and not path.is_file():
        # /dev/stdout or a named pipe: to be written into, and not replaced by a file.
        path.write_text(text, encoding="utf-8")
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with naming(path):
            partial.write_text(text, encoding="utf-8")
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
