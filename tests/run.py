"""Lint, then every test; ends with the number of skips by reason. Called by `make test`."""

from __future__ import annotations

import ast
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent


def run(title: str, command: list[str]) -> bool:
    """Run one step and say how it went; its output is shown only when it fails."""
    started = time.monotonic()
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    print(f"{title}: {'ok' if result.returncode == 0 else 'FAILED'} ({time.monotonic() - started:.0f} s)")
    if result.returncode != 0:
        print(result.stdout + result.stderr)
    return result.returncode == 0


def c_sources() -> list[str]:
    # Without git, which an unpacked source distribution is without.
    return sorted(
        str(path) for folder in ("firmware", "tests", "tinysim") for path in (ROOT / folder).rglob("*.[ch]")
    )


def lint() -> bool:
    return all(
        [
            run("ruff check", [str(BIN / "ruff"), "check", "."]),
            run("ruff format", [str(BIN / "ruff"), "format", "--check", "."]),
            run("mypy", [str(BIN / "mypy")]),
            run("clang-format", [str(BIN / "clang-format"), "--dry-run", "--Werror", *c_sources()]),
        ]
    )


def python_tests(report: Path, arguments: list[str]) -> bool:
    report.parent.mkdir(parents=True, exist_ok=True)
    # Tests of one group share an expensive fixture: on one worker it is made once.
    spread = ["-n", "auto", "--dist", "loadgroup"]
    command = [sys.executable, "-m", "pytest", "-q", *spread, f"--junit-xml={report}", *arguments]
    return subprocess.run(command, cwd=ROOT, check=False).returncode == 0


def robot_suites(folder: Path) -> bool:
    # The suite of the submission runs on a tree that the Python tests have just made.
    suite = str(ROOT / "robot" / "session.robot")
    passed = True
    for engine in ("embedded", "renode"):
        for board in sorted(path.parent.name for path in ROOT.glob("platforms/*/board.toml")):
            command = [str(BIN / "robot"), "--outputdir", str(folder / engine / board), "--console", "dotted"]
            command += ["--variable", f"BOARD:{board}", "--variable", f"ENGINE:{engine}", suite]
            passed = run(f"robot, {board} on {engine}", command) and passed
    return passed


def _reason(skipped: ElementTree.Element) -> str:
    """Why a test was skipped; of a whole file pytest says it only in the text."""
    message = skipped.get("message", "no reason given")
    if message != "collection skipped":
        return message
    _file, _line, reason = ast.literal_eval(skipped.text or "")
    return str(reason).removeprefix("Skipped: ")


def skips(report: Path, robot_folder: Path) -> Counter[str]:
    reasons: Counter[str] = Counter()
    if report.is_file():
        for skipped in ElementTree.parse(report).iter("skipped"):
            reasons[_reason(skipped)] += 1
    for output in robot_folder.rglob("output.xml"):
        for status in (test.find("status") for test in ElementTree.parse(output).iter("test")):
            if status is not None and status.get("status") == "SKIP":
                reasons[(status.text or "no reason given").split("\n")[-1]] += 1
    return reasons


def main() -> int:
    report = ROOT / "build" / "test" / "pytest.xml"
    robot_folder = ROOT / "build" / "test" / "robot"
    for old in (report, *robot_folder.rglob("output.xml")):
        old.unlink(missing_ok=True)
    passed = lint()
    passed = python_tests(report, sys.argv[1:]) and passed
    passed = robot_suites(robot_folder) and passed
    reasons = skips(report, robot_folder)
    print(f"skipped: {sum(reasons.values())}")
    for reason, count in sorted(reasons.items()):
        print(f"  {count} x {reason}")
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
