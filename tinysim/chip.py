"""What a chip is: `platforms/chips/<chip>.toml`, read and validated."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    ValidationError,
    model_validator,
)

from tinysim.errors import UserError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_BLOCK_BYTES_MAX = 0x1_0000
_UART_MODELS = ("stm32_usart", "stm32_lpuart")


class Part(BaseModel):
    """A table of a platform file: immutable, and with no other keys than it names."""

    model_config = ConfigDict(frozen=True, extra="forbid")


_Part = TypeVar("_Part", bound=Part)


def read_platform_file(kind: type[_Part], path: Path, **known: object) -> _Part:
    """Return the `kind` that the TOML file `path` describes, together with what is `known` without it.

    Raises UserError where the file cannot be read, naming the first key that is wrong.
    """
    try:
        with path.open("rb") as file:
            content = tomllib.load(file)
        return kind.model_validate({**content, **known})
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise UserError(f"cannot read {path}: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = "".join(f"{part}: " for part in [".".join(str(part) for part in first["loc"])] if part)
        raise UserError(f"{path}: {place}{first['msg']}") from error


def _named(tables: object) -> object:
    """Return a table of tables as a list of parts that know their names."""
    if not isinstance(tables, Mapping):
        return tables
    return [{"name": name, **table} for name, table in tables.items()]


def _bits(ranges: object) -> object:
    """Return a list of bits and of ranges [first, last] as a list of bits."""
    if not isinstance(ranges, Iterable):
        return ranges
    return [
        bit for each in ranges for bit in (range(each[0], each[1] + 1) if isinstance(each, list) else [each])
    ]


Bits = Annotated[tuple[int, ...], BeforeValidator(_bits)]


class Core(Part):
    """The processor core."""

    name: Literal["cortex-m0+", "cortex-m4", "cortex-m7", "cortex-m33"]
    fpu: Literal["fpv4-sp-d16", "fpv5-sp-d16", "fpv5-d16"] | None = None
    nvic_priority_bits: int = Field(ge=2, le=8)
    external_interrupts: int = Field(gt=0, le=240)
    mpu_regions: int = Field(default=8, ge=0, le=16)
    instruction_cache_bytes: int = 0
    data_cache_bytes: int = 0


class Memory(Part):
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
Option = StrictBool | StrictInt | tuple[DmaRequest, ...]


class ChipDevice(BaseModel):
    """A modelled device of the chip: model, place, interrupts, its clock's name, and the model's options.

    `irq`: of a timer update events, then compare events where those have a line of their own; of a DMA
    controller one a channel; of an RTC wake-up timer and alarms. Any other key of its table is an option;
    which there are is the model's to say, in `engines/embedded/native/devices/`. Of UARTs `dma_receive` and
    `dma_transmit` are the requests by which DMA controllers know them: a number that a multiplexer selects,
    or (controller, stream, channel selection).
    """

    model_config = ConfigDict(frozen=True, extra="allow")
    __pydantic_extra__: dict[str, Option]

    name: str
    model: str
    address: int = Field(multiple_of=1024)
    size_bytes: int = Field(default=1024, multiple_of=1024)
    irq: tuple[int, ...] = Field(default=(), max_length=16)
    clock: str | None = None

    @property
    def options(self) -> Mapping[str, Option]:
        """What the model is told beyond what every device has."""
        return self.__pydantic_extra__


class FactoryWord(Part):
    """A word that the chip's maker has written into read-only memory: flash size, unique identification."""

    name: str
    address: int = Field(multiple_of=4)
    value: int = Field(ge=0, le=0xFFFF_FFFF)


class ClockControl(Part):
    """The clock controller, from whose registers every clock follows: which clock tree, and where."""

    registers: str
    address: int


class RegisterBlock(Part):
    """A block of registers without a model of its own. In the file the address alone will do."""

    name: str
    address: int = Field(multiple_of=4)
    size_bytes: int = Field(default=1024, multiple_of=4)

    @property
    def end(self) -> int:
        """First address after the block."""
        return self.address + self.size_bytes


def _blocks(table: object) -> object:
    if not isinstance(table, Mapping):
        return table
    return _named({name: {"address": at} if isinstance(at, int) else at for name, at in table.items()})


RegisterBlocks = Annotated[tuple[RegisterBlock, ...], BeforeValidator(_blocks)]


