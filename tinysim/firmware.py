"""Building the benchmark firmware: from the sources of `firmware/` and a generated model to an image."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from elftools.elf.constants import SH_FLAGS
from elftools.elf.elffile import ELFFile
from intelhex import IntelHex

from tinysim.atomic import naming
from tinysim.benchmark import Benchmark
from tinysim.board import Board
from tinysim.board_files import Region, enlarged, linker_regions, linker_script, write_board_files
from tinysim.chip import chip_ids
from tinysim.errors import UserError
from tinysim.memory_use import MemoryUse, read_memory_use
from tinysim.resources import resource_folder
from tinysim.toolchain import (
    DEFAULT_TOOLCHAIN,
    CompilerError,
    Toolchain,
    compile_sources,
    find_toolchain,
    link,
)

_STAMP = "build.json"
_CONSOLE_DRIVERS = {"stm32_usart": "stm32_usart.c", "stm32_lpuart": "stm32_usart.c"}
_ERASED_FLASH = 0xFF

# -ffp-contract: a fused multiply-add rounds once where the reference rounds twice.
_COMPILER_FLAGS = (
    "-std=c11",
    "-g",
    "-fomit-frame-pointer",
    "-ffunction-sections",
    "-fdata-sections",
    "-ffp-contract=off",
    "-Werror=implicit-function-declaration",
    "-fno-unwind-tables",
    "-fno-asynchronous-unwind-tables",
)
# Inferences are what is timed. The rest could be smaller still, but clang 22 leaves a branch to nowhere in
# the protocol at -Os, and at -Oz wants a run-time library.
_KERNEL_OPTIMIZATION = "-O3"
_OTHER_OPTIMIZATION = "-O2"
# GCC's stdint.h asks for a C library unless freestanding, and freestanding would turn memcpy() of a word into
# a call. Clang needs neither.
_FAMILY_FLAGS: Mapping[str, tuple[str, ...]] = {
    "clang": (),
    "gcc": ("-ffreestanding", "-fbuiltin"),
}
# The memory functions must not be compiled into calls of themselves.
_MEMORY_FLAGS: Mapping[str, tuple[str, ...]] = {
    "clang": ("-fno-builtin",),
    "gcc": ("-fno-builtin", "-fno-tree-loop-distribute-patterns"),
}
_LINKER_OPTIONS = ("--gc-sections", "--entry=Reset_Handler", "--build-id=none", "--fatal-warnings")


@dataclass(frozen=True)
class SectionSize:
    """A section of the image: what it takes of flash, of RAM, or of both where startup copies it to RAM."""

    name: str
    flash_bytes: int
    ram_bytes: int


@dataclass(frozen=True)
class SourceFile:
    """A file that an image was built from, and its place among the sources, such as `firmware/main.c`."""

    path: Path
    name: str


@dataclass(frozen=True)
class FirmwareBuild:
    """A built image. `sha256` is the ELF file's; RAM includes the stack and what is copied from flash."""

    elf: Path
    hex: Path
    bin: Path
    sha256: str
    toolchain: str
    compiler_name: str
    compiler_version: str
    compiler_flags: tuple[str, ...]
    sections: tuple[SectionSize, ...]
    memory: MemoryUse
    sources: tuple[SourceFile, ...]

    @property
    def compiler(self) -> str:
        """The compiler's name and exact version, as results state it."""
        return f"{self.compiler_name} {self.compiler_version}"

    @property
    def flash_bytes(self) -> int:
        """Bytes of flash that the image takes: code, constants, and the initial values of what is in RAM."""
        return sum(section.flash_bytes for section in self.sections)

    @property
    def ram_bytes(self) -> int:
        """Bytes of RAM that the image takes: data, stack, and code and weights copied there."""
        return sum(section.ram_bytes for section in self.sections)


