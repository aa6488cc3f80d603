"""Firmware images: ELF, Intel HEX or raw binary, checked against the board that is to run them."""

from __future__ import annotations

import bisect
import errno
import hashlib
import io
import os
import stat
import struct
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from elftools.common.exceptions import ELFError
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection
from intelhex import IntelHex, IntelHexError

from tinysim.board import Board
from tinysim.errors import UserError

FILE_BYTES_MAX = 64 << 20
"""No firmware for a microcontroller comes near this, debugging information included."""

_ARM = "EM_ARM"


@dataclass(frozen=True)
class Segment:
    """Bytes that belong at an address."""

    address: int
    content: bytes


@dataclass(frozen=True)
class Symbol:
    """A function's name, address and size in bytes."""

    address: int
    size_bytes: int
    name: str


@dataclass(frozen=True)
class Image:
    """An image as a board's memory holds it; `vector_table` is where the core finds SP and entry at reset."""

    path: Path
    format: str
    sha256: str
    segments: tuple[Segment, ...]
    vector_table: int
    symbols: tuple[Symbol, ...]

    @cached_property
    def _symbol_addresses(self) -> list[int]:
        return [symbol.address for symbol in self.symbols]

    def symbolise(self, address: int) -> str:
        """Return `function+0xoffset` for a code address, or the bare address where no symbol is known."""
        place = bisect.bisect_right(self._symbol_addresses, address & ~1) - 1
        if place >= 0:
            symbol = self.symbols[place]
            offset = (address & ~1) - symbol.address
            if offset < max(symbol.size_bytes, 4):
                return f"{symbol.name}+{offset:#x} ({address:#010x})"
        return f"{address:#010x}"


def load_image(path: Path, board: Board) -> Image:
    """Read the image at `path` for `board`.

    Raises UserError where it cannot be read, is damaged, or is for another board: its segments must lie in
    the board's memories, and its vector table must name a stack in RAM and an entry in the image.
    """
    content = read_image_file(path)
    if content[:4] == b"\x7fELF":
        kind, segments, symbols = "elf", *_read_elf(path, content, board)
    elif path.suffix.lower() in (".hex", ".ihex", ".ihx") or content[:1] == b":":
        kind, segments, symbols = "hex", _read_hex(path, content), ()
    else:
        kind, segments, symbols = "bin", (Segment(_flash(board).address, content),), ()
    segments = _placed(path, segments, board)
    vector_table = _vector_table(path, segments, board)
    return Image(path, kind, hashlib.sha256(content).hexdigest(), segments, vector_table, symbols)


def read_image_file(path: Path) -> bytes:
    """Return the bytes of the image at `path`. Raises UserError where it is no file that could be one."""
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if not stat.S_ISREG(status.st_mode):
            raise UserError(f"cannot read the image {path}: it is not a file")
        if status.st_size > FILE_BYTES_MAX:
            raise UserError(f"{path}: larger than {FILE_BYTES_MAX >> 20} MiB, so not a firmware image")
        content = path.read_bytes()
    except OSError as error:
        raise UserError(f"cannot read the image {path}: {error.strerror}") from error
    except ValueError as error:  # a NUL in the path
        raise UserError(f"cannot read the image {str(path)!r}: {error}") from error
    if not content:
        raise UserError(f"{path}: the image is empty")
    return content


def _flash(board: Board) -> Segment:
    return Segment(board.chip.flash.address, b"")


def _read_elf(path: Path, content: bytes, board: Board) -> tuple[tuple[Segment, ...], tuple[Symbol, ...]]:
    # pyelftools trusts the file: what a damaged one makes it raise is not only its own error.
    try:
        elf = ELFFile(io.BytesIO(content))
        machine = elf["e_machine"]
        if machine != _ARM or elf.elfclass != 32 or not elf.little_endian:
            raise UserError(f"{path}: an ELF file for {machine}, not for a little-endian 32-bit Arm core")
        segments = []
        for segment in elf.iter_segments("PT_LOAD"):
            size, offset = segment["p_filesz"], segment["p_offset"]
            if size > 0 and offset + size > len(content):
                raise UserError(
                    f"{path}: damaged: a segment of {size} bytes reaches beyond the end of the file"
                )
            _check_room(path, board, segment["p_vaddr"], size, segment["p_memsz"])
            if size == 0:
                continue
            segments.append(Segment(segment["p_paddr"], content[offset : offset + size]))
        symbols = {
            (symbol["st_value"] & ~1, symbol["st_info"]["bind"] != "STB_WEAK", symbol.name, symbol["st_size"])
            for section in elf.iter_sections()
            if isinstance(section, SymbolTableSection)
            for symbol in section.iter_symbols()
            if symbol["st_info"]["type"] == "STT_FUNC"
        }
    except UserError:
        raise
    except (ELFError, ValueError, KeyError, IndexError, TypeError, AttributeError, OverflowError,
            struct.error, RecursionError, MemoryError, AssertionError) as error:  # fmt: skip
        raise UserError(f"{path}: not a readable ELF file: {error or type(error).__name__}") from error
    # Handlers that nobody wrote share an address with a default one: the weak names come first, so that
    # symbolise() finds the default's own.
    named = tuple(Symbol(address, size, name) for address, _is_own, name, size in sorted(symbols))
    return tuple(segments), named


