from __future__ import annotations

import os
import queue
import select
import threading
import time
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.shell.fake_engine import BYTE_NS, FakeEngine
from tinysim.errors import GuestFault
from tinysim.shell.keyboard import LEAVE_BYTE, typed, visible
from tinysim.shell.pump import BOOT_NS, SETTLED_NS, SLICE_NS, Ends, boot, pump

LIMIT_S = 600
"""Host time after which a test gives up; none should come near it, however busy the host is."""


class Pipes:
    """Two pipes: what a person or program holds of them, and the ends for the pump."""

    def __init__(self) -> None:
        source, self.to_board = os.pipe()
        self.from_board, sink = os.pipe()
        self.ends = Ends(source, sink)
        self._open = {source, sink, self.to_board, self.from_board}

    def read(self, count: int) -> bytes:
        data = b""
        while len(data) < count and (piece := os.read(self.from_board, count - len(data))):
            data += piece
        return data

    def close(self, *descriptors: int) -> None:
        for descriptor in self._open.intersection(descriptors or self._open):
            os.close(descriptor)
            self._open.remove(descriptor)


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> queue.Queue[tuple[list[int], list[int]]]:
    """What the pump waits for without end, nothing being ready: descriptors to read, and to write."""
    waits: queue.Queue[tuple[list[int], list[int]]] = queue.Queue()

    def note_and_wait(
        sources: list[int], sinks: list[int], others: list[int], timeout_s: float | None
    ) -> object:
        if timeout_s is None and select.select(sources, sinks, others, 0) == ([], [], []):
            waits.put((sources, sinks))
        return select.select(sources, sinks, others, timeout_s)

    monkeypatch.setattr("tinysim.shell.pump.select", SimpleNamespace(select=note_and_wait))
    return waits


@pytest.fixture
def pipes() -> Iterator[Pipes]:
    pair = Pipes()
    yield pair
    pair.close()


def piped(engine: FakeEngine, data: bytes, pipes: Pipes) -> bytes:
    """Pass `data` to the board as a pipe does, and return all that comes back."""
    answer = bytearray()

    def collect() -> None:
        while piece := os.read(pipes.from_board, 4096):
            answer.extend(piece)

    def feed() -> None:
        view = memoryview(data)
        while view:
            view = view[os.write(pipes.to_board, view[:4096]) :]
        pipes.close(pipes.to_board)

    threads = [threading.Thread(target=collect), threading.Thread(target=feed)]
    for thread in threads:
        thread.start()
    try:
        pump(engine, pipes.ends, in_real_time=False)
    finally:
        pipes.close(pipes.ends.sink)
        for thread in threads:
            thread.join()
    return bytes(answer)


@pytest.mark.parametrize("sleeps", [True, False])
def test_a_pipe_s_bytes_reach_the_guest_and_all_answers_come_back(pipes: Pipes, sleeps: bool) -> None:
    data = bytes(byte for byte in range(255)) * 40
    engine = FakeEngine(b"m-ready\r\n", sleeps=sleeps)
    assert piped(engine, data, pipes) == b"m-ready\r\n" + data
    assert engine.received == data


@given(data=st.binary(max_size=300).filter(lambda data: b"\xff" not in data), sleeps=st.booleans())
@settings(max_examples=30, deadline=None)
def test_no_byte_is_special_in_a_pipe(data: bytes, sleeps: bool) -> None:
    pipes = Pipes()
    try:
        assert piped(FakeEngine(sleeps=sleeps), data, pipes) == data
    finally:
        pipes.close()


@pytest.mark.parametrize(
    ("engine", "least_ns", "most_ns"),
    [
        (FakeEngine(b"booting, ready"), 14 * BYTE_NS, 15 * BYTE_NS),
        (FakeEngine(b"booting, ready", sleeps=False), SETTLED_NS, SETTLED_NS + 4 * SLICE_NS),
        (FakeEngine(b"", sleeps=False), BOOT_NS, BOOT_NS + SLICE_NS),
        (FakeEngine(b"booting, ready", sleeps=False, chatter=b" "), BOOT_NS, BOOT_NS + SLICE_NS),
    ],
    ids=["sleeps", "falls silent", "says nothing", "never stops talking"],
)
def test_a_board_has_started_when_it_sleeps_or_falls_silent(
    engine: FakeEngine, least_ns: int, most_ns: int
) -> None:
    said = bytearray()
    boot(engine, said.extend)
    assert least_ns <= engine.time_ns <= most_ns
    assert bytes(said).strip() in (b"booting, ready", b"")


