"""The native core: compiled when it is first needed, kept in the user's cache, loaded."""

from __future__ import annotations

import functools
import hashlib
import os
import subprocess
import sys
import tempfile
from importlib import metadata
from pathlib import Path
from typing import Any

import unicorn

import tinysim.timing
from tinysim.cache import cache_folder, find_cached
from tinysim.errors import UserError
from tinysim.native import Interface, layout_source, open_library, read_interface
from tinysim.timing.marshalling import timing_interface
from tinysim.toolchain import host_compiler

_FLAGS = ("-std=gnu11", "-O2", "-Wall", "-Wextra", "-shared", "-fPIC", "-fvisibility=hidden")


@functools.cache
def engine_interface() -> Interface:
    """Return the interface of the native core."""
    return read_interface(Path(__file__).parent / "native" / "engine.h", timing_interface())


def source_folders() -> tuple[Path, ...]:
    """Return the folders of the native sources: the engine's and its parts', and the timing model's."""
    native = Path(__file__).parent / "native"
    parts = (native / "core", native / "chip", native / "devices")
    return native, *parts, Path(tinysim.timing.__file__).parent / "native"


def unicorn_folders() -> tuple[Path, Path]:
    """Return the folders of Unicorn's headers and of its library, as its wheel installs them."""
    package = Path(unicorn.__file__).parent
    return package / "include", package / "lib"


def compile_command(output: Path, *, flags: tuple[str, ...] = _FLAGS) -> list[str]:
    """Return the command that compiles the native core into the shared library `output`.

    With the layout of its interface, from a file beside it that `compile_library` writes.
    """
    headers, libraries = unicorn_folders()
    folders = source_folders()
    library = next(
        iter(sorted(libraries.glob("libunicorn.so*") or libraries.glob("libunicorn*.dylib"))), None
    )
    if library is None:
        raise UserError(
            f"Unicorn's library is missing from {libraries}: reinstall it with pip install unicorn"
        )
    command = [*host_compiler().command, *flags, f"-I{headers}"]
    command += [f"-I{folder}" for folder in folders]
    command += [str(source) for folder in folders for source in sorted(folder.glob("*.c"))]
    command += [str(output.with_name("layout.c")), str(library), f"-Wl,-rpath,{libraries}"]
    return [*command, "-o", str(output)]


def _name() -> str:
    """Return the name in the cache."""
    digest = hashlib.sha256(
        repr((compile_command(Path("core")), metadata.version("unicorn"), sys.platform)).encode()
    )
    for folder in source_folders():
        for source in sorted(folder.glob("*.[ch]")):
            digest.update(source.name.encode() + source.read_bytes())
    digest.update(layout_source(engine_interface()).encode())
    return f"native/core-{digest.hexdigest()[:24]}.so"


def is_compiled() -> bool:
    """Whether `load_library` finds this version of the native core, and has nothing to compile."""
    return find_cached(_name()) is not None


def library_path() -> Path:
    """Return the file of the native core, compiling it where this version of it is not in the cache yet.

    Raises UserError where there is no compiler, or it fails, and as `cache_folder` does.
    """
    library = find_cached(_name())
    if library is None:
        library = cache_folder() / _name()
        _compile_into_cache(library)
    return library


@functools.cache
def load_library() -> Any:
    """Return the functions and constants of the native core.

    Raises as `library_path` and `open_library` do.
    """
    return open_library(library_path(), engine_interface())


def compile_library(output: Path, *, flags: tuple[str, ...] = _FLAGS) -> None:
    """Compile the native core into the shared library `output`. Raises UserError where the compiler fails."""
    command = compile_command(output, flags=flags)
    output.with_name("layout.c").write_text(layout_source(engine_interface()))
    # Zig compiles start-up code and libc's stubs first, and keeps them.
    environment = {"ZIG_GLOBAL_CACHE_DIR": str(cache_folder() / "zig"), **os.environ}
    result = subprocess.run(
        command, capture_output=True, text=True, errors="replace", check=False, env=environment
    )
    if result.returncode != 0:
        raise UserError(f"the native core does not compile: {result.stderr.strip() or result.stdout.strip()}")


def _compile_into_cache(library: Path) -> None:
    try:
        library.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=library.parent) as scratch:
            made = Path(scratch) / library.name
            compile_library(made)
            # Another process may have been as quick: either result is as good.
            os.replace(made, library)
    except OSError as error:
        raise UserError(f"cannot compile the native core into {library.parent}: {error.strerror}") from error
