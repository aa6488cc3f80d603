"""`tinysim boards`: what can be simulated."""

from __future__ import annotations

import click

from tinysim.board import board_ids, load_board


@click.command()
def boards() -> None:
    """List the boards that can be simulated."""
    for board_id in board_ids():
        board = load_board(board_id)
        clock_mhz = board.clock.core_hz / 1e6
        click.echo(f"{board.id}: {board.name}, {board.part}, {board.chip.core.name} at {clock_mhz:g} MHz")
