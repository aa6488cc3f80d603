"""A board on Renode, in a process of its own that may crash or hang without harm to this one."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from multiprocessing import Pipe
from typing import Any, cast

from tinysim.board import Board
from tinysim.engines import Snapshot, Stop, Unmodelled
from tinysim.engines.renode.description import Failure, History, MachineDescription, Moment, Slice
from tinysim.engines.renode.installation import Installation, find_installation
from tinysim.errors import GuestFault, TinysimError, UserError
from tinysim.image import Image
from tinysim.resources import resource_folder
from tinysim.stamp import Stamp, StampedByte

START_LIMIT_S = 600.0
ANSWER_LIMIT_S = 300.0
"""Host time after which Renode counts as hung: an answer takes milliseconds, a slice of polling firmware
seconds, and both much longer on a busy host."""

END_LIMIT_S = 60.0
"""Host time after which Renode is killed where it does not end when told to."""

_SLICE_NS = 50_000_000
_ASLEEP_SLICE_NS = 10_000_000_000
_LAST_WORDS_LINES = 4
_LAST_WORDS_BYTES = 4096
_PAGE_BYTES = 1024
_PRIVATE = 0xE000_0000
_STRAY_ACCESS = re.compile(
    r"sysbus: (?:\[cpu: 0x([0-9A-F]+)\] )?(Read|Write)\w+ (?:from|to) non existing peripheral at "
    r"0x([0-9A-F]+)"
)


class RenodeEngine:
    """A simulated board; see `tinysim.engines.Engine`.

    Renode has no cycle model: the core executes a fixed number of instructions in 10 ms, ten times
    `instructions_per_ms`, the nearest to what `cycles_per_instruction` asks for at the board's clock. Raises
    UserError where Renode or pyrenode3 is not installed, and TinysimError where Renode fails.
    """

    name = "renode"

    def __init__(
        self, board: Board, image: Image, *, cycles_per_instruction: float = 1.0, uart: str | None = None
    ) -> None:
        self.board = board
        self.image = image
        names = [part.name for part in board.chip.uarts]
        if uart is not None and uart not in names:
            raise UserError(f"{board.id} has no UART {uart!r}: it has {', '.join(names)}")
        self._uart = uart
        self.instructions_per_ms = instructions_per_ms(board, cycles_per_instruction)
        self._process: subprocess.Popen[bytes] | None = None
        installation = find_installation()
        if not isinstance(installation, Installation):
            raise UserError(f"the Renode engine cannot be used: {installation}")
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 (as long as the process)
        ours, theirs = Pipe()
        self._connection = ours
        self._process = subprocess.Popen(
            # Warnings: pythonnet and pyrenode3 each have one about every Mono.
            [sys.executable, "-W", "ignore", "-m", "tinysim.engines.renode.worker", str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            env={**os.environ, **installation.environment},
            stdout=self._log,
            stderr=self._log,
            # Ctrl-C is for the person's own process, which then closes this one.
            start_new_session=True,
        )
        theirs.close()
        self._outgoing: list[StampedByte] = []
        self._unsent = 0
        self.version = str(self._ask("build", self._description(), limit_s=START_LIMIT_S))
        self._moment = cast(Moment, self._ask("now"))

    def _description(self) -> MachineDescription:
        board = self.board
        return MachineDescription(
            peripherals=resource_folder("platforms") / "renode" / "stm32.resc",
            platform=board.folder / f"{board.id}.repl",
            console=self._uart or board.console.uart,
            segments=tuple((segment.address, segment.content) for segment in self.image.segments),
            vector_table=self.image.vector_table,
            instructions_per_ms=self.instructions_per_ms,
        )

    def _ask(self, method: str, *arguments: object, limit_s: float | None = None) -> Any:
        limit_s = ANSWER_LIMIT_S if limit_s is None else limit_s
        try:
            self._connection.send((method, arguments))
            if not self._connection.poll(limit_s):
                words = self._last_words()
                self._end(0)
                raise TinysimError(f"Renode did not answer within {limit_s:g} s of host time{words}")
            answer = self._connection.recv()
        except (EOFError, OSError) as error:
            status = self._end()
            raise TinysimError(f"Renode ended by itself ({_ending(status)}){self._last_words()}") from error
        if isinstance(answer, Failure):
            raise TinysimError(answer.message)
        return answer

    def _last_words(self) -> str:
        self._log.seek(0, 2)
        self._log.seek(max(0, self._log.tell() - _LAST_WORDS_BYTES))
        lines = [
            line.strip() for line in self._log.read().decode("utf-8", "replace").splitlines() if line.strip()
        ]
        return f"; Renode's last words: {' | '.join(lines[-_LAST_WORDS_LINES:])}" if lines else ""

    def _stamp(self, moment: Moment) -> Stamp:
        clock_khz = self.board.clock.core_hz // 1000
        return Stamp(
            moment.time_ns, moment.instructions, moment.instructions * clock_khz // self.instructions_per_ms
        )

    def now(self) -> Stamp:
        """Return the present moment."""
        return self._stamp(self._moment)

    def run(self, until_ns: int, *, to_line_end: bool = False) -> Stop:
        """Run; see `Engine.run`. Goes on to the end of what the board sends without a pause.

        The present moment is then up to a microsecond after `until_ns` or after the last byte has left.
        Raises GuestFault where the guest hangs in a fault handler.
        """
        slice_ns = _SLICE_NS
        while True:
            piece = cast(Slice, self._ask("run_slice", min(until_ns, self._moment.time_ns + slice_ns)))
            self._moment, self._unsent = piece.now, piece.unsent
            self._outgoing += [StampedByte(value, self._stamp(moment)) for value, moment in piece.output]
            if piece.fault is not None:
                raise GuestFault(self._fault_report(piece.fault))
            if piece.stop is Stop.OUTPUT or self._moment.time_ns >= until_ns:
                return piece.stop
            slice_ns = _ASLEEP_SLICE_NS if piece.stop is Stop.ASLEEP else _SLICE_NS

    def _fault_report(self, fault: str) -> str:
        registers = self.registers()
        names = list(registers)
        rows = [
            "  ".join(f"{name:>7} {registers[name]:08x}" for name in names[first : first + 5])
            for first in range(0, len(names), 5)
        ]
        return "\n".join([f"{fault}, {self.whereabouts()}", *rows])

    def send(self, data: bytes) -> None:
        """Put bytes on the line to the console, where they wait until the guest takes them."""
        if data:
            self._ask("send", data)
            self._unsent += len(data)

    def unsent(self) -> int:
        """Return how many bytes have not yet arrived at the console."""
        return self._unsent

    def take_output(self) -> Sequence[StampedByte]:
        """Return what has left the console since the last call."""
        output, self._outgoing = self._outgoing, []
        return output

    def read_memory(self, address: int, size_bytes: int) -> bytes:
        """Return memory's content. Raises ValueError where the board has none."""
        first, last = self.board.chip.memory_at(address), self.board.chip.memory_at(address + size_bytes - 1)
        if first is None or first is not last:
            raise ValueError(f"no memory at {address:#010x}, {size_bytes} bytes")
        return cast(bytes, self._ask("read_memory", address, size_bytes))

    def registers(self) -> dict[str, int]:
        """Return the core's registers by name."""
        return cast(dict[str, int], self._ask("registers"))

    def whereabouts(self) -> str:
        """Say where the guest is, with symbols, and what Renode last found worth a warning."""
        registers = self.registers()
        self._ask("flush_log")
        place = (
            f"at {self.image.symbolise(registers['pc'])}, called from {self.image.symbolise(registers['lr'])}"
        )
        return place + self._last_words()

    def stuck(self) -> str | None:
        """Return None: Renode tells only of reads from where it has no registers at all, and at length.

        A guest that reads those over and over keeps it so busy that it does not answer; what it has said last
        then names the register.
        """
        return None

    def unmodelled(self) -> Sequence[Unmodelled]:
        """Return which peripherals without a model the guest has used: those that Renode has warned of.

        What it keeps as registers that read as written it does not warn of.
        """
        self._ask("flush_log")
        self._log.seek(0)
        accesses = _STRAY_ACCESS.findall(self._log.read().decode("utf-8", "replace"))
        return _unmodelled(self.board, self.image, accesses)

    @property
    def console_uart(self) -> str:
        """The UART that the host is wired to."""
        return self._uart or self.board.console.uart

    def snapshot(self) -> Snapshot:
        """Return how the present state came about; going back lives it again, so take it soon after boot."""
        return Snapshot(self._ask("history"))

    def restore(self, snapshot: Snapshot) -> None:
        """Go back to a state of a board with the same image and speed; bytes on the way are dropped."""
        self._ask("replay", cast(History, snapshot.content))
        self._outgoing.clear()
        self._unsent = 0
        self._moment = cast(Moment, self._ask("now"))

    def monitor(self, command: str) -> str:
        """Execute a command of Renode's monitor and return what it prints.

        Raises TinysimError where it fails.
        """
        return str(self._ask("command", command))

    def close(self) -> None:
        """End Renode's process; the engine cannot be used afterwards."""
        if self._process is not None:
            self._end()

    def _end(self, limit_s: float = END_LIMIT_S) -> int:
        """End the process, by force after `limit_s`, and return its exit status, negative for a signal."""
        process, self._process = self._process, None
        if process is None:
            return 0
        self._connection.close()
        try:
            return process.wait(timeout=limit_s)
        except subprocess.TimeoutExpired:
            process.kill()
            return process.wait()

    def __del__(self) -> None:
        self.close()


