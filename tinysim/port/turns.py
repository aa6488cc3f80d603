"""A lock that a thread which holds it for long lets others have in between."""

from __future__ import annotations

import threading
from collections import deque

IDLE_WAIT_S = 0.01
"""Host time for which whoever has nothing to do lets others have the lock, so that it does not spin."""


class Turns:
    """A re-entrant lock.

    Locks are not fair: without `give_way`, whoever works in a loop would starve the others.
    """

    def __init__(self) -> None:
        self._condition = threading.Condition(threading.RLock())
        self._queue: deque[None] = deque()

    def __enter__(self) -> Turns:
        if not self._condition.acquire(blocking=False):
            self._queue.append(None)
            try:
                self._condition.acquire()
            finally:
                self._queue.pop()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._condition.notify_all()
        self._condition.release()

    def give_way(self) -> None:
        """Let go of the lock where another thread wants it, and take it again."""
        if self._queue:
            self.wait()

    def wait(self) -> None:
        """Let go of the lock until another thread has held it, IDLE_WAIT_S at the most, and take it again."""
        self._condition.wait(IDLE_WAIT_S)
