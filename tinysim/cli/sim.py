"""`tinysim sim`: build, run, write the tree, check it, say what came out."""

from __future__ import annotations

import json
from pathlib import Path

import click

from tinysim.atomic import check_file, replace_file
from tinysim.benchmark import CLASSIC, Benchmark, find_benchmark
from tinysim.board import load_board
from tinysim.cli.progress import progress_bars, say
from tinysim.conformance.findings import errors
from tinysim.conformance.tree import check_results
from tinysim.datasets.choice import Choice, choose, describe_choice
from tinysim.engines.factory import ENGINES
from tinysim.errors import UserError
from tinysim.mode import ALL, choices, chosen
from tinysim.results.tree import DIVISIONS, SUMMARY_NAMES, write_submission
from tinysim.runner.accuracy import default_workers
from tinysim.simulation.modes import RUN_MODES
from tinysim.simulation.request import (
    Request,
    check_request,
    make_implementation,
    place_of,
    run_request,
    start_epoch_s,
)
from tinysim.simulation.run import Outcome, check_inputs
from tinysim.simulation.standing import UNVERIFIED
from tinysim.simulation.submission import describe_figures, make_figures, make_submission
from tinysim.toolchain import DEFAULT_TOOLCHAIN

SIMULATED_OUT = Path("build/submission")
MEASURED_OUT = Path("build/measured")


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
    type=click.Choice(choices(RUN_MODES)),
    default=ALL,
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
    mode: str,
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
    request = Request(
        board=board,
        engine=engine,
        modes=chosen(mode, RUN_MODES),
        out=out or (MEASURED_OUT if port else SIMULATED_OUT),
        organisation=org,
        division=division,
        system_id=system_id or board.id,
        data=data,
        model=model,
        firmware=firmware,
        port=port,
        toolchain=toolchain,
        workers=workers or default_workers(),
        build_folder=build_folder,
    )
    epoch_s = start_epoch_s()
    check_request(request)
    if json_file is not None:
        check_file(json_file)
    # Before the first of several benchmarks is run.
    chosen_data = [_choose(each, request) for each in benchmarks]
    places = [place_of(choice, request) for choice in chosen_data]
    figures = []
    breaches = 0
    for choice, place in zip(chosen_data, places, strict=True):
        outcome = _run(choice, request)
        tree = write_submission(request.out, make_submission(outcome, place, epoch_s, summary_name))
        figures.append(make_figures(outcome, str(request.out)))
        findings = check_results(request.out, place, request.modes)
        breaches += len(errors(findings))
        _show(choice, outcome, tree)
        for finding in findings:
            click.echo(f"  {finding}")
    if json_file is not None:
        written = json.dumps(figures if benchmark == "all" else figures[0], indent=4) + "\n"
        replace_file(json_file, written.encode())
    return 1 if breaches else 0


def _choose(benchmark: Benchmark, request: Request) -> Choice:
    """Return what a benchmark is run on.

    Raises UserError where an input or the model is missing or does not fit.
    """
    with progress_bars("making data") as show_progress:

        def on_progress(done: int, total: int) -> None:
            if done == 0:
                say(f"making the built-in data for {benchmark.id} ...")
            show_progress(f"for {benchmark.id}", done, total)

        choice = choose(
            benchmark,
            request.data,
            request.model,
            needs_model=request.firmware is None,
            on_progress=on_progress,
        )
    check_inputs(choice.dataset, request.modes)
    return choice


def _run(choice: Choice, request: Request) -> Outcome:
    implementation = make_implementation(choice, request, say)
    benchmark_id = choice.dataset.benchmark.id
    say(f"running {benchmark_id} on {request.port or request.board.name} ...")
    with progress_bars(benchmark_id) as on_progress:
        return run_request(choice, request, implementation, on_progress)


def _show(choice: Choice, outcome: Outcome, tree: Path) -> None:
    clock = f"{outcome.board.clock.core_hz / 1e6:g} MHz"
    how = f"{outcome.engine} engine, {clock} ({UNVERIFIED})" if outcome.is_simulated else "a real board"
    click.echo(f"{outcome.benchmark.id} on {outcome.board.name}, {how}")
    for name, value in (*describe_choice(choice), *describe_figures(outcome), ("tree", str(tree))):
        click.echo(f"  {name:<13} {value}")
