"""Runs lists of device accesses on the `accesses` guest; as a program, for the sanitizers, from a file.

The file has pairs of a board and such a list.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from tests.engines.guest import Guest, c_guest
from tinysim.board import load_board
from tinysim.engines.embedded import library
from tinysim.errors import GuestFault
from tinysim.native import open_library

ENTRIES = 0x2000_2000
ENTRIES_MAX = 200

Accesses = list[tuple[int, int]]


def start(accesses: Accesses, board_id: str = "nucleo_l4r5zi") -> Guest:
    guest = Guest(c_guest("accesses"), board=load_board(board_id))
    words = [len(accesses), *(word for access in accesses for word in access)]
    guest.engine.write_memory(ENTRIES, b"".join(word.to_bytes(4, "little") for word in words))
    guest.engine.send(b"input on the line")
    return guest


def finish(guest: Guest, seconds: float = 0.02) -> tuple[object, ...]:
    """Run to an end and return all that can be seen of it."""
    try:
        stop: object = guest.run(seconds)
    except GuestFault as fault:
        stop = str(fault)
    engine = guest.engine
    return (
        stop,
        engine.now(),
        guest.output,
        engine.registers(),
        engine.read_memory(0x2000_0000, 0x3000),
        engine.resets,
        engine.core_hz,
    )


def main() -> None:
    made, accesses_file = map(Path, sys.argv[1:])
    native = open_library(made, library.engine_interface())
    library.load_library = lambda: native  # type: ignore[assignment]
    from tinysim.engines.embedded import engine

    engine.load_library = library.load_library  # type: ignore[attr-defined]
    for board_id, accesses in json.loads(accesses_file.read_text()):
        guest = start(accesses, board_id)
        before = guest.engine.snapshot()
        finish(guest)
        guest.engine.restore(before)
        finish(guest)
        guest.engine.close()


if __name__ == "__main__":
    main()
