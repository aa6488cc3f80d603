"""The messages of a device under test: told apart, and their values."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from enum import Enum

from tinysim.errors import GuestError


class Kind(Enum):
    """The messages of the protocol; each value is what a person calls the message."""

    READY = "m-ready"
    NAME = "m-name-dut"
    PROFILE = "m-profile"
    MODEL = "m-model"
    MODE = "m-timestamp-mode"
    INIT_DONE = "m-init-done"
    LAP = "m-lap-us"
    WARMUP_START = "m-warmup-start"
    WARMUP_DONE = "m-warmup-done"
    INFER_START = "m-infer-start"
    INFER_DONE = "m-infer-done"
    RESULTS = "m-results"
    EXPECT = "m-[Expecting ... bytes]"
    LOAD_DONE = "m-load-done"
    ERROR = "e-[...]"
    TOO_LARGE = "Supplied buffer size ..."


_PATTERNS = {
    Kind.READY: re.compile(r"m-ready"),
    Kind.NAME: re.compile(r"m-name-dut-\[([^\]]+)\]"),
    Kind.PROFILE: re.compile(r"m-profile-\[([^\]]+)\]"),
    Kind.MODEL: re.compile(r"m-model-\[([^\]]+)\]"),
    Kind.MODE: re.compile(r"m-timestamp-mode-(performance|energy)"),
    Kind.INIT_DONE: re.compile(r"m-init-done"),
    Kind.LAP: re.compile(r"m-lap-us-([0-9]{1,20})"),
    Kind.WARMUP_START: re.compile(r"m-warmup-start-([0-9]{1,20})"),
    Kind.WARMUP_DONE: re.compile(r"m-warmup-done"),
    Kind.INFER_START: re.compile(r"m-infer-start-([0-9]{1,20})"),
    Kind.INFER_DONE: re.compile(r"m-infer-done"),
    Kind.RESULTS: re.compile(r"m-results-\[([^\]]*)\]"),
    Kind.EXPECT: re.compile(r"m-\[Expecting ([0-9]{1,20}) bytes\]"),
    Kind.LOAD_DONE: re.compile(r"m-load-done"),
    Kind.ERROR: re.compile(r"e-\[(.*)\]"),
    Kind.TOO_LARGE: re.compile(r"(Supplied buffer size .* exceeds maximum of .*)"),
}

LAP_WRAP_US = 1 << 32
"""Where `m-lap-us` wraps on ports with a 32-bit `unsigned long`."""


@dataclass(frozen=True)
class Message:
    """One message: its kind and the text between its brackets or after its last hyphen, if it has any."""

    kind: Kind
    value: str = ""


def read_messages(text: str) -> list[Message]:
    """Return the protocol's messages in a line; chatter gives none.

    A line may hold several: the reference firmware ends some of its own with a bare LF, which does not end
    a line for the runner.
    """
    messages = []
    for part in text.split("\n"):
        for kind, pattern in _PATTERNS.items():
            match = pattern.fullmatch(part)
            if match:
                messages.append(Message(kind, match.group(1) if pattern.groups else ""))
                break
    return messages


def read_result_values(value: str) -> list[float]:
    """Return the numbers of an `m-results` message; empty fields are left out, as vww firmware ends in one.

    Raises GuestError where a field is not a finite number.
    """
    fields = [field.strip() for field in value.split(",")]
    try:
        numbers = [float(field) for field in fields if field]
    except ValueError:
        raise GuestError(f"the device's results are not numbers: m-results-[{value}]") from None
    if not all(math.isfinite(number) for number in numbers):
        raise GuestError(f"the device's results are not finite: m-results-[{value}]")
    return numbers


def lap_difference_us(start_us: int, stop_us: int) -> int:
    """Return the microseconds between two `m-lap-us` values; a smaller second one has wrapped at 2^32."""
    return stop_us - start_us if stop_us >= start_us else (stop_us - start_us) % LAP_WRAP_US
