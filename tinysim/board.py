"""What a board is: `platforms/<board>/board.toml`, read and validated."""

from __future__ import annotations

import difflib
import sys
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from tinysim.errors import UserError
from tinysim.resources import resource_folder

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


_BLOCK_BYTES_MAX = 0x1_0000


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class BoardName(_Part):
    """Who makes the board and which chip sits on it."""

    name: str
    vendor: str
    chip: str
    family: str


class Core(_Part):
    """The processor core and the clock that the benchmark firmware runs it at."""

    name: Literal["cortex-m0+", "cortex-m4", "cortex-m7", "cortex-m33"]
    fpu: Literal["fpv4-sp-d16", "fpv5-sp-d16", "fpv5-d16"] | None = None
    clock_hz: int = Field(gt=0)
    nvic_priority_bits: int = Field(ge=2, le=8)
    external_interrupts: int = Field(gt=0, le=240)
    mpu_regions: int = Field(default=8, ge=0, le=16)
    instruction_cache_bytes: int = 0
    data_cache_bytes: int = 0


class Memory(_Part):
    """One range of the memory map; a mirror shows part of another range at a second address."""

    name: str
    kind: Literal["flash", "ram", "rom"]
    address: int = Field(ge=0, le=0xFFFF_FFFF)
    size_bytes: int = Field(gt=0, multiple_of=1024)
    alias_address: int | None = None
    mirror_of: str | None = None
    mirror_offset_bytes: int = 0

    @property
    def end(self) -> int:
        """First address after the range."""
        return self.address + self.size_bytes


DmaRequest = int | tuple[int, int, int]


class Uart(_Part):
    """A serial port of the chip: register layout, place, interrupt, and the name of its kernel clock.

    `fifo`: whether CR1.FIFOEN switches FIFOs on. `dma_receive` and `dma_transmit` are the requests by which
    DMA controllers know it: a number that a multiplexer selects, or (controller, stream, channel selection).
    """

    name: str
    registers: Literal["stm32_usart"]
    address: int
    irq: int
    clock: str
    low_power: bool = False
    fifo: bool = True
    dma_receive: tuple[DmaRequest, ...] = Field(default=(), max_length=4)
    dma_transmit: tuple[DmaRequest, ...] = Field(default=(), max_length=4)


class Timer(_Part):
    """A timer of the chip: place, interrupt, counter width, and the name of its clock.

    `compare_irq`: the interrupt of compare events, where it is not that of updates.
    """

    name: str
    address: int
    irq: int
    compare_irq: int | None = None
    counter_bits: Literal[16, 32]
    clock: str


class Device(_Part):
    """Another modelled device of the chip: which model, place, interrupts, and the name of its clock.

    `irq`: of a DMA controller one a channel; of an RTC wake-up timer and alarms. `channels`, and the register
    that selects the first channel's request where a multiplexer does, are a DMA controller's; `mode_reset` is
    a GPIO port's MODER after reset.
    """

    name: str
    model: Literal[
        "stm32_crc",
        "stm32_rng",
        "stm32_gpio",
        "stm32_rtc",
        "stm32_rtc_with_sr",
        "stm32_lptim",
        "stm32_lptim_with_ccr2",
        "stm32_dma_channels",
        "stm32_dma_streams",
        "stm32_gpdma",
    ]
    address: int = Field(multiple_of=1024)
    size_bytes: int = Field(default=1024, multiple_of=1024)
    irq: tuple[int, ...] = Field(default=(), max_length=16)
    clock: str | None = None
    channels: int = Field(default=0, ge=0, le=8)
    request_register: int = 0
    mode_reset: int = Field(default=0, ge=0, le=0xFFFF_FFFF)


class FactoryWord(_Part):
    """A word that the chip's maker has written into read-only memory: flash size, unique identification."""

    name: str
    address: int = Field(multiple_of=4)
    value: int = Field(ge=0, le=0xFFFF_FFFF)


class ClockControl(_Part):
    """The clock controller, from whose registers every other clock follows."""

    registers: Literal["stm32l4_rcc", "stm32u5_rcc", "stm32h7a3_rcc", "stm32f7_rcc", "stm32g0_rcc"]
    address: int
    hse_hz: int | None = Field(default=None, gt=0)


