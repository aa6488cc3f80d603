"""What is going on, on standard error: a line for what takes long, and bars where that is a terminal."""

from __future__ import annotations

import contextlib
from collections.abc import Generator

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from tinysim.simulation.run import Progress as OnProgress


@contextlib.contextmanager
def progress_bars(title: str) -> Generator[OnProgress, None, None]:
    """Show a bar for each run that reports its progress."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bars:
        tasks: dict[str, TaskID] = {}

        def on_progress(name: str, done: int, total: int) -> None:
            if name not in tasks:
                tasks[name] = bars.add_task(f"{title} {name}", total=total)
            bars.update(tasks[name], completed=done)

        yield on_progress


def say(message: str) -> None:
    """Say on standard error what is going on and may take a while, in one line."""
    console = Console(stderr=True)
    if console.is_terminal:
        console.print(message, style="dim", highlight=False, markup=False)
    else:
        click.echo(message, err=True)
