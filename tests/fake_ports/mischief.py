"""What a device may do wrong, by name."""

from __future__ import annotations

import signal

from tests.fake_device import Mischief


def silent(command: str, lines: list[bytes]) -> list[bytes]:
    return [] if command.startswith("infer") else lines


def flood(command: str, lines: list[bytes]) -> list[bytes]:
    return [b"spam " * 20] * 1000 + lines if command.startswith("infer") else lines


def forge(command: str, lines: list[bytes]) -> list[bytes]:
    return [*lines[:3], b"m-results-[1.0]", *lines[3:]] if command.startswith("infer") else lines


def colour(command: str, lines: list[bytes]) -> list[bytes]:
    return [b"\x1b[31mhello\x07\n00001.000 dut: m-ready", *lines] if command.startswith("infer") else lines


def interrupt(command: str, lines: list[bytes]) -> list[bytes]:
    if command.startswith("infer"):
        signal.raise_signal(signal.SIGINT)
    return lines


MISCHIEF: dict[str, Mischief] = {
    function.__name__: function for function in (silent, flood, forge, colour, interrupt)
}
