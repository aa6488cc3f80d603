"""Guests in Python: what they answer, and whether they ever sleep, stand in the test."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence

from tinysim.board import Board
from tinysim.engines import Snapshot, Stop
from tinysim.errors import GuestFault
from tinysim.image import Image
from tinysim.stamp import Stamp, StampedByte

BYTE_NS = 87_000
"""About what a byte takes at 115200 baud."""


class FakeEngine:
    """A guest that says `banner`, then answers each byte with `answer` of it.

    `sleeps` is whether it waits for input asleep; where it does not, it says `chatter` whenever it has
    nothing else to say. It falls into a fault when it gets 0xFF.
    """

    name = "fake"
    board: Board
    image: Image

    def __init__(
        self,
        banner: bytes = b"",
        answer: Callable[[int], bytes] = lambda byte: bytes([byte]),
        *,
        sleeps: bool = True,
        chatter: bytes = b"",
    ) -> None:
        self.time_ns = 0
        self.runs = 0
        self.received = bytearray()
        self._answer = answer
        self._sleeps = sleeps
        self._chatter = chatter
        self._input: deque[int] = deque()
        self._speech: deque[int] = deque(banner)
        self._output: list[StampedByte] = []

    def now(self) -> Stamp:
        return Stamp(self.time_ns, 0, 0)

    def run(self, until_ns: int, *, to_line_end: bool = False) -> Stop:
        self.runs += 1
        while self.time_ns < until_ns:
            if self._input and not self._speech:
                byte = self._input.popleft()
                if byte == 0xFF:
                    raise GuestFault("HardFault")
                self.received.append(byte)
                self._speech.extend(self._answer(byte))
            if not self._speech:
                if self._sleeps and not self._input:
                    return Stop.ASLEEP
                self._speech.extend(self._chatter)
            self.time_ns += BYTE_NS
            if self._speech:
                self._output.append(StampedByte(self._speech.popleft(), self.now()))
                return Stop.OUTPUT
        return Stop.DEADLINE

    def send(self, data: bytes) -> None:
        self._input.extend(data)

    def unsent(self) -> int:
        return len(self._input)

    def take_output(self) -> Sequence[StampedByte]:
        output, self._output = self._output, []
        return output

    def read_memory(self, address: int, size_bytes: int) -> bytes:
        raise ValueError

    def registers(self) -> dict[str, int]:
        return {}

    def whereabouts(self) -> str:
        return "nowhere"

    def snapshot(self) -> Snapshot:
        return Snapshot(None)

    def restore(self, snapshot: Snapshot) -> None:
        pass

    def close(self) -> None:
        pass
