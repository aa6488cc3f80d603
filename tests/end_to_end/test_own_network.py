"""A network and data that belong to no benchmark, from the command to the printed vectors."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import tflite

from tests.kernels.reference import reference_outputs
from tinysim.cli import main
from tinysim.model.tflite_writer import ModelBuilder

PIXELS, CLASSES, INPUTS = 8 * 8 * 3, 3, 4


def own_network() -> bytes:
    """A dense layer and softmax on 8x8 pictures, three classes."""
    random = np.random.default_rng(5)
    builder = ModelBuilder()
    source = builder.activation([1, PIXELS], 1.0, -128)
    weights = builder.constant(
        "weights",
        random.integers(-127, 128, (CLASSES, PIXELS)).astype(np.int8),
        scales=[0.001],
        zero_points=[0],
    )
    bias = builder.constant("bias", np.zeros(CLASSES, np.int32), scales=[0.001], zero_points=[0])
    logits = builder.activation([1, CLASSES], 0.25, 0)
    scores = builder.activation([1, CLASSES], 1 / 256, -128)
    none = tflite.ActivationFunctionType.NONE
    builder.operator("FULLY_CONNECTED", [source, weights, bias], [logits], FusedActivationFunction=none)
    builder.operator("SOFTMAX", [logits], [scores], Beta=1.0)
    builder.inputs, builder.outputs = [source], [scores]
    return builder.finish()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    random = np.random.default_rng(6)
    data = tmp_path / "data"
    data.mkdir()
    rows = []
    for number in range(INPUTS):
        (data / f"{number}.bin").write_bytes(random.bytes(PIXELS))
        rows.append(f"{number}.bin,{CLASSES},{number % CLASSES}\n")
    (data / "y_labels.csv").write_text("".join(rows))
    (data / "classes.txt").write_text("cat\ndog\nneither\n")
    (tmp_path / "own.tflite").write_bytes(own_network())
    return tmp_path


def test_it_runs_and_gives_what_litert_gives(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--data", str(folder / "data"), "--model", str(folder / "own.tflite"), "--mode", "accuracy"]
    places = ["--out", str(folder / "tree"), "--build", str(folder / "build"), "--engine", "embedded"]
    assert main(["sim", "ic", *arguments, *places]) == 0
    out = capsys.readouterr().out
    assert "  model         own.tflite, a model of one's own\n" in out
    assert "own data, 4 inputs of 3 classes, from --data" in out
    assert re.search(r"  weakest class (cat|dog|neither), Top-1 ", out)
    (log,) = (folder / "tree/open").rglob("accuracy/log.txt")
    printed = re.findall(r"dut: m-results-\[(.*)\]", log.read_text())
    pictures = np.stack(
        [
            np.fromfile(folder / f"data/{number}.bin", np.uint8).astype(np.int16) - 128
            for number in range(INPUTS)
        ]
    )
    outputs = reference_outputs((folder / "own.tflite").read_bytes(), pictures.astype(np.int8))
    assert printed == [",".join(f"{(int(value) + 128) / 256:.3f}" for value in row) for row in outputs]
