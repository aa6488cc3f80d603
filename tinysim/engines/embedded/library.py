"""The native core: compiled when it is first needed, kept in the user's cache, loaded with ctypes."""

from __future__ import annotations

import ctypes
import functools
import hashlib
import os
import subprocess
import sys
import tempfile
from importlib import metadata
from pathlib import Path

import unicorn

import tinysim.timing
from tinysim.cache import cache_folder, find_cached
from tinysim.engines.embedded import structures
from tinysim.errors import UserError
from tinysim.toolchain import host_compiler

_FLAGS = ("-std=gnu11", "-O2", "-Wall", "-Wextra", "-shared", "-fPIC", "-fvisibility=hidden")


def source_folders() -> tuple[Path, Path]:
    """Return the folders of the native sources: the engine's, and the timing model's."""
    return Path(__file__).parent / "native", Path(tinysim.timing.__file__).parent / "native"


def unicorn_folders() -> tuple[Path, Path]:
    """Return the folders of Unicorn's headers and of its library, as its wheel installs them."""
    package = Path(unicorn.__file__).parent
    return package / "include", package / "lib"


def compile_command(output: Path, *, flags: tuple[str, ...] = _FLAGS) -> list[str]:
    """Return the command that compiles the native core into the shared library `output`."""
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
    return [*command, str(library), f"-Wl,-rpath,{libraries}", "-o", str(output)]


def _name() -> str:
    """Return the name in the cache."""
    digest = hashlib.sha256(
        repr((compile_command(Path("core")), metadata.version("unicorn"), sys.platform)).encode()
    )
    for folder in source_folders():
        for source in sorted(folder.iterdir()):
            digest.update(source.name.encode() + source.read_bytes())
    return f"native/core-{digest.hexdigest()[:24]}.so"


def is_compiled() -> bool:
    """Whether `load_library` finds this version of the native core, and has nothing to compile."""
    return find_cached(_name()) is not None


@functools.cache
def load_library() -> ctypes.CDLL:
    """Return the native core, compiling it where this version of it is not in the cache yet.

    Raises UserError where there is no compiler, or it fails, and as `cache_folder` does.
    """
    library = find_cached(_name())
    if library is None:
        library = cache_folder() / _name()
        _compile(library)
    return open_library(library)


def open_library(library: Path) -> ctypes.CDLL:
    """Return the native core in the file `library`, its functions declared."""
    native = ctypes.CDLL(str(library))
    structures.declare(native)
    return native


def _compile(library: Path) -> None:
    try:
        library.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=library.parent) as scratch:
            made = Path(scratch) / library.name
            # Zig compiles start-up code and libc's stubs first, and keeps them.
            environment = {"ZIG_GLOBAL_CACHE_DIR": str(library.parent.parent / "zig"), **os.environ}
            result = subprocess.run(
                compile_command(made),
                capture_output=True,
                text=True,
                errors="replace",
                check=False,
                env=environment,
            )
            if result.returncode != 0:
                raise UserError(
                    f"the native core does not compile: {result.stderr.strip() or result.stdout.strip()}"
                )
            # Another process may have been as quick: either result is as good.
            os.replace(made, library)
    except OSError as error:
        raise UserError(f"cannot compile the native core into {library.parent}: {error.strerror}") from error
