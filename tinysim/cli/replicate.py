"""`tinysim replicate`: published firmware on simulated boards, against published results."""

from __future__ import annotations

import shlex
from collections import Counter
from pathlib import Path

import click
from rich.console import Console
from rich.markup import escape

from tinysim.atomic import check_file, replace_file
from tinysim.benchmark import find_benchmark
from tinysim.cli.progress import progress_bars, say
from tinysim.datasets.dataset import PERFORMANCE_INPUTS
from tinysim.engines.factory import choose_engine
from tinysim.mode import ALL, choices, chosen
from tinysim.replicate.clone import shown, shown_path
from tinysim.replicate.plot import draw, plot_format
from tinysim.replicate.replication import MODES, Selection, Settings, Survey, replicate, survey
from tinysim.replicate.tables import (
    describe_groups,
    terminal_table,
    to_csv,
    to_json,
    to_markdown,
)
from tinysim.runner.accuracy import default_workers

PIPE_COLUMNS = 200
REMARKS_MAX = 10

_Output = click.Path(path_type=Path)


@click.command("replicate")
@click.argument("results_repo", type=click.Path(path_type=Path))
@click.option("--org", help="Only this organisation's images.")
@click.option("--system", help="Only this system's images, by its id under results/.")
@click.option("--benchmark", help="Only images of kws, vww, ic or ad.")
@click.option(
    "--mode",
    type=click.Choice(choices(MODES)),
    default=ALL,
    show_default=True,
    help="The runs to make; accuracy where the inputs are at hand.",
)
@click.option(
    "--engine",
    type=click.Choice(["embedded", "renode"]),
    default="embedded",
    show_default=True,
    help="What runs the firmware.",
)
@click.option(
    "--workers",
    type=click.IntRange(1, 256),
    default=None,
    help="Processes; results do not depend on it.  [default: one for each core]",
)
@click.option(
    "--windows",
    type=click.IntRange(1, 100),
    default=PERFORMANCE_INPUTS,
    show_default=True,
    help="Inputs of a performance run, a window of inferences each.",
)
@click.option(
    "--full-windows",
    is_flag=True,
    help="Run every inference of a published window instead of a few that tell the same.",
)
@click.option("--round", "round_name", help="The round, such as v1.1.  [default: found from the clone]")
@click.option("--csv", "csv_file", type=_Output, help="Write the rows to this CSV file.")
@click.option("--json", "json_file", type=_Output, help="Write the rows to this JSON file.")
@click.option("--markdown", "markdown_file", type=_Output, help="Write the rows as a Markdown table.")
@click.option("--plot", "plot_file", type=_Output, help="Draw the latencies (.png, .svg or .pdf).")
@click.option("--list", "only_list", is_flag=True, help="Find and match images, but run none.")
@click.option(
    "--verbose",
    is_flag=True,
    help="Name every file that was set aside or refused, and what firmware used without a model.",
)
def replicate_command(
    results_repo: Path,
    org: str | None,
    system: str | None,
    benchmark: str | None,
    mode: str,
    engine: str,
    workers: int | None,
    windows: int,
    full_windows: bool,
    round_name: str | None,
    csv_file: Path | None,
    json_file: Path | None,
    markdown_file: Path | None,
    plot_file: Path | None,
    only_list: bool,
    verbose: bool,
) -> int:
    """Run the Cortex-M images published in RESULTS_REPO and compare them with the published results.

    RESULTS_REPO is the work tree of a clone of mlcommons/tiny_results_v*. Exits with 0 where every image that
    is of a board and a benchmark of ours ran, 1 where one did not, 2 for a mistake.
    """
    file_format = plot_format(plot_file) if plot_file is not None else ""
    for path in (csv_file, json_file, markdown_file, plot_file):
        if path is not None:
            check_file(path)
    selection = Selection(org, system, find_benchmark(benchmark).id if benchmark is not None else None)
    choose_engine(engine)
    say(f"looking for images in {results_repo} ...")
    found = survey(results_repo, selection, round_name)
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=PIPE_COLUMNS)
    if only_list:
        _print_matches(found)
        _print_rest(found, verbose)
        return 0
    settings = Settings(chosen(mode, MODES), engine, workers or default_workers(), windows, full_windows)
    with progress_bars("replicate") as show_progress:
        # Names of systems are the clone's: text, not markup.
        outcome = replicate(
            found, settings, lambda name, done, total: show_progress(escape(name), done, total)
        )
    rows = outcome.rows
    if rows:
        console.print(terminal_table(rows))
    else:
        click.echo("no Cortex-M images" + (" of that selection" if selection != Selection() else ""))
    for line in describe_groups(rows):
        click.echo(line)
    for row in rows if verbose else ():
        for note in row.firmware_notes:
            click.echo(f"{row.image}: {note}")
    if found.round is None:
        click.echo("which round this is cannot be told from the clone: name it with --round")
    _print_rest(found, verbose)
    if csv_file is not None:
        replace_file(csv_file, to_csv(rows).encode())
    if json_file is not None:
        replace_file(json_file, to_json(rows).encode())
    if markdown_file is not None:
        command = _command(found, selection, settings)
        replace_file(markdown_file, to_markdown(rows, command).encode())
    if plot_file is not None:
        replace_file(plot_file, draw(rows, file_format))
    return 1 if outcome.failed else 0


