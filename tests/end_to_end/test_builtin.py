"""`tinysim sim` on a machine that has nothing but tinysim: every benchmark, every built-in input."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tinysim.benchmark import BENCHMARKS, CLASSIC
from tinysim.builtin.sets import BUILTIN_SETS, generated

REMARK = "built-in data: not an MLPerf result, not submittable"


def sim(benchmark_id: str, folder: Path, *arguments: str) -> dict[str, object]:
    """Run the command on the built-in data, whatever this machine has; return the figures."""
    data = generated(BUILTIN_SETS[BENCHMARKS[benchmark_id].data_set])
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
    command += ["--out", str(folder / "tree"), "--json", str(folder / "figures.json"), *arguments]
    command += ["--build", str(folder / "build")]
    environment = {**os.environ, "SOURCE_DATE_EPOCH": "1700000000"}
    result = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert result.returncode == 0, result.stdout + result.stderr
    assert REMARK in result.stdout
    assert "(unverified)" in result.stdout
    figures: dict[str, object] = json.loads((folder / "figures.json").read_text())
    return figures


@pytest.mark.parametrize("benchmark_id", CLASSIC)
def test_every_input_of_every_benchmark_gives_what_litert_gives(benchmark_id: str, tmp_path: Path) -> None:
    benchmark, builtin = BENCHMARKS[benchmark_id], BUILTIN_SETS[BENCHMARKS[benchmark_id].data_set]
    figures = sim(benchmark_id, tmp_path, "--mode", "accuracy")
    assert figures["vectors_compared"] == figures["inputs"] == builtin.input_count
    assert figures["vectors_equal"] == figures["vectors_compared"]
    figure = figures["top1_percent"] if benchmark.metric == "top1" else figures["auc"]
    assert isinstance(figure, float)
    assert figure >= benchmark.target
    assert (figures["data"], figures["model"], figures["submittable"]) == ("built-in", "built-in", False)
    description = json.loads((tmp_path / "tree/open/tinysim/systems/nucleo_l4r5zi.json").read_text())
    assert REMARK in description["Software Notes"]


def test_a_whole_run_leaves_a_conformant_tree(tmp_path: Path) -> None:
    figures = sim("kws", tmp_path)
    assert figures["throughput_inf_per_s"] == pytest.approx(26.9, abs=0.3)
    check = subprocess.run(
        [sys.executable, "-m", "tinysim", "check", str(tmp_path / "tree")], capture_output=True, text=True
    )
    assert check.returncode == 0, check.stdout
    assert "note: not-submittable: " in check.stdout
