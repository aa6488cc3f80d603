"""Robot keywords for a session with a simulated board, over its sim:// port."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

import serial
from robot.api import SkipExecution
from robot.api.deco import keyword, library

from tinysim.benchmark import BENCHMARKS
from tinysim.board import load_board
from tinysim.datasets.choice import choose
from tinysim.engines.factory import choose_engine
from tinysim.errors import UserError
from tinysim.simulation.implementation import build_implementation

LINE_END = b"\r\n"
READY = "m-ready"


@library(scope="SUITE")
class board:  # noqa: N801  (Robot finds a library by its module's name)
    """A board that runs the benchmark firmware."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self._port: serial.SerialBase | None = None
        self._reply: list[str] = []

    @keyword
    def switch_on(self, board_id: str, benchmark: str, engine: str) -> None:
        """Build the benchmark's firmware for the board and let it boot; the reply is the banner."""
        try:
            choose_engine(engine)
            build = build_implementation(
                load_board(board_id), choose(BENCHMARKS[benchmark]), "zig", Path(self._folder.name)
            )
        except UserError as error:
            raise SkipExecution(str(error)) from error
        self._port = serial.serial_for_url(
            f"sim://{board_id}?firmware={build.image}&engine={engine}", timeout=30
        )
        self._read_reply()

    @keyword
    def switch_off(self) -> None:
        """Let go of the board."""
        if self._port is not None:
            self._port.close()
            self._port = None

    @keyword
    def send(self, command: str) -> list[str]:
        """Send a command and return the lines of the reply, `m-ready` left out."""
        assert self._port is not None, "the board is off"
        self._port.write(command.encode("latin-1") + b"%")
        return self._read_reply()

    @keyword
    def next_reply(self) -> list[str]:
        """Return the lines of the reply to the next of several commands that were sent at once."""
        return self._read_reply()

    @keyword
    def reply_should_be(self, *lines: str) -> None:
        """Compare the last reply, line by line."""
        if self._reply != list(lines):
            raise AssertionError(f"the board answered {self._reply}, not {list(lines)}")

    @keyword
    def load_input(self, benchmark: str, row: int) -> int:
        """Download an input of the benchmark's data set, and return its label."""
        try:
            dataset = choose(BENCHMARKS[benchmark]).dataset
            segment = list(dataset.accuracy_segments())[row]
            data = dataset.read(segment)
        except UserError as error:
            raise SkipExecution(str(error)) from error
        self.send(f"db load {len(data)}")
        for first in range(0, len(data), 30):
            self.send(f"db {data[first : first + 30].hex()}")
        self.reply_should_be("m-load-done")
        return segment.entry.label

    @keyword
    def line_matching(self, pattern: str) -> str:
        """Return the first group of `pattern` in the line of the last reply that it matches."""
        for line in self._reply:
            match = re.fullmatch(pattern, line)
            if match:
                return match[1] if match.groups() else line
        raise AssertionError(f"no line of {self._reply} matches {pattern}")

    @keyword
    def class_with_the_highest_score(self) -> int:
        """Return the index of the largest value of the last `m-results` line."""
        values = [float(value) for value in self.line_matching(r"m-results-\[(.*)\]").split(",")]
        return values.index(max(values))

    def _read_reply(self) -> list[str]:
        assert self._port is not None
        self._reply = []
        while True:
            line = self._port.read_until(LINE_END)
            if not line.endswith(LINE_END):
                raise AssertionError(f"the board fell silent after {self._reply} and {line!r}")
            text = line[: -len(LINE_END)].decode("ascii")
            if text == READY:
                return self._reply
            self._reply.append(text)
            # One of the reference's lines ends in a bare line feed, so that the next one goes with it.
            if text.endswith("\n" + READY):
                return self._reply
