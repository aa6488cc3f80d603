"""Builds firmware that is written the way vendors' libraries are, for every board."""

from __future__ import annotations

import functools
import hashlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from elftools.elf.elffile import ELFFile
from intelhex import IntelHex

from tests.engines.guest import BUILD, FLAGS

SOURCES = Path(__file__).parent / "vendor"
POLLING, INTERRUPTS, DMA, OTHER_UART, UNDRIVEN_FLAG = range(5)

_CORES = {
    "nucleo_l4r5zi": ("thumb-freestanding-eabihf", "cortex_m4+vfp4d16sp"),
    "nucleo_u575zi_q": ("thumb-freestanding-eabihf", "cortex_m33"),
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
    flags = ("-target", target, f"-mcpu={cpu}", *FLAGS, f"-D{board_id.upper()}", f"-DMODE={mode}")
    content = [repr(flags).encode(), script.encode()]
    content += [(SOURCES / name).read_bytes() for name in ("board.h", "echo.c")]
    digest = hashlib.sha256(b"\0".join(content)).hexdigest()[:16]
    elf = BUILD / f"vendor-{board_id}-{mode}-{digest}.elf"
    if not elf.exists():
        _compile(flags, script, elf)
    return elf


def _compile(flags: tuple[str, ...], script: str, elf: Path) -> None:
    BUILD.mkdir(parents=True, exist_ok=True)
    environment = os.environ | {
        "ZIG_GLOBAL_CACHE_DIR": str(BUILD / "zig"),
        "ZIG_LOCAL_CACHE_DIR": str(BUILD / "zig"),
    }
    with tempfile.TemporaryDirectory(dir=BUILD) as scratch:
        made, linker_script = Path(scratch) / elf.name, Path(scratch) / "guest.ld"
        linker_script.write_text(script)
        command = [sys.executable, "-m", "ziglang", "cc", *flags, "-Wall", "-Werror"]
        command += ["-Wno-unused-command-line-argument", str(SOURCES / "echo.c")]
        command += [f"-Wl,-T,{linker_script}", "-Wl,-e,reset_handler", "-o", str(made)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        os.replace(made, elf)


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
