"""Which Renode and which pyrenode3 are installed here, without loading either."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tinysim.engines.renode.release import RENODE_RUNTIME, installed_renode

PLACE_VARIABLES = ("PYRENODE_BIN", "PYRENODE_PKG", "PYRENODE_BUILD_DIR")
"""By one of these a person tells pyrenode3 where Renode is; without any it takes the `renode` in the PATH."""

MAKE_RENODE = "make renode"

_DEFAULT_RUNTIME = "mono"
_RUNTIME_LIBRARY = "libcoreclr.so"
_PACKAGED = Path("/opt/renode/bin")


@dataclass(frozen=True)
class RenodePlace:
    """Where a Renode is: a program, a package or a source tree.

    `found_by` is the variable that names it, MAKE_RENODE for the release that this installed, or "PATH".
    """

    path: Path
    found_by: str

    def launcher(self) -> Path | None:
        """Return the program that opens Renode's monitor, or None: pyrenode3's packages are archives."""
        if self.found_by == "PYRENODE_PKG":
            program = shutil.which("renode")
            return Path(program) if program else None
        path = self.path / "renode" if self.found_by == "PYRENODE_BUILD_DIR" else self.path
        return path if path.is_file() and os.access(path, os.X_OK) else None


@dataclass(frozen=True)
class Installation:
    """The Renode that pyrenode3 loads on `runtime` with `environment` in its process' environment."""

    renode: RenodePlace
    runtime: str
    environment: Mapping[str, str]


def find_renode() -> RenodePlace | str:
    """Return where Renode is, or one sentence that says what is missing and what to do."""
    given = [name for name in PLACE_VARIABLES if os.environ.get(name)]
    if len(given) > 1:
        return f"{' and '.join(given)} are both set, and pyrenode3 accepts one: unset all but one"
    if given:
        place = RenodePlace(Path(os.environ[given[0]]), given[0])
        if not place.path.exists():
            return (
                f"{place.found_by} names {place.path}, which does not exist: correct it or run `make renode`"
            )
        return place
    own = installed_renode()
    if own is not None:
        return RenodePlace(own, MAKE_RENODE)
    program = shutil.which("renode")
    if program is None:
        return (
            f"Renode is not installed: run `make renode`, or set {PLACE_VARIABLES[0]} to its portable program"
        )
    return RenodePlace(Path(program), "PATH")


def find_installation() -> Installation | str:
    """Return what is installed, or one sentence that says what is missing and what to do."""
    if importlib.util.find_spec("pyrenode3") is None:
        return "pyrenode3 is not installed in this Python environment: run `make renode`"
    renode = find_renode()
    if isinstance(renode, str):
        return renode
    is_portable = renode.found_by in (MAKE_RENODE, "PYRENODE_BIN")
    if renode.found_by == "PATH":
        is_portable = _is_portable(renode.path)
    if renode.found_by == "PATH" and not is_portable and not _PACKAGED.is_dir():
        return (
            f"pyrenode3 takes a `renode` on PATH only from {_PACKAGED.parent}, and here it is {renode.path}: "
            "run `make renode`, or name it by PYRENODE_BIN, PYRENODE_PKG or PYRENODE_BUILD_DIR"
        )
    runtime = os.environ.get("PYRENODE_RUNTIME") or (RENODE_RUNTIME if is_portable else _DEFAULT_RUNTIME)
    if runtime not in (RENODE_RUNTIME, _DEFAULT_RUNTIME):
        return f"PYRENODE_RUNTIME is {runtime!r}, and pyrenode3 knows mono and coreclr: correct or unset it"
    if is_portable and runtime != RENODE_RUNTIME:
        return (
            f"Renode's portable program runs only on {RENODE_RUNTIME}: unset PYRENODE_RUNTIME, now {runtime}"
        )
    environment = {"PYRENODE_RUNTIME": runtime}
    if is_portable:
        environment["PYRENODE_BIN"] = str(renode.path.resolve())
    return Installation(renode, runtime, environment)


def _is_portable(program: Path) -> bool:
    """Return whether this is the program of a portable release, which has the runtime's library beside it."""
    return program.is_file() and (program.resolve().parent / _RUNTIME_LIBRARY).exists()
