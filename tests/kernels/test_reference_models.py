"""The reference models: outputs equal LiteRT's reference kernels to the bit, on the host and on the core."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import numpy as np
import pytest

from tests.kernels.host import EMULATED_SIMD, build_host
from tests.kernels.reference import reference_outputs
from tests.kernels.target import build_target
from tinysim.codegen import CompiledModel, compile_model

THOROUGH = os.environ.get("TINYSIM_THOROUGH") == "1"
OTHERS = (
    "pretrainedResnet_quant",
    "vww_96_int8",
    "ad01_int8",
    "str_ww_ref_model",
    pytest.param("pretrainedResnet_large_int8", marks=pytest.mark.skipif(not THOROUGH, reason="slow; TINYSIM_THOROUGH=1")),
)  # fmt: skip


class Kws:
    """The kws model with all of its official inputs, labels, and LiteRT's outputs."""

    def __init__(self, models: Path, data: Path, folder: Path) -> None:
        path = models / "kws_ref_model.tflite"
        self.model: CompiledModel = compile_model(path, folder)
        with (data / "y_labels.csv").open(newline="") as stream:
            rows = list(csv.reader(stream))
        self.inputs = np.stack([np.fromfile(data / name, dtype=np.int8) for name, _, _ in rows])
        self.labels = np.array([int(label) for _, _, label in rows])
        self.expected = reference_outputs(path.read_bytes(), self.inputs)


@pytest.fixture(scope="module")
def kws(reference_models: Path, kws_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Kws:
    return Kws(reference_models, kws_data, tmp_path_factory.mktemp("kws"))


def test_kws_reference_has_the_published_accuracy(kws: Kws) -> None:
    assert len(kws.inputs) == 1000
    assert np.mean(kws.expected.argmax(axis=1) == kws.labels) == pytest.approx(0.901)


def test_kws_on_the_host(kws: Kws) -> None:
    """The target's kernels, their DSP instructions emulated in C: every input, under sanitizers."""
    outputs = build_host(kws.model, EMULATED_SIMD).run(kws.inputs)
    assert np.array_equal(outputs, kws.expected)


def test_kws_on_the_host_without_simd(kws: Kws) -> None:
    inputs = kws.inputs if THOROUGH else kws.inputs[::10]
    expected = kws.expected if THOROUGH else kws.expected[::10]
    assert np.array_equal(build_host(kws.model).run(inputs), expected)


def test_kws_on_cortex_m4(kws: Kws) -> None:
    step = 1 if THOROUGH else 10
    assert np.array_equal(build_target(kws.model).run(kws.inputs[::step]), kws.expected[::step])


def test_kws_on_cortex_m0(kws: Kws) -> None:
    step = 20 if THOROUGH else 200
    assert np.array_equal(build_target(kws.model, "cortex-m0+").run(kws.inputs[::step]), kws.expected[::step])


@pytest.mark.parametrize("name", OTHERS)
def test_other_models(name: str, reference_models: Path, tmp_path: Path) -> None:
    path = reference_models / f"{name}.tflite"
    model = compile_model(path, tmp_path)
    inputs = np.random.default_rng(1).integers(-128, 128, (4, model.input_bytes)).astype(np.int8)
    inputs[0], inputs[1] = -128, 127
    expected = reference_outputs(path.read_bytes(), inputs)
    assert np.array_equal(build_host(model, EMULATED_SIMD).run(inputs), expected)
    assert np.array_equal(build_target(model).run(inputs), expected)
