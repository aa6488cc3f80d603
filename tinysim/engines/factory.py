"""Which engine a run uses, and why."""

from __future__ import annotations

from tinysim.board import Board
from tinysim.engines import Engine
from tinysim.engines.console_search import find_console
from tinysim.engines.embedded import EmbeddedEngine
from tinysim.engines.renode import Installation, RenodeEngine, find_installation
from tinysim.errors import UserError, unknown_name
from tinysim.image import Image

ENGINES = ("auto", "embedded", "renode")


def choose_engine(wanted: str) -> str:
    """Return the engine to use for `wanted`, one of ENGINES; `auto` is Renode where it is installed.

    Raises UserError where the engine is not there.
    """
    if wanted not in ENGINES:
        raise unknown_name("engine", wanted, ENGINES)
    if wanted == "embedded":
        return wanted
    installation = find_installation()
    if isinstance(installation, Installation):
        return "renode"
    if wanted == "renode":
        raise UserError(f"the Renode engine cannot be used: {installation}")
    return "embedded"


def make_engine(
    wanted: str,
    board: Board,
    image: Image,
    *,
    with_timing: bool = True,
    cycles_per_instruction: float = 1.0,
    uart: str | None = None,
) -> Engine:
    """Return the engine `wanted` with `image` on `board`, just reset.

    `uart` names the console; without it the console is the UART through which the guest sends first. The
    embedded engine has a timing model; Renode is told how many cycles an instruction takes.
    """
    if choose_engine(wanted) == "renode":
        return RenodeEngine(
            board,
            image,
            cycles_per_instruction=cycles_per_instruction,
            uart=uart or find_console(board, image),
        )
    return EmbeddedEngine(board, image, with_timing=with_timing, uart=uart)
