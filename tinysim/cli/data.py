"""`tinysim data`: data sets and models."""

from __future__ import annotations

from pathlib import Path

import click

from tinysim.atomic import check_folder
from tinysim.benchmark import BENCHMARKS
from tinysim.cli.progress import progress_bars
from tinysim.datasets.choice import available, folder_to_fill, how_to_get
from tinysim.datasets.prepare import PREPARATIONS, prepare_dataset
from tinysim.datasets.publishers import NOT_DISTRIBUTED
from tinysim.datasets.pull import pull


@click.group()
def data() -> None:
    """Data sets and models."""


@data.command("list")
def list_command() -> None:
    """Show what is at hand for each benchmark, what a run would take (the first `ok`), and what is
    missing.
    """
    for benchmark in BENCHMARKS.values():
        click.echo(f"{benchmark.id}: {benchmark.title}")
        places = available(benchmark)
        for place in places:
            click.echo(f"  {'ok' if place.is_complete else '--':<3} {place.source:<13} {place.text}")
        if not any(place.is_complete for place in places if place.source != "built-in"):
            click.echo(f"      for the official inputs {how_to_get(benchmark)}")


@data.command("pull")
def pull_command() -> None:
    """Fetch what the publishers distribute, into TINYSIM_DATA or else this user's cache."""
    folder = folder_to_fill()
    check_folder(folder)

    def on_item(name: str, is_fetched: bool) -> None:
        click.echo(f"{name}: {'fetching' if is_fetched else 'is there'}")

    pull(folder, on_item=on_item)
    click.echo(f"The data is in {folder}.")
    click.echo(
        f"The inputs of {', '.join(NOT_DISTRIBUTED)} are not distributed as such: "
        f"`tinysim data prepare NAME SOURCE` makes them of what their publishers distribute."
    )


@data.command("prepare")
@click.argument("name", type=click.Choice(list(PREPARATIONS)))
@click.argument("source", type=click.Path(path_type=Path))
@click.option(
    "--labels",
    type=click.Path(path_type=Path),
    help="The list of inputs.  [default: y_labels.csv where the data set goes, else the publisher's]",
)
def prepare_command(name: str, source: Path, labels: Path | None) -> None:
    """Make an official data set of what its publisher distributes, in TINYSIM_DATA or else this user's cache.

    SOURCE is, for ic01, CIFAR-10's cifar-10-python.tar.gz or the folder in it; for vww01 the archive or
    folder of 96x96 pictures made of COCO; for ad01 the archive or folder of ToyADMOS' ToyCar recordings.
    """
    benchmark = next(each for each in BENCHMARKS.values() if each.data_set == name)
    folder = folder_to_fill()
    check_folder(folder)
    with progress_bars("preparing") as on_progress:
        place = prepare_dataset(
            benchmark, source, folder, labels, lambda done, total: on_progress(name, done, total)
        )
    click.echo(f"{name} is in {place}.")