def _unmodelled(board: Board, image: Image, accesses: Sequence[tuple[str, str, str]]) -> Sequence[Unmodelled]:
    """Sum up accesses: each the block of code, "Read" or "Write", and the address, in hexadecimal."""
    found: dict[tuple[str, int], Unmodelled] = {}
    for code, kind, at in accesses:
        name, address = board.chip.peripheral_at(int(at, 16)) or ("", int(at, 16) & ~(_PAGE_BYTES - 1))
        if address >= _PRIVATE and not name:
            continue
        before = found.get((name, address))
        found[name, address] = Unmodelled(
            name,
            address,
            (before.reads if before else 0) + (kind == "Read"),
            (before.writes if before else 0) + (kind == "Write"),
            before.place if before else image.symbolise(int(code or "0", 16)),
        )
    return list(found.values())


def instructions_per_ms(board: Board, cycles_per_instruction: float) -> int:
    """Return how many instructions a millisecond has at a board's clock and CPI: at least one a microsecond.

    `PerformanceInMips`, a whole number, would put time off by up to 1.3 % at 38 instructions a microsecond,
    which is 64 MHz at a CPI of 1.7. So Renode's end changes between the two nearest numbers.
    """
    return max(1000, round(board.clock.core_hz / 1000 / cycles_per_instruction))


def _ending(status: int) -> str:
    return f"signal {-status}" if status < 0 else f"exit code {status}"