def test_a_sleeping_guest_is_not_run(pipes: Pipes, waits: queue.Queue[tuple[list[int], list[int]]]) -> None:
    engine = FakeEngine(b"ready")
    thread = threading.Thread(target=pump, args=(engine, pipes.ends), kwargs={"in_real_time": True})
    thread.start()
    assert pipes.read(5) == b"ready"
    runs = []
    for byte in (b"a", b"b", b"c"):
        # A wait for nothing but input, which only that ends.
        assert waits.get(timeout=LIMIT_S) == ([pipes.ends.source], [])
        runs.append(engine.runs)
        os.write(pipes.to_board, byte)
        assert pipes.read(1) == byte
    assert runs[2] - runs[1] == runs[1] - runs[0]
    pipes.close(pipes.to_board)
    thread.join()


@pytest.mark.parametrize("chatter", [b"", b"tick "])
def test_a_guest_that_never_sleeps_runs_no_faster_than_time(pipes: Pipes, chatter: bytes) -> None:
    engine = FakeEngine(b"ready", sleeps=False, chatter=chatter)
    ends = Ends(pipes.ends.source, pipes.ends.sink, LEAVE_BYTE)
    started_s = time.monotonic()
    thread = threading.Thread(target=pump, args=(engine, ends), kwargs={"in_real_time": True})
    thread.start()
    collector = threading.Thread(target=lambda: pipes.read(1 << 20), daemon=True)
    collector.start()
    while engine.time_ns < 10 * SLICE_NS:
        assert time.monotonic() < started_s + LIMIT_S
        time.sleep(0.01)
    os.write(pipes.to_board, bytes([LEAVE_BYTE]))
    thread.join()
    assert engine.time_ns / 1e9 <= time.monotonic() - started_s + 2 * SLICE_NS / 1e9
    pipes.close(pipes.ends.sink)
    collector.join()


def test_the_board_stands_still_while_nobody_reads_and_nothing_is_lost(
    pipes: Pipes, waits: queue.Queue[tuple[list[int], list[int]]]
) -> None:
    count = 200_000  # more than a pipe holds
    engine = FakeEngine(bytes(index % 251 for index in range(count)))
    thread = threading.Thread(target=pump, args=(engine, pipes.ends), kwargs={"in_real_time": False})
    thread.start()
    assert waits.get(timeout=LIMIT_S) == ([pipes.ends.source], [pipes.ends.sink])
    assert engine.time_ns < count * BYTE_NS
    assert pipes.read(count) == bytes(index % 251 for index in range(count))
    pipes.close(pipes.to_board)
    thread.join()


def test_what_came_before_a_fault_is_shown(pipes: Pipes) -> None:
    engine = FakeEngine(b"ready\r\n", lambda byte: b"[%c]" % byte)
    os.write(pipes.to_board, b"ab\xff")
    with pytest.raises(GuestFault, match="HardFault"):
        pump(engine, pipes.ends, in_real_time=False)
    pipes.close(pipes.ends.sink)
    assert pipes.read(1000) == b"ready\r\n[a][b]"


def test_the_leave_byte_ends_and_what_stands_before_it_is_sent(pipes: Pipes) -> None:
    engine = FakeEngine()
    os.write(pipes.to_board, b"bye" + bytes([LEAVE_BYTE]) + b"more")
    ends = Ends(pipes.ends.source, pipes.ends.sink, LEAVE_BYTE)
    pump(engine, ends, in_real_time=True)
    assert bytes(engine._input) == b"bye"


def test_keys_are_echoed_and_a_guest_cannot_steer_the_terminal(pipes: Pipes) -> None:
    engine = FakeEngine(b"\x1b[2Jready\r\n", lambda byte: b"")
    os.write(pipes.to_board, b"x\r")
    ends = Ends(pipes.ends.source, pipes.ends.sink, LEAVE_BYTE, visible, typed)
    thread = threading.Thread(target=pump, args=(engine, ends), kwargs={"in_real_time": True})
    thread.start()
    seen = pipes.read(len(b"\\x1b[2Jready\r\nx\r\n"))
    os.write(pipes.to_board, bytes([LEAVE_BYTE]))
    thread.join()
    assert sorted(seen) == sorted(b"\\x1b[2Jready\r\nx\r\n")


@given(st.binary())
def test_nothing_but_text_is_shown(data: bytes) -> None:
    shown = visible(data)
    assert all(byte in b"\t\b\r\n" or 0x20 <= byte < 0x7F for byte in shown)
    if all(0x20 <= byte < 0x7F for byte in data):
        assert shown == data
