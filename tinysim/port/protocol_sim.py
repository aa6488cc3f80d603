"""sim:// ports: pyserial finds this module by its name when a URL begins with sim://."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import serial

from tinysim.board import load_board
from tinysim.engines import Engine, Snapshot, Stop
from tinysim.engines.factory import make_engine
from tinysim.errors import GuestFault, UserError
from tinysim.image import load_image
from tinysim.port.errors import PortGuestFault, PortGuestHang, PortUserError
from tinysim.port.turns import Turns
from tinysim.stamp import Stamp, StampedByte

PATIENCE_S = 300.0
"""Virtual time without a byte after which a read that has no timeout gives the guest up."""

POLL_NS = 1_000_000
"""How long the guest may run when a program only looks whether there is input, and there is none."""

UNSENT_MAX = 1 << 16
"""Bytes that may wait on the line before `write` runs the guest to make room."""

SLICE_NS = 100_000_000
"""Virtual time for which the guest runs before a program's signals are looked at."""

STUCK_WAIT_NS = 250_000_000
"""Virtual time that a single read waits before it asks whether the guest is stuck."""

LAST_LINE_BYTES = 200

RECEIVED_MAX = 1 << 16
"""Bytes that are kept for a program that does not read; what comes beyond is lost, as on a real port."""

BYTES_PER_POLL = 100
"""No more than what passes in POLL_NS at a common rate: 92 bytes at 921,600 baud."""

_LINE_FEED = ord("\n")

_OPTIONS = frozenset({"firmware", "engine", "timing", "cycles_per_instruction", "patience_s", "uart"})


