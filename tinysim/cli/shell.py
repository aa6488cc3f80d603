"""`tinysim shell`: a conversation with a simulated board."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
from collections.abc import Generator
from pathlib import Path
from types import FrameType

import click

from tinysim.benchmark import find_benchmark
from tinysim.board import Board, load_board
from tinysim.cli.progress import say
from tinysim.datasets.choice import choose
from tinysim.engines.factory import ENGINES, choose_engine, make_engine
from tinysim.engines.renode.installation import find_renode
from tinysim.errors import UserError
from tinysim.image import Image, load_image
from tinysim.shell.monitor import monitor_script, run_monitor
from tinysim.simulation.implementation import build_implementation
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

    Where the input is a pipe or a file, the board gets it at once, and the conversation ends when the board has
    answered.
    """
    if os.name != "posix":
        raise UserError("tinysim shell needs Linux or macOS; any pyserial terminal can open a sim:// port")
    if gdb_port is not None:
        if engine == "embedded":
            raise UserError("GDB needs the renode engine: use --engine renode, or leave --gdb out")
        engine = "renode"
        _check_port(gdb_port)
    # Renode's monitor needs no pyrenode3.
    is_monitor = engine == "renode" and (gdb_port is not None or pty is None)
    launcher = _find_launcher() if is_monitor else None
    chosen = engine if is_monitor else choose_engine(engine)
    if chosen == "renode" and pty is None and launcher is None:
        launcher = _find_launcher()
    board = load_board(board_id)
    image = load_image(firmware or _build(board, toolchain, build_folder), board)
    with _ended_by_signals():
        if launcher is not None:
            return _monitor(launcher, board, image, gdb_port, pty)
        if pty is not None:
            return _serve(chosen, board, image, pty)
        return _converse(chosen, board, image, echo)


def _build(board: Board, toolchain: str, build_folder: Path) -> Path:
    return build_implementation(board, choose(find_benchmark(_BENCHMARK)), toolchain, build_folder, say).image


def _find_launcher() -> Path:
    place = find_renode()
    if isinstance(place, str):
        raise UserError(place)
    launcher = place.launcher()
    if launcher is None:
        raise UserError(
            f"{place.found_by} names {place.path}, which has no program `renode` to open the monitor: "
            "put one on PATH, or run `make renode` and unset it"
        )
    return launcher


def _check_port(port: int) -> None:
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError as error:
        raise UserError(f"cannot wait for GDB on port {port}: {error.strerror}; choose another") from error


def _monitor(launcher: Path, board: Board, image: Image, gdb_port: int | None, pty: Path | None) -> int:
    from tinysim.shell.pseudo_terminal import clear_place

    if pty is not None:
        clear_place(pty)
        _tell(f"the serial port of {board.name} is going to be at {pty}")
    if gdb_port is not None:
        _tell(f"GDB: `target remote localhost:{gdb_port}`; the board stands still until then")
    return run_monitor(launcher, monitor_script(board, image, gdb_port=gdb_port, pty=pty))


def _serve(engine_name: str, board: Board, image: Image, path: Path) -> int:
    from tinysim.shell.pseudo_terminal import clear_place, pseudo_terminal
    from tinysim.shell.pump import Ends, boot, pump

    clear_place(path)
    with (
        contextlib.suppress(KeyboardInterrupt),
        contextlib.closing(make_engine(engine_name, board, image)) as engine,
    ):
        said = bytearray()
        boot(engine, said.extend)
        with pseudo_terminal(path, bytes(said)) as line:
            _tell(f"the serial port of {board.name} is at {path}; Ctrl-C ends")
            pump(engine, Ends(line, line), in_real_time=True)
    return 0


def _converse(engine_name: str, board: Board, image: Image, echo: bool) -> int:
    from tinysim.shell.keyboard import LEAVE_BYTE, typed, unbuffered_keys, visible
    from tinysim.shell.pump import Ends, boot, pump

    source, sink = sys.stdin.fileno(), sys.stdout.fileno()
    show = visible if os.isatty(sink) else bytes
    with contextlib.closing(make_engine(engine_name, board, image)) as engine:
        if not os.isatty(source):
            boot(engine, lambda data: os.write(sink, show(data)))
            pump(engine, Ends(source, sink, show=show), in_real_time=False)
            return 0
        _tell(f"{board.name}, {engine.name} engine; Ctrl-] leaves")
        with unbuffered_keys(source):
            boot(engine, lambda data: os.write(sink, show(data)))
            ends = Ends(source, sink, LEAVE_BYTE, show, typed if echo else None)
            pump(engine, ends, in_real_time=True)
    _tell("")
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
