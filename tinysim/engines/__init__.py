"""What an engine is: a board that runs an image, with a serial console, virtual time and exact counts.

No engine knows of the benchmark, its protocol or what the lines on the console mean.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol

from tinysim.board import Board
from tinysim.image import Image
from tinysim.stamp import Stamp, StampedByte


class Stop(Enum):
    """Why an engine came back from running."""

    DEADLINE = "the virtual time is up"
    OUTPUT = "a byte has left the console"
    ASLEEP = "the core sleeps, and nothing is left that could wake it"


@dataclass(frozen=True)
class Snapshot:
    """A state of board and guest, good for the engine that made it."""

    content: Any


@dataclass(frozen=True)
class Unmodelled:
    """A block of registers without a model that the guest has used: its registers read as they were written.

    `place` is where it was used first, with symbols; `name` is "" where the chip has no such block.
    """

    name: str
    address: int
    reads: int
    writes: int
    place: str

    def __str__(self) -> str:
        return (
            f"{self.name or 'no known peripheral'} at {self.address:#010x}: {self.reads} reads, "
            f"{self.writes} writes, the first at {self.place}"
        )


class Engine(Protocol):
    """A board that runs an image. Time passes only inside `run`.

    `run` raises GuestFault where the guest ends in a fault that it does not handle.
    """

    name: str
    board: Board
    image: Image

    def now(self) -> Stamp:
        """Return the present moment."""

    def run(self, until_ns: int, *, to_line_end: bool = False) -> Stop:
        """Run until the virtual time `until_ns`, or until a byte has left the console, or for good asleep.

        With `to_line_end` an engine may go on after a byte, though not beyond a line feed.
        """

    def send(self, data: bytes) -> None:
        """Put bytes on the line to the console; they arrive at its pace while the guest runs."""

    def unsent(self) -> int:
        """Return how many bytes have not yet arrived at the console."""

    def take_output(self) -> Sequence[StampedByte]:
        """Return what has left the console since the last call."""

    def read_memory(self, address: int, size_bytes: int) -> bytes:
        """Return the memory's content. Raises ValueError where there is none."""

    def registers(self) -> dict[str, int]:
        """Return the core's registers by name."""

    def whereabouts(self) -> str:
        """Say where the guest is, with symbols, and what it may be waiting for: for messages."""

    def stuck(self) -> str | None:
        """Say what the guest waits for in vain, as a flag that nothing drives; None where it may work."""

    def unmodelled(self) -> Sequence[Unmodelled]:
        """Return which peripherals without a model the guest has used so far."""

    @property
    def console_uart(self) -> str:
        """The name of the UART that is the console."""

    def snapshot(self) -> Snapshot:
        """Return the state of board and guest."""

    def restore(self, snapshot: Snapshot) -> None:
        """Go back to a state from `snapshot`; bytes on the way to and from the console are dropped."""

    def close(self) -> None:
        """Let go of everything the engine holds."""