def build_firmware(
    board: Board,
    benchmark: Benchmark,
    model_source: Path,
    *,
    toolchain: str = DEFAULT_TOOLCHAIN,
    build_folder: Path,
    vendor_name: str = "tinysim",
    on_build: Callable[[], None] | None = None,
) -> FirmwareBuild:
    """Build the firmware of `benchmark` for `board` into `build_folder`.

    `model_source` is a folder with `model.h` and C sources that implement it. `vendor_name` is what the
    device answers to `name`. The products are the same bytes wherever and whenever they are built; nothing is
    done where the folder holds them already; `on_build` is called where it does not.

    Raises UserError where the board has no firmware, the model is not one for this benchmark, the image does
    not fit, or the toolchain is missing; CompilerError where a source does not compile.
    """
    compiler = find_toolchain(toolchain)
    if not re.fullmatch(r"[A-Za-z0-9 ._-]+", vendor_name):
        raise UserError(f"vendor name {vendor_name!r}: use letters, digits, spaces, dots and dashes")
    firmware = resource_folder("firmware")
    board_folder = firmware / "boards" / board.id
    if not board_folder.is_dir():
        raise UserError(f"no firmware for board {board.id}: pass an image of your own with --firmware")
    _check_model(benchmark, model_source)

    build_folder.mkdir(parents=True, exist_ok=True)
    board_files = build_folder / "board"
    header, script = write_board_files(board, board_files)
    sources = _source_files(firmware, board, benchmark, model_source)
    sources += [SourceFile(path, f"firmware/boards/{board.id}/{path.name}") for path in (header, script)]
    include_folders = ("", "runtime", "protocol", "benchmark", "chips", "kernels")
    flags = [
        *_COMPILER_FLAGS,
        *_FAMILY_FLAGS[compiler.family],
        *compiler.core_flags(board.chip.core),
        f"-DCONSOLE_BAUD={board.console.baud}u",
        f'-DVENDOR_NAME="{vendor_name}"',
        f'-DBENCHMARK_MODEL="{benchmark.model}"',
    ]
    inputs_sha256 = _inputs_sha256(compiler, flags, sources)
    stem = build_folder / f"{benchmark.id}-{board.id}"
    elf, hex_file, bin_file = (stem.with_name(f"{stem.name}.{suffix}") for suffix in ("elf", "hex", "bin"))

    if not _is_built(build_folder / _STAMP, inputs_sha256, (elf, hex_file, bin_file)):
        if on_build is not None:
            on_build()
        (build_folder / _STAMP).unlink(missing_ok=True)
        machine_flags = [
            *(f"-I{firmware / folder}" for folder in include_folders),
            f"-I{board_files}",
            f"-I{model_source}",
            *_path_map_flags(
                compiler,
                {firmware: "firmware", board_files: f"firmware/boards/{board.id}", model_source: "model"},
            ),
        ]
        objects = _compile(compiler, sources, [*flags, *machine_flags], build_folder)
        _link(compiler, board, objects, elf, script, firmware / "runtime", flags)
        _write_flat_images(elf, hex_file, bin_file)
        _write_stamp(build_folder / _STAMP, inputs_sha256, (elf, hex_file, bin_file))

    return FirmwareBuild(
        elf=elf,
        hex=hex_file,
        bin=bin_file,
        sha256=_file_sha256(elf),
        toolchain=compiler.name,
        compiler_name=compiler.compiler_name,
        compiler_version=compiler.version,
        compiler_flags=(_KERNEL_OPTIMIZATION, *flags),
        sections=section_sizes(elf, board),
        memory=read_memory_use(elf),
        sources=tuple(sources),
    )


def section_sizes(elf: Path, board: Board) -> tuple[SectionSize, ...]:
    """Return what each allocated section of `elf` takes of the board's memories, in the file's order."""
    sizes = []
    with elf.open("rb") as file:
        image = ELFFile(file)
        for section in image.iter_sections():
            if not section["sh_flags"] & SH_FLAGS.SHF_ALLOC or section["sh_size"] == 0:
                continue
            memory = board.chip.memory_at(section["sh_addr"])
            in_ram = memory is not None and memory.kind == "ram"
            stored = section["sh_type"] != "SHT_NOBITS"
            size = section["sh_size"]
            sizes.append(SectionSize(section.name, size if stored else 0, size if in_ram else 0))
    return tuple(sizes)


