"""A board on the native core: built from board.toml, loaded with an image, run in virtual time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from types import TracebackType
from typing import Any

from tinysim.board import Board
from tinysim.chip import ChipDevice, Memory, Option
from tinysim.clock_trees import chip_clocks, clocks_after_reset
from tinysim.engines import Snapshot, Stop, Unmodelled
from tinysim.engines.embedded.blocks import TimedBlocks
from tinysim.engines.embedded.cores import core_model
from tinysim.engines.embedded.faults import REGISTER_NAMES, fault_name, fault_report
from tinysim.engines.embedded.library import engine_interface, load_library
from tinysim.errors import GuestFault, TinysimError, UserError
from tinysim.image import Image
from tinysim.stamp import Stamp, StampedByte
from tinysim.timing import timing_model
from tinysim.timing.marshalling import native_parameters

_FOREVER_PS = (1 << 64) - 1
_LINE_BYTES = 1024
"""After so many bytes a run comes back although no line has ended."""
_OBSERVATION_NS = 20_000_000

# What tells a guest that waits for nothing: a loop that does little but read registers, and for how long. The
# vendor's own loops have timeouts of up to 5 s (LSE_STARTUP_TIMEOUT) and go on after that.
_POLLS_MIN = 1000
_TIGHT_LOOP_INSTRUCTIONS = 12
_LOOP_INSTRUCTIONS_MAX = 400
_TIGHT_PATIENCE_PS = 250_000_000_000
_PATIENCE_PS = 10_000_000_000_000
_RESETS_MAX = 1000  # without a byte in between
_EXCEPTION_NUMBER = 0x1FF
_FAULT_EXCEPTIONS = range(3, 7)


def _numbers(option: Option) -> list[int]:
    """As devices take an option's values: a request of a stream as native/devices/dma.c has it."""
    if isinstance(option, int):
        return [option]
    return [
        request if isinstance(request, int) else 0x8000 | request[0] << 8 | request[1] << 4 | request[2]
        for request in option
    ]


