"""Builds native sources for the host as tests want them: no warnings, sanitizers on."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import cffi

from tinysim.native import declarations

FLAGS = ["-std=c11", "-O1", "-g", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC"]
# A trap instead of a report: the library is loaded into an interpreter that has no sanitizer run-time.
SANITIZERS = ["-fsanitize=undefined", "-fsanitize-undefined-trap-on-error"]


def _compiler() -> list[str]:
    for name in ("gcc", "clang", "cc"):
        path = shutil.which(name)
        if path:
            return [path]
    return [sys.executable, "-m", "ziglang", "cc"]


class NativeLibrary(NamedTuple):
    """What its headers declare, and the functions that they name."""

    ffi: cffi.FFI
    functions: Any


def shared_library(name: str, sources: Sequence[Path], headers: Sequence[Path]) -> NativeLibrary:
    """Compile `sources` under the undefined-behaviour sanitizer and load them; built once per content."""
    ffi = cffi.FFI()
    ffi.cdef("\n".join(map(declarations, headers)))
    command = [*_compiler(), *FLAGS, *SANITIZERS]
    digest = hashlib.sha256(repr(command).encode())
    for path in sorted({path for source in sources for path in source.parent.iterdir()}):
        digest.update(path.read_bytes())
    folder = Path(__file__).resolve().parent.parent / "build" / "test" / "native"
    folder.mkdir(parents=True, exist_ok=True)
    library = folder / f"{name}-{digest.hexdigest()[:16]}.so"
    if not library.exists():
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            made = Path(scratch) / library.name
            subprocess.run([*command, *map(str, sources), "-o", str(made)], check=True)
            os.replace(made, library)
    return NativeLibrary(ffi, ffi.dlopen(str(library)))
