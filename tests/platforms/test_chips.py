"""The data of chips and boards is consistent, and what is wrong in one's own file is said in a line."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from tinysim.board import Board, board_ids, load_board, read_board
from tinysim.chip import Chip, chip_ids, read_chip
from tinysim.clock_trees import clocks_after_reset
from tinysim.errors import UserError
from tinysim.resources import resource_folder

CHIPS = resource_folder("platforms") / "chips"


@pytest.fixture(params=chip_ids(CHIPS))
def chip(request: pytest.FixtureRequest) -> Chip:
    return read_chip(CHIPS / f"{request.param}.toml")


def test_nothing_lies_over_something_else(chip: Chip) -> None:
    places = [(memory.address, memory.end, memory.name) for memory in chip.memory]
    places += [
        (memory.alias_address, memory.alias_address + memory.size_bytes, memory.name)
        for memory in chip.memory
        if memory.alias_address is not None
    ]
    places += [(device.address, device.address + device.size_bytes, device.name) for device in chip.device]
    places.append((chip.clock_control.address, chip.clock_control.address + 1024, "rcc"))
    places.sort()
    for (_, end, name), (start, _, next_name) in pairwise(places):
        assert end <= start, f"{name} reaches into {next_name}"


def test_no_address_stands_twice(chip: Chip) -> None:
    names = [part.name for part in (*chip.device, *chip.register_blocks, *chip.unmodelled)]
    assert len({*names, "rcc"}) == len(names) + 1
    assert len({*chip.peripherals.values()}) == len(chip.peripherals)
    registers = [register.address for register in chip.status_register]
    assert len({*registers}) == len(registers)


def test_interrupts_and_clocks_exist(chip: Chip) -> None:
    clocks = clocks_after_reset(chip, hse_hz=8_000_000).device_hz
    for device in chip.device:
        assert all(0 <= irq < chip.core.external_interrupts for irq in device.irq)
        assert device.clock is None or device.clock in clocks


def test_what_the_maker_has_written_lies_in_read_only_memory(chip: Chip) -> None:
    for word in chip.factory_word:
        memory = chip.memory_at(word.address)
        assert memory is not None
        assert memory.kind == "rom"


def test_firmware_gets_the_largest_ram(chip: Chip) -> None:
    address, size_bytes = chip.largest_ram
    place = address
    while place < address + size_bytes:
        memory = chip.memory_at(place)
        assert memory is not None
        assert (memory.kind, memory.address, memory.mirror_of) == ("ram", place, None)
        place = memory.end
    assert place == address + size_bytes
    assert all(memory.size_bytes <= size_bytes for memory in chip.memory if memory.kind == "ram")


def test_registers_are_named_with_their_blocks() -> None:
    chip = load_board("nucleo_l4r5zi").chip
    assert chip.register_name(0x4002_1000) == "RCC_CR (0x40021000)"
    assert chip.register_name(0x4002_1014) == "rcc+0x14 (0x40021014)"
    assert chip.register_name(0x4001_3804) == "usart1+0x4 (0x40013804)"
    assert chip.register_name(0x9000_0000) == "0x90000000"


@pytest.fixture
def platforms(tmp_path: Path) -> Path:
    """A copy of one board and its chip."""
    shutil.copytree(resource_folder("platforms") / "nucleo_g0b1re", tmp_path / "mine")
    (tmp_path / "chips").mkdir()
    shutil.copy(CHIPS / "stm32g0b1.toml", tmp_path / "chips")
    return tmp_path


def test_a_board_of_ones_own_is_read_with_its_chip(platforms: Path) -> None:
    board, original = read_board(platforms / "mine"), load_board("nucleo_g0b1re")
    assert board.id == "mine"
    assert board.chip == original.chip
    assert board.console_uart.irq == (28,)


def replaced(before: str, after: str) -> Callable[[str], str]:
    def change(text: str) -> str:
        assert before in text
        return text.replace(before, after)

    return change


@pytest.mark.parametrize(
    ("file", "change", "message"),
    [
        ("mine/board.toml", replaced('"stm32g0b1"', '"stm32g0"'), "there is no chip 'stm32g0' in .*chips"),
        ("mine/board.toml", replaced('"usart2"', '"usart9"'), "console.uart 'usart9' is not one of the chip"),
        ("mine/board.toml", replaced("baud = 115_200", "baud = 0"), "console.baud: Input should be greater"),
        ("mine/board.toml", replaced("[console]", "[consoles]"), "console: Field required"),
        ("mine/board.toml", replaced("[console]", "[console"), "cannot read .*board.toml"),
        (
            "chips/stm32g0b1.toml",
            replaced("[registers.pwr]", "[registers.pwx]"),
            "registers of 'pwx', which has no",
        ),
        (
            "chips/stm32g0b1.toml",
            replaced("PWR_SR2 = { offset = 0x14, ", "PWR_SR2 = { "),
            "'PWR_SR2' has no offset",
        ),
        ("chips/stm32g0b1.toml", replaced("offset = 0x14, set", "offset = 0x14, sets"), "sets: Extra inputs"),
        (
            "chips/stm32g0b1.toml",
            replaced('"cortex-m0+"', '"cortex-m1"'),
            "core.name: Input should be 'cortex-m0",
        ),
        ("chips/stm32g0b1.toml", replaced("irq = [28]", 'irq = ["28a"]'), r"device.1.irq.0: Input should be"),
        ("chips/stm32g0b1.toml", replaced("fifo = false", 'fifo = "no"'), "fifo"),
    ],
)
def test_what_is_wrong_in_a_file_is_one_line(
    platforms: Path, file: str, change: Callable[[str], str], message: str
) -> None:
    path = platforms / file
    path.write_text(change(path.read_text()))
    with pytest.raises(UserError, match=message) as raised:
        read_board(platforms / "mine")
    assert "\n" not in str(raised.value)
    assert path.name in str(raised.value)


def test_an_unknown_clock_tree_is_one_line() -> None:
    chip = load_board("nucleo_g0b1re").chip
    control = chip.clock_control.model_copy(update={"registers": "stm32g9_rcc"})
    with pytest.raises(UserError, match=r"chips/stm32g0b1.toml: no clock tree 'stm32g9_rcc': there are"):
        clocks_after_reset(chip.model_copy(update={"clock_control": control}), 0)


@pytest.mark.parametrize("board", map(load_board, board_ids()), ids=lambda board: board.id)
def test_system_descriptions_have_the_same_fields(board: Board) -> None:
    assert list(board.system_description) == list(load_board("nucleo_l4r5zi").system_description)
    assert board.system_description["Board Name"] == board.name