def _check_model(benchmark: Benchmark, model_source: Path) -> None:
    """Refuse a model folder whose tensors are not those that the benchmark's inputs and results are for."""
    header = model_source / "model.h"
    try:
        text = header.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"cannot read the generated model {header}: {error}") from error
    for name, expected in (
        ("MODEL_INPUT_BYTES", benchmark.tensor_bytes),
        ("MODEL_OUTPUT_BYTES", benchmark.output_bytes),
    ):
        match = re.search(rf"^#define\s+{name}\s+(\d+)", text, re.MULTILINE)
        if match is None:
            raise UserError(f"{header} does not define {name}: generate the model anew")
        if int(match[1]) != expected:
            direction: Literal["input", "output"] = "input" if "INPUT" in name else "output"
            raise UserError(
                f"the model's {direction} has {match[1]} bytes, {benchmark.id} needs {expected}: "
                f"choose a {benchmark.id} model"
            )


def _source_files(firmware: Path, board: Board, benchmark: Benchmark, model_source: Path) -> list[SourceFile]:
    """Return every file that the image is made of, but what is made for it, headers too, in a fixed order."""
    paths = [firmware / "main.c", firmware / "board.h"]
    for folder in ("runtime", "protocol", "kernels"):
        paths += _files(firmware / folder)
    paths += [path for path in _files(firmware / "benchmark") if path.suffix == ".h"]
    paths += [firmware / "benchmark" / name for name in benchmark.sources]
    other_chips = {*chip_ids(board.folder.parent / "chips")} - {board.chip.id}
    headers = [path for path in _files(firmware / "chips") if path.suffix == ".h"]
    paths += [path for path in headers if path.stem not in other_chips]
    paths += [firmware / "chips" / _CONSOLE_DRIVERS[board.console_uart.model]]
    paths += _files(firmware / "boards" / board.id)
    sources = [SourceFile(path, f"firmware/{path.relative_to(firmware).as_posix()}") for path in paths]
    sources += [
        SourceFile(path, f"model/{path.relative_to(model_source).as_posix()}")
        for path in _files(model_source)
    ]
    return sources


def _files(folder: Path) -> list[Path]:
    """Return the C sources, headers and linker scripts below `folder`, sorted."""
    return sorted(path for path in folder.rglob("*") if path.suffix in (".c", ".h", ".ld") and path.is_file())


def _inputs_sha256(toolchain: Toolchain, flags: Sequence[str], sources: Iterable[SourceFile]) -> str:
    digest = hashlib.sha256(json.dumps([toolchain.compiler_name, toolchain.version, *flags]).encode())
    for source in sources:
        content = source.path.read_bytes()
        digest.update(f"\n{source.name} {len(content)}\n".encode())
        digest.update(content)
    # What this module does with them is an input too.
    digest.update(Path(__file__).read_bytes())
    return digest.hexdigest()


def _path_map_flags(toolchain: Toolchain, names: Mapping[Path, str]) -> list[str]:
    """Return the flags that keep this machine's paths out of debug information. The last match counts."""
    folders = [(Path.cwd(), "."), *names.items()]
    for option in toolchain.compiler:
        if Path(option).is_absolute():
            folder = Path(option)
            folders.append((folder if folder.is_dir() else folder.parent.parent, "toolchain"))
    # A shorter path may contain a longer one.
    folders.sort(key=lambda pair: len(str(pair[0])))
    return [f"-ffile-prefix-map={folder}={name}" for folder, name in folders]


def _compile(
    toolchain: Toolchain, sources: Iterable[SourceFile], flags: Sequence[str], build_folder: Path
) -> list[Path]:
    objects: dict[Path, Path] = {}
    source_flags: dict[Path, Sequence[str]] = {}
    for source in sources:
        if source.path.suffix == ".c":
            objects[source.path] = build_folder / "objects" / f"{source.name}.o"
            source_flags[source.path] = [*flags, *_part_flags(toolchain, source)]
    compile_sources(toolchain, objects, source_flags)
    return list(objects.values())


