"""Building images: what is in them, that they are the same everywhere, and what is refused."""

from __future__ import annotations

import hashlib
import re
import shutil
import struct
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection
from intelhex import IntelHex

from tests.firmware.fake_model import FAKE_MODELS
from tests.toolchain.installed import INSTALLED_TOOLCHAINS
from tinysim import firmware
from tinysim.benchmark import BENCHMARKS
from tinysim.board import Board, board_ids, load_board
from tinysim.chip import Memory
from tinysim.errors import UserError
from tinysim.firmware import FirmwareBuild, build_firmware, section_sizes
from tinysim.resources import resource_folder
from tinysim.toolchain import CompilerError

# Where what is tested does not depend on the board.
ONE_BOARD = pytest.mark.parametrize("board", ["nucleo_l4r5zi"], indirect=True)


@pytest.fixture(scope="module", params=board_ids())
def board(request: pytest.FixtureRequest) -> Board:
    return load_board(request.param)


@pytest.fixture(scope="module", params=INSTALLED_TOOLCHAINS)
def toolchain(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def built(board: Board, toolchain: str, tmp_path_factory: pytest.TempPathFactory) -> FirmwareBuild:
    folder = tmp_path_factory.mktemp(toolchain)
    model = FAKE_MODELS["kws"].write(folder / "model")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(firmware, "_COMPILER_FLAGS", (*firmware._COMPILER_FLAGS, "-Werror"))
        return build_firmware(
            board, BENCHMARKS["kws"], model, toolchain=toolchain, build_folder=folder / "build"
        )


def flash_of(board: Board) -> Memory:
    return board.chip.flash


def is_ram(board: Board, address: int) -> bool:
    memory = board.chip.memory_at(address)
    return memory is not None and memory.kind == "ram"


def symbols(elf: Path) -> dict[str, int]:
    with elf.open("rb") as file:
        table = ELFFile(file).get_section_by_name(".symtab")
        assert isinstance(table, SymbolTableSection)
        return {symbol.name: symbol["st_value"] for symbol in table.iter_symbols()}


def test_the_vector_table_is_what_the_core_and_the_board_want(built: FirmwareBuild, board: Board) -> None:
    names = symbols(built.elf)
    image = built.bin.read_bytes()
    vectors = struct.unpack_from(f"<{16 + board.chip.core.external_interrupts}I", image)
    flash = flash_of(board)
    assert vectors[0] == names["stack_top"]
    assert is_ram(board, vectors[0] - 4)
    assert vectors[0] % 8 == 0
    assert vectors[1] == names["Reset_Handler"]
    assert vectors[3] == names["HardFault_Handler"]
    assert vectors[16 + board.console_uart.irq[0]] == names["console_interrupt"]
    # Every entry is Thumb code in flash, and whatever the firmware does not use ends in the fault record.
    assert all(entry & 1 and flash.address <= entry < flash.end for entry in vectors[1:])
    unused = set(range(7, len(vectors))) - {16 + board.console_uart.irq[0]}
    assert {vectors[number] for number in unused} == {names["Default_Handler"]}


def test_the_linker_script_has_the_memories_of_the_board(built: FirmwareBuild, board: Board) -> None:
    (script,) = (source.path for source in built.sources if source.path.name == "memory.ld")
    (flash, ram) = re.findall(
        r"(\w+)\s+\(\w+\)\s*: ORIGIN = (0x[0-9A-F]+), LENGTH = (\d+)K", script.read_text()
    )
    assert flash == ("FLASH", f"0x{flash_of(board).address:08X}", str(flash_of(board).size_bytes // 1024))
    address, size_bytes = board.chip.largest_ram
    assert ram == ("RAM", f"0x{address:08X}", str(size_bytes // 1024))
    # Overflowing, the stack at its bottom leaves memory.
    assert not is_ram(board, address - 4)


def test_hex_and_bin_hold_what_the_elf_loads(built: FirmwareBuild, board: Board) -> None:
    flat = IntelHex(str(built.hex))
    image = built.bin.read_bytes()
    assert flat.minaddr() == flash_of(board).address
    assert bytes(flat.tobinarray()) == image
    assert flat.start_addr == {"EIP": symbols(built.elf)["Reset_Handler"]}
    with built.elf.open("rb") as file:
        for segment in ELFFile(file).iter_segments("PT_LOAD"):
            offset = segment["p_paddr"] - flat.minaddr()
            assert image[offset : offset + segment["p_filesz"]] == segment.data()
    assert built.sha256 == hashlib.sha256(built.elf.read_bytes()).hexdigest()


def test_sizes_add_up(built: FirmwareBuild) -> None:
    assert built.flash_bytes == len(built.bin.read_bytes())
    ram = {section.name: section.ram_bytes for section in built.sections if section.ram_bytes}
    assert ram[".stack"] == 8192
    assert ram[".bss"] > 490 + 490
    assert built.ram_bytes == sum(ram.values())


@ONE_BOARD
def test_images_are_the_same_wherever_they_are_built(
    built: FirmwareBuild, board: Board, toolchain: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources = tmp_path / "elsewhere" / "firmware"
    shutil.copytree(resource_folder("firmware"), sources)
    monkeypatch.setattr(firmware, "resource_folder", lambda _: sources)
    monkeypatch.chdir(tmp_path)
    model = FAKE_MODELS["kws"].write(tmp_path / "a model")
    built_anew: list[bool] = []
    for _ in range(2):
        again = build_firmware(
            board,
            BENCHMARKS["kws"],
            model,
            toolchain=toolchain,
            build_folder=tmp_path / "b",
            on_build=lambda: built_anew.append(True),
        )
    assert built_anew == [True]  # and told only where it was done
    for first, second in ((built.elf, again.elf), (built.hex, again.hex), (built.bin, again.bin)):
        assert first.read_bytes() == second.read_bytes()
    assert [source.name for source in built.sources] == [source.name for source in again.sources]


def test_no_path_of_this_machine_is_in_any_product(built: FirmwareBuild) -> None:
    private = [
        built.elf.parent.parent,
        Path.home(),
        Path.cwd(),
        Path(sys.prefix),
        resource_folder("firmware").parent,
    ]
    for product in (built.elf, built.hex, built.bin):
        content = product.read_bytes()
        for path in private:
            assert str(path).encode() not in content
    # Not even a public one: debug information names sources by their place in the project.
    assert not re.findall(rb"/(?:home|root|tmp|work|usr|opt)/[ -~]*", built.elf.read_bytes())


def test_every_source_is_listed_once_and_exists(built: FirmwareBuild) -> None:
    names = [source.name for source in built.sources]
    assert len(names) == len(set(names))
    assert {
        "firmware/main.c",
        "firmware/runtime/sections.ld",
        "firmware/benchmark/kws01.c",
        "model/model.c",
    } <= {*names}
    assert "firmware/benchmark/ad01.c" not in names
    assert all(source.path.is_file() for source in built.sources)


# The core with the most instructions, and that with the fewest.
@pytest.mark.parametrize("board", ["nucleo_l4r5zi", "nucleo_g0b1re"], indirect=True)
@pytest.mark.parametrize("benchmark", FAKE_MODELS)
def test_every_benchmark_compiles_without_a_warning(
    benchmark: str, board: Board, toolchain: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(firmware, "_COMPILER_FLAGS", (*firmware._COMPILER_FLAGS, "-Werror"))
    model = FAKE_MODELS[benchmark].write(tmp_path / "model")
    build = build_firmware(board, BENCHMARKS[benchmark], model, toolchain=toolchain, build_folder=tmp_path)
    assert f"{benchmark}01".encode() in build.bin.read_bytes()


@ONE_BOARD
def test_nothing_is_built_twice(board: Board, tmp_path: Path) -> None:
    model = FAKE_MODELS["kws"].write(tmp_path / "model")

    def build() -> Iterator[tuple[str, int]]:
        products = build_firmware(board, BENCHMARKS["kws"], model, build_folder=tmp_path / "build")
        return ((path.name, path.stat().st_mtime_ns) for path in (products.elf, products.hex, products.bin))

    first = [*build()]
    assert [*build()] == first
    image = tmp_path / "build" / first[0][0]
    content = image.read_bytes()
    image.write_bytes(content[:-1])
    assert [*build()] != first
    assert image.read_bytes() == content
    source = model / "model.c"
    source.write_text(source.read_text().replace("i + 1", "i + 2"))
    build()
    assert image.read_bytes() != content


def add_to_model(folder: Path, text: str) -> Path:
    model = FAKE_MODELS["kws"].write(folder / "model")
    (model / "more.c").write_text(f"#include <stdint.h>\n{text}\n")
    source = model / "model.c"
    source.write_text(
        source.read_text().replace(
            "    for (uint32_t first",
            "    extern int more(int);\n    more(input[0]);\n    for (uint32_t first",
        )
    )
    return model


@ONE_BOARD
def test_code_and_constants_can_be_copied_to_ram(board: Board, toolchain: str, tmp_path: Path) -> None:
    model = add_to_model(
        tmp_path,
        '__attribute__((section(".ramdata"))) const uint8_t weights[1000] = {1, 2, 3};\n'
        "volatile uint32_t counter = 0x12345678;\n"
        '__attribute__((section(".ramfunc"))) int more(int i) { return weights[i + 128] + (int)counter; }\n',
    )
    build = build_firmware(board, BENCHMARKS["kws"], model, toolchain=toolchain, build_folder=tmp_path)
    names, ram = symbols(build.elf), board.chip.memory[1]
    assert names["counter"] < names["weights"] < names["more"]
    for name in ("counter", "weights", "more", "copied_start", "copied_end"):
        assert ram.address <= names[name] <= ram.end
    assert names["copied_start"] <= names["counter"]
    assert names["more"] < names["copied_end"]
    # Startup copies one range, so the image has it in one piece.
    offset = names["weights"] - names["copied_start"] + names["copied_source"] - board.chip.memory[0].address
    assert build.bin.read_bytes()[offset : offset + 4] == bytes([1, 2, 3, 0])
    sizes = {section.name: section for section in build.sections}
    assert sizes[".ramdata"].flash_bytes == sizes[".ramdata"].ram_bytes == 1000
    assert sizes[".ramfunc"].ram_bytes > 0
    assert build.flash_bytes == len(build.bin.read_bytes())
    assert build.memory.ram.copied_code == sizes[".ramfunc"].ram_bytes
    assert build.memory.flash.startup_copies == names["copied_end"] - names["copied_start"]
    assert build.memory.flash.total_bytes == build.flash_bytes
    assert build.memory.ram.total_bytes == build.ram_bytes


@ONE_BOARD
@pytest.mark.parametrize(
    ("text", "region"),
    [
        ("volatile uint8_t big[700000]; int more(int i) { return big[i]; }", "RAM"),
        ("const uint8_t big[2100000] = {1}; int more(int i) { return big[i]; }", "FLASH"),
    ],
)
def test_an_image_that_does_not_fit_is_one_line(
    text: str, region: str, board: Board, toolchain: str, tmp_path: Path
) -> None:
    model = add_to_model(tmp_path, text)
    with pytest.raises(
        UserError, match=rf"does not fit NUCLEO-L4R5ZI: {region} overflows by [\d,]+ bytes \(needs"
    ) as raised:
        build_firmware(board, BENCHMARKS["kws"], model, toolchain=toolchain, build_folder=tmp_path)
    assert "\n" not in str(raised.value)


@ONE_BOARD
def test_a_model_for_another_benchmark_is_one_line(board: Board, tmp_path: Path) -> None:
    model = FAKE_MODELS["ic"].write(tmp_path / "model")
    with pytest.raises(UserError, match="the model's input has 3072 bytes, kws needs 490"):
        build_firmware(board, BENCHMARKS["kws"], model, build_folder=tmp_path)


@ONE_BOARD
def test_a_folder_without_a_model_is_one_line(board: Board, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"model\.h"):
        build_firmware(board, BENCHMARKS["kws"], tmp_path, build_folder=tmp_path)
    (tmp_path / "model.h").write_text("#define MODEL_INPUT_BYTES many\n")
    with pytest.raises(UserError, match="does not define MODEL_INPUT_BYTES"):
        build_firmware(board, BENCHMARKS["kws"], tmp_path, build_folder=tmp_path)


@ONE_BOARD
def test_unknown_names_are_one_line(board: Board, tmp_path: Path) -> None:
    model = FAKE_MODELS["kws"].write(tmp_path / "model")
    with pytest.raises(UserError, match="no firmware for board toaster"):
        build_firmware(
            board.model_copy(update={"id": "toaster"}), BENCHMARKS["kws"], model, build_folder=tmp_path
        )
    with pytest.raises(UserError, match="vendor name"):
        build_firmware(board, BENCHMARKS["kws"], model, build_folder=tmp_path, vendor_name='a"]\r\nm-ready')


@ONE_BOARD
def test_a_model_that_does_not_compile_is_named(board: Board, tmp_path: Path) -> None:
    model = FAKE_MODELS["kws"].write(tmp_path / "model")
    (model / "broken.c").write_text("int broken = ;\n")
    with pytest.raises(CompilerError, match=r"broken\.c"):
        build_firmware(board, BENCHMARKS["kws"], model, build_folder=tmp_path / "build")


def test_sizes_of_a_built_image_can_be_read_again(built: FirmwareBuild, board: Board) -> None:
    assert section_sizes(built.elf, board) == built.sections
