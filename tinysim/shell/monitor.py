"""Renode's own monitor on a board, with its GDB server and a pseudo terminal where they are wanted."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from tinysim.board import Board
from tinysim.engines.renode.installation import find_renode
from tinysim.errors import UserError
from tinysim.image import Image

_GDB_SERVER = Path(__file__).with_name("gdb.cs")


def find_launcher() -> Path:
    """Return Renode's program. Raises UserError where it is not there."""
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


def check_gdb_port(port: int) -> None:
    """Raise UserError where nothing can listen on `port` of localhost."""
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError as error:
        raise UserError(f"cannot wait for GDB on port {port}: {error.strerror}; choose another") from error


def open_monitor(
    launcher: Path,
    board: Board,
    image: Image,
    gdb_port: int | None,
    pty: Path | None,
    tell: Callable[[str], None],
) -> int:
    """Open the monitor on a board, say where GDB and serial programs find it; return Renode's exit code."""
    if pty is not None:
        from tinysim.shell.pseudo_terminal import clear_place

        clear_place(pty)
        tell(f"the serial port of {board.name} is going to be at {pty}")
    if gdb_port is not None:
        tell(f"GDB: `target remote localhost:{gdb_port}`; the board stands still until then")
    return run_monitor(launcher, monitor_script(board, image, gdb_port=gdb_port, pty=pty))


def monitor_script(
    board: Board, image: Image, *, gdb_port: int | None = None, pty: Path | None = None
) -> str:
    """Return the script after which Renode has the board with the image: running, or waiting for GDB."""
    lines = [
        f"$bin={_path(image.path)}",
        f"include {_path(board.folder / f'{board.id}.resc')}",
    ]
    if pty is not None:
        lines += [
            f'emulation CreateUartPtyTerminal "pty" "{pty.absolute()}"',
            f"connector Connect sysbus.{board.console.uart} pty",
        ]
    if gdb_port is None:
        lines.append("start")
    else:
        lines += [f"include {_path(_GDB_SERVER)}", f"machine StartLoopbackGdbServer {gdb_port}"]
    return "".join(f"{line}\n" for line in lines)


def _path(path: Path) -> str:
    return "@" + str(path.absolute()).replace("\\", "\\\\").replace(" ", "\\ ")


def run_monitor(launcher: Path, script: str) -> int:
    """Open the monitor in this terminal, run `script`, and return Renode's exit code once it was left.

    Where the input is no terminal, its lines go to the monitor, which then quits. Raises UserError where
    Renode does not start.
    """
    is_terminal = sys.stdin.isatty() and sys.stdout.isatty()
    with tempfile.TemporaryDirectory(prefix="tinysim-") as folder:
        script_file = Path(folder) / "board.resc"
        script_file.write_text(script, encoding="utf-8")
        command = [str(launcher), "--disable-xwt", "--console", *(() if is_terminal else ("--plain",))]
        # Ctrl-C belongs to Renode's prompt. A function, not SIG_IGN: that Renode would inherit.
        previous = signal.signal(signal.SIGINT, lambda *_: None)
        try:
            return _run([*command, str(script_file)], is_terminal)
        finally:
            signal.signal(signal.SIGINT, previous)


def _run(command: list[str], is_terminal: bool) -> int:
    try:
        process = subprocess.Popen(command, stdin=None if is_terminal else subprocess.PIPE)
    except OSError as error:
        raise UserError(f"Renode does not start: {command[0]}: {error.strerror}") from error
    try:
        if not is_terminal:
            _pass_input(process)
        return process.wait()
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait()


def _pass_input(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None
    with contextlib.suppress(BrokenPipeError), process.stdin as monitor:
        while data := os.read(sys.stdin.fileno(), 4096):
            monitor.write(data)
            monitor.flush()
        monitor.write(b"\nquit\n")
