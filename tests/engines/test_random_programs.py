"""Counts and results of random programs, against Unicorn alone, asked before every instruction."""

from __future__ import annotations

import struct
from pathlib import Path

import unicorn
from hypothesis import given, settings
from hypothesis import strategies as st
from unicorn import arm_const

from tinysim.board import load_board
from tinysim.engines import Stop
from tinysim.engines.embedded import EmbeddedEngine
from tinysim.image import Image, Segment

FLASH, RAM, STACK = 0x0800_0000, 0x2000_0000, 0x2000_8000
START = FLASH + 64
WFI, SELF = 0xBF30, 0xE7FE
REGISTER_IDS = [arm_const.UC_ARM_REG_R0 + number for number in range(8)]

LOW = st.integers(0, 7)
# Data processing on r0 to r6; r7 holds the address of a buffer that loads and stores use.
LOW_BUT_BASE = st.integers(0, 6)
ARITHMETIC = st.one_of(
    st.builds(lambda op, m, d: [0x4000 | op << 6 | m << 3 | d], st.integers(0, 15), LOW, LOW_BUT_BASE),
    st.builds(lambda op, d, value: [0x2000 | op << 11 | d << 8 | value], st.integers(0, 3), LOW_BUT_BASE, st.integers(0, 255)),
    st.builds(lambda op, shift, m, d: [op << 11 | shift << 6 | m << 3 | d], st.integers(0, 2), st.integers(0, 31), LOW, LOW_BUT_BASE),
    st.builds(lambda d, value: [0xF240, value >> 8 << 12 & 0x7000 | d << 8 | value & 0xFF], LOW_BUT_BASE, st.integers(0, 0x7FF)),
)  # fmt: skip
MEMORY = st.one_of(
    st.builds(lambda op, offset, d: [0x6000 | op << 11 | offset << 6 | 7 << 3 | d], st.integers(0, 3), st.integers(0, 31), LOW_BUT_BASE),
    st.builds(lambda op, offset, d: [0xF8D7 if op else 0xF8C7, d << 12 | offset], st.booleans(), st.integers(0, 0xFF0), LOW_BUT_BASE),
)  # fmt: skip
IT_BLOCK = st.builds(
    lambda condition, instructions: [0xBF00 | condition << 4 | 1 << 4 - len(instructions), *instructions],
    st.integers(0, 13),
    # Within an IT block only flagless forms, all with the first condition (its low bit 0: "then" is 0).
    st.lists(st.builds(lambda d, value: 0x2000 | d << 8 | value, LOW_BUT_BASE, st.integers(0, 255)), min_size=1, max_size=1),
)  # fmt: skip
SKIP = st.builds(
    lambda condition, distance: ("skip", condition, distance), st.integers(0, 13), st.integers(1, 5)
)
PIECES = st.lists(st.one_of(ARITHMETIC, ARITHMETIC, MEMORY, IT_BLOCK, SKIP), max_size=60)


def assemble(pieces: list, rounds: int) -> bytes:
    """Lay the pieces out in a loop of `rounds`; a skip jumps over some of the pieces that follow it."""
    lengths = [1 if isinstance(piece, tuple) else len(piece) for piece in pieces]
    body: list[int] = []
    for number, piece in enumerate(pieces):
        if isinstance(piece, tuple):
            _kind, condition, distance = piece
            over = sum(lengths[number + 1 : number + 1 + distance])
            # B<cond> jumps relative to the instruction after the next; over 0 would be backwards.
            body.append(0xD000 | condition << 8 | (over - 1) & 0xFF)
        else:
            body += piece
    # r8 counts the rounds: SUBS.W r8, r8, #1; BNE.W to the beginning.
    offset = -(len(body) * 2 + 4 + 4)
    sign, imm = 1, (offset >> 1) & 0xFFFFF
    bne = [
        0xF000 | sign << 10 | 1 << 6 | imm >> 11 & 0x3F,
        0x8000 | (imm >> 18 & 1) << 13 | (imm >> 17 & 1) << 11 | imm & 0x7FF,
    ]
    code = [0xF04F, 0x0800 | rounds, 0xF04F, 0x5700, *body, 0xF1B8, 0x0801, *bne, WFI, SELF]
    return struct.pack(f"<{len(code)}H", *code)


def on_unicorn(code: bytes) -> tuple[int, list[int]]:
    emulator = unicorn.Uc(unicorn.UC_ARCH_ARM, unicorn.UC_MODE_THUMB)
    emulator.ctl_set_cpu_model(arm_const.UC_CPU_ARM_CORTEX_M4)
    emulator.mem_map(FLASH, 0x10000)
    emulator.mem_map(RAM, 0x10000)
    emulator.mem_write(START, code)
    for register in REGISTER_IDS:
        emulator.reg_write(register, 0)
    counts = [0]

    def is_it(address: int) -> bool:
        (halfword,) = struct.unpack_from("<H", code, address - START)
        return address >= START and halfword & 0xFF00 == 0xBF00 and halfword & 0xF != 0

    def count(_emulator: object, address: int, *_arguments: object) -> None:
        # Unicorn does not tell of conditional instructions that are skipped: they count with their IT.
        if address == START or not is_it(address - 2):
            counts[0] += 2 if is_it(address) else 1

    emulator.hook_add(unicorn.UC_HOOK_CODE, count)
    emulator.emu_start(START | 1, START + len(code) - 4)
    # WFI itself is not reached.
    return counts[0] + 1, [emulator.reg_read(register) for register in REGISTER_IDS]


def on_engine(code: bytes, *, with_timing: bool) -> tuple[int, list[int]]:
    vectors = struct.pack("<16I", STACK, START | 1, *[START | 1] * 14)
    image = Image(Path("program"), "bin", "", (Segment(FLASH, vectors + code),), FLASH, ())
    engine = EmbeddedEngine(load_board("nucleo_l4r5zi"), image, with_timing=with_timing)
    assert engine.run(1_000_000_000) is Stop.ASLEEP
    registers, executed = engine.registers(), engine.now().instructions
    engine.close()
    return executed, [registers[f"r{number}"] for number in range(8)]


@given(pieces=PIECES, rounds=st.integers(1, 200), with_timing=st.booleans())
@settings(max_examples=60, deadline=None)
def test_random_programs(pieces, rounds, with_timing):
    code = assemble(pieces, rounds)
    assert on_engine(code, with_timing=with_timing) == on_unicorn(code)