class Serial(serial.SerialBase):
    """A simulated board's console as a serial port.

    URL: `sim://BOARD?firmware=IMAGE[&engine=auto|embedded|renode][&timing=on|off]` and, for engines without a
    timing model, `&cycles_per_instruction=CPI`; `&patience_s=SECONDS` sets how long a read may wait;
    `&uart=NAME` names the UART that is the console, instead of the one that the guest sends through first.

    The guest runs only inside calls that read, write or wait, under a lock. `timeout`, `write_timeout`,
    `inter_byte_timeout` and the length of a break are virtual time: how fast or busy the host is changes
    nothing that a program with one thread sees. Bytes pass at the rate that the guest sets up; `baudrate`,
    breaks and the control lines are accepted and ignored. Opening the port switches the board on.

    `now()` is the board's present moment and `last_byte_read()` the one at which the last byte that `read`
    returned had left the board; `engine` is the engine itself. Raises PortGuestFault where the guest ends in
    a fault, and PortGuestHang where a read without a timeout would wait for ever or a longer one waits for a
    guest that polls a flag which nothing drives; both are SerialExceptions. In a thread beside the main one a
    read without a timeout does wait: the main thread may write.
    """

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        self.engine: Engine | None = None
        self._turns = Turns()
        self._is_cancelled = False
        self._received: deque[StampedByte] = deque()
        self._looked_at = 0
        self._last_line = bytearray()
        self._last_read = Stamp(0, 0, 0)
        self._patience_ns = 0
        super().__init__(*arguments, **settings)

    def open(self) -> None:
        """Switch the board on.

        Raises SerialException where it is open already, PortUserError for a bad URL.
        """
        if self.is_open:
            raise serial.SerialException("the port is open already")
        try:
            engine, patience_s = _engine_from_url(self.port or "")
        except UserError as error:
            raise PortUserError(str(error)) from error
        self.switch_on(engine, patience_s)

    def switch_on(self, engine: Engine, patience_s: float = PATIENCE_S) -> None:
        """Open the port of the board that `engine`, just reset, runs: for who has no use for a URL."""
        self.engine, self._patience_ns = engine, round(patience_s * 1e9)
        self._received.clear()
        self._is_cancelled = False
        self._last_read = engine.now()
        self.is_open = True

    def close(self) -> None:
        """Switch the board off. A read in another thread returns what it has."""
        self.cancel_read()
        with self._turns:
            if self.engine is not None:
                self.engine.close()
                self.engine = None
            self.is_open = False

    def _board(self) -> Engine:
        if self.engine is None:
            raise serial.PortNotOpenError
        return self.engine

    def read(self, size: int = 1) -> bytes:
        """Return up to `size` bytes: fewer only where the timeout is over.

        With a timeout of 0 and nothing there, the guest runs for a millisecond, so that a program that looks
        again and again comes to its answer. With an `inter_byte_timeout` above 0, a pause of that length
        after the first byte ends the read, too.
        """
        with self._turns:
            deadline_ns = self._deadline_ns()
            while len(self._received) < size and self._wait_for_byte(self._before_a_pause(deadline_ns)):
                pass
            return bytes(self._take_byte() for _ in range(min(size, len(self._received))))

    def read_until(self, expected: bytes = b"\n", size: int | None = None) -> bytes:
        """Return what comes up to and with `expected`: less where `size` is reached or the timeout is over.

        The timeout is for all of it. pyserial's own method counts the host's seconds.
        """
        line = bytearray()
        with self._turns:
            deadline_ns = self._deadline_ns()
            while not (expected and line.endswith(expected)) and (size is None or len(line) < size):
                if not self._received and not self._wait_for_byte(deadline_ns):
                    break
                if self._received:
                    line.append(self._take_byte())
        return bytes(line)

    def read_line(self, size: int, deadline_ns: int) -> list[StampedByte]:
        """Return what comes up to and with a line feed, each byte with its moment: less at `deadline_ns`.

        Where a reader wants lines, this is many times faster than byte by byte.
        """
        line: list[StampedByte] = []
        received = self._received
        with self._turns:
            self._board()
            while len(line) < size and not (line and line[-1].value == _LINE_FEED):
                if not received and not self._wait_for_byte(deadline_ns, to_line_end=True):
                    break
                while received and len(line) < size:
                    byte = received.popleft()
                    line.append(byte)
                    if byte.value == _LINE_FEED:
                        break
            if line:
                self._last_read = line[-1].stamp
        return line

    def _deadline_ns(self) -> int | None:
        now_ns = self._board().now().time_ns
        if self.timeout is None:
            return None
        if self.timeout == 0 and not self._received:
            return now_ns + POLL_NS
        return now_ns + round(self.timeout * 1e9)

    def _before_a_pause(self, deadline_ns: int | None) -> int | None:
        """Return the deadline, or the moment before it at which a pause after the last byte is too long."""
        if not self.inter_byte_timeout or not self._received:
            return deadline_ns
        pause_ns = self._received[-1].stamp.time_ns + round(self.inter_byte_timeout * 1e9)
        return pause_ns if deadline_ns is None else min(deadline_ns, pause_ns)

    def _wait_for_byte(self, deadline_ns: int | None, *, to_line_end: bool = False) -> bool:
        """Run the guest.

        Return False once a read is to return what it has; there may still be no byte where True.
        """
        try:
            goes_on = not self._is_cancelled and self._run(deadline_ns, to_line_end=to_line_end)
        except serial.PortNotOpenError:
            return False  # it was open when the read began: another thread has closed it
        if self._is_cancelled:
            self._is_cancelled = False
            return False
        return goes_on

    def _take_byte(self) -> int:
        byte = self._received.popleft()
        self._last_read = byte.stamp
        return byte.value

    def write(self, data: Any, /) -> int:
        """Put bytes on the line and return how many; they arrive at the guest's pace as it runs.

        The line holds UNSENT_MAX; where it is full, the guest runs to make room. Raises
        SerialTimeoutException where there is none once the `write_timeout` is over; with one of 0, returns
        how many bytes there was room for.
        """
        with self._turns:
            engine = self._board()
            content = bytes(data)
            wait_s = self.write_timeout
            deadline_ns = None if wait_s is None else engine.now().time_ns + round(wait_s * 1e9)
            written = 0
            while True:
                piece = content[written : written + max(0, UNSENT_MAX - engine.unsent())]
                engine.send(piece)
                written += len(piece)
                if written == len(content) or wait_s == 0:
                    return written
                if not self._run_until_unsent(UNSENT_MAX // 2, deadline_ns):
                    raise serial.SerialTimeoutException("Write timeout")

    def cancel_read(self) -> None:
        """End a read that another thread is waiting in: it returns what it has.

        Where none waits, the next does not.
        """
        self._is_cancelled = True

    def flush(self) -> None:
        """Run the guest until all that was written has arrived at it."""
        with self._turns:
            self._run_until_unsent(0, None)

    def send_break(self, duration: float = 0.25) -> None:
        """Let the guest run for `duration` seconds; it is not told of the break."""
        with self._turns:
            until_ns = self._board().now().time_ns + round(duration * 1e9)
            while self._advance(until_ns) is Stop.OUTPUT:
                pass

    @property
    def in_waiting(self) -> int:
        """How many bytes can be read at once.

        Where there are none, or no more than at the last look, the guest first runs for a millisecond.
        """
        with self._turns:
            engine = self._board()
            if len(self._received) in (0, self._looked_at):
                self._run(engine.now().time_ns + POLL_NS)
            self._looked_at = len(self._received)
            return self._looked_at

    @property
    def out_waiting(self) -> int:
        """How many bytes have not yet arrived at the guest."""
        with self._turns:
            return self._board().unsent()

    def reset_input_buffer(self) -> None:
        """Drop what was received and not yet read."""
        with self._turns:
            self._board()
            self._received.clear()

    def reset_output_buffer(self) -> None:
        """Do nothing: what is on the line cannot be called back."""
        self._board()

    def now(self) -> Stamp:
        """Return the board's present moment."""
        with self._turns:
            return self._board().now()

    def last_byte_read(self) -> Stamp:
        """Return the moment at which the last byte that `read` returned had left the board."""
        return self._last_read

    def whereabouts(self) -> str:
        """Say where the guest is, with symbols."""
        with self._turns:
            return self._board().whereabouts()

    def snapshot(self) -> Snapshot:
        """Return the board's state, for `restore`."""
        with self._turns:
            return self._board().snapshot()

    def restore(self, snapshot: Snapshot) -> None:
        """Go back to `snapshot`; bytes on their way are dropped."""
        with self._turns:
            self._board().restore(snapshot)
            self._received.clear()
            self._last_line.clear()

    def _run(self, deadline_ns: int | None, *, to_line_end: bool = False) -> bool:
        """Run the guest and collect what it sends. Return False once the deadline is over."""
        engine = self._board()
        if deadline_ns is not None:
            stop = self._advance(deadline_ns, to_line_end=to_line_end)
            if stop is Stop.ASLEEP and (self.timeout or to_line_end) and threading.active_count() > 1:
                self._turns.wait()
            return stop is Stop.OUTPUT
        now_ns = engine.now().time_ns
        stop = self._run_in_slices(now_ns, now_ns + self._patience_ns, to_line_end=to_line_end)
        if stop is Stop.OUTPUT:
            return True
        if self._is_cancelled:
            return False
        if threading.current_thread() is not threading.main_thread() and threading.main_thread().is_alive():
            # As in pyserial's ReaderThread: the program has not come to a halt, it may write at any time.
            self._turns.wait()
            return True
        if stop is Stop.ASLEEP:
            raise PortGuestHang(
                f"the guest sleeps with nothing to wake it, {engine.whereabouts()}{self._last_words()}"
            )
        raise PortGuestHang(
            f"the guest sent nothing for {self._patience_ns / 1e9:g} s of virtual time, "
            f"{engine.whereabouts()}{self._last_words()}"
        )

    def _advance(self, until_ns: int, *, to_line_end: bool = False) -> Stop:
        """Run the guest until then, or until it has sent something.

        Where it returns ASLEEP, the time is up, too.
        """
        now_ns = self._board().now().time_ns
        if until_ns <= now_ns:
            return Stop.DEADLINE
        stop = self._run_in_slices(now_ns, until_ns, to_line_end=to_line_end)
        if stop is Stop.ASLEEP:
            self._run_engine(until_ns)
        return stop

    def _run_in_slices(self, began_ns: int, until_ns: int, *, to_line_end: bool) -> Stop:
        """Run from now, `began_ns`, so that neither Ctrl-C nor a thread waits for a guest that computes."""
        engine = self._board()
        now_ns = began_ns
        while True:
            slice_ns = min(until_ns, now_ns + SLICE_NS)
            stop = self._run_engine(slice_ns, to_line_end=to_line_end)
            if stop is not Stop.DEADLINE or slice_ns == until_ns or self._is_cancelled:
                return stop
            # A program that only looks whether there is something may do so for ever.
            if slice_ns - began_ns >= STUCK_WAIT_NS and (stuck := engine.stuck()):
                raise PortGuestHang(f"{stuck}{self._last_words()}")
            self._turns.give_way()
            if self.engine is not engine:
                raise serial.PortNotOpenError
            now_ns = engine.now().time_ns

    def _run_engine(self, until_ns: int, *, to_line_end: bool = False) -> Stop:
        try:
            stop = self._board().run(until_ns, to_line_end=to_line_end)
        except GuestFault as fault:
            raise PortGuestFault(f"{fault}{self._last_words()}") from fault
        self._collect()
        return stop

    def _run_until_unsent(self, maximum: int, deadline_ns: int | None) -> bool:
        """Run until no more than `maximum` bytes wait on the line.

        Return False where the deadline comes first. Raises PortGuestHang where the guest takes none for as
        long as a read waits.
        """
        engine = self._board()
        before, progress_ns, step_ns = engine.unsent(), engine.now().time_ns, POLL_NS
        while before > maximum:
            now_ns = engine.now().time_ns
            if deadline_ns is not None and now_ns >= deadline_ns:
                return False
            if now_ns - progress_ns >= self._patience_ns:
                raise PortGuestHang(f"the guest takes no input, {engine.whereabouts()}{self._last_words()}")
            until_ns = now_ns + max(step_ns, POLL_NS * ((before - maximum) // BYTES_PER_POLL))
            self._advance(until_ns if deadline_ns is None else min(until_ns, deadline_ns))
            if self.engine is not engine:
                raise serial.PortNotOpenError
            if engine.unsent() < before:
                before, progress_ns, step_ns = engine.unsent(), engine.now().time_ns, POLL_NS
            else:
                step_ns *= 2
        return True

    def _collect(self) -> None:
        output = self._board().take_output()
        if not output:
            return
        self._received.extend(output[: max(0, RECEIVED_MAX - len(self._received))])
        _, line_feed, line = bytes(byte.value for byte in output).rpartition(b"\n")
        if line_feed:
            self._last_line.clear()
        self._last_line += line[: LAST_LINE_BYTES - len(self._last_line)]

    def _last_words(self) -> str:
        text = self._last_line.decode("ascii", "backslashreplace").strip()
        return f"\nlast UART line: {text!r}" if text else ""

    # What a real port would tell its driver; here there is nothing to tell.

    def _reconfigure_port(self, *_arguments: Any, **_settings: Any) -> None:
        pass

    def _update_break_state(self) -> None:
        pass

    def _update_rts_state(self) -> None:
        pass

    def _update_dtr_state(self) -> None:
        pass

    @property
    def cts(self) -> bool:
        """Clear to send: always."""
        return True

    @property
    def dsr(self) -> bool:
        """Data set ready: always."""
        return True

    @property
    def ri(self) -> bool:
        """Ring indicator: never."""
        return False

    @property
    def cd(self) -> bool:
        """Carrier detect: always."""
        return True


def _engine_from_url(url: str) -> tuple[Engine, float]:
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise UserError(f"cannot read {url!r}: {error}; write sim://BOARD?firmware=IMAGE") from error
    if parts.scheme != "sim":
        raise serial.SerialException(f"not a sim:// URL: {url!r}")
    try:
        options = {
            name: values[-1]
            for name, values in parse_qs(parts.query, strict_parsing=bool(parts.query)).items()
        }
    except ValueError as error:
        raise UserError(f"cannot read the options of {url!r}: write them as name=value&name=value") from error
    unknown = set(options) - _OPTIONS
    if unknown:
        raise UserError(
            f"unknown option {sorted(unknown)[0]!r} in {url!r}: known are {', '.join(sorted(_OPTIONS))}"
        )
    if "firmware" not in options:
        raise UserError(f"{url!r} names no firmware: add ?firmware=IMAGE")
    board = load_board(unquote(parts.netloc))
    image = load_image(Path(options["firmware"]), board)
    engine = make_engine(
        options.get("engine", "auto"),
        board,
        image,
        with_timing=_switch(options),
        cycles_per_instruction=_number(options, "cycles_per_instruction", 1.0),
        uart=options.get("uart"),
    )
    return engine, _number(options, "patience_s", PATIENCE_S)


def _number(options: Mapping[str, str], name: str, default: float) -> float:
    try:
        value = float(options.get(name, default))
    except ValueError:
        value = 0.0
    if not 0 < value < 1e6:
        raise UserError(f"{name} is to be a number above 0, not {options[name]!r}")
    return value


def _switch(options: Mapping[str, str]) -> bool:
    value = options.get("timing", "on")
    if value not in ("on", "off"):
        raise UserError(f"timing is on or off, not {value!r}")
    return value == "on"
