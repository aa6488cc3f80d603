"""A moment of a session. Tuples, since every byte of a session has one."""

from __future__ import annotations

from typing import NamedTuple


class Stamp(NamedTuple):
    """A moment: nanoseconds since the beginning, instructions and cycles executed since then.

    On a simulated board the time is virtual, since reset, and cycles are those in which the core was awake.
    On a real board the time is the host's, since the port was opened, and the counts are None.
    """

    time_ns: int
    instructions: int | None = None
    cycles: int | None = None

    @property
    def time_s(self) -> float:
        """The time in seconds."""
        return self.time_ns / 1e9


class StampedByte(NamedTuple):
    """A byte that has left the console, stop bit included, and the moment at which it had."""

    value: int
    stamp: Stamp
