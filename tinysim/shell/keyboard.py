"""The person's terminal while the board has it, and what is shown on it."""

from __future__ import annotations

import contextlib
import termios
from collections.abc import Generator

LEAVE_BYTE = 0x1D
"""Ctrl-], as in telnet and pyserial's miniterm."""

_SHOWN = frozenset(b"\t\b\r\n") | frozenset(range(0x20, 0x7F))


@contextlib.contextmanager
def unbuffered_keys(descriptor: int) -> Generator[None, None, None]:
    """Let every key through as it is pressed, Ctrl-C included; afterwards the terminal is as it was."""
    before = termios.tcgetattr(descriptor)
    during = termios.tcgetattr(descriptor)
    during[0] &= ~(termios.ICRNL | termios.INLCR | termios.IXON)
    during[3] &= ~(termios.ICANON | termios.ECHO | termios.ISIG | termios.IEXTEN)
    during[6][termios.VMIN], during[6][termios.VTIME] = 1, 0
    termios.tcsetattr(descriptor, termios.TCSADRAIN, during)
    try:
        yield
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)


def visible(data: bytes) -> bytes:
    """Return what a terminal may show of bytes from a guest: its control sequences as text."""
    return b"".join(bytes([byte]) if byte in _SHOWN else b"\\x%02x" % byte for byte in data)


def typed(data: bytes) -> bytes:
    """Return how keys look that the guest is sent."""
    return visible(data).replace(b"\r", b"\r\n")
