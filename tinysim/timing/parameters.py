"""The `[timing]` table of a chip's file: what stands between the core and its memories."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator, model_validator

from tinysim.chip import Chip, Memory, Part
from tinysim.errors import UserError


class FlashAccess(Part):
    """How the guest sets up the flash interface, and what one read of the array delivers."""

    read_width_bytes: int = Field(gt=0)
    latency_register: int
    latency_mask: int
    prefetch_register: int = 0
    prefetch_bit: int = 0

    @field_validator("read_width_bytes")
    @classmethod
    def _is_power_of_two(cls, width: int) -> int:
        if width & (width - 1):
            raise ValueError(f"{width} is no power of two")
        return width


class Cache(Part):
    """A cache: fully associative where `ways` equals `lines`; the least recently used way is replaced.

    `fills` says whether a miss brings in the whole line or only the part (of one flash read) that is needed.
    `control_register` is where the guest switches it on; without one it is always on. `miss_cycles` are what
    a miss costs before the memory behind is asked.
    """

    name: str
    lines: int = Field(gt=0, le=512)
    ways: int = Field(gt=0)
    line_bytes: int = Field(gt=0)
    fills: Literal["lines", "parts"]
    allocates_stores: bool = False
    control_register: int = 0
    enable_bit: int = 0
    miss_cycles: int = Field(default=0, ge=0)

    @model_validator(mode="after")
    def _has_whole_sets(self) -> Cache:
        sets, rest = divmod(self.lines, self.ways)
        if rest or sets & (sets - 1):
            raise ValueError(
                f"cache {self.name}: {self.lines} lines in {self.ways} ways make no power of two"
            )
        return self


class MemoryPath(Part):
    """The way from the core to a memory of the chip: `wait_cycles` of a read that no cache answers.

    Flash adds its wait states, and reads code ahead where there is `prefetch` and the guest wants it. With
    `alias`, the path to the memory's alias address, which is else the same.
    """

    memory: str
    alias: bool = False
    wait_cycles: int = Field(default=0, ge=0)
    prefetch: bool = False
    instruction_cache: str | None = None
    data_cache: str | None = None


class TimingParameters(Part):
    """All parameters of a chip's timing model; every one of them names its source in the chip's file."""

    flash: FlashAccess
    cache: tuple[Cache, ...] = Field(default=(), max_length=3)
    path: tuple[MemoryPath, ...] = ()
    exception_entry_cycles: int = Field(ge=0)
    exception_return_cycles: int = Field(ge=0)

    def cache_number(self, name: str) -> int:
        """Return the place of a cache. Raises UserError where there is none of that name."""
        for number, cache in enumerate(self.cache):
            if cache.name == name:
                return number
        raise UserError(f"timing: there is no cache {name!r}")

    @property
    def follows_stores(self) -> bool:
        """Whether a store can change what later accesses cost."""
        return any(cache.allocates_stores for cache in self.cache)


def timing_parameters(chip: Chip) -> TimingParameters | None:
    """Return the chip's parameters, or None where it has no timing model. Raises UserError if malformed."""
    if not chip.timing:
        return None
    try:
        return TimingParameters.model_validate(chip.timing)
    except ValueError as error:
        raise UserError(f"chips/{chip.id}.toml: timing: {error}") from error


def memory_of(chip: Chip, path: MemoryPath) -> Memory:
    """Return the memory that a path leads to. Raises UserError where the chip has none of that name."""
    for memory in chip.memory:
        if memory.name == path.memory:
            return memory
    raise UserError(f"chips/{chip.id}.toml: timing: there is no memory {path.memory!r}")