class EmbeddedEngine:
    """A simulated board; see `tinysim.engines.Engine`.

    `with_timing` takes the board's timing model; without one, or where the board has none, an instruction
    takes one cycle. `uart` names the one that is the console; without it that is the one through which the
    guest sends first, and until it does, the board's own. Raises UserError where the native core cannot be
    built or the board has no such UART.
    """

    name = "embedded"

    def __init__(
        self, board: Board, image: Image, *, with_timing: bool = True, uart: str | None = None
    ) -> None:
        self.board = board
        self.image = image
        self._uart = uart
        self._resets_heard_of = 0
        self.timing = timing_model(board.chip) if with_timing else None
        self._core: Any = None
        self._error: BaseException | None = None
        self._native: Any = load_library()
        self._ffi = ffi = engine_interface().ffi
        # Native code does not keep callbacks alive.
        self._clocks_written = ffi.callback("clocks_written", self._set_clocks, onerror=self._keep_error)
        self._describe = ffi.callback("describe_block", self._describe_block, onerror=self._keep_error)
        self._blocks = TimedBlocks(self.timing) if self.timing is not None else None
        self._device_names = [device.name for device in board.chip.device]
        names = [uart.name for uart in board.chip.uarts]
        if self._uart is not None and self._uart not in names:
            raise UserError(f"{board.id} has no UART {self._uart!r}: it has {', '.join(names)}")
        self._core = self._native.engine_create([core_model(board.chip.core)], board.console.baud)
        if not self._core:
            raise TinysimError("the emulator could not be started: not enough memory")
        self._add_memories()
        self._add_devices()
        self._load()
        self._check(self._native.engine_start(self._core, image.vector_table))

    def _check(self, succeeded: bool) -> None:
        """Raise what went wrong: the error of a callback, else the native core's."""
        error, self._error = self._error, None
        if error is not None:
            raise error
        if not succeeded:
            text = self._ffi.string(self._native.engine_error(self._core)).decode()
            raise TinysimError(f"{self.board.id}: the simulation failed: {text or 'not enough memory'}")

    def _add_memories(self) -> None:
        own = {memory.name: memory for memory in self.board.chip.memory if memory.mirror_of is None}
        for memory in own.values():
            self._check(
                self._native.engine_add_memory(
                    self._core, memory.address, memory.size_bytes, memory.kind == "ram"
                )
            )
        for memory in self.board.chip.memory:
            if memory.mirror_of is not None:
                original = own[memory.mirror_of].address + memory.mirror_offset_bytes
                self._add_mirror(memory, memory.address, original)
            if memory.alias_address is not None:
                self._add_mirror(memory, memory.alias_address, memory.address)

    def _add_mirror(self, memory: Memory, address: int, original: int) -> None:
        self._check(
            self._native.engine_add_mirror(
                self._core, address, memory.size_bytes, memory.kind == "ram", original
            )
        )

    def _add_devices(self) -> None:
        native, board = self._native, self.board
        for device in board.chip.device:
            self._add_device(device)
        console = self._uart or board.console.uart
        native.engine_set_console(self._core, self._device_names.index(console), self._uart is not None)
        for register in board.chip.status_register:
            if len(register.follows) > native.FOLLOWS_MAXIMUM:
                raise UserError(f"{board.id}: {register.name} follows too many bits: check board.toml")
            follows = [
                {
                    "status_bit": status_bit,
                    "enable_bit": enable_bit,
                    "enable_address": elsewhere[0] if elsewhere else register.address,
                }
                for status_bit, enable_bit, *elsewhere in register.follows
            ]
            rule = {
                "address": register.address,
                "reset": register.reset,
                "set": sum(1 << bit for bit in register.set),
                "clear": sum(1 << bit for bit in register.clear),
                "follow_count": len(follows),
                "follows": follows,
            }
            self._check(native.engine_add_register(self._core, [rule]))
        native.engine_set_clock_control(
            self._core,
            board.chip.clock_control.address,
            max(clocks_after_reset(board.chip, board.clock.hse_hz or 0).core_hz, 1),
            self._clocks_written,
        )
        if self.timing is not None:
            parameters = self.timing.parameters
            native.engine_set_timing(
                self._core,
                [native_parameters(self.timing)],
                parameters.exception_entry_cycles,
                parameters.exception_return_cycles,
                self._describe,
            )

    def _add_device(self, device: ChipDevice) -> None:
        names = {name: self._ffi.new("char[]", name.encode()) for name in (device.model, *device.options)}
        options = [(name, _numbers(option)) for name, option in device.options.items()]
        description = {
            "model": names[device.model],
            "address": device.address,
            "bytes": device.size_bytes,
            "interrupt_count": len(device.irq),
            "interrupts": device.irq,
            "option_count": len(options),
            "options": [
                {"name": names[name], "count": len(numbers), "values": numbers} for name, numbers in options
            ],
        }
        try:
            added = self._native.engine_add_device(self._core, [description])
        except (IndexError, OverflowError) as error:
            raise UserError(f"chips/{self.board.chip.id}.toml: {device.name}: {error}") from error
        if not added:
            text = self._ffi.string(self._native.engine_error(self._core)).decode()
            raise UserError(f"chips/{self.board.chip.id}.toml: {device.name}: {text}")

    def _load(self) -> None:
        for word in self.board.chip.factory_word:
            content = word.value.to_bytes(4, "little")
            self._check(self._native.engine_write_memory(self._core, word.address, content, len(content)))
        for segment in self.image.segments:
            if not self._native.engine_write_memory(
                self._core, segment.address, segment.content, len(segment.content)
            ):
                raise UserError(
                    f"{self.image.path}: a segment at {segment.address:#010x} has no memory to load into"
                )

    def _set_clocks(self) -> bool:
        """The guest has written a register of the clock controller."""
        base = self.board.chip.clock_control.address
        clocks = chip_clocks(
            self.board.chip,
            lambda offset: int(self._native.engine_peripheral_word(self._core, base + offset)),
            self.board.clock.hse_hz or 0,
        )
        devices = [clocks.device_hz[device.clock] if device.clock else 0 for device in self.board.chip.device]
        self._native.engine_set_clocks(self._core, max(clocks.core_hz, 1), devices)
        return True

    def _describe_block(self, address: int, code: Any, size_bytes: int, description: Any) -> bool:
        assert self._blocks is not None
        self._blocks.describe(address, bytes(self._ffi.buffer(code, size_bytes)), description)
        return True

    def _keep_error(self, _kind: object, error: BaseException, traceback: TracebackType | None) -> None:
        """A callback has raised `error`; the native core stops, and `_check` raises it."""
        self._error = error.with_traceback(traceback)

    def now(self) -> Stamp:
        """Return the present moment."""
        moment = self._ffi.new("struct engine_moment *")
        self._native.engine_now(self._core, moment)
        return Stamp(moment.time_ps // 1000, moment.instructions, moment.cycles)

    def run(self, until_ns: int, *, to_line_end: bool = False) -> Stop:
        """Run; see `Engine.run`.

        Asleep with nothing that could wake the core, time passes until `until_ns` and the result is ASLEEP.
        """
        # Time is told in whole nanoseconds, rounded down: reaching `until_ns` is being told so.
        until_ps = min(until_ns * 1000, _FOREVER_PS)
        wanted_bytes = _LINE_BYTES if to_line_end else 1
        native = self._native
        reason = native.engine_run(self._core, until_ps, wanted_bytes, to_line_end)
        self._check(reason != native.STOP_ERROR)
        if reason in (native.STOP_FAULT, native.STOP_LOCKUP):
            locked_up = reason == native.STOP_LOCKUP
            raise GuestFault(fault_report(self._fault(), self.image, locked_up=locked_up))
        if reason == native.STOP_IDLE:
            native.engine_sleep_until(self._core, until_ps)
            return Stop.ASLEEP
        return Stop.OUTPUT if reason == native.STOP_OUTPUT else Stop.DEADLINE

    def _fault(self) -> Any:
        fault = self._ffi.new("struct fault *")
        self._native.engine_fault(self._core, fault)
        return fault

    def send(self, data: bytes) -> None:
        """Put bytes on the line to the console. Raises TinysimError where more than 128 KiB wait there."""
        if self._native.engine_send(self._core, data, len(data)) != len(data):
            raise TinysimError("too many bytes wait on the line to the console")

    def send_break(self) -> None:
        """Hold the line to the console low for a character."""
        self._native.engine_send_break(self._core)

    def unsent(self) -> int:
        """Return how many bytes have not yet arrived at the console."""
        return int(self._native.engine_unsent(self._core))

    def take_output(self) -> Sequence[StampedByte]:
        """Return what has left the console since the last call."""
        count = self._native.engine_waiting(self._core)
        if count == 0:
            return ()
        taken = self._ffi.new("struct line_byte[]", count)
        taken_count = self._native.engine_take(self._core, taken, count)
        self._resets_heard_of = self.resets
        return [
            StampedByte(byte.data, Stamp(byte.time_ps // 1000, byte.instructions, byte.cycles))
            for byte in taken[0:taken_count]
        ]

    @property
    def guest_baud(self) -> int:
        """The rate in bit/s that the guest has set up for the console; the board's where it has not yet."""
        return int(self._native.engine_guest_baud(self._core))

    @property
    def core_hz(self) -> int:
        """The core's present clock."""
        return int(self._native.engine_core_hz(self._core))

    @property
    def resets(self) -> int:
        """How often the guest has reset itself."""
        return int(self._native.engine_resets(self._core))

    def read_memory(self, address: int, size_bytes: int) -> bytes:
        """Return memory's content. Raises ValueError where the board has none."""
        content = self._ffi.new("uint8_t[]", size_bytes)
        if not self._native.engine_read_memory(self._core, address, content, size_bytes):
            raise ValueError(f"no memory at {address:#010x}, {size_bytes} bytes")
        return bytes(self._ffi.buffer(content))

    def write_memory(self, address: int, content: bytes) -> None:
        """Change memory, flash included. Raises ValueError where the board has none."""
        if not self._native.engine_write_memory(self._core, address, content, len(content)):
            raise ValueError(f"no memory at {address:#010x}, {len(content)} bytes")

    def registers(self) -> dict[str, int]:
        """Return the core's registers by name."""
        values = self._ffi.new("uint32_t[ENGINE_REGISTERS]")
        self._native.engine_registers(self._core, values)
        return dict(zip(REGISTER_NAMES, values, strict=True))

    def whereabouts(self) -> str:
        """Say where the guest is, with symbols, and which register without a model it reads over and over.

        Lets the guest run on for 20 ms of virtual time to see that, and puts it back.
        """
        registers = self.registers()
        state = "asleep " if self._native.engine_is_sleeping(self._core) else ""
        symbolise = self.image.symbolise
        text = f"{state}at {symbolise(registers['pc'])}, called from {symbolise(registers['lr'])}"
        if registers["xpsr"] & _EXCEPTION_NUMBER in _FAULT_EXCEPTIONS:
            text += f"; it handles a {fault_name(self._fault())}"
        reads = self._observe_reads()
        if reads:
            (address, pc, value), count = reads.most_common(1)[0]
            text += (
                f"; it waits for {self.board.chip.register_name(address)}, which nothing drives and which "
                "reads "
                f"{value:#010x}: {count} reads in 20 ms at {symbolise(pc)}"
            )
        others = self._other_speakers()
        return f"{text}; {others}" if others else text

    def _other_speakers(self) -> str:
        """Say which UARTs but the console the guest has sent through."""
        sent = {
            device.name: int(self._native.engine_sent_bytes(self._core, number))
            for number, device in enumerate(self.board.chip.device)
            if device.name != self.console_uart
        }
        texts = [f"it has sent {count} bytes through {name}" for name, count in sent.items() if count]
        return f"{', '.join(texts)} while the console is {self.console_uart}" if texts else ""

    def stuck(self) -> str | None:
        """Say what the guest waits for; see `Engine.stuck`.

        A guest is stuck that reads registers without a model and sees nothing new: for a quarter of a second
        where it does nothing else, for longer than vendors' timeouts where there is more to its loop. And one
        that resets itself before it has said anything, again and again.
        """
        silent_resets = self.resets - self._resets_heard_of
        if silent_resets > _RESETS_MAX:
            return f"the guest resets itself again and again: {silent_resets} times without a byte in between"
        polling = self._ffi.new("struct engine_polling *")
        self._native.engine_polling(self._core, polling)
        if polling.reads < _POLLS_MIN:
            return None
        instructions_per_read = polling.instructions / polling.reads
        is_tight = instructions_per_read <= _TIGHT_LOOP_INSTRUCTIONS
        if not is_tight and instructions_per_read > _LOOP_INSTRUCTIONS_MAX:
            return None
        if polling.time_ps < (_TIGHT_PATIENCE_PS if is_tight else _PATIENCE_PS):
            return None
        return (
            f"the guest waits for {self.board.chip.register_name(polling.address)}, which nothing drives: "
            f"{polling.reads} reads in {polling.time_ps / 1e12:.3g} s of virtual time, at "
            f"{self.image.symbolise(polling.pc)}, always {polling.value:#010x}"
        )

    def unmodelled(self) -> Sequence[Unmodelled]:
        """Return which peripherals without a model the guest has used; see `Engine.unmodelled`.

        Leaves out what the chip's file lists as good enough to read as written, and what has a model.
        """
        blocks = self._ffi.new("struct register_block[REGISTER_BLOCKS]")
        count = self._native.engine_register_blocks(self._core, blocks)
        chip = self.board.chip
        reported = {"", *(block.name for block in chip.unmodelled)}
        found: dict[tuple[str, int], Unmodelled] = {}
        for block in blocks[0:count]:
            peripheral = chip.peripheral_at(block.address)
            name, address = peripheral or ("", block.address)
            if name not in reported:
                continue
            before = found.get((name, address))
            found[name, address] = Unmodelled(
                name,
                address,
                block.reads + (before.reads if before else 0),
                block.writes + (before.writes if before else 0),
                before.place if before else self.image.symbolise(block.pc),
            )
        return list(found.values())

    @property
    def console_uart(self) -> str:
        """The UART that the host is wired to: the one that was named, else that of the guest's first byte."""
        number = int(self._native.engine_console(self._core))
        return self.board.chip.device[number].name

    def _observe_reads(self) -> Counter[tuple[int, int, int]]:
        before = self._native.engine_snapshot(self._core)
        if not before:
            return Counter()
        try:
            self._native.engine_forget_register_uses(self._core)
            until_ps = (self.now().time_ns + _OBSERVATION_NS) * 1000
            self._native.engine_run(self._core, until_ps, self._native.LINE_TO_HOST_BYTES, False)
            uses = self._ffi.new("struct register_use[REGISTER_USES]")
            count = self._native.engine_register_uses(self._core, uses)
            return Counter(
                {(use.address, use.pc, use.value): use.reads for use in uses[0:count] if use.reads > 1}
            )
        finally:
            self._native.engine_restore(self._core, before)
            self._native.engine_free_snapshot(before)
            self._error = None

    def snapshot(self) -> Snapshot:
        """Return the state of board and guest."""
        taken = self._native.engine_snapshot(self._core)
        if not taken:
            raise TinysimError("not enough memory for a snapshot")
        return Snapshot(self._ffi.gc(taken, self._native.engine_free_snapshot))

    def restore(self, snapshot: Snapshot) -> None:
        """Go back to a state of this engine; bytes on the way to and from the console are dropped."""
        if not self._native.engine_restore(self._core, snapshot.content):
            raise ValueError("the snapshot is not one of this board")

    def close(self) -> None:
        """Free the board; the engine cannot be used afterwards."""
        if self._core:
            self._native.engine_destroy(self._core)
            self._core = None
            self._native = _Closed()

    def __del__(self) -> None:
        self.close()


class _Closed:
    """Stands for the native library once the engine is closed: calls would reach freed memory."""

    def __getattr__(self, name: str) -> Any:
        raise ValueError("the engine is closed")
