"""Boards to run on: simulated ones, each behind a port as a real one is, and a real one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import serial

from tinysim.board import Board
from tinysim.engines import Engine
from tinysim.engines.factory import make_engine
from tinysim.errors import UserError
from tinysim.image import load_image
from tinysim.port.protocol_sim import Serial
from tinysim.session import Session


@dataclass(frozen=True)
class SimulatedBoard:
    """Makes simulated boards that run an image.

    Without timing an instruction takes a cycle: for results that do not depend on time. The cycles per
    instruction are for an engine without a timing model.
    """

    board: Board
    image: Path
    engine: str
    cycles_per_instruction: float = 1.0
    with_timing: bool = True

    def __call__(self) -> SimulatedTarget:
        """Return a board that was just switched on. Raises UserError where engine or image cannot be used."""
        engine = make_engine(
            self.engine,
            self.board,
            load_image(self.image, self.board),
            with_timing=self.with_timing,
            cycles_per_instruction=self.cycles_per_instruction,
        )
        return SimulatedTarget(engine)


class SimulatedTarget:
    """A simulated board and the session with it."""

    just_switched_on = True

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.port = Serial()
        self.port.switch_on(engine)
        self.session = Session(self.port)

    def snapshot(self) -> Any:
        """Return the board's whole state."""
        return self.port.snapshot()

    def restore(self, snapshot: Any) -> None:
        """Put the board back to `snapshot`."""
        self.port.restore(snapshot)
        self.session.forget_input()

    def notes(self) -> tuple[str, ...]:
        """Return what is to be known of the guest's use of the board: its console, and what has no model."""
        own, spoken = self.engine.board.console.uart, self.engine.console_uart
        notes = [f"peripheral without a model: {block}" for block in self.engine.unmodelled()]
        if spoken != own:
            notes.insert(0, f"the firmware talks through {spoken}, not {own}")
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

    just_switched_on = False

    def __init__(self, session: Session) -> None:
        self.session = session

    def snapshot(self) -> None:
        """Do nothing."""

    def restore(self, snapshot: None) -> None:
        """Do nothing."""

    def notes(self) -> tuple[str, ...]:
        """Return nothing: a board does not tell."""
        return ()

    def close(self) -> None:
        """Close the port."""
        self.session.close()
