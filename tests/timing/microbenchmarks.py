"""Loops that each execute one rule of the timing model, and what runs them on the embedded engine.

All loops of a board are in one image; the test writes which one to run, and how many rounds, into RAM before the
guest starts. Rounds are counted by "SUBS; BNE" at the loop's end, which `loop` cycles of each core include.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from pathlib import Path

from elftools.elf.elffile import ELFFile

from tests.compiling import compiled, for_core
from tests.engines.guest import FLAGS, GUESTS, linked_with
from tests.timing.assembler import COMPILER_CORES
from tinysim.board import Board, load_board
from tinysim.engines import Stop
from tinysim.engines.embedded import EmbeddedEngine
from tinysim.image import load_image

MAILBOX = RAM = 0x2000_0000
SECOND_NS = 1_000_000_000

_HEAD = """
    .syntax unified
    .thumb
    .section .vectors, "a"
    .word 0x20010000
    .word Reset_Handler
    .rept 9
    .word Default_Handler
    .endr
    .word SVC_Handler
    .rept 4
    .word Default_Handler
    .endr
    .text
    .balign 64
    .thumb_func
SVC_Handler:
    bx lr
    .thumb_func
Default_Handler:
    b .
    .global Reset_Handler
    .thumb_func
Reset_Handler:
    ldr r0, =mailbox
    ldr r0, [r0]
    ldr r1, [r0]
    bx r1
mailbox:
    .word 0x20000000
    .ltorg
"""
_FLOAT_ON = "ldr r0, =0xE000ED88; movs r1, #15; lsls r1, r1, #20; str r1, [r0]"


@dataclass(frozen=True)
class Microbenchmark:
    """A loop whose round takes `cycles`, counted by hand from `source`.

    At its start r4 and r6 point to RAM and r5 to constants in flash, all 64-byte aligned; r7 counts the rounds.
    `setup` is executed before the loop, `tail` stands behind it: a function called FUNCTION. `memory` names what
    the guest writes into its control registers first (see `Bench`). Caches are warm after `rounds`. `deviation` says why the model disagrees,
    where it is known to.
    """

    body: str
    cycles: float
    source: str
    setup: str = ""
    tail: str = ""
    memory: str = "fast"
    rounds: int = 64
    deviation: str = ""


@dataclass(frozen=True)
class Bench:
    """A board with its microbenchmarks; `memory` are the registers, and what the guest writes into them.

    `of_core_alone` names those that no parameter of the board changes.
    """

    board_id: str
    core: str
    memory: Mapping[str, Mapping[int, int]]
    rules: Mapping[str, Microbenchmark]
    of_core_alone: Set[str] = frozenset()


def _routine(bench: Bench, number: int, rule: Microbenchmark) -> str:
    writes = "\n".join(
        f"ldr r0, ={register}; ldr r1, ={value}; str r1, [r0]"
        for register, value in bench.memory[rule.memory].items()
    )
    text = f"""
    .thumb_func
routine_{number}:
    {"" if bench.core == "cortex-m0+" else _FLOAT_ON}
    {writes}
    ldr r0, =mailbox; ldr r0, [r0]; ldr r7, [r0, #4]
    ldr r4, ={RAM + 0x2000}; ldr r5, =constants; ldr r6, ={RAM + 0x1000}
    {rule.setup}
    b 1f
    .ltorg
    .balign 64
1:  {rule.body}
    subs r7, #1
    {"beq 9f; b 1b" if rule.memory.endswith(" far") else "bne 1b"}
9:  wfi
    b .
    .balign 64
    {rule.tail}
    .ltorg
    .balign 64
"""
    return text.replace("FUNCTION", f"function_{number}")


def build(bench: Bench) -> Path:
    """Return the ELF image of all microbenchmarks of a board."""
    routines = "".join(_routine(bench, number, rule) for number, rule in enumerate(bench.rules.values()))
    source = f"{_HEAD}{routines}\n.balign 64\nconstants: .fill 16384, 4, 0x01010101\n"
    # Loops larger than the largest cache need more room than other guests.
    script = (GUESTS / "guest.ld").read_text().replace("LENGTH = 64K", "LENGTH = 512K", 1)
    return compiled(
        f"guests/microbenchmarks_{bench.board_id}.elf",
        *for_core(COMPILER_CORES[bench.core], *FLAGS),
        *("code.s", *linked_with("guest.ld")),
        texts={"code.s": source, "guest.ld": script},
    )


class Runner:
    """A board that runs microbenchmarks, each from reset on."""

    def __init__(self, bench: Bench, board: Board | None = None) -> None:
        elf = build(bench)
        self.bench = bench
        board = board or load_board(bench.board_id)
        self.engine = EmbeddedEngine(board, load_image(elf, board))
        self.at_reset = self.engine.snapshot()
        self.numbers = {name: number for number, name in enumerate(self.bench.rules)}
        with elf.open("rb") as file:
            table = ELFFile(file).get_section_by_name(".symtab")
            self.symbols = {symbol.name: int(symbol["st_value"]) for symbol in table.iter_symbols()}

    def cycles(self, name: str) -> float:
        """Return the cycles of a round of the microbenchmark in its steady state."""
        rounds = self.bench.rules[name].rounds
        return (self._total(name, 2 * rounds) - self._total(name, rounds)) / rounds

    def _total(self, name: str, rounds: int) -> int:
        self.engine.restore(self.at_reset)
        routine = self.symbols[f"routine_{self.numbers[name]}"] | 1
        self.engine.write_memory(MAILBOX, routine.to_bytes(4, "little") + rounds.to_bytes(4, "little"))
        assert self.engine.run(SECOND_NS) is Stop.ASLEEP
        return self.engine.now().cycles
