"""What is benchmarked: an image, what it was made from, and how to make it again."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tinysim.benchmark import Benchmark
from tinysim.board import Board
from tinysim.codegen import compile_model
from tinysim.datasets.choice import Choice, choose
from tinysim.datasets.dataset import DataSet
from tinysim.firmware import build_firmware
from tinysim.image import read_image_file
from tinysim.memory_use import MemoryUse


@dataclass(frozen=True)
class Implementation:
    """An image and its origin.

    `files` is what a submission shows of it, by path. Of an image that was handed in, neither model nor
    compiler nor memory use is known.
    """

    image: Path
    firmware_sha256: str
    files: Mapping[str, bytes]
    toolchain: str | None = None
    compiler: str | None = None
    compiler_flags: tuple[str, ...] = ()
    model_name: str | None = None
    model_sha256: str | None = None
    macs: int | None = None
    flash_bytes: int | None = None
    ram_bytes: int | None = None
    sections: tuple[Mapping[str, Any], ...] = field(default=())
    memory: MemoryUse | None = None


def build_implementation(
    board: Board,
    choice: Choice,
    toolchain: str,
    build_folder: Path,
    on_step: Callable[[str], None] = lambda _text: None,
) -> Implementation:
    """Compile the chosen model and build our firmware around it.

    `on_step` is told in a line what is being done, where it is not done already. Raises UserError where the
    model cannot be compiled, or there is no firmware for the board; ValueError where no model was chosen.
    """
    benchmark, model = choice.dataset.benchmark, choice.model
    if model is None:
        raise ValueError("firmware is built around a model, and none was chosen")
    on_step(f"compiling {model.name} to C ...")
    compiled = compile_model(model, build_folder / "model" / benchmark.id)
    build = build_firmware(
        board,
        benchmark,
        compiled.folder,
        toolchain=toolchain,
        build_folder=build_folder / "firmware" / f"{benchmark.id}-{board.id}-{toolchain}",
        on_build=lambda: on_step(f"building {benchmark.id} firmware for {board.name} ..."),
    )
    files = {source.name: source.path.read_bytes() for source in build.sources}
    files.update({f"image/{path.name}": path.read_bytes() for path in (build.elf, build.hex, build.bin)})
    files[f"model/{model.name}"] = model.read_bytes()
    return Implementation(
        image=build.elf,
        firmware_sha256=build.sha256,
        files=files,
        toolchain=build.toolchain,
        compiler=build.compiler,
        compiler_flags=build.compiler_flags,
        model_name=model.name,
        model_sha256=hashlib.sha256(files[f"model/{model.name}"]).hexdigest(),
        macs=compiled.macs,
        flash_bytes=build.flash_bytes,
        ram_bytes=build.ram_bytes,
        sections=tuple(
            {"name": section.name, "flash_bytes": section.flash_bytes, "ram_bytes": section.ram_bytes}
            for section in build.sections
        ),
        memory=build.memory,
    )


def build_at_hand(
    board: Board,
    benchmark: Benchmark,
    toolchain: str,
    build_folder: Path,
    on_step: Callable[[str], None] = lambda _text: None,
) -> tuple[Path, DataSet]:
    """Build our firmware around the benchmark's model; return the image, and the inputs that are at hand.

    Raises UserError as `build_implementation`, and where data are missing.
    """
    choice = choose(benchmark)
    return build_implementation(board, choice, toolchain, build_folder, on_step).image, choice.dataset


def given_implementation(image: Path) -> Implementation:
    """Take an image as it is. Raises UserError where it cannot be read.

    An ELF file stays out of the submission: its debug information may name folders of the machine that it
    was built on. Its checksum identifies it.
    """
    content = read_image_file(image)
    is_elf = content.startswith(b"\x7fELF")
    files = {} if is_elf else {f"image/firmware{image.suffix.lower()}": content}
    return Implementation(image, hashlib.sha256(content).hexdigest(), files)
