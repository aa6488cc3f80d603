"""Each image in a process of its own: one that takes the engine down with it takes nothing else."""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
import sys
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import Any

from tinysim.errors import TinysimError

Report = Callable[..., None]
Work = Callable[[Report], Any]
"""What a process does: it may report its progress, and returns what can be pickled."""


@dataclass(frozen=True)
class Outcome:
    """What came of a job: its result, or why there is none."""

    job: int
    result: Any = None
    error: str = ""


def run_jobs(
    works: Iterable[Work], at_once: int, on_report: Callable[[int, tuple[Any, ...]], None]
) -> Generator[Outcome, None, None]:
    """Do the works, `at_once` at a time, each in a new process; yield the outcomes as they come.

    `on_report` is called with the number of the work and what it reported. Closing the generator, or an
    exception in the caller, ends the processes.
    """
    waiting: Iterator[tuple[int, Work]] = iter(enumerate(works))
    running: dict[Connection, _Job] = {}
    try:
        while True:
            while len(running) < at_once and (following := next(waiting, None)) is not None:
                job = _Job(*following)
                running[job.connection] = job
            if not running:
                return
            for connection in wait(list(running)):
                assert isinstance(connection, Connection)
                job = running[connection]
                message = job.receive()
                if isinstance(message, Outcome):
                    job.close()
                    del running[connection]
                    yield message
                else:
                    on_report(job.number, message)
    finally:
        for job in running.values():
            job.close()


class _Job:
    """A process, seen from the parent."""

    def __init__(self, number: int, work: Work) -> None:
        context = multiprocessing.get_context("spawn")
        self.number = number
        self.connection, theirs = context.Pipe(duplex=False)
        # Not a daemon, since a work may have processes of its own.
        self._process = context.Process(target=_main, args=(theirs, work))
        self._process.start()
        theirs.close()

    def receive(self) -> Outcome | tuple[Any, ...]:
        """Return the next report, or the outcome."""
        try:
            kind, content = self.connection.recv()
        except (EOFError, OSError):
            self._process.join()
            return Outcome(self.number, error=f"its process ended with exit code {self._process.exitcode}")
        if kind == "report":
            return tuple(content)
        return Outcome(self.number, content) if kind == "result" else Outcome(self.number, error=content)

    def close(self) -> None:
        """End the process, and what it has started."""
        self._process.terminate()
        self._process.join()
        self._process.close()
        self.connection.close()


def _main(connection: Connection, work: Work) -> None:
    # Ctrl-C is the parent's to handle; it ends this process, which is to end its own.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(1))
    with contextlib.suppress(BrokenPipeError):
        try:
            message = ("result", work(lambda *content: connection.send(("report", content))))
        except TinysimError as error:
            message = ("error", str(error))
        except Exception as error:
            # Whatever an image makes go wrong is said in its row and stops no other.
            message = ("error", f"{type(error).__name__}: {error}")
        connection.send(message)
