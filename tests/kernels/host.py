"""Builds generated models with the kernels for the host, under sanitizers, and runs them."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from tinysim.codegen import CompiledModel
from tinysim.resources import resource_folder

BUILD = Path(__file__).resolve().parents[2] / "build" / "test" / "kernels"
FLAGS = ["-std=c11", "-O1", "-g", "-Wall", "-Wextra", "-Werror", "-fno-sanitize-recover=all"]
EMULATED_SIMD = "-DKERNELS_EMULATE_SIMD"


@cache
def compiler() -> tuple[str, ...]:
    """The host's compiler with the sanitizers it has: both, or undefined behaviour only with zig."""
    for name in ("gcc", "clang"):
        path = shutil.which(name)
        if path:
            return (path, *FLAGS, "-fsanitize=address,undefined")
    return (sys.executable, "-m", "ziglang", "cc", *FLAGS, "-fsanitize=undefined")


def kernel_sources() -> list[Path]:
    return sorted((resource_folder("firmware") / "kernels").glob("*.c"))


def content_digest(*flags: str) -> str:
    digest = hashlib.sha256(repr(flags).encode())
    for path in sorted((resource_folder("firmware") / "kernels").glob("*.[ch]")):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:16]


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """Give a folder to fill, which becomes `folder` if all went well and nobody was faster."""
    BUILD.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=BUILD) as scratch:
        made = Path(scratch) / "made"
        made.mkdir()
        yield made
        with suppress(OSError):
            made.rename(folder)


@cache
def _kernel_objects(defines: tuple[str, ...]) -> tuple[Path, ...]:
    """Compile the kernels once for a set of macros; kept between test runs while nothing changes."""
    folder = BUILD / f"host-{content_digest(*compiler(), *defines)}"
    if not folder.is_dir():
        include = f"-I{resource_folder('firmware')}"
        sources = [str(path) for path in kernel_sources()]
        with new_folder(folder) as scratch:
            subprocess.run([*compiler(), *defines, include, "-c", *sources], cwd=scratch, check=True)
    return tuple(sorted(folder.glob("*.o")))


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
    sources = [str(path) for path in model.sources] + [str(Path(__file__).with_name("run_model.c"))]
    includes = [f"-I{resource_folder('firmware')}", f"-I{model.folder}"]
    subprocess.run([*compiler(), *includes, *sources, *map(str, objects), "-o", str(program)], check=True)
    return HostModel(program, model.output_bytes)
