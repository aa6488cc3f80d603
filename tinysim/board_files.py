"""What the firmware's sources are told of a board, from its data: `board_config.h` and `memory.ld`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tinysim.board import Board

# A length that any image fits in.
_ENLARGED_BYTES = 128 * 1024 * 1024


@dataclass(frozen=True)
class Region:
    """A region of the linker script: what it is for, as its attributes say, and where it lies."""

    name: str
    attributes: str
    address: int
    size_bytes: int


def linker_regions(board: Board) -> tuple[Region, Region]:
    """Return where firmware has its code and constants, and where all that it writes."""
    flash, (ram_address, ram_bytes) = board.chip.flash, board.chip.largest_ram
    return (
        Region("FLASH", "(rx)", flash.address, flash.size_bytes),
        Region("RAM", "(rwx)", ram_address, ram_bytes),
    )


def linker_script(board: Board, regions: Sequence[Region]) -> str:
    """Return the linker script of an image's regions; `runtime/sections.ld` puts sections into them."""
    lines = [
        f"    {region.name:<5} {region.attributes:<5} : "
        f"ORIGIN = 0x{region.address:08X}, LENGTH = {region.size_bytes // 1024}K\n"
        for region in regions
    ]
    return (
        f"/* The memories of the {board.name}, from platforms/chips/{board.chip.id}.toml. */\n"
        f"MEMORY\n{{\n{''.join(lines)}}}\n\nINCLUDE sections.ld\n"
    )


def enlarged(regions: Sequence[Region]) -> tuple[Region, ...]:
    """Return regions at the same places that any image fits in."""
    return tuple(replace(region, size_bytes=_ENLARGED_BYTES) for region in regions)


def board_header(board: Board) -> str:
    """Return what the sources ask about a board: `board_config.h`."""
    uart, clock = board.console_uart, board.clock
    clocks_hz = {"core": clock.core_hz, **clock.bus_hz}
    clocks = "".join(f"#define {name.upper()}_CLOCK_HZ {hz}u\n" for name, hz in clocks_hz.items())
    return (
        f"/* What the firmware asks about the {board.name}, from platforms/{board.id}/board.toml. */\n"
        "#ifndef BOARD_CONFIG_H\n"
        "#define BOARD_CONFIG_H\n"
        "\n"
        f'#include "{board.chip.id}.h"\n'
        "\n"
        f"{clocks}"
        "\n"
        f"#define EXTERNAL_INTERRUPTS {board.chip.core.external_interrupts}\n"
        "\n"
        f"/* {uart.name.upper()} */\n"
        f"#define CONSOLE_USART     ((struct stm32_usart_registers *)0x{uart.address:08X}u)\n"
        f"#define CONSOLE_INTERRUPT {uart.irq[0]}\n"
        "\n"
        "#endif\n"
    )


def write_board_files(board: Board, folder: Path) -> tuple[Path, Path]:
    """Write `board_config.h` and `memory.ld` of a board into `folder` and return them."""
    folder.mkdir(parents=True, exist_ok=True)
    header, script = folder / "board_config.h", folder / "memory.ld"
    header.write_text(board_header(board), encoding="utf-8")
    script.write_text(linker_script(board, linker_regions(board)), encoding="utf-8")
    return header, script
