"""What `make sim` passes on, with a tinysim that only says what it was given."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
DEFAULTS = {
    "--board": "nucleo_l4r5zi",
    "--mode": "all",
    "--engine": "auto",
    "--toolchain": "zig",
    "--out": "build/submission",
}
AWKWARD = [
    "a b",
    "it's",
    'say "x"',
    "$HOME",
    "$(shell touch x)",
    "`touch x`",
    "a;touch x",
    "*",
    "\\",
    "#1",
    "-x",
    "ä",
]

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")


def stub(path: Path, body: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!{sys.executable}\nimport sys, os, json\n{body}\n")
    path.chmod(0o755)


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    folder = tmp_path / "a clone"
    folder.mkdir()
    for name in ("Makefile", "pyproject.toml"):
        shutil.copy(ROOT / name, folder)
    stub(folder / ".venv/bin/tinysim", "print(json.dumps(sys.argv[1:]))")
    (folder / ".venv/.installed").touch()
    return folder


def make(clone: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["make", "--no-print-directory", *arguments],
        cwd=clone,
        env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def passed_on(clone: Path, *arguments: str, **environment: str) -> tuple[str, dict[str, str]]:
    """Return the benchmark and the options that tinysim gets."""
    result = make(clone, "sim", *arguments, **environment)
    assert (result.returncode, result.stderr) == (0, "")
    command, *options, separator, benchmark = json.loads(result.stdout)
    assert (command, separator) == ("sim", "--")
    return benchmark, dict(option.split("=", 1) for option in options)


def test_nothing_given_is_the_defaults(clone: Path) -> None:
    assert passed_on(clone) == ("kws", DEFAULTS)


def test_an_empty_value_is_the_default(clone: Path) -> None:
    names = ("BENCH", "BOARD", "MODE", "ENGINE", "OUT", "JSON", "TOOLCHAIN", "DATA", "MODEL")
    assert passed_on(clone, *(f"{name}=" for name in names)) == ("kws", DEFAULTS)
    assert passed_on(clone, **dict.fromkeys(names, "")) == ("kws", DEFAULTS)


@pytest.mark.parametrize("value", AWKWARD)
def test_every_character_is_passed_on_as_it_is(clone: Path, value: str) -> None:
    options = {
        "--board": "BOARD",
        "--mode": "MODE",
        "--engine": "ENGINE",
        "--toolchain": "TOOLCHAIN",
        "--out": "OUT",
        "--json": "JSON",
        "--data": "DATA",
        "--model": "MODEL",
    }
    expected = (value, dict.fromkeys(options, value))
    assert passed_on(clone, f"BENCH={value}", *(f"{name}={value}" for name in options.values())) == expected
    assert passed_on(clone, **dict.fromkeys(["BENCH", *options.values()], value)) == expected
    assert not (clone / "x").exists()


def test_what_tinysim_returns_is_what_make_fails_with(clone: Path) -> None:
    stub(clone / ".venv/bin/tinysim", "sys.exit(2)")
    assert make(clone, "sim").returncode == 2


@pytest.fixture
def fresh(clone: Path) -> Path:
    """A clone without a virtual environment, and a Python that makes one in which pip does nothing."""
    shutil.rmtree(clone / ".venv")
    stub(
        clone / "python",
        f"""
os.makedirs(".venv/bin")
for name in ("python", "pip", "tinysim"):
    with open(f".venv/bin/{{name}}", "w") as file:
        file.write("#!{sys.executable}\\n")
    os.chmod(f".venv/bin/{{name}}", 0o755)
""",
    )
    return clone


def test_what_takes_long_is_said_once_and_only_where_it_is_done(fresh: Path) -> None:
    result = make(fresh, "setup", "PYTHON=./python")
    assert result.returncode == 0
    assert result.stdout == ""
    assert result.stderr.splitlines() == [
        "creating the virtual environment .venv ...",
        "installing tinysim and what it needs into .venv ...",
    ]
    again = make(fresh, "setup", "PYTHON=./python")
    assert (again.returncode, again.stderr) == (0, "")
    os.utime(fresh / ".venv/.installed", (0, 0))
    assert make(fresh, "setup", "PYTHON=./python").stderr.splitlines() == [
        "installing tinysim and what it needs into .venv ..."
    ]


def test_a_python_without_venv_is_told(fresh: Path) -> None:
    stub(fresh / "python", "sys.exit(1)")
    result = make(fresh, "sim", "PYTHON=./python")
    assert result.returncode == 2
    assert "cannot make a virtual environment: install its venv" in result.stderr
