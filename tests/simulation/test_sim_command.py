"""`tinysim sim` from end to end on the embedded engine: good firmware and bad guests."""

from __future__ import annotations

import json
import re
import shutil
import signal
import struct
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.said import without_steps
from tinysim.benchmark import BENCHMARKS
from tinysim.board import load_board
from tinysim.builtin.sets import BUILTIN_SETS
from tinysim.cli import main
from tinysim.conformance.tree import check_tree
from tinysim.datasets.labels import format_labels
from tinysim.resources import resource_folder
from tinysim.runner import performance
from tinysim.simulation.implementation import build_at_hand
from tinysim.toolchain import DEFAULT_TOOLCHAIN

INPUTS = 25
FLASH, RAM_END = 0x0800_0000, 0x2000_1000


@pytest.fixture
def short_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The first of the built-in keywords, as data of one's own."""
    folder = tmp_path / "data"
    folder.mkdir()
    builtin = BUILTIN_SETS["kws01"]
    samples = [builtin.make_input(number) for number in range(INPUTS)]
    for sample in samples:
        (folder / sample.name).write_bytes(sample.content)
    (folder / "y_labels.csv").write_text(format_labels(tuple(builtin.entry(sample) for sample in samples)))
    monkeypatch.setattr("tinysim.datasets.choice.cache_data_folder", lambda: tmp_path / "cache")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    return folder


@pytest.fixture(scope="session")
def build_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("build")


@pytest.fixture
def short_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows of half a second: not valid ones, but soon over."""
    monkeypatch.setattr(performance, "WINDOW_AIM_S", 0.5)


def files_of(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def sim(data: Path, build: Path, out: Path, *arguments: str) -> int:
    places = ["--data", str(data), "--build", str(build), "--out", str(out)]
    return main(["sim", "kws", "--engine", "embedded", *places, *arguments])


def test_two_runs_give_the_same_tree_with_one_worker_or_two(
    short_data: Path, build_folder: Path, tmp_path: Path
) -> None:
    for workers in ("1", "2"):
        assert (
            sim(short_data, build_folder, tmp_path / workers, "--mode", "accuracy", "--workers", workers) == 0
        )
    assert files_of(tmp_path / "1") == files_of(tmp_path / "2")


def test_a_simulated_run_of_both_modes(
    short_data: Path,
    short_windows: None,
    build_folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out, figures_file = tmp_path / "out", tmp_path / "figures.json"
    # The windows are too short, and that is all that is wrong.
    arguments = ("--workers", "1", "--json", str(figures_file))
    assert sim(short_data, build_folder, out, *arguments) == 1
    assert {finding.rule for finding in check_tree(out)} == {"window-length", "not-submittable"}
    figures = json.loads(figures_file.read_text())
    assert figures["engine"] == "embedded"
    assert figures["top1_percent"] > 80
    # Throughput by the firmware's clock and cycles by the engine's count tell the same.
    cycles_s = figures["cycles_per_inference"] / figures["clock_hz"]
    assert figures["latency_ms"] / 1000 == pytest.approx(cycles_s, rel=0.01)
    assert 0 < figures["cycles_per_inference"] < 7_500_000
    printed = capsys.readouterr()
    assert "docs/silicon.md" in " ".join(printed.out.split())
    assert without_steps(printed.err) == ""
    own = (str(tmp_path), str(build_folder), str(Path.cwd()), str(Path.home()) + "/")
    for name, content in files_of(out).items():
        assert not [place for place in own if place.encode() in content], name


def test_an_image_of_ones_own_is_taken_as_it_is(short_data: Path, build_folder: Path, tmp_path: Path) -> None:
    assert sim(short_data, build_folder, tmp_path / "built", "--mode", "accuracy", "--workers", "1") == 0
    image = next((tmp_path / "built").rglob("*.hex"))
    arguments = ("--firmware", str(image), "--mode", "accuracy", "--workers", "1")
    assert sim(short_data, build_folder, tmp_path / "given", *arguments) == 0
    results = "open/tinysim/results"
    assert files_of(tmp_path / "given" / results) == files_of(tmp_path / "built" / results)
    code = files_of(tmp_path / "given/open/tinysim/code")
    assert {Path(name).name for name in code} == {"README.md", "facts.json", "firmware.hex"}


@pytest.fixture(scope="session")
def silent_image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Our firmware without its banner: it boots silently, as some published firmware does."""
    folder = tmp_path_factory.mktemp("silent")
    sources = shutil.copytree(resource_folder("firmware"), folder / "firmware")
    protocol = sources / "protocol/protocol.c"
    before_init, init, after = protocol.read_text().partition("void protocol_init(")
    silent = "".join(line for line in after.splitlines(keepends=True) if not line.startswith("    write"))
    protocol.write_text(before_init + init + silent)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tinysim.firmware.resource_folder", lambda _name: sources)
        board = load_board("nucleo_l4r5zi")
        image, _ = build_at_hand(board, BENCHMARKS["kws"], DEFAULT_TOOLCHAIN, folder / "build")
    return image


