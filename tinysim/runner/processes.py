"""Work in processes of its own: ended with the block that started it, and never left behind."""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
from collections.abc import Callable, Generator
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from typing import Any


class ProcessEnded(Exception):
    """A process ended without being told to."""


class Worker:
    """A process, seen from the parent."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def send(self, message: Any) -> None:
        """Send what the process will receive. Raises ProcessEnded."""
        try:
            self.connection.send(message)
        except OSError as error:
            raise ProcessEnded from error

    def receive(self) -> Any:
        """Wait for what the process sends. Raises ProcessEnded, and the error that it ended with."""
        try:
            message = self.connection.recv()
        except (EOFError, OSError) as error:
            raise ProcessEnded from error
        if isinstance(message, BaseException):
            raise message
        return message


@contextlib.contextmanager
def worker(work: Callable[..., None], *arguments: Any) -> Generator[Worker, None, None]:
    """Call `work` with its end of a connection and `arguments` in a new process; end it on leaving the block.

    Ctrl-C is the parent's to handle. A process whose parent has gone ends when it next sends or receives.
    """
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_main, args=(work, theirs, *arguments), daemon=True)
    try:
        with _interrupts_held():
            process.start()
        theirs.close()
        yield Worker(ours)
    finally:
        # An impatient second Ctrl-C waits until nothing is left behind.
        with _interrupts_held():
            if process.pid is not None:
                process.terminate()
                process.join()
            process.close()
            ours.close()


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
    with contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError):
        try:
            work(connection, *arguments)
        except (EOFError, BrokenPipeError, ConnectionResetError):
            raise
        except Exception as error:
            connection.send(error)
