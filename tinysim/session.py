"""Joins a serial port and a clock: every line that passes gets virtual time, instructions and cycles.

What the lines mean is the runner's business.
"""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from tinysim.errors import GuestError, GuestHang
from tinysim.stamp import Stamp, StampedByte

LINE_BYTES_MAX = 1024
"""A longer line is cut here: no message of the protocol comes near it."""

REPLY_BYTES_MAX = 64 * 1024
"""More than this between two commands is a flood (the longest regular reply is under 1 KiB)."""

HOST_WAIT_S = 0.1
"""How long a real port waits for a byte before the session looks at the clock."""

_LINE_END = b"\r\n"
_LOOKS_LIKE_LOG_PREFIX = re.compile(r"\d{5,}\.\d{3} ")


class Clock(Protocol):
    """Tells when a byte passed."""

    def now(self) -> Stamp:
        """Return the present moment."""

    def last_byte_read(self) -> Stamp:
        """Return the moment at which the last byte that was read had arrived."""


@runtime_checkable
class StampedPort(Protocol):
    """A port that is its own clock: a simulated board's."""

    def now(self) -> Stamp:
        """Return the board's present moment."""

    def last_byte_read(self) -> Stamp:
        """Return the moment at which the last byte that was read had left the board."""

    def whereabouts(self) -> str:
        """Say where the guest is, for a message."""

    def read_line(self, size: int, deadline_ns: int) -> Sequence[StampedByte]:
        """Return what comes up to and with a line feed, `size` bytes at most: less at its `deadline_ns`."""


class Port(Protocol):
    """The part of pyserial's interface that a session uses. `timeout` is in seconds of the port's time."""

    timeout: float | None

    def read(self, size: int = 1) -> bytes:
        """Return up to `size` bytes, none once the timeout is over."""

    def write(self, data: bytes, /) -> int | None:
        """Send `data`."""

    def close(self) -> None:
        """Let go of the port."""


class HostClock:
    """The host's time since the clock was made: all there is on a real board."""

    def __init__(self) -> None:
        self._start_ns = time.monotonic_ns()

    def now(self) -> Stamp:
        """Return the present moment."""
        return Stamp(time.monotonic_ns() - self._start_ns)

    def last_byte_read(self) -> Stamp:
        """Return the present moment: bytes are stamped as they are read."""
        return self.now()


@dataclass(frozen=True)
class Line:
    """A line from the device, fit to be shown, and the moments when its last and first byte had arrived."""

    text: str
    stamp: Stamp
    began: Stamp


class Session:
    """A conversation over one port. Not thread-safe."""

    def __init__(self, port: Port, clock: Clock | None = None) -> None:
        self.port = port
        # Asked once: it takes longer than to read a line.
        self._stamped = port if isinstance(port, StampedPort) else None
        self.clock = clock or self._stamped or HostClock()
        if self._stamped is None:
            port.timeout = HOST_WAIT_S  # once: a real port sets up its driver anew each time
        self.last_line: Line | None = None
        self._pending = bytearray()
        self._line_began = Stamp(0)
        self._line_is_cut = False
        self._bytes_since_command = 0

    def now(self) -> Stamp:
        """Return the present moment on the device's clock."""
        return self.clock.now()

    def send(self, data: bytes) -> Stamp:
        """Send `data` as it is and return the moment at which that began."""
        self._bytes_since_command = 0
        began = self.now()
        self.port.write(data)
        return began

    def read_line(self, deadline_ns: int) -> Line | None:
        """Return the next line, or None where none is complete at `deadline_ns` of the session's clock.

        A line ends with CR LF, as in the EEMBC runner: a lone LF stays inside. Raises GuestError when the
        device floods the line: more than REPLY_BYTES_MAX since the last command.
        """
        while True:
            if self._stamped is not None:
                size = max(1, LINE_BYTES_MAX + 1 - len(self._pending))
                piece = self._stamped.read_line(size, deadline_ns)
                if not piece:
                    return None
                if not self._pending:
                    self._line_began = piece[0].stamp
                received = bytes(byte.value for byte in piece)
            else:
                if self.now().time_ns >= deadline_ns:
                    return None
                # Byte by byte, so that the stamp is that of the line's end.
                received = self.port.read(1)
                if received and not self._pending:
                    self._line_began = self.clock.last_byte_read()
            self._bytes_since_command += len(received)
            if self._bytes_since_command > REPLY_BYTES_MAX:
                raise GuestError(
                    f"the device floods the serial line: more than {REPLY_BYTES_MAX // 1024} KiB "
                    f"without the end of a reply{self.last_words()}"
                )
            self._pending += received
            if self._pending.endswith(_LINE_END):
                return self._take_line()
            if len(self._pending) > LINE_BYTES_MAX:
                # The last byte stays: it may be the CR of the line's end.
                del self._pending[LINE_BYTES_MAX - 1 : -1]
                self._line_is_cut = True

    def last_words(self) -> str:
        """Return the device's last line as an addition to a message, or nothing where it said nothing."""
        return f"; its last line was {self.last_line.text!r}" if self.last_line else ""

    def hang(self, waiting_for: str, limit_s: float) -> GuestHang:
        """Return the error for a device that did not answer within `limit_s`."""
        began = bytes(self._pending[:80])
        unfinished = f"; an unfinished line begins {printable(began)!r}" if began else ""
        where = f"; it is {self._stamped.whereabouts()}" if self._stamped is not None else ""
        return GuestHang(
            f"the device did not answer {waiting_for} within {limit_s:g} "
            f"s{self.last_words()}{unfinished}{where}"
        )

    def forget_input(self) -> None:
        """Drop what was received of an unfinished line: the device was put back to an earlier state."""
        self._pending.clear()
        self._line_is_cut = False
        self._bytes_since_command = 0

    def close(self) -> None:
        """Close the port."""
        self.port.close()

    def _take_line(self) -> Line:
        text = printable(bytes(self._pending[: -len(_LINE_END)]))
        if self._line_is_cut:
            text += "[cut]"
        self._pending.clear()
        self._line_is_cut = False
        self.last_line = Line(text, self.clock.last_byte_read(), self._line_began)
        return self.last_line


def printable(data: bytes) -> str:
    r"""Return a device's bytes as text that is safe to log and to show.

    Control characters and bytes beyond ASCII become `\xNN`. A lone LF stays, as in published logs, unless
    what follows it could be taken for a line of the runner's own log.
    """
    first, *others = data.decode("latin-1").split("\n")
    text = _escape(first)
    for other in others:
        text += "\\n" if _LOOKS_LIKE_LOG_PREFIX.match(other) else "\n"
        text += _escape(other)
    return text


def _escape(text: str) -> str:
    return "".join(char if " " <= char <= "~" else f"\\x{ord(char):02x}" for char in text)
