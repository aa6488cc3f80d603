"""Robot keywords for a session with a simulated board."""

from __future__ import annotations

import contextlib
import re
import tempfile
from pathlib import Path

from robot.api import SkipExecution
from robot.api.deco import keyword, library

from tinysim.benchmark import BENCHMARKS
from tinysim.board import load_board
from tinysim.datasets.choice import choose
from tinysim.engines.factory import choose_engine
from tinysim.errors import UserError
from tinysim.runner.device import Device
from tinysim.simulation.implementation import build_at_hand
from tinysim.simulation.targets import SimulatedBoard
from tinysim.toolchain import DEFAULT_TOOLCHAIN

READY = "m-ready"
REPLY_LIMIT_S = 30.0


@library(scope="SUITE")
class board:  # noqa: N801  (Robot finds a library by its module's name)
    """A board that runs the benchmark firmware."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self._opened = contextlib.ExitStack()
        self._device: Device | None = None
        self._reply: list[str] = []

    @keyword
    def switch_on(self, board_id: str, benchmark: str, engine: str) -> None:
        """Build the benchmark's firmware for the board and let it boot; the reply is the banner."""
        try:
            choose_engine(engine)
            board = load_board(board_id)
            image, _ = build_at_hand(board, BENCHMARKS[benchmark], DEFAULT_TOOLCHAIN, Path(self._folder.name))
        except UserError as error:
            raise SkipExecution(str(error)) from error
        self.switch_off()
        target = self._opened.enter_context(contextlib.closing(SimulatedBoard(board, image, engine)()))
        self._device = Device(target.session)
        self._read_reply()

    @keyword
    def switch_off(self) -> None:
        """Let go of the board."""
        self._opened.close()
        self._device = None

    @keyword
    def send(self, command: str) -> list[str]:
        """Send a command and return the lines of the reply, `m-ready` left out."""
        assert self._device is not None, "the board is off"
        self._device.session.send(command.encode("latin-1") + b"%")
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
        assert self._device is not None, "the board is off"
        self._device.load(data)
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
        assert self._device is not None, "the board is off"
        lines = [line.text for line in self._device.next_reply("a command", REPLY_LIMIT_S).lines]
        # One of the reference's lines ends in a bare line feed, so that `m-ready` goes with it.
        self._reply = lines[:-1] if lines[-1] == READY else lines
        return self._reply
