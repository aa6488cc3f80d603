"""Boards to run on: simulated ones, through the sim:// port, and a real one, through its serial port."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import serial

import tinysim  # noqa: F401  (registers sim://)
from tinysim.errors import UserError
from tinysim.session import Session


@dataclass(frozen=True)
class SimulatedBoard:
    """Makes simulated boards that run an image. The CPI is for an engine without a timing model."""

    board_id: str
    image: Path
    engine: str
    cycles_per_instruction: float = 1.0

    def __call__(self) -> SimulatedTarget:
        """Return a board that was just switched on."""
        query = urlencode(
            {
                "firmware": self.image,
                "engine": self.engine,
                "cycles_per_instruction": self.cycles_per_instruction,
            }
        )
        return SimulatedTarget(serial.serial_for_url(f"sim://{self.board_id}?{query}"))


class SimulatedTarget:
    """A simulated board and the session with it."""

    def __init__(self, port: Any) -> None:
        self.port = port
        self.session = Session(port)

    def snapshot(self) -> Any:
        """Return the board's whole state."""
        return self.port.snapshot()

    def restore(self, snapshot: Any) -> None:
        """Put the board back to `snapshot`."""
        self.port.restore(snapshot)
        self.session.forget_input()

    def notes(self) -> tuple[str, ...]:
        """Return what is to be known about the guest's use of the board: its console, and what has no model."""
        engine = self.port.engine
        board = engine.board
        notes = [f"peripheral without a model: {block}" for block in engine.unmodelled()]
        if engine.console_uart != board.console.uart:
            notes.insert(0, f"the firmware talks through {engine.console_uart}, not {board.console.uart}")
        return tuple(notes)

    def close(self) -> None:
        """Free the board."""
        self.session.close()


@dataclass(frozen=True)
class SerialBoard:
    """Opens a real board's serial port."""

    port: str
    baud: int

    def __call__(self) -> SerialTarget:
        """Return the board, in whatever state it is. Raises UserError where the port cannot be opened."""
        try:
            port = serial.serial_for_url(self.port, baudrate=self.baud)
        except (serial.SerialException, ValueError) as error:
            raise UserError(f"cannot open serial port {self.port}: {error}") from error
        return SerialTarget(Session(port))


class SerialTarget:
    """A real board: it has no state that could be kept, so putting it back does nothing.

    Inputs of an accuracy run follow each other then, as with the official runner.
    """

    def __init__(self, session: Session) -> None:
        self.session = session

    def snapshot(self) -> None:
        """Do nothing."""

    def restore(self, snapshot: None) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Close the port."""
        self.session.close()
