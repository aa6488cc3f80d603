"""Which files of a clone are Cortex-M images, and what each says of itself."""

from __future__ import annotations

import io
import re
import struct
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from elftools.common.exceptions import ELFError
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import ARMAttributesSection

from tinysim.benchmark import BENCHMARKS, CLASSIC
from tinysim.board import Board
from tinysim.errors import UserError
from tinysim.image import Image, load_image
from tinysim.replicate.clone import Clone, ClonedFile, Parts, readable_size
from tinysim.replicate.names import names, our_boards, words

IMAGE_BYTES_MAX = 32 << 20
"""An ELF file with all its debugging information may have some; what is loaded is far less."""

BINARY_BYTES_MAX = 4 << 20
HEX_BYTES_MAX = 12 << 20
"""No microcontroller of the benchmark has flash for more: a larger file is data or another machine's."""

_ELF_SUFFIXES = frozenset({".elf", ".axf", ".out", ".afx", ""})
_HEX_SUFFIXES = frozenset({".hex", ".ihex", ".ihx"})
_BIN_SUFFIXES = frozenset({".bin", ".img"})
_LFS_POINTER = b"version https://git-lfs.github.com/spec/"
# Other numbers than the table's are versions of one's own; sww is told from the rest so as not to be taken
# for one.
_MODEL_NAME = re.compile(rb"(?<![A-Za-z0-9_])((?:%s|sww)0[1-9])(?![A-Za-z0-9_])" % "|".join(CLASSIC).encode())
_BENCHMARK_OF_MODEL = {benchmark.model: benchmark.id for benchmark in BENCHMARKS.values()}
_HEX_LINE = re.compile(rb":[0-9A-Fa-f]{10,520}\r?\n:")
_FORMAT_ORDER = ("elf", "hex", "bin")

# Arm IHI 0045 (addenda to the ABI), 3.3.5.2: Tag_CPU_arch.
_ARCHITECTURES = {
    11: ("cortex-m0+",),  # v6-M
    12: ("cortex-m0+",),  # v6S-M
    10: ("cortex-m3", "cortex-m4", "cortex-m7"),  # v7
    13: ("cortex-m4", "cortex-m7"),  # v7E-M
    16: ("cortex-m23",),  # v8-M.baseline
    17: ("cortex-m33",),  # v8-M.mainline
    21: ("cortex-m55", "cortex-m85"),  # v8.1-M.mainline
}


@dataclass(frozen=True)
class FoundImage:
    """A file that is a Cortex-M image, or claims to be one and has a `problem`.

    `stack` and `entry` are the first two words of its vector table, where that can be seen. `models` are the
    benchmarks whose model's name (`kws01`) is in it; `cores` those that its build attributes allow, none
    known if empty. `fits` are the ids of our boards that it could be for, by its addresses.
    """

    parts: Parts
    format: Literal["elf", "hex", "bin"]
    size_bytes: int
    stack: int | None = None
    entry: int | None = None
    models: frozenset[str] = frozenset()
    cores: tuple[str, ...] = ()
    fits: tuple[str, ...] = ()
    problem: str = ""

    @property
    def stack_is_at_end_of_ram_of(self) -> tuple[str, ...]:
        """The ids of our boards one of whose RAMs ends where the stack begins."""
        return tuple(
            board.id
            for board in our_boards()
            if any(memory.kind == "ram" and memory.end == self.stack for memory in board.chip.memory)
        )

    @property
    def preference(self) -> tuple[int, int, int, Parts]:
        """Sorts images of one system's benchmark: ordinary builds first, then ELF, HEX, BIN, short paths."""
        own = {word for part in self.parts[2:] for word in words(part)}
        second_choice = len(own & names().second_choice)
        return second_choice, _FORMAT_ORDER.index(self.format), len(self.parts), self.parts


@dataclass(frozen=True)
class SetAside:
    """A file that looked like an image by its name and is none."""

    parts: Parts
    reason: str


def find_images(clone: Clone) -> tuple[list[FoundImage], list[SetAside]]:
    """Return the Cortex-M images below `<division>/<organisation>/code`, and what else had such a name."""
    found: list[FoundImage] = []
    aside: list[SetAside] = []
    for file in clone.files:
        if len(file.parts) < 4 or file.parts[2].casefold() != "code":
            continue
        kind = _kind(file.name)
        if kind is None:
            continue
        result = _judge(clone, file, kind)
        if isinstance(result, FoundImage):
            found.append(result)
        elif result is not None:
            aside.append(SetAside(file.parts, result))
    return found, aside