class StatusRegister(_Part):
    """A register that the chip itself writes: reset value, and bits that the guest cannot set.

    `follows` names status bits and the enable bits that they mirror: (status bit, enable bit), or with the
    enable bit in another register (status bit, enable bit, address of that register).
    """

    name: str
    address: int = Field(multiple_of=4)
    reset: int = Field(default=0, ge=0, le=0xFFFF_FFFF)
    follows: tuple[tuple[int, int] | tuple[int, int, int], ...] = ()
    set: tuple[int, ...] = ()
    clear: tuple[int, ...] = ()


class Console(_Part):
    """The UART that reaches the host, and its rate."""

    uart: str
    baud: int = Field(gt=0)


class Supply(_Part):
    """The board's supply."""

    voltage_mv: int = Field(gt=0)


class Board(_Part):
    """A board, as its `board.toml` describes it; `id` is the folder's name."""

    id: str
    folder: Path
    board: BoardName
    core: Core
    memory: tuple[Memory, ...]
    console: Console
    uart: tuple[Uart, ...]
    timer: tuple[Timer, ...]
    device: tuple[Device, ...] = ()
    factory_word: tuple[FactoryWord, ...] = ()
    peripherals: dict[str, int] = Field(default_factory=dict)
    register_blocks: tuple[str, ...] = ()
    clock_control: ClockControl
    status_register: tuple[StatusRegister, ...]
    supply: Supply
    timing: dict[str, Any] = Field(default_factory=dict)
    system_description: dict[str, str]

    @model_validator(mode="after")
    def _names_resolve(self) -> Board:
        if self.console.uart not in {uart.name for uart in self.uart}:
            raise ValueError(f"console.uart {self.console.uart!r} is not one of the board's UARTs")
        names = {memory.name for memory in self.memory}
        for memory in self.memory:
            if memory.mirror_of is not None and memory.mirror_of not in names:
                raise ValueError(f"memory {memory.name!r} mirrors {memory.mirror_of!r}, which does not exist")
        return self

    @property
    def console_uart(self) -> Uart:
        """The UART that the console is wired to."""
        return next(uart for uart in self.uart if uart.name == self.console.uart)

    def peripheral_at(self, address: int) -> tuple[str, int] | None:
        """Return name and place of the block of registers that `address` is in, or None.

        Where one ends is not known: a block reaches to the next one, but not farther than _BLOCK_BYTES_MAX.
        """
        below = [(place, name) for name, place in self.peripherals.items() if place <= address]
        if not below:
            return None
        place, name = max(below)
        return (name, place) if address - place < _BLOCK_BYTES_MAX else None

    def register_name(self, address: int) -> str:
        """Return how to call the register at `address` in a message: its name or block, and the address."""
        for register in self.status_register:
            if register.address == address:
                return f"{register.name} ({address:#010x})"
        peripheral = self.peripheral_at(address)
        if peripheral is None:
            return f"{address:#010x}"
        name, place = peripheral
        return f"{name}+{address - place:#x} ({address:#010x})"

    def memory_at(self, address: int) -> Memory | None:
        """Return the memory that holds `address`, aliases included, or None."""
        for memory in self.memory:
            if memory.address <= address < memory.end:
                return memory
            if memory.alias_address is not None and 0 <= address - memory.alias_address < memory.size_bytes:
                return memory
        return None


def board_ids() -> list[str]:
    """Return the names of all boards, sorted."""
    return sorted(path.parent.name for path in resource_folder("platforms").glob("*/board.toml"))


def load_board(board_id: str) -> Board:
    """Read `platforms/<board_id>/board.toml`. Raises UserError for an unknown board or a bad file."""
    known = board_ids()
    if board_id not in known:
        close = difflib.get_close_matches(board_id, known, n=1)
        hint = f"did you mean {close[0]}?" if close else f"known boards: {', '.join(known)}"
        raise UserError(f"unknown board {board_id!r}: {hint}")
    return read_board(resource_folder("platforms") / board_id)


def read_board(folder: Path) -> Board:
    """Read `folder/board.toml`. Raises UserError where it is not a valid board."""
    path = folder / "board.toml"
    try:
        with path.open("rb") as file:
            content = tomllib.load(file)
        return Board(id=folder.name, folder=folder, **content)
    except (OSError, tomllib.TOMLDecodeError, TypeError) as error:
        raise UserError(f"cannot read {path}: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise UserError(f"{path}: {place}: {first['msg']}") from error
