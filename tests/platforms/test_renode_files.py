"""Renode's files of chips and boards are those that their data gives."""

from __future__ import annotations

from tinysim.board import load_board
from tinysim.engines.renode.platform import chip_description, platform_files
from tinysim.resources import resource_folder


def test_they_are_current() -> None:
    folder = resource_folder("platforms")
    written = platform_files()
    kept = {*folder.glob("*/*.repl"), *folder.glob("*/*.resc")} - {*(folder / "renode").iterdir()}
    assert kept == {*written}
    for path, text in written.items():
        assert path.read_text(encoding="utf-8") == text, f"{path}: python -m tinysim.engines.renode.platform"


def entry(description: str, name: str) -> list[str]:
    """The lines of a peripheral, its own first."""
    (found,) = (part for part in description.split("\n\n") if part.startswith(f"{name}: "))
    return [line.strip() for line in found.splitlines()]


def test_a_mirror_shows_its_piece_of_a_memory() -> None:
    description = chip_description(load_board("nucleo_l4r5zi").chip)
    assert entry(description, "sram1") == ["sram1: Memory.MappedMemory @ sysbus 0x20000000", "size: 0x30000"]
    assert entry(description, "sram2") == [
        "sram2: Memory.MappedMemory @ { sysbus 0x20030000; sysbus 0x10000000 }",
        "size: 0x10000",
    ]
    assert entry(description, "sram3")[0] == "sram3: Memory.MappedMemory @ sysbus 0x20040000"


def test_devices_that_share_an_interrupt_have_an_input_each() -> None:
    description = chip_description(load_board("nucleo_g0b1re").chip)
    assert entry(description, "irq29") == [
        "irq29: Miscellaneous.CombinedInput @ none",
        "numberOfInputs: 5",
        "-> nvic@29",
    ]
    users = [line.strip() for line in description.splitlines() if "-> irq29@" in line]
    assert users == [f"IRQ -> irq29@{number}" for number in range(5)]


def test_a_block_within_another_is_part_of_it() -> None:
    description = chip_description(load_board("disco_f746ng").chip)
    assert 'clear: "0x10: 0; 0x1000: 0; 0x1018: 20"' in entry(description, "eth")
    assert "\neth_dma: " not in description
