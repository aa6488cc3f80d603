"""Work in processes of its own: ended with the block that started it, and never left behind."""

from __future__ import annotations

import contextlib
import multiprocessing
import pickle
import signal
import sys
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any

from tinysim.errors import TinysimError

Report = Callable[..., None]
Work = Callable[[Report], Any]
"""What a job does: it may report its progress, and returns what can be pickled."""


class ProcessEnded(Exception):
    """A process ended without being told to."""


class Worker:
    """A process, seen from the parent."""

    def __init__(self, process: BaseProcess, connection: Connection) -> None:
        self._process = process
        self.connection = connection

    def send(self, message: Any) -> None:
        """Send what the process will receive. Raises ProcessEnded."""
        try:
            self.connection.send(message)
        except OSError as error:
            raise self._ended() from error

    def receive(self) -> Any:
        """Wait for what the process sends. Raises ProcessEnded, and the error that it ended with."""
        try:
            message = self.connection.recv()
        except (EOFError, OSError) as error:
            raise self._ended() from error
        if isinstance(message, BaseException):
            raise message
        return message

    def _ended(self) -> ProcessEnded:
        self._process.join()
        return ProcessEnded(f"its process ended with exit code {self._process.exitcode}")


@contextlib.contextmanager
def worker(work: Callable[..., None], *arguments: Any) -> Generator[Worker, None, None]:
    """Call `work` with its end of a connection and `arguments` in a new process; end it on leaving the block.

    Ctrl-C is the parent's to handle. The process may have others of its own, which end with it. One whose
    parent has gone ends when it next sends or receives.
    """
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    # Not a daemon: those may have no processes of their own.
    process = context.Process(target=_main, args=(work, theirs, *arguments))
    try:
        with _interrupts_held():
            process.start()
        theirs.close()
        yield Worker(process, ours)
    finally:
        # An impatient second Ctrl-C waits until nothing is left behind.
        with _interrupts_held():
            if process.pid is not None:
                process.terminate()
                process.join()
            process.close()
            ours.close()


class Job:
    """A work that was begun in a process of its own, seen from the parent."""

    def __init__(self, process: Worker) -> None:
        self.connection = process.connection
        self.result: Any = None
        self.is_done = False
        self._process = process

    def receive(self) -> tuple[Any, ...] | None:
        """Wait for a report and return it; None where the result came instead, which is then there.

        Raises ProcessEnded, and the error that the work ended with.
        """
        message = self._process.receive()
        if not isinstance(message, _Result):
            return tuple(message)
        self.result, self.is_done = message.value, True
        return None

    def reports(self, *, to_the_end: bool = False) -> Generator[tuple[Any, ...], None, None]:
        """Yield what has been reported by now, or else all that comes until the result is there.

        Raises as `receive`.
        """
        while not self.is_done and (to_the_end or self.connection.poll()):
            if (report := self.receive()) is not None:
                yield report


@contextlib.contextmanager
def job(work: Work) -> Generator[Job, None, None]:
    """Begin `work` in a new process; end it on leaving the block."""
    with worker(_do, work) as process:
        yield Job(process)


@dataclass(frozen=True)
class FinishedJob:
    """What came of a job, by the number of its work: its result, or why there is none."""

    number: int
    result: Any = None
    error: str = ""


def run_jobs(
    works: Iterable[Work], at_once: int, on_report: Callable[[int, tuple[Any, ...]], None]
) -> Generator[FinishedJob, None, None]:
    """Do the works, `at_once` at a time, each in a new process; yield what came of them as they end.

    One that goes wrong or takes its process down with it stops no other. `on_report` is called with the
    number of the work and what it reported. Closing the generator, or an exception in the caller, ends the
    processes.
    """
    waiting = iter(enumerate(works))
    running: dict[Connection, tuple[int, Job, contextlib.ExitStack]] = {}
    with contextlib.ExitStack() as processes:
        while True:
            while len(running) < at_once and (following := next(waiting, None)) is not None:
                number, work = following
                own = processes.enter_context(contextlib.ExitStack())
                begun = own.enter_context(job(work))
                running[begun.connection] = (number, begun, own)
            if not running:
                return
            for connection in wait(list(running)):
                assert isinstance(connection, Connection)
                number, begun, own = running[connection]
                message = _next_of(number, begun)
                if isinstance(message, FinishedJob):
                    own.close()
                    del running[connection]
                    yield message
                else:
                    on_report(number, message)


def _next_of(number: int, begun: Job) -> FinishedJob | tuple[Any, ...]:
    """Return what a job reports, or what came of it."""
    try:
        report = begun.receive()
    except (TinysimError, ProcessEnded) as error:
        return FinishedJob(number, error=str(error))
    except Exception as error:
        return FinishedJob(number, error=f"{type(error).__name__}: {error}")
    return FinishedJob(number, begun.result) if report is None else report


@dataclass(frozen=True)
class _Result:
    value: Any


def _do(connection: Connection, work: Work) -> None:
    connection.send(_Result(work(lambda *content: connection.send(content))))


@contextlib.contextmanager
def _interrupts_held() -> Generator[None, None, None]:
    """Hold Ctrl-C back, for this thread and for processes that it starts: those inherit that from the first.

    Until a new process can say for itself that it ignores Ctrl-C, it has modules to import.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    # Its start would let the signal through again.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _main(work: Callable[..., None], connection: Connection, *arguments: Any) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # A process that has others of its own ends them first.
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(1))
    with contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError):
        try:
            work(connection, *arguments)
        except (EOFError, BrokenPipeError, ConnectionResetError):
            raise
        except Exception as error:
            connection.send(_portable(error))


def _portable(error: Exception) -> Exception:
    """Return the error, or what it says where it cannot be passed on as it is."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return TinysimError(f"{type(error).__name__}: {error}")
    return error
