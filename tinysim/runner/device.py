"""The device under test, as the runner talks to it: one method for each command it uses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tinysim.errors import GuestError
from tinysim.runner.replies import Kind, Message, lap_difference_us, read_messages, read_result_values
from tinysim.session import Line, Session
from tinysim.stamp import Stamp

COMMAND_LIMIT_S = 5.0
"""What the EEMBC runner grants an ordinary command, in the device's time."""

BANNER_LIMIT_S = 5.0
"""From power-on to the banner's `m-ready`."""

FIRST_INFERENCE_LIMIT_S = 30.0
"""For an inference of unknown length; the MLCommons runner gives up after as long."""

DOWNLOAD_LIMIT_S_PER_BYTE = 0.016

BYTES_PER_CHUNK = 30
"""The EnergyRunner manual allows 64 characters without a handshake: `db `, 60 digits and `%`."""

LAP_TOLERANCE = 0.02
LAP_TOLERANCE_S = 0.25
"""How far the device's clock and ours may differ over a window: oscillators, UART and USB delays."""


@dataclass(frozen=True)
class Reply:
    """A command, the lines that came back, `m-ready` included, and the protocol's messages in them."""

    command: str
    sent: Stamp
    lines: tuple[Line, ...]
    messages: tuple[Message, ...]

    @property
    def ready(self) -> Stamp:
        """The moment of `m-ready`."""
        return self.lines[-1].stamp

    def values(self, kind: Kind) -> list[str]:
        """Return the values of the messages of one kind."""
        return [message.value for message in self.messages if message.kind is kind]


@dataclass(frozen=True)
class Download:
    """An input on its way to the device: from the first `db load` to the last `m-ready`."""

    byte_count: int
    start: Stamp
    stop: Stamp


@dataclass(frozen=True)
class Inference:
    """`infer N W`: the reply, the two time stamps of the device in microseconds, the printed values."""

    iterations: int
    warmup: int
    reply: Reply
    start_us: int
    stop_us: int
    results: tuple[float, ...]

    @property
    def runtime_us(self) -> int:
        """Microseconds of the N inferences on the device's clock, its wrap at 2^32 taken into account."""
        return lap_difference_us(self.start_us, self.stop_us)

    @property
    def laps(self) -> tuple[Line, ...]:
        """The lines of the two time stamps, printed when they are taken; fewer where an echo hides one."""
        return tuple(
            line
            for line in self.reply.lines
            for message in read_messages(line.text)
            if message.kind is Kind.LAP
        )


@dataclass(frozen=True)
class Profile:
    """What `profile` says: the firmware, and the name of the model, which selects the data set."""

    firmware: str
    model: str
    reply: Reply


