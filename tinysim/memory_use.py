"""What a firmware image's flash and RAM hold, from the ELF's sections, symbols and debug information."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from elftools.dwarf.dwarfinfo import DWARFInfo
from elftools.elf.constants import SH_FLAGS
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import Section, SymbolTableSection

_KERNEL_SOURCES = ("firmware/kernels/", "model/")
_BENCHMARK_SOURCES = ("firmware/benchmark/",)
_MODEL_SOURCES = ("model/",)


@dataclass(frozen=True)
class _Parts:
    """Bytes of a memory by what they are for; each byte of the image's sections counts once."""

    @property
    def total_bytes(self) -> int:
        """What the image's sections take of the memory."""
        return sum(self.as_json().values())

    def describe(self) -> str:
        """Return the parts in words, largest first: "arena 18,368, stack 8,192". Empty ones are left out."""
        parts = sorted(asdict(self).items(), key=lambda part: -part[1])
        return ", ".join(f"{name.replace('_', ' ')} {size:,}" for name, size in parts if size)

    def as_json(self) -> dict[str, int]:
        """Return the parts as {"..._bytes": n}."""
        return {f"{name}_bytes": size for name, size in asdict(self).items()}


@dataclass(frozen=True)
class FlashUse(_Parts):
    """Flash: `weights_and_tables` is all constants of the model, `startup_copies` what RAM begins with."""

    weights_and_tables: int
    kernel_code: int
    other_code: int
    other_constants: int
    vectors: int
    startup_copies: int

    def filled_to(self, total_bytes: int) -> FlashUse:
        """Return the same with as much more in `other_constants` as is missing to `total_bytes`."""
        return replace(self, other_constants=self.other_constants + total_bytes - self.total_bytes)


@dataclass(frozen=True)
class RamUse(_Parts):
    """RAM: `arena` is the network's tensors and scratch but for `input_tensor`.

    `download` is where the input's bytes arrive, `copied_code` what runs from RAM, `other` all variables.
    """

    arena: int
    input_tensor: int
    download: int
    stack: int
    copied_code: int
    other: int

    def filled_to(self, total_bytes: int) -> RamUse:
        """Return the same with as much more in `other` as is missing to `total_bytes`."""
        return replace(self, other=self.other + total_bytes - self.total_bytes)


@dataclass(frozen=True)
class MemoryUse:
    """What an image takes of both memories, by what it holds. Padding counts as `other`."""

    flash: FlashUse
    ram: RamUse

    def as_json(self) -> dict[str, dict[str, int]]:
        """Return {"flash": {"..._bytes": n}, "ram": {"..._bytes": n}}."""
        return {"flash": self.flash.as_json(), "ram": self.ram.as_json()}


def read_memory_use(elf: Path) -> MemoryUse:
    """Return what an image that `tinysim.firmware` linked takes of flash and RAM.

    Section names and the stack at the bottom of RAM are those of `firmware/runtime/sections.ld`.
    """
    with elf.open("rb") as file:
        image = ELFFile(file)
        units = _units(image.get_dwarf_info())
        symbols = _symbols(image)
        ram_start = next(symbol.address for symbol in symbols if symbol.name == "stack_limit")
        allocated = [section for section in image.iter_sections() if _is_allocated(section)]
        kernel_ranges = [
            each for unit in units if unit.source.startswith(_KERNEL_SOURCES) for each in unit.ranges
        ]
    in_flash = [section for section in allocated if section["sh_addr"] < ram_start]
    in_ram = [section for section in allocated if section["sh_addr"] >= ram_start]
    model, benchmark = (
        [symbol for symbol in symbols if symbol.file in _names(units, folders)]
        for folders in (_MODEL_SOURCES, _BENCHMARK_SOURCES)
    )

    vectors = _size(section for section in in_flash if section.name == ".vectors")
    code = [section for section in in_flash if _is_code(section) and section.name != ".vectors"]
    constants = [section for section in in_flash if not _is_code(section) and section.name != ".vectors"]
    kernel_code = sum(_overlap(each, section) for each in kernel_ranges for section in code)
    weights = sum(symbol.size_bytes for symbol in model if symbol.is_object and symbol.address < ram_start)
    flash = FlashUse(
        weights_and_tables=weights,
        kernel_code=kernel_code,
        other_code=_size(code) - kernel_code,
        other_constants=_size(constants) - weights,
        vectors=vectors,
        startup_copies=_size(section for section in in_ram if section["sh_type"] != "SHT_NOBITS"),
    )
    arena = _size_of("arena", model)
    input_tensor = _size_of("input", model)
    download = _size_of("download", benchmark)
    stack = _size(section for section in in_ram if section.name == ".stack")
    copied_code = _size(section for section in in_ram if _is_code(section))
    known = arena + input_tensor + download + stack + copied_code
    return MemoryUse(flash, RamUse(arena, input_tensor, download, stack, copied_code, _size(in_ram) - known))


