"""Compiles what tests run, for this machine and for the boards' cores; kept while nothing changes."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType

from tinysim.toolchain import host_compiler

BUILD = Path(__file__).resolve().parents[1] / "build" / "test"
_NOTHING: Mapping[str, str] = MappingProxyType({})


def for_host(*flags: str) -> tuple[str, ...]:
    """Return the command of this machine's compiler: no warnings, code that a debugger can follow."""
    return (*host_compiler().command, "-std=c11", "-O1", "-g", "-Wall", "-Wextra", "-Werror", *flags)


def sanitized(*more: str) -> tuple[str, ...]:
    """Return the flags of the sanitizers that the compiler has; what they find ends the program."""
    return (f"-fsanitize={','.join((*host_compiler().sanitizers, *more))}", "-fno-sanitize-recover=all")


def for_core(cpu: str, *flags: str, target: str = "thumb-freestanding-eabihf") -> tuple[str, ...]:
    """Return the command of zig's compiler for a core, by zig's name for it."""
    zig = (sys.executable, "-m", "ziglang", "cc", "-target", target, f"-mcpu={cpu}")
    return (*zig, "-Wno-unused-command-line-argument", *flags)


def compiled(
    name: str, *command: str | Path, reads: Iterable[Path] = (), texts: Mapping[str, str] = _NOTHING
) -> Path:
    """Return the file NAME (with a digest before its suffix) of build/test that `command` makes.

    The command's paths are its sources; `reads` are other files that it reads. It runs in a folder that has
    `texts` as files.
    """
    digest = hashlib.sha256(repr(texts).encode())
    for part in (*command, *reads):
        digest.update(repr(part).encode() + (part.read_bytes() if isinstance(part, Path) else b""))
    place = BUILD / name
    made = place.with_name(f"{place.stem}-{digest.hexdigest()[:16]}{place.suffix}")
    if made.exists():
        return made
    made.parent.mkdir(parents=True, exist_ok=True)
    zig = {"ZIG_GLOBAL_CACHE_DIR": str(BUILD / "zig"), "ZIG_LOCAL_CACHE_DIR": str(BUILD / "zig")}
    with tempfile.TemporaryDirectory(dir=made.parent) as scratch:
        for file, text in texts.items():
            (Path(scratch) / file).write_text(text)
        done = subprocess.run(
            [*map(str, command), "-o", made.name],
            cwd=scratch,
            env=os.environ | zig,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        # Another process may have been as quick: either result is as good.
        os.replace(Path(scratch) / made.name, made)
    return made
