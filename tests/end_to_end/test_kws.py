"""`tinysim sim kws` as a user runs it: all 1000 official inputs, against LiteRT."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tinysim.resources import resource_folder

DATA = os.environ.get("TINYSIM_TEST_DATA", "")  # make passes an empty one on
pytestmark = [
    pytest.mark.skipif(not DATA, reason="TINYSIM_DATA is not set: the official kws01 inputs are needed"),
    pytest.mark.xdist_group("end_to_end"),
]

BEST_PUBLISHED_MCYCLES_LIMIT = 7_500_000


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """The folder of a full run, both modes, all inputs."""
    folder = tmp_path_factory.mktemp("kws")
    command = [sys.executable, "-m", "tinysim", "sim", "kws", "--engine", "embedded"]
    command += [
        "--out",
        str(folder / "tree"),
        "--json",
        str(folder / "figures.json"),
        "--build",
        str(folder / "build"),
    ]
    result = subprocess.run(
        command,
        capture_output=True,
        text=True,
        env={**os.environ, "TINYSIM_DATA": DATA, "SOURCE_DATE_EPOCH": "1700000000"},
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return folder


@pytest.fixture(scope="module")
def figures(run):
    return json.loads((run / "figures.json").read_text())


def results_folder(run: Path) -> Path:
    return run / "tree/closed/tinysim/results/nucleo_l4r5zi/kws"


def printed_by_the_protocol(output: np.ndarray) -> str:
    """The reference truncates each of 12 probabilities to three digits."""
    thousandths = [(int(value) + 128) * 1000 // 256 for value in output]
    return ",".join(f"0.{value:03d}" for value in thousandths)


def litert_vectors() -> list[str]:
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    folder = Path(DATA)
    interpreter = Interpreter(
        str(folder / "models/kws_ref_model.tflite"), experimental_op_resolver_type=OpResolverType.BUILTIN_REF
    )
    interpreter.allocate_tensors()
    (given,), (wanted,) = interpreter.get_input_details(), interpreter.get_output_details()
    vectors = []
    for row in (folder / "datasets/kws01/y_labels.csv").read_text().split():
        data = np.fromfile(folder / "datasets/kws01" / row.split(",")[0], np.int8)
        interpreter.set_tensor(given["index"], data.reshape(given["shape"]))
        interpreter.invoke()
        vectors.append(printed_by_the_protocol(interpreter.get_tensor(wanted["index"])[0]))
    return vectors


def test_every_result_vector_equals_litert_s(run):
    log = (results_folder(run) / "accuracy/log.txt").read_text()
    vectors = re.findall(r"dut: m-results-\[(.*)\]", log)
    assert len(vectors) == 1000
    assert vectors == litert_vectors()


def test_accuracy_is_the_published_reference_s(run, figures):
    summary = (results_folder(run) / "accuracy/results.txt").read_text()
    assert re.findall(r"Top-1: (.*)%\n.*AUC: (.*)\n", summary) == [("90.1", "0.99")]
    assert round(figures["top1_percent"], 1) == 90.1
    assert round(figures["auc"], 3) == 0.993


def test_one_inference_is_cheaper_than_the_limit(figures):
    assert (
        figures["instructions_per_inference"] < figures["cycles_per_inference"] < BEST_PUBLISHED_MCYCLES_LIMIT
    )
    clock_ms = figures["cycles_per_inference"] / figures["clock_hz"] * 1e3
    assert figures["latency_ms"] == pytest.approx(clock_ms, rel=0.005)


def test_memory_use_is_stored(run, figures):
    assert 40_000 < figures["flash_bytes"] < 200_000
    assert 20_000 < figures["ram_bytes"] < 200_000
    facts = (run / "tree/closed/tinysim/code/kws/nucleo_l4r5zi/README.md").read_text()
    assert str(figures["ram_bytes"]) in facts.replace(",", "")


def test_the_robot_suite_finds_the_tree_conformant(run):
    command = [
        sys.executable,
        "-m",
        "robot",
        "--outputdir",
        str(run / "robot"),
        "--variable",
        f"TREE:{run / 'tree'}",
    ]
    command += [str(resource_folder("robot") / "submission.robot")]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout
    assert "1 test, 1 passed" in result.stdout


def test_nothing_in_the_tree_names_this_machine(run):
    strangers = [str(run).encode(), str(Path.home()).encode() + b"/", sys.prefix.encode()]
    for path in (run / "tree").rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert not [stranger for stranger in strangers if stranger in content], path