@dataclass(frozen=True)
class _Symbol:
    """A symbol, and the base name of its source where it is local to that."""

    name: str
    file: str | None
    address: int
    size_bytes: int
    is_object: bool


@dataclass(frozen=True)
class _Unit:
    """A compiled source, by its place in the tree of sources, and the addresses [start, end) of its code."""

    source: str
    ranges: tuple[tuple[int, int], ...]


def _symbols(image: ELFFile) -> list[_Symbol]:
    table = image.get_section_by_name(".symtab")
    assert isinstance(table, SymbolTableSection)  # nothing strips what we link
    symbols = []
    file: str | None = None
    for symbol in table.iter_symbols():
        # A source's local symbols follow its name; globals follow all of them (ELF gABI, "Symbol Table").
        if symbol["st_info"]["type"] == "STT_FILE":
            file = symbol.name.rsplit("/", 1)[-1]
            continue
        is_local = symbol["st_info"]["bind"] == "STB_LOCAL"
        is_object = symbol["st_info"]["type"] == "STT_OBJECT"
        place = symbol["st_value"], symbol["st_size"]
        symbols.append(_Symbol(symbol.name, file if is_local else None, *place, is_object))
    return symbols


def _units(dwarf: DWARFInfo) -> list[_Unit]:
    lists: Any = dwarf.range_lists()  # None where no source has more than one range
    units = []
    for unit in dwarf.iter_CUs():
        top = unit.get_top_DIE()
        attributes = top.attributes
        low = attributes["DW_AT_low_pc"].value if "DW_AT_low_pc" in attributes else 0
        ranges: list[tuple[int, int]] = []
        if "DW_AT_ranges" in attributes:
            for entry in lists.get_range_list_at_offset(attributes["DW_AT_ranges"].value, unit):
                base = 0 if getattr(entry, "is_absolute", True) else low
                ranges.append((base + entry.begin_offset, base + entry.end_offset))
        elif "DW_AT_high_pc" in attributes:
            # A size from the start, except where it is an address (DWARF 5, 2.17.2).
            high = attributes["DW_AT_high_pc"]
            ranges.append((low, high.value if high.form == "DW_FORM_addr" else low + high.value))
        units.append(_Unit(attributes["DW_AT_name"].value.decode(), tuple(ranges)))
    return units


def _names(units: Iterable[_Unit], folders: tuple[str, ...]) -> set[str]:
    return {unit.source.rsplit("/", 1)[-1] for unit in units if unit.source.startswith(folders)}


def _is_allocated(section: Section) -> bool:
    return bool(section["sh_flags"] & SH_FLAGS.SHF_ALLOC) and section["sh_size"] > 0


def _is_code(section: Section) -> bool:
    return bool(section["sh_flags"] & SH_FLAGS.SHF_EXECINSTR)


def _size(sections: Iterable[Section]) -> int:
    return sum(section["sh_size"] for section in sections)


def _size_of(name: str, symbols: Iterable[_Symbol]) -> int:
    return sum(symbol.size_bytes for symbol in symbols if symbol.name == name)


def _overlap(addresses: tuple[int, int], section: Any) -> int:
    start, end = section["sh_addr"], section["sh_addr"] + section["sh_size"]
    return int(max(0, min(addresses[1], end) - max(addresses[0], start)))