class StatusRegister(Part):
    """A register that the chip itself writes: reset value, and bits that the guest cannot set.

    `follows` names status bits and the enable bits that they mirror: (status bit, enable bit), or with the
    enable bit in another register (status bit, enable bit, address of that register). In the file the
    registers of a block are a table, with offsets in it.
    """

    name: str
    block: str
    address: int = Field(multiple_of=4)
    reset: int = Field(default=0, ge=0, le=0xFFFF_FFFF)
    follows: tuple[tuple[int, int] | tuple[int, int, int], ...] = ()
    set: Bits = ()
    clear: Bits = ()


def _placed(name: str, block: str, base: int, register: Mapping[str, Any]) -> dict[str, Any]:
    """Return a register of the file, its offsets in the block at `base` made addresses."""
    placed = {key: value for key, value in register.items() if key != "offset"}
    placed["follows"] = [
        [status, enable, *(base + offset for offset in elsewhere)]
        for status, enable, *elsewhere in register.get("follows", ())
    ]
    return {"name": name, "block": block, "address": base + register["offset"], **placed}


class Chip(Part):
    """A chip, as its file describes it; `id` is the file's name.

    The use of `register_blocks` is not worth a report: they read as written, but for the rules of status
    registers.
    """

    id: str
    core: Core
    memory: Annotated[tuple[Memory, ...], BeforeValidator(_named)]
    device: Annotated[tuple[ChipDevice, ...], BeforeValidator(_named)]
    factory_word: Annotated[tuple[FactoryWord, ...], BeforeValidator(_named)] = ()
    clock_control: ClockControl
    register_blocks: RegisterBlocks = ()
    unmodelled: RegisterBlocks = ()
    registers: dict[str, dict[str, dict[str, Any]]] = Field(default_factory=dict)
    timing: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _names_resolve(self) -> Chip:
        names = {memory.name for memory in self.memory}
        for memory in self.memory:
            if memory.mirror_of is not None and memory.mirror_of not in names:
                raise ValueError(f"memory {memory.name!r} mirrors {memory.mirror_of!r}, which does not exist")
        for block, registers in self.registers.items():
            if block not in self.peripherals:
                raise ValueError(f"registers of {block!r}, which has no address")
            for name, register in registers.items():
                if "offset" not in register:
                    raise ValueError(f"register {name!r} has no offset")
        assert self.status_register is not None
        return self

    @cached_property
    def status_register(self) -> tuple[StatusRegister, ...]:
        """The registers that the chip itself writes."""
        return tuple(
            StatusRegister.model_validate(_placed(name, block, self.peripherals[block], register))
            for block, registers in self.registers.items()
            for name, register in registers.items()
        )

    @cached_property
    def peripherals(self) -> Mapping[str, int]:
        """The addresses of all blocks of registers by name."""
        blocks = (*self.register_blocks, *self.unmodelled)
        return {
            "rcc": self.clock_control.address,
            **{device.name: device.address for device in self.device},
            **{block.name: block.address for block in blocks},
        }

    @property
    def uarts(self) -> tuple[ChipDevice, ...]:
        """The devices that can be a console."""
        return tuple(device for device in self.device if device.model in _UART_MODELS)

    @property
    def flash(self) -> Memory:
        """The memory that firmware is flashed into."""
        return next(memory for memory in self.memory if memory.kind == "flash")

    @property
    def largest_ram(self) -> tuple[int, int]:
        """Address and size in bytes of the largest stretch of RAM without a gap, mirrors apart."""
        stretches: list[tuple[int, int]] = []
        for memory in sorted(self.memory, key=lambda memory: memory.address):
            if memory.kind == "ram" and memory.mirror_of is None:
                if stretches and sum(stretches[-1]) == memory.address:
                    stretches[-1] = (stretches[-1][0], stretches[-1][1] + memory.size_bytes)
                else:
                    stretches.append((memory.address, memory.size_bytes))
        return max(stretches, key=lambda stretch: stretch[1])

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


def chip_ids(folder: Path) -> list[str]:
    """Return the names of all chips in `folder`, sorted."""
    return sorted(path.stem for path in folder.glob("*.toml"))


def read_chip(path: Path) -> Chip:
    """Read a chip's file. Raises UserError where it is not a valid one."""
    return read_platform_file(Chip, path, id=path.stem)
