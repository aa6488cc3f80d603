"""The device's side of the serial protocol, from its description, to compare the firmware's C with."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tests.firmware.fake_model import FAKE_MODELS, FakeModel

HELP = b"""ULPMark for tinyML Firmware V0.0.1

help         print this
name         print the device's name
profile      print the benchmark's profile and model
timestamp    print the microseconds since start
db load N    expect an input of N bytes
db HH...     take the next bytes of the input, two hexadecimal digits each
db print     print the input
infer [N] [W]  run W warm-up inferences, default 10, then N timed ones, default 1
results      print the last result again
""".replace(b"\n", b"\r\n")


def atoi(token: bytes) -> int:
    """Read a number as C does: what `token` starts with, or 0; saturated to 32 bits."""
    match = re.match(rb"[\t-\r]*([+-]?[0-9]+)", token)
    return max(-(2**31), min(2**31 - 1, int(match[1]))) if match else 0


def printable(text: bytes) -> bytes:
    return b"".join(bytes([c]) if 32 <= c <= 126 else b"\\x%02x" % c for c in text)


def quantize(features: NDArray[np.float32], model: FakeModel) -> NDArray[np.int8]:
    """Return round(x / scale) + zero point, halves away from zero, saturated; zero point for not-a-number."""
    with np.errstate(over="ignore", invalid="ignore"):
        scaled = (features / np.float32(model.input_scale)).astype(np.float64)
    rounded = np.sign(scaled) * np.floor(np.abs(scaled) + 0.5)
    rounded = np.where(np.isnan(scaled), 0, rounded)
    quantized: NDArray[np.int8] = np.clip(rounded + model.input_zero_point, -128, 127).astype(np.int8)
    return quantized


@dataclass
class ProtocolModel:
    """A device for `benchmark`, whose clock advances by 7 us at each reading, as the host program's does."""

    benchmark: str
    now_us: int = 1000
    command: bytes = b""
    ready: bool = False
    announced: int = 0
    received: bytes = b""
    result: bytes = b""

    @property
    def model(self) -> FakeModel:
        return FAKE_MODELS[self.benchmark]

    @property
    def input_bytes(self) -> int:
        return self.model.input_bytes * (4 if self.benchmark == "ad" else 1)

    @property
    def capacity(self) -> int:
        return 5120 if self.benchmark == "ad" else self.input_bytes

    def lap(self) -> bytes:
        self.now_us += 7
        return b"m-lap-us-%d\r\n" % self.now_us

    def start(self, early: bytes = b"") -> bytes:
        """Return the banner; `early` arrives before it ends."""
        banner = b"m-timestamp-mode-performance\r\n" + self.lap() + b"m-init-done\r\n"
        banner += self.feed(early)
        self.ready = True
        return banner + b"m-ready\r\n"

    def feed(self, received: bytes) -> bytes:
        """Return the replies to some bytes from the host."""
        replies = b""
        *commands, rest = received.split(b"%")
        for command in commands:
            whole = (self.command + command)[:80]
            self.command = b""
            if self.ready:
                replies += self.obey(whole) + b"m-ready\r\n"
        self.command += rest
        return replies

    def obey(self, command: bytes) -> bytes:
        tokens = [token for token in command.split(b" ") if token]
        if not tokens:
            return b""
        match tokens[0]:
            case b"name":
                return b"m-name-dut-[tinysim]\r\n"
            case b"timestamp":
                return self.lap()
            case b"profile":
                return (
                    b"m-profile-[ULPMark for tinyML Firmware V0.0.1]\r\n"
                    b"m-model-[" + self.benchmark.encode() + b"01]\r\n"
                )
            case b"help":
                return HELP
            case b"results":
                return b"m-results-[" + self.result + b"]\r\n"
            case b"db":
                return self.obey_db(tokens[1:])
            case b"infer":
                return self.obey_infer(tokens[1:])
        return b"e-[Unknown command: " + printable(tokens[0]) + b"]\r\n"

    def obey_db(self, arguments: list[bytes]) -> bytes:
        if not arguments:
            return b"e-[Command 'db' requires a subcommand]\r\n"
        if arguments[0] == b"load":
            return self.obey_db_load(arguments[1:])
        if arguments[0] == b"print":
            return self.obey_db_print()
        digits = arguments[0]
        if len(digits) % 2:
            return b"e-[Insufficent number of hex digits]\r\n"
        for pair in (digits[i : i + 2] for i in range(0, len(digits), 2)):
            if not re.fullmatch(rb"[0-9a-fA-F]{2}", pair):
                return b"e-[Invalid hex digit '" + printable(pair) + b"']\r\n"
            if not self.announced:
                return b"e-[Command 'db' requires a 'db load' first]\r\n"
            if len(self.received) == self.announced:
                return b"e-[Command 'db' has all bytes already]\r\n"
            self.received += bytes.fromhex(pair.decode())
            if len(self.received) == self.announced:
                return b"m-load-done\r\n"
        return b""

    def obey_db_load(self, arguments: list[bytes]) -> bytes:
        if not arguments:
            return b"e-[Command 'db load' requires the # of bytes]\r\n"
        self.previous = self.buffer()
        count = atoi(arguments[0])
        self.announced, self.received = 0, b""
        if count <= 0:
            return b"e-[Command 'db load' must be >0 bytes]\r\n"
        if count > self.capacity:
            return b"Supplied buffer size %d exceeds maximum of %d\n" % (count, self.capacity)
        self.announced = count
        return b"m-[Expecting %d bytes]\r\n" % count

    previous: bytes = b""

    def buffer(self) -> bytes:
        """Return the whole download buffer: a new download overwrites the old one from its start."""
        return (self.received + self.previous[len(self.received) :]).ljust(self.capacity, b"\0")

    def obey_db_print(self) -> bytes:
        content = self.buffer()[: self.announced]
        lines = [content[i : i + 8].hex("-") for i in range(0, len(content), 8)]
        text = "".join(f"m-buffer-{line}\r\n" for line in lines)
        return text.encode() + (b"\r\n" if len(content) % 8 else b"")

    def obey_infer(self, arguments: list[bytes]) -> bytes:
        iterations = atoi(arguments[0]) if arguments else 1
        warmups = atoi(arguments[1]) if len(arguments) > 1 else 10
        if iterations <= 0:
            return b"e-[Inference iterations must be >0]\r\n"
        if warmups < 0:
            return b"e-[Inference warmup must be >=0]\r\n"
        if len(self.received) != self.input_bytes:
            return b"e-[Input has %d bytes, expected %d]\r\n" % (len(self.received), self.input_bytes)
        self.result = self.infer()
        return (
            b"m-warmup-start-%d\r\nm-warmup-done\r\nm-infer-start-%d\r\n" % (warmups, iterations)
            + self.lap()
            + self.lap()
            + b"m-infer-done\r\nm-results-["
            + self.result
            + b"]\r\n"
        )

    def infer(self) -> bytes:
        """Return the printed result for the received input."""
        model = self.model
        if self.benchmark == "kws":
            tensor = np.frombuffer(self.received, np.int8)
            scores = [(int(q) + 128) * 1000 // 256 for q in model.invoke(tensor)]
            return b",".join(b"0.%03d" % thousandths for thousandths in scores)
        if self.benchmark in ("ic", "vww"):
            tensor = (np.frombuffer(self.received, np.uint8).astype(np.int16) - 128).astype(np.int8)
            return b",".join(b"%.3f" % ((int(q) + 128) / 256) for q in model.invoke(tensor))
        features = np.frombuffer(self.received, "<f4")
        output = model.invoke(quantize(features, model)).astype(np.int32)
        restored = (output - model.output_zero_point).astype(np.float32) * np.float32(model.output_scale)
        total = np.float32(0)
        with np.errstate(over="ignore", invalid="ignore"):
            difference = restored - features
            for square in difference * difference:
                total += square
        return (b"%.3f" % (total / np.float32(640))).replace(b"-nan", b"nan")