@pytest.mark.parametrize("workers", ["1", "2"])
def test_an_image_that_boots_silently_is_asked_for_its_name(
    short_data: Path, silent_image: Path, build_folder: Path, tmp_path: Path, workers: str
) -> None:
    arguments = ("--mode", "accuracy", "--workers", workers)
    assert sim(short_data, build_folder, tmp_path / "built", *arguments) == 0
    given = ("--firmware", str(silent_image))
    assert sim(short_data, build_folder, tmp_path / "silent", *given, *arguments) == 0
    results = "open/tinysim/results/nucleo_l4r5zi/kws"
    logs = [(tmp_path / tree / results / "accuracy/log.txt").read_text() for tree in ("silent", "built")]
    silent, built = (re.findall(r"m-results-.*", log) for log in logs)
    assert len(silent) == INPUTS
    assert silent == built


def guest(tmp_path: Path, *instructions: int) -> Path:
    """An image for the L4R5 whose reset handler is these 16-bit instructions."""
    path = tmp_path / "guest.bin"
    vectors = [RAM_END, *[FLASH + 0x41] * 15]
    path.write_bytes(struct.pack("<16I", *vectors) + struct.pack(f"<{len(instructions)}H", *instructions))
    return path


BRANCH_TO_SELF = 0xE7FE
WAIT_FOR_INTERRUPT = 0xBF30
BRANCH_BACK_ONE = 0xE7FD
UNDEFINED = 0xDE00


@pytest.mark.parametrize(
    ("instructions", "message"),
    [
        ((BRANCH_TO_SELF,), "did not answer the start-up banner within 5 s"),
        ((WAIT_FOR_INTERRUPT, BRANCH_BACK_ONE), "did not answer the start-up banner within 5 s"),
        ((UNDEFINED,), "undefined instruction"),
    ],
    ids=["spins", "sleeps", "faults"],
)
@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_bad_guest_ends_the_run_with_a_report_that_says_where(
    short_data: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    instructions: tuple[int, ...],
    message: str,
    workers: str,
) -> None:
    image = guest(tmp_path, *instructions)
    assert sim(short_data, tmp_path, tmp_path / "out", "--firmware", str(image), "--workers", workers) == 1
    error = capsys.readouterr().err
    assert message in error
    assert "0x0800004" in error.lower()
    assert "Traceback" not in error
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("content", [b"", b"not an image", b"\x7fELF" + bytes(100), bytes(5 << 20)])
def test_what_is_no_image_of_the_board_is_one_line(
    short_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes
) -> None:
    image = tmp_path / "image.bin"
    image.write_bytes(content)
    assert sim(short_data, tmp_path, tmp_path / "out", "--firmware", str(image), "--workers", "1") == 2
    error = without_steps(capsys.readouterr().err)
    assert error.startswith("tinysim: ")
    assert error.count("\n") == 1


def test_ctrl_c_in_the_middle_leaves_the_old_tree_and_the_next_run_goes_on(
    short_data: Path, build_folder: Path, tmp_path: Path
) -> None:
    out, build = tmp_path / "out", tmp_path / "build"
    assert sim(short_data, build, out, "--mode", "accuracy", "--workers", "2") == 0
    before = files_of(out)
    program = "import sys; from tinysim.cli import main; sys.exit(main())"
    command = [sys.executable, "-c", program, "sim", "kws", "--engine", "embedded", "--mode", "accuracy"]
    command += ["--data", str(short_data)]
    process = subprocess.Popen(
        [*command, "--workers", "2", "--build", str(build), "--out", str(out)],
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    while process.poll() is None and not list(build.glob("journal/*.journal")):
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, error = process.communicate()
    assert process.returncode in (130, 0)  # 0: it was done before the signal came
    assert b"Traceback" not in error
    assert files_of(out) == before
    assert sim(short_data, build, out, "--mode", "accuracy", "--workers", "2") == 0
    assert files_of(out) == before
    assert not list(build.glob("journal/*.journal"))
