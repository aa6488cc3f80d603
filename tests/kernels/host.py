"""Builds generated models with the kernels for the host, under sanitizers, and runs them."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from tests.compiling import compiled, for_host, sanitized
from tinysim.codegen import CompiledModel
from tinysim.resources import resource_folder
from tinysim.toolchain import run_compiler

EMULATED_SIMD = "-DKERNELS_EMULATE_SIMD"


def compiler(*flags: str) -> tuple[str, ...]:
    return for_host(*sanitized(), f"-I{resource_folder('firmware')}", *flags)


def kernel_sources() -> list[Path]:
    return sorted((resource_folder("firmware") / "kernels").glob("*.c"))


@cache
def _kernel_objects(defines: tuple[str, ...]) -> tuple[Path, ...]:
    """Compile the kernels for a set of macros."""
    headers = sorted((resource_folder("firmware") / "kernels").glob("*.h"))
    return tuple(
        compiled(f"kernels/{source.stem}.o", *compiler(*defines, "-c"), source, reads=headers)
        for source in kernel_sources()
    )


@dataclass(frozen=True)
class HostModel:
    """A program that runs one model."""

    program: Path
    output_bytes: int

    def run(self, inputs: np.ndarray) -> np.ndarray:
        """Return outputs [n, bytes] of inputs [n, bytes]; a sanitizer's finding fails the test."""
        result = subprocess.run(
            [self.program], input=inputs.astype(np.int8).tobytes(), capture_output=True, check=False
        )
        assert result.returncode == 0, result.stderr.decode(errors="replace")
        return np.frombuffer(result.stdout, dtype=np.int8).reshape(-1, self.output_bytes)


def build_host(model: CompiledModel, *defines: str) -> HostModel:
    objects = _kernel_objects(defines)
    program = model.folder / f"model{'-'.join(['', *defines])}"
    sources = [*model.sources, Path(__file__).with_name("run_model.c")]
    run_compiler([*compiler(f"-I{model.folder}"), *sources, *objects, "-o", program])
    return HostModel(program, model.output_bytes)
