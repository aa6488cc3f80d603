"""The borders that docs/architecture.md draws: who imports, or includes, what."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "tinysim"
NATIVE = PACKAGE / "engines" / "embedded" / "native"

RUNS = ("runner", "simulation", "replicate", "session", "port", "shell", "cli")
FORBIDDEN = {
    "chip": ("board", "engines", "firmware", "benchmark", *RUNS),
    "clock_trees": ("board", "engines", "firmware", "benchmark", *RUNS),
    "board": ("engines", "firmware", "benchmark", *RUNS),
    "model": ("board", "chip", "codegen", "firmware", "engines", *RUNS),
    "codegen": ("board", "chip", "firmware", "engines", *RUNS),
    "firmware": ("engines", "datasets", *RUNS),
    "image": ("firmware", "engines", "benchmark", *RUNS),
    "timing": ("board", "engines", "benchmark", "firmware", *RUNS),
    "engines": ("benchmark", "datasets", "results", "firmware", *RUNS),
    "port": ("benchmark", "runner", "results", "simulation", "replicate", "cli"),
    "session": ("benchmark", "runner", "results", "engines", "simulation", "cli"),
    "runner": ("engines", "board", "firmware", "conformance", "simulation", "replicate", "cli"),
    "datasets": ("board", "engines", "firmware", "results", *RUNS),
    "features": ("datasets", "model", "board", "engines", *RUNS),
    "results": ("board", "engines", "firmware", *RUNS),
    "conformance": ("board", "engines", "firmware", *RUNS),
    "shell": ("benchmark", "runner", "results", "datasets", "cli"),
    "simulation": ("cli", "replicate"),
    "replicate": ("cli",),
}


def imports(path: Path) -> set[str]:
    """The modules and packages of tinysim that a file names in its imports, by their first name."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "tinysim":
            parts = (node.module or "").split(".")[1:]
            found |= {parts[0]} if parts else {alias.name for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {alias.name.split(".")[1] for alias in node.names if alias.name.startswith("tinysim.")}
    return found


def files_of(part: str) -> list[Path]:
    return sorted((PACKAGE / part).rglob("*.py")) or [PACKAGE / f"{part}.py"]


@pytest.mark.parametrize("part", FORBIDDEN)
def test_a_part_does_not_import_what_it_must_not_know(part: str) -> None:
    for path in files_of(part):
        known = imports(path) & {*FORBIDDEN[part]}
        assert not known, f"{path.relative_to(PACKAGE)} imports {', '.join(sorted(known))}"


def test_nothing_imports_training_or_the_bench() -> None:
    for path in PACKAGE.rglob("*.py"):
        part = path.relative_to(PACKAGE).parts[0]
        assert not imports(path) & {"training", "bench"} - {part}, path


def includes(folder: str) -> set[str]:
    found: set[str] = set()
    for path in (NATIVE / folder).glob("*.[ch]"):
        found |= set(re.findall(r'#include "([^"]+)"', path.read_text(encoding="utf-8")))
    return found


def test_devices_see_a_small_interface_and_chips_no_core() -> None:
    def headers(folder: str) -> set[str]:
        return {path.name for path in (NATIVE / folder).glob("*.h")}

    assert includes("devices") <= {"device.h", "clock.h", *headers("devices")}
    assert not includes("chip") & headers("core")
    assert includes("chip") & headers("devices") == {"types.h"}
