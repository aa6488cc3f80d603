"""Native sources by themselves, as libraries under the undefined-behaviour sanitizer."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import cffi

from tests.compiling import compiled, for_host
from tinysim.native import declarations

# A trap instead of a report: the library is loaded into an interpreter that has no sanitizer run-time.
FLAGS = ("-shared", "-fPIC", "-fsanitize=undefined", "-fsanitize-undefined-trap-on-error")


class NativeLibrary(NamedTuple):
    """What its headers declare, and the functions that they name."""

    ffi: cffi.FFI
    functions: Any


def shared_library(
    name: str, sources: Sequence[Path], headers: Sequence[Path], folders: Sequence[Path] = ()
) -> NativeLibrary:
    """Compile `sources`, which include from `folders`, and load them, with what `headers` declare."""
    ffi = cffi.FFI()
    ffi.cdef("\n".join(map(declarations, headers)))
    read_folders = {*folders, *(source.parent for source in sources)}
    reads = sorted(path for folder in read_folders for path in folder.glob("*.h"))
    includes = (f"-I{folder}" for folder in folders)
    library = compiled(f"native/{name}.so", *for_host(*FLAGS, *includes), *sources, reads=reads)
    return NativeLibrary(ffi, ffi.dlopen(str(library)))
