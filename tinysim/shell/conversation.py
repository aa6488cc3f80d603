"""A conversation with a board on an engine: through a pipe, at a terminal, or by way of a pseudo terminal."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable
from pathlib import Path

from tinysim.board import Board
from tinysim.engines.factory import make_engine
from tinysim.image import Image
from tinysim.shell.keyboard import LEAVE_BYTE, typed, unbuffered_keys, visible
from tinysim.shell.pseudo_terminal import clear_place, pseudo_terminal
from tinysim.shell.pump import Ends, boot, pump

Tell = Callable[[str], None]
"""Says something to the person."""


def serve(engine_name: str, board: Board, image: Image, path: Path, tell: Tell) -> None:
    """Offer the board's serial port at `path` until Ctrl-C. Raises GuestFault, UserError."""
    clear_place(path)
    with (
        contextlib.suppress(KeyboardInterrupt),
        contextlib.closing(make_engine(engine_name, board, image)) as engine,
    ):
        said = bytearray()
        boot(engine, said.extend)
        with pseudo_terminal(path, bytes(said)) as line:
            tell(f"the serial port of {board.name} is at {path}; Ctrl-C ends")
            pump(engine, Ends(line, line), in_real_time=True)


def converse(engine_name: str, board: Board, image: Image, *, echo: bool, tell: Tell) -> None:
    """Pass bytes between the board and standard input and output. Raises GuestFault, UserError.

    Where the input is a terminal, in real time and until the leave byte; else until the board has answered.
    `echo` shows what is typed.
    """
    source, sink = sys.stdin.fileno(), sys.stdout.fileno()
    show = visible if os.isatty(sink) else bytes
    with contextlib.closing(make_engine(engine_name, board, image)) as engine:
        if not os.isatty(source):
            boot(engine, lambda data: os.write(sink, show(data)))
            pump(engine, Ends(source, sink, show=show), in_real_time=False)
            return
        tell(f"{board.name}, {engine.name} engine; Ctrl-] leaves")
        with unbuffered_keys(source):
            boot(engine, lambda data: os.write(sink, show(data)))
            ends = Ends(source, sink, LEAVE_BYTE, show, typed if echo else None)
            pump(engine, ends, in_real_time=True)
    tell("")
