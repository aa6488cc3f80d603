"""Builds firmware that is written the way vendors' libraries are, for every board."""

from __future__ import annotations

import functools
from pathlib import Path

from elftools.elf.elffile import ELFFile
from intelhex import IntelHex

from tests.compiling import compiled, for_core
from tests.engines.guest import STRICT

SOURCES = Path(__file__).parent / "vendor"
POLLING, INTERRUPTS, DMA, OTHER_UART, UNDRIVEN_FLAG = range(5)

_CORES = {
    "nucleo_l4r5zi": ("thumb-freestanding-eabihf", "cortex_m4+vfp4d16sp"),
    "nucleo_u575zi_q": ("thumb-freestanding-eabihf", "cortex_m33"),
    "nucleo_u385rg_q": ("thumb-freestanding-eabihf", "cortex_m33"),
    "nucleo_h7a3zi_q": ("thumb-freestanding-eabihf", "cortex_m7"),
    "disco_f746ng": ("thumb-freestanding-eabihf", "cortex_m7"),
    "nucleo_g0b1re": ("thumb-freestanding-eabi", "cortex_m0plus"),
}
BOARDS = tuple(_CORES)

# DMA does not reach the tightly coupled memory of an STM32H7.
_RAM = {"nucleo_h7a3zi_q": 0x2400_0000}


@functools.cache
def vendor_elf(board_id: str, mode: int) -> Path:
    """Return the ELF image of vendor/echo.c."""
    target, cpu = _CORES[board_id]
    script = (SOURCES / "guest.ld").read_text()
    script = script.replace("0x20000000", f"{_RAM.get(board_id, 0x2000_0000):#010x}")
    defines = (f"-D{board_id.upper()}", f"-DMODE={mode}")
    return compiled(
        f"guests/vendor-{board_id}-{mode}.elf",
        *for_core(cpu, *STRICT, *defines, target=target),
        SOURCES / "echo.c",
        *("-Wl,-T,guest.ld", "-Wl,-e,reset_handler"),
        reads=[SOURCES / "board.h"],
        texts={"guest.ld": script},
    )


def as_hex(elf: Path, folder: Path) -> Path:
    """Write the image as Intel HEX."""
    image = _flat(elf)
    path = folder / "image.hex"
    image.write_hex_file(str(path))
    return path


def as_bin(elf: Path, folder: Path) -> Path:
    """Write the image flat, from the start of flash on."""
    path = folder / "image.bin"
    path.write_bytes(_flat(elf).tobinstr())
    return path


def _flat(elf: Path) -> IntelHex:
    image = IntelHex()
    with elf.open("rb") as file:
        for segment in ELFFile(file).iter_segments("PT_LOAD"):
            if segment["p_filesz"]:
                image.frombytes(segment.data(), segment["p_paddr"])
    return image
