"""`tinysim boards`: what can be simulated."""

from __future__ import annotations

import click

from tinysim.board import board_ids, load_board


@click.command()
def boards() -> None:
    """List the boards that can be simulated."""
    for board_id in board_ids():
        board = load_board(board_id)
        core = board.core
        click.echo(
            f"{board.id}: {board.board.name}, {board.board.chip}, {core.name} at {core.clock_hz / 1e6:g} MHz"
        )
