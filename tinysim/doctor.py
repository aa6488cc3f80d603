"""What tinysim finds on this machine, and what it makes of it: for `tinysim doctor`."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import itertools
import os
import platform
import struct
import sys
import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tinysim import __version__
from tinysim.benchmark import BENCHMARKS, Benchmark
from tinysim.board import load_board
from tinysim.cache import VARIABLE, cache_folder, user_cache
from tinysim.datasets.choice import available, data_folder
from tinysim.engines.embedded import EmbeddedEngine
from tinysim.engines.factory import choose_engine
from tinysim.engines.renode.installation import Installation, RenodePlace, find_installation, find_renode
from tinysim.engines.renode.release import RENODE_VERSION, renode_version
from tinysim.errors import TinysimError, UserError
from tinysim.image import Image, Segment
from tinysim.toolchain import find_toolchain, host_compiler, toolchain_names

EMBEDDED, RENODE = "embedded engine", "Renode engine"

_PACKAGES = ("unicorn", "capstone", "numpy", "pyserial", "robotframework")
_PROBE_NS = 100_000
_PACKAGE_INFO_MEMBERS = 10


@dataclass(frozen=True)
class InventoryItem:
    """One thing that was looked for: what was found, or what is wrong and what to do."""

    name: str
    found: bool
    text: str


@dataclass(frozen=True)
class Inventory:
    """All that was looked for, by section; the engine that `auto` takes, None for none, and why."""

    sections: dict[str, list[InventoryItem]]
    auto: str | None
    auto_reason: str

    def has(self, section: str, name: str) -> bool:
        """Return whether something was found."""
        return any(item.found for item in self.sections[section] if item.name == name)


def take_inventory() -> Inventory:
    """Look at everything.

    Starts compilers, a board and Renode, each within a time limit; loads no pyrenode3.
    """
    installation = find_installation()
    embedded = _tried(EMBEDDED, _run_a_board)
    sections = {
        "tinysim": [_tinysim(), _python(), *(_package(name) for name in _PACKAGES)],
        "compilers": [
            *(_tried(f"TOOLCHAIN={name}", partial(_describe_toolchain, name)) for name in toolchain_names()),
            _tried("host compiler", _describe_host_compiler),
        ],
        "data": [
            _data_folder(),
            *(_data_of(benchmark) for benchmark in BENCHMARKS.values()),
        ],
        "folders": [_cache_folder()],
        "engines": [embedded, _renode(), _pyrenode3(), _renode_engine(installation)],
    }
    return Inventory(sections, *_auto(embedded, installation))


def _tried(name: str, look: Callable[[], str]) -> InventoryItem:
    try:
        return InventoryItem(name, True, look())
    except TinysimError as error:
        return InventoryItem(name, False, str(error).splitlines()[0])


def _tinysim() -> InventoryItem:
    return InventoryItem("tinysim", True, f"{__version__} in {Path(__file__).parent}")


def _python() -> InventoryItem:
    return InventoryItem(
        "Python", True, f"{platform.python_version()}, {sys.executable}, {platform.platform()}"
    )


def _package(name: str) -> InventoryItem:
    try:
        return InventoryItem(name, True, importlib.metadata.version(name))
    except importlib.metadata.PackageNotFoundError:
        return InventoryItem(name, False, "not installed: run `make setup`")


def _describe_toolchain(name: str) -> str:
    toolchain = find_toolchain(name)
    return f"{toolchain.compiler_name} {toolchain.version}, {toolchain.compiler[0]}"


def _describe_host_compiler() -> str:
    compiler = host_compiler()
    return f"{compiler.version}, {' '.join(compiler.command)}"


def _data_folder() -> InventoryItem:
    folder = data_folder()
    by = "TINYSIM_DATA" if os.environ.get("TINYSIM_DATA") else "this user's cache; TINYSIM_DATA is not set"
    return InventoryItem("folder", folder.is_dir(), f"{folder} ({by})")


def _data_of(benchmark: Benchmark) -> InventoryItem:
    """Return what a benchmark would be run on; the built-in data do, so that nothing else is no fault."""
    used = next((each for each in available(benchmark) if each.is_complete), None)
    if used is None:
        return InventoryItem(benchmark.id, False, "nothing to run it on: see `tinysim data list`")
    return InventoryItem(benchmark.id, True, f"{used.source}: {used.text}")


def _cache_folder() -> InventoryItem:
    try:
        folder = cache_folder()
    except UserError as error:
        return InventoryItem("cache", False, str(error))
    if folder != user_cache():
        return InventoryItem(
            "cache",
            False,
            f"{user_cache()} cannot be written, {folder} is used: set {VARIABLE} to one that lasts",
        )
    return InventoryItem("cache", True, f"{folder} (the engine's native core, data sets, Renode)")


def _run_a_board() -> str:
    """Run a guest that turns in a circle, for a moment."""
    board = load_board("nucleo_l4r5zi")
    ram = next(memory for memory in board.chip.memory if memory.kind == "ram")
    flash = board.chip.flash
    stay = struct.pack("<H", 0xE7FE)  # B . (ARMv7-M architecture manual, A7.7.12)
    vectors = struct.pack("<2I", ram.address + 1024, flash.address + 8 + 1)
    segment = Segment(flash.address, vectors + stay)
    engine = EmbeddedEngine(board, Image(Path("probe"), "bin", "", (segment,), flash.address, ()))
    try:
        engine.run(_PROBE_NS)
        return f"works: ran {engine.now().instructions} instructions on a {board.name}"
    finally:
        engine.close()


def _renode() -> InventoryItem:
    place = find_renode()
    if not isinstance(place, RenodePlace):
        return InventoryItem("Renode", False, place)
    found = f"{place.path}, found by {place.found_by}"
    try:
        version = _version_of(place)
    except UserError as error:
        return InventoryItem("Renode", False, f"{found}: {error}")
    note = "" if version.startswith(RENODE_VERSION) else f"; tinysim is tested with {RENODE_VERSION}"
    return InventoryItem("Renode", True, f"{version}, {found}{note}")


def _version_of(place: RenodePlace) -> str:
    """Return a Renode's version as it gives it, or as its package does. Raises UserError."""
    if place.found_by == "PYRENODE_PKG":
        return _package_version(place.path)
    launcher = place.launcher()
    if launcher is None:
        raise UserError(
            "there is no program `renode` to start: build it, or run `make renode` and unset the variable"
        )
    return renode_version(launcher)