class Device:
    """A device that speaks the benchmark's protocol.

    Every method waits for `m-ready`. All raise GuestHang where the device does not answer in time and
    GuestError where its answer is an error message or has a message of the protocol out of place.
    """

    def __init__(self, session: Session) -> None:
        self.session = session

    def wait_for_banner(self, limit_s: float = BANNER_LIMIT_S) -> Reply:
        """Wait for the start-up banner of the performance build."""
        reply = self.next_reply("the start-up banner", limit_s)
        modes = reply.values(Kind.MODE)
        if modes == ["energy"]:
            raise GuestError(
                "the firmware is an energy build (m-timestamp-mode-energy): it prints no m-lap-us"
            )
        return reply

    def next_reply(self, what: str, limit_s: float) -> Reply:
        """Wait for a reply that is not to a command of this class, whatever it is; messages say `what`."""
        return self._read_reply(what, "", self.session.now(), limit_s, expected=None)

    def synchronise(self, attempts: int = 3, limit_s: float = 2.0) -> str:
        """Send `name` until the device answers, as the EEMBC runner detects a board; return its name.

        For a real board, which may be in any state and may just have printed its banner.
        """
        for attempt in range(1, attempts + 1):
            try:
                if attempt > 1:
                    # A single % ends whatever a previous conversation left unfinished.
                    self.session.send(b"%")
                self._drain()
                return self.name(limit_s)
            except GuestError:
                if attempt == attempts:
                    raise
        raise AssertionError("not reached")

    def name(self, limit_s: float = COMMAND_LIMIT_S) -> str:
        """Return the vendor's name for the device."""
        return self._exchange("name", [Kind.NAME, Kind.READY], limit_s).values(Kind.NAME)[0]

    def profile(self) -> Profile:
        """Ask for firmware and model."""
        reply = self._exchange("profile", [Kind.PROFILE, Kind.MODEL, Kind.READY])
        return Profile(reply.values(Kind.PROFILE)[0], reply.values(Kind.MODEL)[0], reply)

    def timestamp(self) -> Reply:
        """Ask for the device's time."""
        return self._exchange("timestamp", [Kind.LAP, Kind.READY])

    def load(self, data: bytes) -> Download:
        """Send an input, in chunks."""
        limit_s = max(COMMAND_LIMIT_S, DOWNLOAD_LIMIT_S_PER_BYTE * len(data))
        announced = self._exchange(f"db load {len(data)}", [Kind.EXPECT, Kind.READY])
        if announced.values(Kind.EXPECT) != [str(len(data))]:
            raise GuestError(
                f"the device expects {announced.values(Kind.EXPECT)[0]} bytes instead of {len(data)}"
            )
        deadline_ns = announced.sent.time_ns + round(limit_s * 1e9)
        reply = announced
        for offset in range(0, len(data), BYTES_PER_CHUNK):
            chunk = data[offset : offset + BYTES_PER_CHUNK]
            is_last = offset + BYTES_PER_CHUNK >= len(data)
            left_s = (deadline_ns - reply.ready.time_ns) / 1e9
            if left_s <= 0:
                raise self.session.hang(f"the download of {len(data)} bytes", limit_s)
            expected = [Kind.LOAD_DONE, Kind.READY] if is_last else [Kind.READY]
            reply = self._exchange(f"db {chunk.hex()}", expected, min(left_s, COMMAND_LIMIT_S))
        return Download(len(data), announced.sent, reply.ready)

    def infer(
        self, iterations: int, warmup: int, limit_s: float = FIRST_INFERENCE_LIMIT_S, iteration_s: float = 0.0
    ) -> Inference:
        """Run inferences on the loaded input.

        `limit_s` is granted on top of four times what they should take by `iteration_s`, the known time of
        one. Raises GuestError also where the device's own time stamps contradict the clock of the session.
        """
        limit_s += 4 * iteration_s * (iterations + warmup)
        expected = [
            Kind.WARMUP_START,
            Kind.WARMUP_DONE,
            Kind.INFER_START,
            Kind.LAP,
            Kind.LAP,
            Kind.INFER_DONE,
            Kind.RESULTS,
            Kind.READY,
        ]
        reply = self._exchange(f"infer {iterations} {warmup}", expected, limit_s)
        if reply.values(Kind.INFER_START) != [str(iterations)]:
            raise GuestError(
                f"the device started {reply.values(Kind.INFER_START)[0]} inferences instead of {iterations}"
            )
        if reply.values(Kind.WARMUP_START) != [str(warmup)]:
            raise GuestError(
                f"the device started {reply.values(Kind.WARMUP_START)[0]} warm-up inferences "
                f"instead of {warmup}"
            )
        start_us, stop_us = (int(value) for value in reply.values(Kind.LAP))
        results = tuple(read_result_values(reply.values(Kind.RESULTS)[0]))
        inference = Inference(iterations, warmup, reply, start_us, stop_us, results)
        _check_laps(inference)
        return inference

    def _drain(self, quiet_s: float = 0.5) -> None:
        """Read until the device has been quiet for `quiet_s`."""
        while self.session.read_line(self.session.now().time_ns + round(quiet_s * 1e9)) is not None:
            pass

    def _exchange(
        self, command: str, expected: Sequence[Kind] | None, limit_s: float = COMMAND_LIMIT_S
    ) -> Reply:
        sent = self.session.send(command.encode("ascii") + b"%")
        return self._read_reply(f"`{command}`", command, sent, limit_s, expected)

    def _read_reply(
        self, what: str, command: str, sent: Stamp, limit_s: float, expected: Sequence[Kind] | None
    ) -> Reply:
        """Read up to `m-ready`. `expected` are the messages of a good reply, in order; None takes any."""
        lines: list[Line] = []
        messages: list[Message] = []
        refusal: str | None = None
        deadline_ns = sent.time_ns + round(limit_s * 1e9)
        while True:
            line = self.session.read_line(deadline_ns)
            if line is None:
                raise self.session.hang(what, limit_s)
            lines.append(line)
            for message in read_messages(_without_echo(line.text, command)):
                if message.kind in (Kind.ERROR, Kind.TOO_LARGE):
                    refusal = refusal or line.text
                elif expected is not None and refusal is None:
                    _check_order(what, expected, messages, message)
                messages.append(message)
                if message.kind is Kind.READY:
                    if refusal is not None and expected is not None:
                        raise GuestError(f"the device refused {what}: {refusal}")
                    return Reply(command, sent, tuple(lines), tuple(messages))


def _without_echo(text: str, command: str) -> str:
    # Some published boards echo what they are sent.
    return text.removeprefix(command + "%") if command else text


def _check_order(what: str, expected: Sequence[Kind], received: Sequence[Message], message: Message) -> None:
    wanted = expected[len(received)]
    if message.kind is not wanted:
        raise GuestError(
            f"the device sent {message.kind.value} in reply to {what} where {wanted.value} belongs; "
            "a reply out of order is not used"
        )


def _check_laps(inference: Inference) -> None:
    """Compare the device's clock with ours between the two time stamps."""
    if len(inference.laps) != 2:  # the device's own figures are all there is
        return
    start, stop = inference.laps
    ours_s = (stop.stamp.time_ns - start.stamp.time_ns) / 1e9
    theirs_s = inference.runtime_us / 1e6
    if abs(ours_s - theirs_s) > LAP_TOLERANCE * ours_s + LAP_TOLERANCE_S:
        raise GuestError(
            f"the device's clock says that {inference.iterations} inferences took {theirs_s:.3f} s "
            f"(m-lap-us-{inference.start_us} to m-lap-us-{inference.stop_us}), but {ours_s:.3f} s passed"
        )
