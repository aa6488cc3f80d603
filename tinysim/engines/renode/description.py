"""What the engine and Renode's process tell each other."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tinysim.engines import Stop


@dataclass(frozen=True)
class MachineDescription:
    """What a board in Renode is made of: files, its console's name, and the content of its memory."""

    peripherals: Path
    platform: Path
    console: str
    segments: tuple[tuple[int, bytes], ...]
    vector_table: int
    instructions_per_ms: int


@dataclass(frozen=True)
class Moment:
    """Virtual nanoseconds and executed instructions since reset."""

    time_ns: int
    instructions: int


@dataclass(frozen=True)
class Slice:
    """What came of running for a while: `unsent` bytes have not yet arrived at the console.

    `fault` says what the guest has fallen into for good.
    """

    stop: Stop
    now: Moment
    output: tuple[tuple[int, Moment], ...]
    unsent: int
    fault: str | None


@dataclass(frozen=True)
class History:
    """How a state came about: what was sent and when, and the moment that it has reached.

    Where nothing was sent, the line was emptied.
    """

    sent: tuple[tuple[int, bytes], ...]
    reached: Moment


@dataclass(frozen=True)
class Failure:
    """What a request ended in instead of an answer."""

    message: str
