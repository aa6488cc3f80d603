"""What a board is: `platforms/<board>/board.toml`, read and validated, with the chip that it carries."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import Field, model_validator

from tinysim.chip import Chip, ChipDevice, Part, chip_ids, read_chip, read_platform_file
from tinysim.errors import unknown_name
from tinysim.resources import resource_folder


class ClockSetting(Part):
    """What the benchmark firmware runs the core and divided buses at, and the external oscillator."""

    core_hz: int = Field(gt=0)
    bus_hz: dict[str, int] = Field(default_factory=dict)
    hse_hz: int | None = Field(default=None, gt=0)


class Console(Part):
    """The UART that reaches the host, and its rate."""

    uart: str
    baud: int = Field(gt=0)


class Supply(Part):
    """The board's supply."""

    voltage_mv: int = Field(gt=0)


class Board(Part):
    """A board, as its `board.toml` has it; `id` is the folder's name, `part` the chip's as it is ordered."""

    id: str
    folder: Path
    chip: Chip
    part: str
    name: str
    vendor: str
    clock: ClockSetting
    console: Console
    supply: Supply
    system_description: dict[str, str]

    @model_validator(mode="before")
    @classmethod
    def _chip_is_read(cls, content: dict[str, Any]) -> dict[str, Any]:
        chip, folder = content.get("chip"), content["folder"]
        if not isinstance(chip, str):
            return content
        chips = folder.parent / "chips"
        if chip not in chip_ids(chips):
            raise ValueError(f"there is no chip {chip!r} in {chips}")
        return {**content, "chip": read_chip(chips / f"{chip}.toml")}

    @model_validator(mode="after")
    def _console_exists(self) -> Board:
        if self.console.uart not in {uart.name for uart in self.chip.uarts}:
            raise ValueError(f"console.uart {self.console.uart!r} is not one of the chip's UARTs")
        return self

    @property
    def console_uart(self) -> ChipDevice:
        """The UART that the console is wired to."""
        return next(uart for uart in self.chip.uarts if uart.name == self.console.uart)


def board_ids() -> list[str]:
    """Return the names of all boards, sorted."""
    return sorted(path.parent.name for path in resource_folder("platforms").glob("*/board.toml"))


def load_board(board_id: str) -> Board:
    """Read `platforms/<board_id>/board.toml`. Raises UserError for an unknown board or a bad file."""
    known = board_ids()
    if board_id not in known:
        raise unknown_name("board", board_id, known)
    return read_board(resource_folder("platforms") / board_id)


def read_board(folder: Path) -> Board:
    """Read `folder/board.toml`, and its chip from `chips/` beside that folder.

    Raises UserError where one of them is not valid.
    """
    return read_platform_file(Board, folder / "board.toml", id=folder.name, folder=folder)