def load_from_clone(clone: Clone, image: FoundImage, board: Board, folder: Path) -> Path:
    """Copy an image out of the clone into `folder`, check that it is for `board`, and return the copy.

    From then on the file is ours: nothing in the clone can change it. Raises UserError where it cannot be
    read or is not for the board.
    """
    try:
        content = clone.read(image.parts, IMAGE_BYTES_MAX)
    except (OSError, ValueError) as error:
        raise UserError(f"cannot be read: {error}") from error
    path = folder / f"image.{image.format}"
    path.write_bytes(content)
    checked_image(path, board)
    return path


def checked_image(path: Path, board: Board) -> Image:
    """Return the image at `path`. Raises UserError, without the path in it, where it is not for `board`."""
    try:
        return load_image(path, board)
    except UserError as error:
        text = str(error)
        raise UserError(text.removeprefix(f"{path}: ").removeprefix("is ")) from error


def _kind(name: str) -> Literal["elf", "hex", "bin"] | None:
    suffix = Path(name).suffix.casefold()
    if suffix in _HEX_SUFFIXES:
        return "hex"
    if suffix in _BIN_SUFFIXES:
        return "bin"
    return "elf" if suffix in _ELF_SUFFIXES else None


def _judge(clone: Clone, file: ClonedFile, kind: Literal["elf", "hex", "bin"]) -> FoundImage | str | None:
    """Return the image, the reason why it is none, or None for a file without a suffix that is not ELF."""
    has_suffix = "." in file.name.lstrip(".")
    if file.size_bytes > IMAGE_BYTES_MAX:
        if not has_suffix:
            return None
        reason = f"larger than {readable_size(IMAGE_BYTES_MAX)}: not looked at"
        return FoundImage(file.parts, kind, file.size_bytes, problem=reason)
    try:
        content = clone.read(file.parts, IMAGE_BYTES_MAX)
    except (OSError, ValueError) as error:
        return FoundImage(file.parts, kind, file.size_bytes, problem=f"cannot be read: {error}")
    if content[:4] == b"\x7fELF":
        kind = "elf"
    elif not has_suffix:
        return None
    elif kind == "bin" and _HEX_LINE.match(content):
        kind = "hex"
    if content.startswith(_LFS_POINTER):
        problem = "a Git LFS pointer: the image itself is not in this clone (git lfs pull fetches it)"
        return FoundImage(file.parts, kind, file.size_bytes, problem=problem)
    if len(content) > {"elf": IMAGE_BYTES_MAX, "hex": HEX_BYTES_MAX, "bin": BINARY_BYTES_MAX}[kind]:
        return f"{readable_size(len(content))}: more than a microcontroller's flash"
    boot_loader = names().boot_loaders & set(_file_words(file.parts))
    if boot_loader:
        return f"a boot loader by its name ({min(boot_loader)})"
    return _look_into(file, kind, content)


def _file_words(parts: Parts) -> Sequence[str]:
    return words(parts[-1].rsplit(".", 1)[0]) + words(parts[-2])


def _look_into(file: ClonedFile, kind: Literal["elf", "hex", "bin"], content: bytes) -> FoundImage | str:
    cores: tuple[str, ...] = ()
    loaded = content
    if kind == "elf":
        try:
            looked = _elf_facts(content)
        except (ELFError, ValueError, KeyError, IndexError, TypeError, AttributeError, OverflowError,
                struct.error, RecursionError, MemoryError, AssertionError) as error:  # fmt: skip
            problem = f"not a readable ELF file: {error or type(error).__name__}"
            return FoundImage(file.parts, kind, len(content), problem=problem)
        if isinstance(looked, str):
            return looked
        cores, loaded = looked
    fits = []
    stack_and_entry: tuple[int, int] | None = None
    problem = ""
    with tempfile.TemporaryDirectory(prefix="tinysim-") as folder:
        path = Path(folder) / f"image.{kind}"
        path.write_bytes(_without_sections(content) if kind == "elf" else content)
        for board in our_boards():
            try:
                image = checked_image(path, board)
            except UserError as error:
                problem = str(error)
                continue
            fits.append(board.id)
            segment = next(each for each in image.segments if each.address == image.vector_table)
            stack_and_entry = struct.unpack_from("<II", segment.content)
            loaded = b"".join(each.content for each in image.segments)
    if kind == "hex" and not fits and problem.startswith("not a readable"):
        return FoundImage(file.parts, kind, len(content), problem=problem)
    if stack_and_entry is None and len(loaded) >= 64 and kind != "hex":
        stack_and_entry = struct.unpack_from("<II", loaded) if _has_vector_table(loaded) else None
    if stack_and_entry is None and kind == "bin":
        return "no vector table of a Cortex-M at its start"
    stack, entry = stack_and_entry or (None, None)
    names_found = {match.decode() for match in _MODEL_NAME.findall(loaded)}
    models = frozenset(_BENCHMARK_OF_MODEL.get(name, name[:-2]) for name in names_found)
    return FoundImage(file.parts, kind, len(content), stack, entry, models, cores, tuple(fits))


