"""A board in this process's Renode.

Imports pyrenode3, which loads Renode: only for the engine's own process.
"""

from __future__ import annotations

import base64
import struct
from collections.abc import Sequence
from pathlib import Path

from Antmicro.Renode.Logging import ConsoleBackend, Logger
from Antmicro.Renode.Peripherals.Memory import MappedMemory
from pyrenode3.wrappers import Emulation, Monitor
from System import AppDomain, Convert

from tinysim.engines import Stop
from tinysim.engines.renode.description import History, MachineDescription, Moment, Slice

_OUTPUT_RECORD = struct.Struct("<BQQ")
_FATAL_EXCEPTIONS = range(2, 7)
_ERASED_FLASH = 0xFF
_NAME = "board"

# How long Renode lets the core run before it looks at its own time again: long, as nothing else runs beside
# it.
_QUANTUM_S = "0.01"
_STOPS = {"deadline": Stop.DEADLINE, "output": Stop.OUTPUT, "asleep": Stop.ASLEEP}


class MachineError(Exception):
    """Renode refused a command or lost its way."""


class CoreAborted(Exception):
    """The simulated core has stopped, and cannot be started again."""


class Machine:
    """The board. Its virtual time is a whole number of microseconds whenever it is looked at."""

    def __init__(self, description: MachineDescription) -> None:
        self._monitor = Monitor()
        # To standard output, where the engine looks for the last words.
        Logger.AddBackend(ConsoleBackend.Instance, "console", True)
        self.command("logLevel 2")
        self.command(f"include @{description.peripherals}")
        self.command(f"include @{Path(__file__).with_name('host_link.cs')}")
        self._emulation = Emulation()
        machine = self._emulation.add_mach(_NAME)
        self.command(f'mach set "{_NAME}"')
        self.command(f"machine LoadPlatformDescription @{description.platform}")
        self.command(
            f'machine LoadPlatformDescriptionFromString "host_link: UART.HostLink @ {description.console} '
            f'{{ uart: {description.console}; cpu: cpu }}"'
        )
        self.command("emulation SetGlobalAdvanceImmediately true")
        self.command(f'emulation SetGlobalQuantum "{_QUANTUM_S}"')
        # Renode executes this at a reset, before the core looks for its first instruction.
        self.command(f'macro reset "sysbus.cpu VectorTableOffset {description.vector_table:#x}"')
        self._machine = machine.internal
        self._bus = machine.sysbus.internal
        # Looking a peripheral up takes pyrenode3 tenths of a second.
        self._cpu = machine.sysbus.cpu.internal
        self._uart = getattr(machine.sysbus, description.console).internal
        self._link = getattr(machine.sysbus, description.console).host_link.internal
        self._link.InstructionsPerMillisecond = description.instructions_per_ms
        memories = self._machine.GetPeripheralsOfType[MappedMemory]()
        self._ram = [memory for memory in memories if memory.ResetByte != _ERASED_FLASH]
        for address, content in description.segments:
            self._bus.WriteBytes(_array(content), address)
        self._origin_ns = 0
        self._last_pc: int | None = None
        self._sent: list[tuple[int, bytes]] = []
        self.reset()

    def command(self, command: str) -> str:
        """Execute a command of Renode's monitor and return what it prints.

        Raises MachineError where it fails.
        """
        output, error = self._monitor.execute(command)
        if error.strip():
            raise MachineError(f"Renode refused {command!r}: {error.strip()}")
        return str(output)

    def version(self) -> str:
        """Return Renode's version."""
        versions = {
            str(part.GetName().Name): str(part.GetName().Version)
            for part in AppDomain.CurrentDomain.GetAssemblies()
        }
        return versions.get("Renode", "unknown")

    def reset(self) -> None:
        """Start over as after power-on, RAM included."""
        for memory in self._ram:
            memory.ZeroAll()
        self._machine.Reset()
        self._origin_ns = self._elapsed_ns()
        self._last_pc = None
        self._sent = []

    def _elapsed_ns(self) -> int:
        return int(self._machine.ElapsedVirtualTime.TimeElapsed.TotalNanoseconds)

    def now(self) -> Moment:
        """Return the present moment."""
        return Moment(self._elapsed_ns() - self._origin_ns, int(self._cpu.ExecutedInstructions))

    def run(self, until_ns: int) -> Stop:
        """Run until the time has come, or until the board has sent something and fallen silent.

        Raises CoreAborted where the core has stopped.
        """
        reason = str(self._link.Run(-(-(self._origin_ns + until_ns) // 1000)))
        if reason == "aborted":
            raise CoreAborted("the core has stopped for good: lockup, or execution where no code is")
        return _STOPS[reason]

    def run_slice(self, until_ns: int) -> Slice:
        """Run, and return what the engine wants to know afterwards."""
        try:
            stop = self.run(until_ns)
            fault = None if stop is Stop.OUTPUT else self._fault()
        except CoreAborted as abort:
            stop, fault = Stop.DEADLINE, str(abort)
        return Slice(stop, self.now(), tuple(self.take_output()), int(self._uart.Waiting), fault)

    def _fault(self) -> str | None:
        """Return what the guest has fallen into for good, or None.

        That is an exception handler for faults that goes in a circle, as seen by two calls in a row.
        """
        program_counter = self._cpu.PC.RawValue
        exception = int(self._cpu.XProgramStatusRegister) & 0x1FF
        close = self._last_pc is not None and abs(program_counter - self._last_pc) <= 8
        self._last_pc = program_counter if exception in _FATAL_EXCEPTIONS else None
        if exception in _FATAL_EXCEPTIONS and close:
            names = ("NMI", "HardFault", "MemManage", "BusFault", "UsageFault")
            return f"{names[exception - _FATAL_EXCEPTIONS.start]} that its handler does not return from"
        return None

    def send(self, data: bytes) -> None:
        """Put bytes on the line to the board."""
        self._sent.append((self.now().time_ns, data))
        self._link.Send(_array(data))

    def take_output(self) -> Sequence[tuple[int, Moment]]:
        """Return what has left the board, and when."""
        records = base64.b64decode(str(self._link.TakeOutput()))
        return [
            (value, Moment(time_ns - self._origin_ns, instructions))
            for value, time_ns, instructions in _OUTPUT_RECORD.iter_unpack(records)
        ]

    def read_memory(self, address: int, size_bytes: int) -> bytes:
        """Return memory's content."""
        return base64.b64decode(str(Convert.ToBase64String(self._bus.ReadBytes(address, size_bytes))))

    def registers(self) -> dict[str, int]:
        """Return the core's registers by name."""
        names = [*(f"r{number}" for number in range(13)), "sp", "lr", "pc"]
        values = {name: int(self._cpu.GetRegister(number).RawValue) for number, name in enumerate(names)}
        return {**values, "xpsr": int(self._cpu.XProgramStatusRegister)}

    def flush_log(self) -> None:
        """Let everything that Renode has logged arrive on standard output."""
        Logger.Flush()

    def history(self) -> History:
        """Return how the present state came about."""
        return History(tuple(self._sent), self.now())

    def replay(self, history: History) -> None:
        """Go back to a state by living it again, and drop what is on the line.

        Renode can save a machine to a file only while no object of another program hangs on it, and takes
        longer for that than most boards take to boot. Raises MachineError where the state is not reached
        again.
        """
        self.reset()
        for time_ns, data in history.sent:
            self._run_silently(time_ns)
            if data:
                self.send(data)
            else:
                self._empty_line()
        self._run_silently(history.reached.time_ns)
        if self.now() != history.reached:
            raise MachineError(f"Renode came back to {self.now()} instead of {history.reached}")
        self._empty_line()

    def _empty_line(self) -> None:
        self._sent.append((self.now().time_ns, b""))
        self._link.Empty()

    def _run_silently(self, until_ns: int) -> None:
        while self.now().time_ns < until_ns:
            self.run(until_ns)
            self._link.TakeOutput()


def _array(data: bytes) -> object:
    return Convert.FromBase64String(base64.b64encode(data).decode())
