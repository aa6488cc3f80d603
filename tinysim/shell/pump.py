"""Bytes between a simulated board and a file descriptor, in real time."""

from __future__ import annotations

import os
import select
import time
from collections.abc import Callable
from dataclasses import dataclass

from tinysim.engines import Engine, Stop

SLICE_NS = 10_000_000
"""How long the guest runs before somebody looks for input again: what a person does not notice."""

QUIET_NS = 10_000_000_000
"""Virtual time without a byte after which a guest that does not sleep has nothing more to say."""

BOOT_NS = 1_000_000_000
"""Virtual time from power-on after which the board gets input even if it has not shown itself ready."""

SETTLED_NS = 100_000_000
"""Virtual time without a byte, after the first ones, that shows a board that does not sleep ready."""

_UNSENT_MAX = 4096
_OUTGOING_MAX = 4096
_PIECE_BYTES = 4096  # no more than what a pipe takes without blocking once it is writable


@dataclass(frozen=True)
class Ends:
    """Where the board's input comes from and where its output goes: two file descriptors, or one twice.

    `leave_byte` in the input ends the conversation. `show` turns what the guest sends into what is written,
    and `echo` what it is sent.
    """

    source: int
    sink: int
    leave_byte: int | None = None
    show: Callable[[bytes], bytes] = bytes
    echo: Callable[[bytes], bytes] | None = None


def boot(engine: Engine, hear: Callable[[bytes], object]) -> None:
    """Run the board until it has started, and pass on what it says.

    What is sent to a board before it has set up its serial port is lost. It has started when it sleeps, when
    it is silent for a while after its first words, or after BOOT_NS. Raises GuestFault.
    """
    spoken_ns: int | None = None
    while (now_ns := engine.now().time_ns) < BOOT_NS:
        if spoken_ns is not None and now_ns - spoken_ns > SETTLED_NS:
            return
        stop = _run_slice(engine, hear)
        if stop is Stop.ASLEEP:
            return
        if stop is Stop.OUTPUT:
            spoken_ns = engine.now().time_ns


def pump(engine: Engine, ends: Ends, *, in_real_time: bool) -> None:
    """Run the board and pass bytes until the leave byte, or until the input has ended and the guest is quiet.

    A guest that sleeps costs nothing until there is input. In real time its clock never runs ahead of the
    host's. Nothing is lost: where the sink is full, the board stands still. Raises GuestFault after what the
    guest had sent by then has been written.
    """
    _Pump(engine, ends, in_real_time).run()


def _run_slice(engine: Engine, hear: Callable[[bytes], object]) -> Stop:
    """Run for SLICE_NS, or until the guest sleeps, and pass on what it says.

    Return OUTPUT where it said anything.
    """
    until_ns = engine.now().time_ns + SLICE_NS
    has_spoken = False
    while engine.now().time_ns < until_ns:
        try:
            stop = engine.run(until_ns)
        finally:
            hear(bytes(byte.value for byte in engine.take_output()))
        if stop is Stop.ASLEEP:
            return stop
        has_spoken = has_spoken or stop is Stop.OUTPUT
    return Stop.OUTPUT if has_spoken else Stop.DEADLINE


class _Pump:
    def __init__(self, engine: Engine, ends: Ends, in_real_time: bool) -> None:
        self._engine = engine
        self._ends = ends
        self._in_real_time = in_real_time
        self._outgoing = bytearray()
        self._asleep = False
        self._source_is_open = True
        self._active_ns = engine.now().time_ns
        self._restart_clock()

    def run(self) -> None:
        try:
            while self._source_is_open or self._outgoing or not self._is_quiet():
                readable, writable = self._wait()
                if readable and not self._take_input():
                    return
                if writable:
                    self._write()
                if self._may_run() and self._ahead_s() <= 0:
                    self._run_guest()
        finally:
            while self._outgoing and self._write():
                pass

    def _is_quiet(self) -> bool:
        return self._asleep or self._engine.now().time_ns - self._active_ns > QUIET_NS

    def _may_run(self) -> bool:
        return not self._asleep and len(self._outgoing) < _OUTGOING_MAX

    def _wait(self) -> tuple[bool, bool]:
        """Wait for something to do; return whether there is input, and whether output can leave."""
        takes_input = self._source_is_open and self._engine.unsent() < _UNSENT_MAX
        sources = [self._ends.source] if takes_input else []
        sinks = [self._ends.sink] if self._outgoing else []
        timeout_s = max(0.0, self._ahead_s()) if self._may_run() else None
        readable, writable, _ = select.select(sources, sinks, [], timeout_s)
        return bool(readable), bool(writable)

    def _take_input(self) -> bool:
        """Send what has come to the board; return False where it was the wish to leave."""
        data = os.read(self._ends.source, _PIECE_BYTES)
        if not data:
            self._source_is_open = False
        place = -1 if self._ends.leave_byte is None else data.find(self._ends.leave_byte)
        if place >= 0:
            data = data[:place]
        if data:
            self._engine.send(data)
            self._asleep = False
            self._active_ns = self._engine.now().time_ns
            if self._ends.echo is not None:
                self._outgoing += self._ends.echo(data)
        return place < 0

    def _write(self) -> int:
        try:
            count = os.write(self._ends.sink, self._outgoing[:_PIECE_BYTES])
        except BlockingIOError:
            return 0
        del self._outgoing[:count]
        return count

    def _run_guest(self) -> None:
        stop = _run_slice(self._engine, self._hear)
        self._asleep = stop is Stop.ASLEEP

    def _hear(self, data: bytes) -> None:
        if data:
            self._outgoing += self._ends.show(data)
            self._active_ns = self._engine.now().time_ns

    def _restart_clock(self) -> None:
        self._start_s = time.monotonic()
        self._start_ns = self._engine.now().time_ns

    def _ahead_s(self) -> float:
        """Return how far the board's clock is ahead of the host's; time lost by waiting is not caught up."""
        if not self._in_real_time:
            return 0.0
        ahead_s = (self._engine.now().time_ns - self._start_ns) / 1e9 - (time.monotonic() - self._start_s)
        if ahead_s < -SLICE_NS / 1e9:
            self._restart_clock()
            return 0.0
        return ahead_s