def _has_vector_table(content: bytes) -> bool:
    """Whether bytes begin as any Cortex-M's image would, whatever its chip: stack, entry, exception handlers.

    Armv7-M reference manual, B1.5.3: 16 words, of which those after the first are Thumb addresses or
    reserved.
    """
    stack, entry, nmi, hard_fault, *others = struct.unpack_from("<16I", content)
    handlers = [entry, nmi, hard_fault, *(word for word in others if word)]
    return (
        stack % 4 == 0
        and 0x0800_0000 < stack <= 0x4000_0000
        and all(word & 1 and word < 0xA000_0000 for word in handlers)
        and max(handlers) - min(handlers) < 16 << 20
    )


def _elf_facts(content: bytes) -> tuple[tuple[str, ...], bytes] | str:
    """Return the cores that an ELF file's attributes allow and its first bytes, or why it is no image."""
    elf = ELFFile(io.BytesIO(content))
    machine, kind = elf["e_machine"], elf["e_type"]
    if machine != "EM_ARM" or elf.elfclass != 32 or not elf.little_endian:
        return f"an ELF file for {str(machine).removeprefix('EM_')}, not a little-endian 32-bit Arm core"
    if kind != "ET_EXEC":
        return {"ET_REL": "an object file", "ET_DYN": "a shared library"}.get(
            kind, f"an ELF file of type {kind}"
        )
    segments = list(elf.iter_segments())
    if any(segment["p_type"] in ("PT_INTERP", "PT_DYNAMIC") for segment in segments):
        return "a program for an operating system on an Arm application core"
    loads = [each for each in segments if each["p_type"] == "PT_LOAD" and each["p_filesz"]]
    if not loads:
        return "an ELF file with nothing to load"
    cores, is_application = _elf_attributes(elf)
    if is_application:
        return "for an Arm application or real-time core by its attributes"
    first = min(loads, key=lambda segment: int(segment["p_paddr"]))
    start, size = int(first["p_offset"]), int(first["p_filesz"])
    loaded = content[start : start + size]
    if not cores and not elf["e_entry"] & 1 and not (len(loaded) >= 64 and _has_vector_table(loaded)):
        return "neither attributes nor entry nor vector table of a Cortex-M"
    return cores, loaded


def _without_sections(content: bytes) -> bytes:
    """Return an ELF file whose header names no sections: what is loaded is the same, and read sooner.

    TIS ELF 1.2, figure 1-3: e_shoff is the word at 32; e_shentsize, e_shnum, e_shstrndx are at 46, 48, 50.
    """
    return content[:32] + bytes(4) + content[36:46] + bytes(6) + content[52:]


def _elf_attributes(elf: ELFFile) -> tuple[tuple[str, ...], bool]:
    """Return the cores that the build attributes allow, and whether they say application or real-time."""
    for section in elf.iter_sections():
        if not isinstance(section, ARMAttributesSection):
            continue
        values = {
            attribute.tag: attribute.value
            for subsection in section.iter_subsections()
            for part in subsection.iter_subsubsections()
            for attribute in part.iter_attributes()
        }
        is_application = values.get("TAG_CPU_ARCH_PROFILE") in (ord("A"), ord("R"))
        return _ARCHITECTURES.get(values.get("TAG_CPU_ARCH", -1), ()), is_application
    return (), False
