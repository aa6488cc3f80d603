"""Which UART an image speaks through, found out on the embedded engine: for an engine that has to be told."""

from __future__ import annotations

import contextlib

from tinysim.board import Board
from tinysim.engines import Stop
from tinysim.engines.embedded import EmbeddedEngine
from tinysim.errors import GuestFault
from tinysim.image import Image

_PATIENCE_NS = 1_000_000_000


def find_console(board: Board, image: Image) -> str:
    """Return the name of the UART through which `image` sends first; the board's own where it does not.

    Runs the image for up to a second of virtual time.
    """
    with contextlib.closing(EmbeddedEngine(board, image, with_timing=False)) as engine:
        with contextlib.suppress(GuestFault):
            if engine.run(_PATIENCE_NS) is Stop.OUTPUT:
                return engine.console_uart
        return board.console.uart
