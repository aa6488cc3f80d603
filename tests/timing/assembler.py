"""Assembles Thumb code and disassembles it as the engine does."""

from __future__ import annotations

import functools

import capstone
from elftools.elf.elffile import ELFFile

from tests.compiling import compiled, for_core

COMPILER_CORES = {
    "cortex-m0+": "cortex_m0plus",
    "cortex-m4": "cortex_m4+vfp4d16sp",
    "cortex-m33": "cortex_m33+dsp+fp_armv8d16sp",
    "cortex-m7": "cortex_m7+fp_armv8d16sp",
}


@functools.cache
def assemble(source: str, core: str = "cortex-m4") -> bytes:
    text = f".syntax unified\n.thumb\n.text\n{source}\n"
    made = compiled(
        "assembler/code.o", *for_core(COMPILER_CORES[core]), "-c", "code.s", texts={"code.s": text}
    )
    with made.open("rb") as file:
        return ELFFile(file).get_section_by_name(".text").data()


def disassemble(source: str, address: int = 0x0800_0000, core: str = "cortex-m4") -> list[capstone.CsInsn]:
    decoder = capstone.Cs(capstone.CS_ARCH_ARM, capstone.CS_MODE_THUMB | capstone.CS_MODE_MCLASS)
    decoder.detail = True
    return list(decoder.disasm(assemble(source, core), address))
