"""The reference models: outputs equal LiteRT's reference kernels to the bit, on the host and on the core."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import numpy as np
import pytest

from tests.kernels.host import EMULATED_SIMD, build_host
from tests.kernels.reference import reference_outputs
from tests.kernels.reference_graphs import GRAPHS, reference_graph, telling_inputs
from tests.kernels.target import build_target
from tinysim.codegen import CompiledModel, compile_model
from tinysim.model import parse_model, read_model

THOROUGH = os.environ.get("TINYSIM_THOROUGH") == "1"
RANDOM_INPUTS = 200 if THOROUGH else 4
MODELS = {
    "kws": "kws_ref_model",
    "vww": "vww_96_int8",
    "ic": "pretrainedResnet_quant",
    "ad": "ad01_int8",
    "ic2": "pretrainedResnet_large_int8",
    "sww": "str_ww_ref_model",
}


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


def check_everywhere(model: bytes, inputs: np.ndarray, folder: Path) -> None:
    """On the host by both paths of the kernels, under sanitizers, and on Cortex-M4."""
    expected = reference_outputs(model, inputs)
    compiled = compile_model(parse_model(model), folder)
    assert np.array_equal(build_host(compiled, EMULATED_SIMD).run(inputs), expected)
    assert np.array_equal(build_host(compiled).run(inputs), expected)
    assert np.array_equal(build_target(compiled).run(inputs), expected)


@pytest.mark.parametrize("name", MODELS)
def test_reference_models_on_random_inputs(name: str, reference_models: Path, tmp_path: Path) -> None:
    model = (reference_models / f"{MODELS[name]}.tflite").read_bytes()
    size = parse_model(model).tensors[parse_model(model).input].size_bytes
    inputs = np.random.default_rng(1).integers(-128, 128, (RANDOM_INPUTS, size)).astype(np.int8)
    inputs[0], inputs[1] = -128, 127
    # Noise alone leaves later layers much the same: half of the inputs have a shape.
    inputs[2::2] = telling_inputs(name, len(inputs[2::2]))
    check_everywhere(model, inputs, tmp_path)


@pytest.mark.parametrize("name", GRAPHS)
def test_reference_graphs_with_random_weights(name: str, tmp_path: Path) -> None:
    inputs = telling_inputs(name, RANDOM_INPUTS)
    check_everywhere(reference_graph(name), inputs, tmp_path)


@pytest.mark.parametrize("name", GRAPHS)
def test_random_weights_stand_in_for_the_reference_models(name: str, reference_models: Path) -> None:
    """The graphs are the same, operator by operator."""
    given, reference = (
        [
            (operator.kind, getattr(operator, "window", None), graph.tensors[operator.output].shape)
            for operator in graph.operators
        ]
        for graph in (
            parse_model(reference_graph(name)),
            read_model(reference_models / f"{MODELS[name]}.tflite"),
        )
    )
    assert given == reference
