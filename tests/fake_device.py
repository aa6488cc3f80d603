"""A device under test in Python: a port whose other end speaks the protocol, with a virtual clock.

It is well-behaved unless given a `Mischief`, and can be put back to an earlier state, as a simulated board.
"""

from __future__ import annotations

import copy
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tinysim.session import Session
from tinysim.stamp import Stamp, StampedByte

BYTE_NS = 86_806  # 8N1 at 115200
INSTRUCTIONS_PER_INFERENCE = 3_000_000
CLOCK_HZ = 120_000_000

Mischief = Callable[[str, list[bytes]], list[bytes]]
"""Takes a command and the lines of the honest reply, gives the lines to send instead."""


@dataclass
class _State:
    time_ns: int = 0
    instructions: int = 0
    busy_until_ns: int = 0
    instructions_done: int = 0  # by the device, which is ahead of what the host has read
    arrived: deque[tuple[int, int, int]] = field(default_factory=deque)  # (time in ns, byte, instructions)
    command: bytearray = field(default_factory=bytearray)
    input: bytearray = field(default_factory=bytearray)
    expected_bytes: int = 0


class FakePort:
    def __init__(
        self,
        *,
        model: str = "kws01",
        values: int = 12,
        inference_s: float = 0.05,
        lap_scale: float = 1.0,
        lap_offset_us: int = 0,
        mischief: Mischief | None = None,
        has_banner: bool = True,
    ) -> None:
        self.timeout: float | None = None
        self.model = model
        self.values = values
        self.inference_ns = round(inference_s * 1e9)
        self.lap_scale = lap_scale
        self.lap_offset_us = lap_offset_us
        self.mischief = mischief
        self.closed = False
        self.state = _State()
        self._last_read = Stamp(0, 0, 0)
        if has_banner:
            self._send([b"m-timestamp-mode-performance", self._lap(), b"m-init-done", b"m-ready"])

    def now(self) -> Stamp:
        return Stamp(
            self.state.time_ns, self.state.instructions, self.state.time_ns * CLOCK_HZ // 1_000_000_000
        )

    def last_byte_read(self) -> Stamp:
        return self._last_read

    def whereabouts(self) -> str:
        return "in Python"

    def read(self, size: int = 1) -> bytes:
        assert size == 1
        until = None if self.timeout is None else self.state.time_ns + round(self.timeout * 1e9)
        if not self.state.arrived or (until is not None and self.state.arrived[0][0] > until):
            assert until is not None, "reads for ever"
            self.state.time_ns = until
            return b""
        moment, byte, instructions = self.state.arrived.popleft()
        self.state.time_ns = max(self.state.time_ns, moment)
        self.state.instructions = max(self.state.instructions, instructions)
        self._last_read = self.now()
        return bytes([byte])

    def read_line(self, size: int, deadline_ns: int) -> list[StampedByte]:
        line: list[StampedByte] = []
        while len(line) < size and not (line and line[-1].value == ord("\n")):
            self.timeout = (deadline_ns - self.state.time_ns) / 1e9
            if not (byte := self.read(1)):
                break
            line.append(StampedByte(byte[0], self.last_byte_read()))
        return line

    def write(self, data: bytes, /) -> int:
        for byte in data:
            self.state.time_ns += BYTE_NS
            if byte == ord("%"):
                command = self.state.command.decode("ascii")
                self.state.command.clear()
                self._dispatch(command)
            else:
                self.state.command.append(byte)
        return len(data)

    def close(self) -> None:
        self.closed = True

    def _dispatch(self, command: str) -> None:
        if command.startswith("infer "):
            self._infer(command)
            return
        self._answer(command, [*self._reply(command), b"m-ready"])

    def _reply(self, command: str) -> list[bytes]:
        match command.split():
            case ["name"]:
                return [b"m-name-dut-[fake]"]
            case ["profile"]:
                return [
                    b"m-profile-[ULPMark for tinyML Firmware V0.0.1]",
                    f"m-model-[{self.model}]".encode(),
                ]
            case ["timestamp"]:
                return [self._lap()]
            case ["db", "load", count]:
                self.state.expected_bytes = int(count)
                self.state.input.clear()
                return [f"m-[Expecting {count} bytes]".encode()]
            case ["db", digits]:
                try:
                    self.state.input += bytes.fromhex(digits)
                except ValueError:
                    return [f"e-[Invalid hex digit '{digits[:2]}']".encode()]
                return [b"m-load-done"] if len(self.state.input) == self.state.expected_bytes else []
        return [f"e-[Unknown command: {command}]".encode()]

    def _infer(self, command: str) -> None:
        iterations, warmup = (int(word) for word in command.split()[1:])
        honest = [
            f"m-warmup-start-{warmup}".encode(),
            b"m-warmup-done",
            f"m-infer-start-{iterations}".encode(),
            b"m-lap-us-START",
            b"m-lap-us-STOP",
            b"m-infer-done",
            b"m-results-[" + ",".join(self._result_values()).encode() + b"]",
            b"m-ready",
        ]
        self._answer(command, honest, iterations, warmup)

    def _result_values(self) -> list[str]:
        if self.values == 1:
            return [f"{sum(self.state.input) % 1000 / 50:.3f}"]
        best = sum(self.state.input) % self.values
        return ["0.890" if index == best else "0.010" for index in range(self.values)]

    def _answer(self, command: str, lines: list[bytes], iterations: int = 0, warmup: int = 0) -> None:
        if self.mischief is not None:
            lines = self.mischief(command, lines)
        for line in lines:
            if line.startswith(b"m-warmup-done"):
                self._work(warmup)
            if line == b"m-lap-us-STOP":
                self._work(iterations)
            self._send([self._lap() if line in (b"m-lap-us-START", b"m-lap-us-STOP") else line])

    def _work(self, inferences: int) -> None:
        self.state.busy_until_ns = self._line_free_at() + inferences * self.inference_ns
        self.state.instructions_done += inferences * INSTRUCTIONS_PER_INFERENCE

    def _lap(self) -> bytes:
        lap_us = round(self._line_free_at() / 1000 * self.lap_scale) + self.lap_offset_us
        return f"m-lap-us-{lap_us % (1 << 32)}".encode()

    def _line_free_at(self) -> int:
        last = self.state.arrived[-1][0] if self.state.arrived else 0
        return max(self.state.time_ns, self.state.busy_until_ns, last)

    def _send(self, lines: list[bytes]) -> None:
        moment = self._line_free_at()
        for byte in b"".join(line + b"\r\n" for line in lines):
            moment += BYTE_NS
            self.state.instructions_done += 100
            self.state.arrived.append((moment, byte, self.state.instructions_done))


class FakeTarget:
    just_switched_on = True

    def __init__(self, port: FakePort) -> None:
        self.port = port
        self.session = Session(port)

    def snapshot(self) -> Any:
        return copy.deepcopy(self.port.state)

    def restore(self, snapshot: Any) -> None:
        self.port.state = copy.deepcopy(snapshot)
        self.session.forget_input()

    def notes(self) -> tuple[str, ...]:
        return ()

    def close(self) -> None:
        self.session.close()


@dataclass(frozen=True)
class FakeTargetFactory:
    model: str = "kws01"
    values: int = 12
    inference_s: float = 0.05
    mischief: Mischief | None = None
    has_banner: bool = True

    def __call__(self) -> FakeTarget:
        return FakeTarget(
            FakePort(
                model=self.model,
                values=self.values,
                inference_s=self.inference_s,
                mischief=self.mischief,
                has_banner=self.has_banner,
            )
        )
