"""Builds generated models for a core with the firmware's compiler, and runs them on Unicorn, bare.

The engine is not involved: no board, no peripherals, only `model_invoke` called as a function.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np
from elftools.elf.elffile import ELFFile
from unicorn import UC_ARCH_ARM, UC_MODE_THUMB, Uc
from unicorn.arm_const import (
    UC_ARM_REG_LR,
    UC_ARM_REG_R0,
    UC_ARM_REG_SP,
    UC_CPU_ARM_CORTEX_M0,
    UC_CPU_ARM_CORTEX_M4,
)

from tests.compiling import compiled
from tests.kernels.host import kernel_sources
from tinysim.chip import Core
from tinysim.codegen import CompiledModel
from tinysim.resources import resource_folder
from tinysim.toolchain import compile_sources, find_toolchain, link

FLASH, FLASH_BYTES = 0x0800_0000, 4 * 2**20
RAM, RAM_BYTES = 0x2000_0000, 4 * 2**20
RETURN_ADDRESS = FLASH + FLASH_BYTES - 16

CoreName = Literal["cortex-m4", "cortex-m0+"]
MODELS = {"cortex-m4": UC_CPU_ARM_CORTEX_M4, "cortex-m0+": UC_CPU_ARM_CORTEX_M0}
FLAGS = (
    "-std=c11",
    "-O3",
    "-g",
    "-Wall",
    "-Wextra",
    "-Werror",
    "-fomit-frame-pointer",
    "-ffunction-sections",
)

KEPT = ("--entry=model_invoke", "--undefined=model_input", "--undefined=model_output")

LINKER_SCRIPT = f"""
SECTIONS
{{
    .text {FLASH} : {{ *(.text .text.*) *(.rodata .rodata.*) }}
    .bss {RAM} (NOLOAD) : {{ *(.bss .bss.*) }}
    /DISCARD/ : {{ *(.ARM.exidx*) }}
}}
"""


def _core(name: CoreName) -> Core:
    fpu = "fpv4-sp-d16" if name == "cortex-m4" else None
    return Core(name=name, fpu=fpu, nvic_priority_bits=2, external_interrupts=32)


@cache
def _kernel_objects(core: CoreName) -> tuple[Path, ...]:
    toolchain = find_toolchain()
    firmware = resource_folder("firmware")
    memory = firmware / "runtime" / "memory.c"
    flags = (*toolchain.core_flags(_core(core)), *FLAGS, f"-I{firmware}", f"-I{firmware / 'runtime'}", "-c")
    headers = sorted(path for folder in ("kernels", "runtime") for path in (firmware / folder).glob("*.h"))
    extra = {memory: ("-fno-builtin",)}
    return tuple(
        compiled(
            f"kernels/{core}/{source.stem}.o",
            *(*toolchain.compiler, *flags, *extra.get(source, ()), source),
            reads=headers,
        )
        for source in (*kernel_sources(), memory)
    )


@dataclass(frozen=True)
class TargetModel:
    """A linked model, ready to be called on an emulated core."""

    core: CoreName
    elf: Path
    input_bytes: int
    output_bytes: int

    def machine(self) -> Machine:
        return Machine(self)

    def run(self, inputs: np.ndarray) -> np.ndarray:
        """Return outputs [n, bytes] of inputs [n, bytes]; fails if an inference damages its input."""
        machine = self.machine()
        outputs = []
        for row in inputs.astype(np.int8):
            outputs.append(machine.infer(row))
            assert machine.input() == row.tobytes(), "model_invoke() damaged its input"
        return np.stack(outputs)


class Machine:
    """Unicorn with the model's image loaded."""

    def __init__(self, model: TargetModel) -> None:
        self.model = model
        self.emulator = Uc(UC_ARCH_ARM, UC_MODE_THUMB)
        self.emulator.ctl_set_cpu_model(MODELS[model.core])
        self.emulator.mem_map(FLASH, FLASH_BYTES)
        self.emulator.mem_map(RAM, RAM_BYTES)
        with model.elf.open("rb") as stream:
            elf = ELFFile(stream)
            for segment in elf.iter_segments("PT_LOAD"):
                self.emulator.mem_write(segment["p_paddr"], segment.data())
            table = elf.get_section_by_name(".symtab")
            self.symbols = {symbol.name: symbol["st_value"] for symbol in table.iter_symbols()}
        self.input_address = self.call("model_input")
        self.output_address = self.call("model_output")

    def call(self, function: str) -> int:
        self.emulator.reg_write(UC_ARM_REG_SP, RAM + RAM_BYTES)
        self.emulator.reg_write(UC_ARM_REG_LR, RETURN_ADDRESS | 1)
        self.emulator.emu_start(self.symbols[function] | 1, RETURN_ADDRESS, count=0)
        return int(self.emulator.reg_read(UC_ARM_REG_R0))

    def infer(self, row: np.ndarray) -> np.ndarray:
        self.emulator.mem_write(self.input_address, row.tobytes())
        self.call("model_invoke")
        return np.frombuffer(
            self.emulator.mem_read(self.output_address, self.model.output_bytes), dtype=np.int8
        )

    def input(self) -> bytes:
        return bytes(self.emulator.mem_read(self.input_address, self.model.input_bytes))


def build_target(model: CompiledModel, core: CoreName = "cortex-m4") -> TargetModel:
    toolchain = find_toolchain()
    objects = list(_kernel_objects(core))
    firmware = resource_folder("firmware")
    flags = (
        *toolchain.core_flags(_core(core)),
        *FLAGS,
        f"-I{firmware}",
        f"-I{firmware / 'runtime'}",
        f"-I{model.folder}",
    )
    own = {source: model.folder / f"{source.stem}-{core}.o" for source in model.sources}
    compile_sources(toolchain, own, dict.fromkeys(own, flags))
    script = model.folder / "bare.ld"
    script.write_text(LINKER_SCRIPT)
    elf = model.folder / f"model-{core}.elf"
    link(toolchain, [*own.values(), *objects], elf, ["-T", str(script), *KEPT, "--gc-sections"])
    return TargetModel(core, elf, model.input_bytes, model.output_bytes)
