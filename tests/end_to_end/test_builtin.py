"""`tinysim sim` on a machine that has nothing but tinysim, on the built-in data and models."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tinysim.benchmark import BENCHMARKS
from tinysim.builtin.sets import BUILTIN_SETS, generated
from tinysim.datasets.expected import checksum, read_expected

REMARK = "built-in data: not an MLPerf result, not submittable"
THOROUGH = bool(os.environ.get("TINYSIM_THOROUGH"))

pytestmark = pytest.mark.xdist_group("end_to_end")


def sim(benchmark_id: str, data: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command on `data`, whatever else this machine has."""
    command = [
        sys.executable,
        "-m",
        "tinysim",
        "sim",
        benchmark_id,
        "--engine",
        "embedded",
        "--data",
        str(data),
    ]
    command += ["--out", str(folder / "tree"), "--build", str(folder / "build"), *arguments]
    return subprocess.run(command, capture_output=True, text=True)


def test_keyword_spotting_needs_nothing_and_says_what_it_is(tmp_path: Path) -> None:
    data, json_file = generated(BUILTIN_SETS["kws01"]), tmp_path / "figures.json"
    result = sim("kws", data, tmp_path, "--json", str(json_file))
    assert result.returncode == 0, result.stdout + result.stderr
    assert REMARK in result.stdout
    assert "(unverified)" in result.stdout
    figures = json.loads(json_file.read_text())
    assert figures["vectors_equal"] == figures["vectors_compared"] == figures["inputs"] == 408
    assert (figures["data"], figures["model"], figures["submittable"]) == ("built-in", "built-in", False)
    assert figures["top1_percent"] >= BENCHMARKS["kws"].target
    cycles_per_s = figures["throughput_inf_per_s"] * figures["cycles_per_inference"]
    assert cycles_per_s == pytest.approx(figures["clock_hz"], rel=0.005)
    description = json.loads((tmp_path / "tree/open/tinysim/systems/nucleo_l4r5zi.json").read_text())
    assert REMARK in description["Software Notes"]
    check = subprocess.run(
        [sys.executable, "-m", "tinysim", "check", str(tmp_path / "tree")], capture_output=True, text=True
    )
    assert check.returncode == 0, check.stdout
    assert "note: not-submittable: " in check.stdout


# All inputs of all take minutes: TINYSIM_THOROUGH=1 has them.
@pytest.mark.parametrize(
    ("benchmark_id", "inputs"),
    [("vww", 200), ("ic", 200), ("ad", 24)] if THOROUGH else [("vww", 8), ("ic", 8), ("ad", 1)],
)
def test_the_board_prints_what_litert_gives(benchmark_id: str, inputs: int, tmp_path: Path) -> None:
    benchmark = BENCHMARKS[benchmark_id]
    builtin = BUILTIN_SETS[benchmark.data_set]
    whole, data = generated(builtin), tmp_path / "data"
    data.mkdir()
    rows = (whole / "y_labels.csv").read_text().splitlines(keepends=True)[:inputs]
    (data / "y_labels.csv").write_text("".join(rows))
    names = [row.split(",")[0] for row in rows]
    for name in names:
        shutil.copy(whole / name, data)
    result = sim(benchmark_id, data, tmp_path, "--mode", "accuracy", "--model", str(builtin.model))
    # 1: one sound is of one kind, so that there is no ROC and the tree lacks a figure.
    assert result.returncode in (0, 1), result.stdout + result.stderr
    (log,) = (tmp_path / "tree").rglob("accuracy/log.txt")
    vectors = [
        [float(value) for value in vector.split(",")]
        for vector in re.findall(r"dut: m-results-\[(.*)\]", log.read_text())
    ]
    windows = len(vectors) // inputs
    assert windows == (196 if benchmark_id == "ad" else 1)
    expected = read_expected(builtin.expected)
    printed = [
        checksum(benchmark, vectors[first : first + windows]) for first in range(0, len(vectors), windows)
    ]
    assert printed == [expected[name] for name in names]