def _print_matches(found: Survey) -> None:
    for match in found.matches:
        image = match.images[0]
        system = shown(match.system.id) if match.system else "-"
        where = f"{shown(match.organisation.name)} {system} {match.benchmark or '-'}"
        board = match.board.id if match.board else "no board of ours"
        problem = image.problem or match.problem
        click.echo(
            f"{where}: {board}: {shown_path(image.parts)}"
            + (f" (and {len(match.images) - 1} more)" if len(match.images) > 1 else "")
            + (f": {problem}" if problem else "")
        )
        for other in match.images[1:]:
            click.echo(f"    {shown_path(other.parts)}")


def _print_rest(found: Survey, verbose: bool) -> None:
    """Say what was not run because it is no image, and what was refused."""
    if found.set_aside:
        reasons = Counter(each.reason for each in found.set_aside)
        click.echo(f"set aside, {len(found.set_aside)} files that are no Cortex-M image:")
        for reason, count in reasons.most_common():
            click.echo(f"  {count} x {reason}")
        if verbose:
            for each in found.set_aside:
                click.echo(f"  {shown_path(each.parts)}: {each.reason}")
    if found.refusals:
        click.echo(f"refused, {len(found.refusals)}:")
        kept = found.refusals if verbose else found.refusals[:REMARKS_MAX]
        for refusal in kept:
            click.echo(f"  {refusal}")
        if len(kept) < len(found.refusals):
            click.echo(f"  and {len(found.refusals) - len(kept)} more (--verbose names them)")
    if found.results_without_image:
        count = len(found.results_without_image)
        click.echo(f"published without an image: {count} results" + (":" if verbose else ""))
        for result in found.results_without_image if verbose else ():
            click.echo(f"  {result}")


def _command(found: Survey, selection: Selection, settings: Settings) -> str:
    """Return the command that makes the same rows again."""
    words = ["tinysim", "replicate", f"tiny_results_{found.round}" if found.round else "RESULTS_REPO"]
    for option, value in (
        ("--org", selection.organisation),
        ("--system", selection.system),
        ("--benchmark", selection.benchmark),
    ):
        if value is not None:
            words += [option, value]
    defaults = Settings()
    if settings.modes != defaults.modes:
        words += ["--mode", *(mode.id for mode in settings.modes)]
    if settings.engine != defaults.engine:
        words += ["--engine", settings.engine]
    if settings.windows != defaults.windows:
        words += ["--windows", str(settings.windows)]
    if settings.in_full:
        words.append("--full-windows")
    return shlex.join(words)
