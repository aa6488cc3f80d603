"""Builds small guest programs and runs them on the embedded engine."""

from __future__ import annotations

import functools
from pathlib import Path

from elftools.elf.elffile import ELFFile

from tests.compiling import compiled, for_core
from tinysim.board import Board, load_board
from tinysim.engines import Stop
from tinysim.engines.embedded import EmbeddedEngine
from tinysim.image import load_image

GUESTS = Path(__file__).parent / "guests"
CORTEX_M4 = "cortex_m4+vfp4d16sp"
FLAGS = (
    "-Os",
    "-g",
    "-ffreestanding",
    "-fno-builtin",
    "-nostdlib",
    "-fno-sanitize=all",
    "-fno-stack-protector",
)
STRICT = (*FLAGS, "-Wall", "-Werror")
SECOND_NS = 1_000_000_000
RESET_HZ = 4_000_000
"""The clock after reset."""

# Straight assembly: nothing runs but what a test counts.
_ASSEMBLY_HEAD = """
    .syntax unified
    .thumb
    .section .vectors, "a"
    .word 0x20010000
    .word Reset_Handler
    .rept 13
    .word Default_Handler
    .endr
    .word SysTick_Handler
    .text
    .thumb_func
Default_Handler:
    b .
    .global Reset_Handler
    .thumb_func
Reset_Handler:
"""


def linked_with(script: Path | str) -> tuple[str, ...]:
    return (f"-Wl,-T,{script}", "-Wl,-e,Reset_Handler")


@functools.cache
def c_guest(name: str) -> Path:
    """Return the ELF image of guests/NAME.c."""
    command = (*for_core(CORTEX_M4, *STRICT, f"-I{GUESTS}"), GUESTS / f"{name}.c", GUESTS / "startup.c")
    script = GUESTS / "guest.ld"
    return compiled(f"guests/{name}.elf", *command, *linked_with(script), reads=[GUESTS / "guest.h", script])


@functools.cache
def assembly_guest(body: str) -> Path:
    """Return an ELF image that executes `body` from reset on."""
    handler = "" if "SysTick_Handler:" in body else ".thumb_set SysTick_Handler, Default_Handler\n"
    source = f"{_ASSEMBLY_HEAD}{body}\n{handler}"
    script = GUESTS / "guest.ld"
    command = (*for_core(CORTEX_M4, *STRICT), "code.s", *linked_with(script))
    return compiled("guests/assembly.elf", *command, reads=[script], texts={"code.s": source})


class Guest:
    """An engine with a guest on it."""

    def __init__(self, elf: Path, *, with_timing: bool = False, board: Board | None = None) -> None:
        self.elf = elf
        self.board = board or load_board("nucleo_l4r5zi")
        self.engine = EmbeddedEngine(self.board, load_image(elf, self.board), with_timing=with_timing)
        self.output = b""

    def run(self, seconds: float = 1.0) -> Stop:
        """Run for that much virtual time or until asleep for good; collect output."""
        until = self.engine.now().time_ns + round(seconds * SECOND_NS)
        while True:
            stop = self.engine.run(until)
            self.output += bytes(byte.value for byte in self.engine.take_output())
            if stop is not Stop.OUTPUT:
                return stop

    def word(self, address: int) -> int:
        return int.from_bytes(self.engine.read_memory(address, 4), "little")

    def symbol(self, name: str) -> int:
        with self.elf.open("rb") as file:
            (symbol,) = ELFFile(file).get_section_by_name(".symtab").get_symbol_by_name(name)
            return int(symbol["st_value"])

    def results(self) -> list[int]:
        first = self.symbol("results")
        return [self.word(first + 4 * number) for number in range(self.word(self.symbol("result_count")))]


def run_c(name: str, seconds: float = 1.0, board: Board | None = None) -> list[int]:
    """Run guests/NAME.c until it sleeps and return its results."""
    guest = Guest(c_guest(name), board=board)
    guest.run(seconds)
    return guest.results()


def run_assembly(body: str, *, with_timing: bool = False, board: Board | None = None) -> Guest:
    guest = Guest(assembly_guest(body), with_timing=with_timing, board=board)
    assert guest.run() is Stop.ASLEEP
    return guest