def _package_version(package: Path) -> str:
    """Return the version that an Arch package names in its .PKGINFO, which stands near its start."""
    try:
        with tarfile.open(package, "r|*") as tar:
            for member in itertools.islice(tar, _PACKAGE_INFO_MEMBERS):
                file = tar.extractfile(member) if member.name.endswith(".PKGINFO") else None
                if file is not None:
                    lines = file.read(1 << 16).decode("utf-8", "replace").splitlines()
                    return next(line for line in lines if line.startswith("pkgver")).partition("=")[2].strip()
    except (tarfile.TarError, OSError, EOFError, StopIteration) as error:
        raise UserError(f"it is no package of Renode: {error}") from error
    return "of unknown version"


def _pyrenode3() -> InventoryItem:
    spec = importlib.util.find_spec("pyrenode3")
    if spec is None or spec.origin is None:
        return InventoryItem(
            "pyrenode3", False, "not installed in this Python environment: run `make renode`"
        )
    versions = []
    for name in ("pyrenode3", "pythonnet"):
        try:
            versions.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            versions.append(f"{name} of unknown version")
    return InventoryItem("pyrenode3", True, f"{', '.join(versions)}, {Path(spec.origin).parent}")


def _renode_engine(installation: Installation | str) -> InventoryItem:
    if not isinstance(installation, Installation):
        return InventoryItem(RENODE, False, installation)
    place = installation.renode
    return InventoryItem(RENODE, True, f"{place.path} by {place.found_by}, on {installation.runtime}")


def _auto(embedded: InventoryItem, installation: Installation | str) -> tuple[str | None, str]:
    chosen = choose_engine("auto")
    if chosen == "renode":
        return chosen, "Renode and pyrenode3 are installed, and auto prefers them"
    if embedded.found:
        return chosen, f"Renode cannot be used: {installation}"
    return None, f"no engine can be used: {embedded.text}; {installation}"
