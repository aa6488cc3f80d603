"""What an image holds adds up to its sections, to the byte; one that does not fit says what takes room."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from tests.firmware.fake_model import FAKE_MODELS
from tests.kernels.reference_graphs import reference_graph
from tests.toolchain.installed import INSTALLED_TOOLCHAINS
from tinysim.benchmark import BENCHMARKS
from tinysim.board import Board, board_ids, load_board
from tinysim.codegen import compile_model
from tinysim.errors import UserError
from tinysim.firmware import FirmwareBuild, build_firmware
from tinysim.memory_use import read_memory_use
from tinysim.model import parse_model

BOARD = load_board("nucleo_g0b1re")


@pytest.fixture(scope="module", params=INSTALLED_TOOLCHAINS)
def toolchain(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def functions(files: Iterable[Path]) -> list[tuple[str, int]]:
    """Names and sizes of functions; several sources may have functions of one name."""
    sizes: list[tuple[str, int]] = []
    for path in files:
        with path.open("rb") as file:
            table = ELFFile(file).get_section_by_name(".symtab")
            assert isinstance(table, SymbolTableSection)
            for symbol in table.iter_symbols():
                if symbol["st_info"]["type"] == "STT_FUNC":
                    sizes.append((symbol.name, symbol["st_size"]))
    return sizes


def section(build: FirmwareBuild, name: str) -> int:
    return sum(max(each.flash_bytes, each.ram_bytes) for each in build.sections if each.name == name)


@pytest.mark.parametrize("board_id", ["nucleo_l4r5zi", "nucleo_g0b1re"])
def test_parts_are_what_was_compiled(board_id: str, toolchain: str, tmp_path: Path) -> None:
    model = compile_model(parse_model(reference_graph("kws")), tmp_path / "model")
    build = build_firmware(
        load_board(board_id), BENCHMARKS["kws"], model.folder, toolchain=toolchain, build_folder=tmp_path
    )
    flash, ram = build.memory.flash, build.memory.ram
    assert (ram.arena, ram.input_tensor, ram.download, ram.stack) == (model.arena_bytes, 490, 490, 8192)
    assert ram.copied_code == flash.startup_copies == 0
    assert ram.other == section(build, ".bss") + section(build, ".noinit") - ram.arena - 2 * 490
    # Beside weights and tables there is a structure for each layer.
    structures = flash.weights_and_tables - model.weight_bytes
    assert 0 < structures < 100 * len(model.layers)
    assert flash.vectors == section(build, ".vectors")
    assert flash.kernel_code + flash.other_code == section(build, ".text")
    assert flash.weights_and_tables + flash.other_constants == section(build, ".rodata")
    # The code of kernels, counted in another way: each function's own size, of what was not left out.
    objects = tmp_path / "objects"
    kernels = functions([*(objects / "firmware" / "kernels").glob("*.o"), *(objects / "model").glob("*.o")])
    assert flash.kernel_code == sum(size for name, size in functions([build.elf]) if (name, size) in kernels)


@pytest.mark.parametrize("board_id", board_ids())
def test_parts_add_up(board_id: str, tmp_path: Path) -> None:
    model = FAKE_MODELS["vww"].write(tmp_path / "model")
    build = build_firmware(load_board(board_id), BENCHMARKS["vww"], model, build_folder=tmp_path / "build")
    assert build.memory.flash.total_bytes == build.flash_bytes == len(build.bin.read_bytes())
    assert build.memory.ram.total_bytes == build.ram_bytes
    assert all(size >= 0 for use in (build.memory.flash, build.memory.ram) for size in asdict(use).values())
    assert build.memory.ram.download == build.memory.ram.input_tensor == 27648
    assert build.memory == read_memory_use(build.elf)


def numbers(text: str) -> list[int]:
    return [int(number.replace(",", "")) for number in re.findall(r"\d[\d,]*(?= of|:|\)| bytes|, |$)", text)]


def with_less_memory(board: Board, flash_kilobytes: int, ram_kilobytes: int) -> Board:
    """Return `board` with less memory."""
    kilobytes = {"flash": flash_kilobytes, "sram": ram_kilobytes}
    memory = tuple(
        each.model_copy(update={"size_bytes": 1024 * kilobytes[each.name]})
        if each.name in kilobytes
        else each
        for each in board.chip.memory
    )
    return board.model_copy(update={"chip": board.chip.model_copy(update={"memory": memory})})


@pytest.mark.parametrize(
    ("flash_kilobytes", "ram_kilobytes"), [(512, 32), (4, 144), (4, 32)], ids=["RAM", "flash", "both"]
)
def test_an_image_that_does_not_fit_says_by_how_much_and_what_takes_the_room(
    flash_kilobytes: int,
    ram_kilobytes: int,
    toolchain: str,
    tmp_path: Path,
) -> None:
    model = FAKE_MODELS["vww"].write(tmp_path / "model")
    arguments = BENCHMARKS["vww"], model
    fits = build_firmware(BOARD, *arguments, toolchain=toolchain, build_folder=tmp_path / "fits")
    smaller = with_less_memory(BOARD, flash_kilobytes, ram_kilobytes)
    with pytest.raises(UserError) as raised:
        build_firmware(smaller, *arguments, toolchain=toolchain, build_folder=tmp_path / "build")
    message = str(raised.value)
    assert "\n" not in message
    assert message.startswith("the image does not fit NUCLEO-G0B1RE: ")
    assert message.endswith("; choose a smaller model or a board with more memory")
    clauses = dict(re.findall(r"(FLASH|RAM) overflows (.*?\))", message))
    expected = {}
    if flash_kilobytes == 4:
        expected["FLASH"] = (fits.flash_bytes, 4 * 1024)
    if ram_kilobytes == 32:
        expected["RAM"] = (fits.ram_bytes, 32 * 1024)
    assert clauses.keys() == expected.keys()
    for region, (needed_bytes, length_bytes) in expected.items():
        excess, needed, length, *parts = numbers(clauses[region])
        assert (excess, length) == (needed - length_bytes, length_bytes)
        assert sum(parts) == needed
        # Sections begin at multiples of eight.
        assert 0 <= needed - needed_bytes < 16
    if "RAM" in expected:
        assert "input tensor 27,648, download 27,648, stack 8,192" in clauses["RAM"]
    assert [path.suffix for path in (tmp_path / "build").iterdir() if path.is_file()] == []
