"""`tinysim shell`: a conversation with a simulated board."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Generator
from pathlib import Path
from types import FrameType

import click

from tinysim.benchmark import find_benchmark
from tinysim.board import load_board
from tinysim.cli.progress import say
from tinysim.engines.factory import ENGINES, choose_engine
from tinysim.errors import UserError
from tinysim.image import load_image
from tinysim.shell.monitor import check_gdb_port, find_launcher, open_monitor
from tinysim.simulation.implementation import build_at_hand
from tinysim.toolchain import DEFAULT_TOOLCHAIN

_BENCHMARK = "kws"


@click.command()
@click.option("--board", "board_id", default="nucleo_l4r5zi", show_default=True, help="See `tinysim boards`.")
@click.option(
    "--firmware",
    type=click.Path(path_type=Path),
    help=f"An ELF, HEX or BIN image.  [default: builds the {_BENCHMARK} benchmark's]",
)
@click.option(
    "--engine",
    type=click.Choice(ENGINES),
    default="auto",
    show_default=True,
    help="What runs the firmware. Renode opens its own monitor.",
)
@click.option(
    "--pty",
    type=click.Path(path_type=Path),
    help="Offer the board's serial port as a pseudo terminal at this path until Ctrl-C.",
)
@click.option(
    "--gdb",
    "gdb_port",
    type=click.IntRange(1, 65535),
    help="Wait for GDB on this port of localhost. Needs Renode.",
)
@click.option("--echo/--no-echo", default=True, show_default=True, help="Show what is typed in a terminal.")
@click.option("--toolchain", default=DEFAULT_TOOLCHAIN, show_default=True, help="What compiles the firmware.")
@click.option(
    "--build",
    "build_folder",
    type=click.Path(path_type=Path),
    default=Path("build"),
    show_default=True,
    help="Where firmware is built.",
)
def shell(
    board_id: str,
    firmware: Path | None,
    engine: str,
    pty: Path | None,
    gdb_port: int | None,
    echo: bool,
    toolchain: str,
    build_folder: Path,
) -> int:
    """Talk with a simulated board: what is typed goes to its serial port. Ctrl-] leaves.

    Where the input is a pipe or a file, the board gets it at once, and the conversation ends when the board
    has answered.
    """
    if os.name != "posix":
        raise UserError("tinysim shell needs Linux or macOS; any pyserial terminal can open a sim:// port")
    if gdb_port is not None:
        if engine == "embedded":
            raise UserError("GDB needs the renode engine: use --engine renode, or leave --gdb out")
        engine = "renode"
        check_gdb_port(gdb_port)
    # Renode's monitor needs no pyrenode3.
    is_monitor = engine == "renode" and (gdb_port is not None or pty is None)
    launcher = find_launcher() if is_monitor else None
    chosen = engine if is_monitor else choose_engine(engine)
    if chosen == "renode" and pty is None and launcher is None:
        launcher = find_launcher()
    board = load_board(board_id)
    if firmware is None:
        firmware, _ = build_at_hand(board, find_benchmark(_BENCHMARK), toolchain, build_folder, say)
    image = load_image(firmware, board)
    with _ended_by_signals():
        if launcher is not None:
            return open_monitor(launcher, board, image, gdb_port, pty, _tell)
        # What needs a terminal's modes, which not every system has.
        from tinysim.shell.conversation import converse, serve

        if pty is not None:
            serve(chosen, board, image, pty, _tell)
        else:
            converse(chosen, board, image, echo=echo, tell=_tell)
    return 0


def _tell(message: str) -> None:
    click.echo(message, err=True)


@contextlib.contextmanager
def _ended_by_signals() -> Generator[None, None, None]:
    """Clean up, too, where somebody ends this process or closes its terminal."""

    def end(number: int, frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    before = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
