"""The process in which Renode runs: answers the engine's requests over a pipe until that is closed."""

from __future__ import annotations

import logging
import os
import sys
import traceback
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING

from tinysim.engines.renode.description import Failure

if TYPE_CHECKING:
    from tinysim.engines.renode.machine import Machine


def serve(connection: Connection) -> None:
    """Build the machine from the first message, then answer (method, arguments) until the end is closed."""
    # Loading Renode takes seconds; what goes wrong there shall reach the engine as well.
    machine: Machine | None = None
    while True:
        try:
            method, arguments = connection.recv()
        except EOFError:
            return
        try:
            if machine is None:
                import pyrenode3  # noqa: F401 (loads Renode, whose names machine.py imports)

                from tinysim.engines.renode.machine import Machine

                machine = Machine(*arguments)
                answer: object = machine.version()
            else:
                answer = getattr(machine, method)(*arguments)
        except Exception as error:
            traceback.print_exc()
            answer = Failure(f"{type(error).__name__}: {error}".strip().splitlines()[0])
        connection.send(answer)


def main() -> None:
    """Serve on the file descriptor that the command line names."""
    # pyrenode3 has a warning about every Renode on Mono, which would stand among Renode's last words.
    logging.disable(logging.WARNING)
    try:
        serve(Connection(int(sys.argv[1])))
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        # pyrenode3 takes seconds to take Renode apart at exit, and nothing of it is worth keeping.
        os._exit(0)


if __name__ == "__main__":
    main()
