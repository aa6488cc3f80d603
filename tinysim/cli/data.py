"""`tinysim data`: data sets and models."""

from __future__ import annotations

import click

from tinysim.datasets.dataset import data_folder
from tinysim.datasets.publishers import NOT_DISTRIBUTED
from tinysim.datasets.pull import pull


@click.group()
def data() -> None:
    """Data sets and models."""


@data.command("pull")
def pull_command() -> None:
    """Fetch what the publishers distribute, into TINYSIM_DATA or else this user's cache."""
    folder = data_folder()

    def on_item(name: str, is_fetched: bool) -> None:
        click.echo(f"{name}: {'fetching' if is_fetched else 'is there'}")

    pull(folder, on_item=on_item)
    click.echo(f"The data is in {folder}.")
    click.echo(
        f"The inputs of {', '.join(NOT_DISTRIBUTED)} are not distributed by their publishers: "
        f"put them beside their y_labels.csv."
    )