def _check_room(path: Path, board: Board, address: int, content_bytes: int, size_bytes: int) -> None:
    """Check that there is room for what a segment takes at run time, the zeros after its content included.

    Arm's linker lets a segment in flash go on with the zeros that its start-up code clears in RAM.
    """
    memory = board.chip.memory_at(address)
    if memory is None or size_bytes == 0:
        return
    if memory.kind == "ram":
        fits = board.chip.memory_at(address + size_bytes - 1) is not None
    else:
        ram_bytes = sum(each.size_bytes for each in board.chip.memory if each.kind == "ram")
        fits = size_bytes - content_bytes <= ram_bytes
    if not fits:
        raise UserError(
            f"{path}: is not for {board.id}: its segment of {size_bytes} bytes at {address:#010x} is larger "
            f"than the board's {memory.name}"
        )


def _read_hex(path: Path, content: bytes) -> tuple[Segment, ...]:
    try:
        reader = IntelHex(io.StringIO(content.decode("ascii")))
    except (IntelHexError, UnicodeDecodeError, ValueError) as error:
        raise UserError(f"{path}: not a readable Intel HEX file: {error}") from error
    return tuple(
        Segment(start, bytes(reader.tobinarray(start=start, end=end - 1))) for start, end in reader.segments()
    )


def _placed(path: Path, segments: tuple[Segment, ...], board: Board) -> tuple[Segment, ...]:
    """Check that the board has memory for every segment, and return them at the memories' own addresses."""
    if not segments:
        raise UserError(f"{path}: the image holds nothing to load")
    placed = []
    for segment in segments:
        memory = board.chip.memory_at(segment.address)
        if memory is None:
            raise UserError(
                f"{path}: is not for {board.id}: it has a segment at {segment.address:#010x}, "
                "where the board has no memory"
            )
        address = segment.address
        if memory.alias_address is not None and address < memory.address:
            address += memory.address - memory.alias_address
        if address + len(segment.content) > memory.end:
            raise UserError(
                f"{path}: is not for {board.id}: its segment of {len(segment.content)} bytes at "
                f"{segment.address:#010x} is larger than the board's {memory.name}"
            )
        placed.append(Segment(address, segment.content))
    return tuple(placed)


def _vector_table(path: Path, segments: tuple[Segment, ...], board: Board) -> int:
    """Return where the vector table is: at the start of flash, or of the first segment in flash."""
    flash = _flash(board)
    starts = [
        segment
        for segment in segments
        if (memory := board.chip.memory_at(segment.address)) and memory.kind == "flash"
    ]
    starts.sort(key=lambda segment: (segment.address != flash.address, segment.address))
    if not starts or len(starts[0].content) < 8:
        raise UserError(f"{path}: is not for {board.id}: nothing of it lies at the start of flash")
    stack, entry = struct.unpack_from("<II", starts[0].content)
    # A stack may start at the very end of RAM: the first word pushed lies below.
    ram = board.chip.memory_at(stack - 4) if stack >= 4 else None
    code = board.chip.memory_at(entry & ~1)
    if ram is None or ram.kind != "ram" or stack % 4:
        raise UserError(
            f"{path}: is not for {board.id}: its stack pointer {stack:#010x} is not in the board's RAM"
        )
    if code is None or not entry & 1:
        raise UserError(
            f"{path}: is not for {board.id}: its entry {entry:#010x} is not code in the board's memory"
        )
    return starts[0].address