def _part_flags(toolchain: Toolchain, source: SourceFile) -> tuple[str, ...]:
    """Return the flags that depend on which part of the firmware a source is."""
    if source.name.startswith(("firmware/kernels/", "model/")):
        return (_KERNEL_OPTIMIZATION,)
    if source.name == "firmware/runtime/memory.c":
        return ("-O2", "-fno-unroll-loops", *_MEMORY_FLAGS[toolchain.family])
    return (_OTHER_OPTIMIZATION, "-fno-unroll-loops")


def _link(
    toolchain: Toolchain,
    board: Board,
    objects: Sequence[Path],
    elf: Path,
    script: Path,
    script_folder: Path,
    flags: Sequence[str],
) -> None:
    def run(output: Path, linker_script: Path) -> None:
        options = [f"-L{script_folder}", f"--script={linker_script}", *_LINKER_OPTIONS]
        link(toolchain, objects, output, options, flags)

    try:
        run(elf, script)
    except CompilerError as error:
        excesses = _read_overflows(str(error))
        if not excesses:
            raise
        large, large_script = elf.with_suffix(".enlarged"), elf.with_suffix(".enlarged.ld")
        try:
            regions = linker_regions(board)
            large_script.write_text(linker_script(board, enlarged(regions)), encoding="utf-8")
            run(large, large_script)
            overflows = _describe_overflows(large, regions, excesses)
        finally:
            large.unlink(missing_ok=True)
            large_script.unlink(missing_ok=True)
        raise UserError(
            f"the image does not fit {board.name}: {overflows}; "
            "choose a smaller model or a board with more memory"
        ) from error


def _read_overflows(text: str) -> dict[str, int]:
    """Return what a linker says of regions that are too small: bytes too many by the region's name."""
    excesses: dict[str, int] = {}
    # ld: "region `RAM' overflowed by 8 bytes"; lld: "... will not fit in region 'RAM': overflowed by 8
    # bytes", for one section after the other.
    for region, excess in re.findall(r"region [`'](\w+)'[:]? overflowed by (\d+) bytes", text):
        excesses[region] = max(excesses.get(region, 0), int(excess))
    return excesses


def _describe_overflows(elf: Path, regions: Iterable[Region], excesses: Mapping[str, int]) -> str:
    """Say by how much the image is too large for which of `regions`, and what takes the room."""
    lengths = {region.name: region.size_bytes for region in regions}
    use = read_memory_use(elf)
    texts = []
    for region in (name for name in lengths if name in excesses):
        needed_bytes = lengths[region] + excesses[region]
        # Gaps between sections take room, too.
        parts = (use.ram if region == "RAM" else use.flash).filled_to(needed_bytes)
        texts.append(
            f"{region} overflows by {excesses[region]:,} bytes (needs {needed_bytes:,} of "
            f"{lengths[region]:,}: "
            f"{parts.describe()})"
        )
    return "; ".join(texts)


def _write_flat_images(elf: Path, hex_file: Path, bin_file: Path) -> None:
    """Write what a programmer puts into flash, at its load addresses, as Intel HEX and as raw bytes."""
    flash = IntelHex()
    flash.padding = _ERASED_FLASH
    with elf.open("rb") as file:
        image = ELFFile(file)
        for segment in image.iter_segments("PT_LOAD"):
            flash.frombytes(segment.data(), segment["p_paddr"])
        flash.start_addr = {"EIP": image["e_entry"]}
    flash.write_hex_file(str(hex_file))
    flash.tobinfile(str(bin_file))


def _file_sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _write_stamp(stamp: Path, inputs_sha256: str, products: Iterable[Path]) -> None:
    content = {"inputs": inputs_sha256, "products": [_file_sha256(path) for path in products]}
    with naming(stamp):
        stamp.write_text(json.dumps(content), encoding="utf-8")


def _is_built(stamp: Path, inputs_sha256: str, products: Iterable[Path]) -> bool:
    """Whether the folder holds the products of exactly these inputs, unaltered."""
    try:
        content = json.loads(stamp.read_text(encoding="utf-8"))
        return bool(
            content == {"inputs": inputs_sha256, "products": [_file_sha256(path) for path in products]}
        )
    except (OSError, ValueError):
        return False
