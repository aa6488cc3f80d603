"""From float networks to int8 files: the reference's graphs, values close to float ones, sound numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter, OpResolverType
from hypothesis import given
from hypothesis import strategies as st

from tests.kernels.host import EMULATED_SIMD, build_host
from tests.training.samples import random_inputs, run_float, untrained
from tinysim.codegen import compile_model
from tinysim.model import Graph, macs, parse_model, read_model
from tinysim.model.graph import Activation, Operator, Reshape, Softmax
from tinysim.training.architectures import ARCHITECTURES
from tinysim.training.evaluate import int8_outputs, litert_outputs, quantizations
from tinysim.training.float_network import FloatNetwork, Parameters, value_batches
from tinysim.training.quantize import (
    BIAS_LIMIT,
    dequantize_values,
    quantize,
    quantize_parameters,
    quantize_values,
    range_quantization,
)

REFERENCES = {
    "kws": "kws_ref_model",
    "ic": "pretrainedResnet_quant",
    "vww": "vww_96_int8",
    "ad": "ad01_int8",
}
CLASSIFIER = ["AVERAGE_POOL_2D", "RESHAPE", "FULLY_CONNECTED", "SOFTMAX"]
RESIDUAL = ["CONV_2D", "CONV_2D", "CONV_2D", "ADD"]
OPERATORS = {
    "kws": ["CONV_2D", *["DEPTHWISE_CONV_2D", "CONV_2D"] * 4, *CLASSIFIER],
    "ic": [*RESIDUAL * 3, *CLASSIFIER],
    "vww": ["CONV_2D", *["DEPTHWISE_CONV_2D", "CONV_2D"] * 13, *CLASSIFIER],
    "ad": ["FULLY_CONNECTED"] * 10,
}
# spec of the reference models: multiply-accumulates of an inference, elements of weights and biases.
MACS = {"kws": 2_656_768, "ic": 12_501_632, "vww": 7_489_664, "ad": 264_192}
ELEMENTS = {"kws": 22_606, "ic": 77_708, "vww": 210_852, "ad": 265_864}

each_network = pytest.mark.parametrize("name", list(ARCHITECTURES))


@pytest.fixture(scope="module")
def quantized() -> dict[str, tuple[FloatNetwork, bytes]]:
    made = {}
    for name, architecture in ARCHITECTURES.items():
        network = untrained(architecture)
        made[name] = network, quantize(network, random_inputs(architecture, 32))
    return made


Quantized = dict[str, tuple[FloatNetwork, bytes]]


@each_network
def test_operators_are_the_references(name: str, quantized: Quantized) -> None:
    graph = parse_model(quantized[name][1])
    assert [operator.kind for operator in graph.operators] == OPERATORS[name]
    assert sum(macs(graph, operator) for operator in graph.operators) == MACS[name]
    assert sum(t.element_count for t in graph.tensors if t.data is not None) == ELEMENTS[name]


def details(graph: Graph, operator: Operator) -> tuple[object, ...]:
    """All that one operator of the file says, but for the numbers."""
    constants = []
    for index in (getattr(operator, "weights", None), getattr(operator, "bias", None)):
        if index is not None:
            tensor = graph.tensors[index]
            assert tensor.quantization is not None
            quantization = tensor.quantization
            constants.append((tensor.shape, len(quantization.scales), quantization.axis))
    return (
        operator.kind,
        [graph.tensors[index].shape for index in operator.inputs],
        [_made_by(graph, index) for index in operator.inputs],
        graph.tensors[operator.output].shape,
        getattr(operator, "window", None),
        getattr(operator, "activation", None),
        constants,
    )


def _made_by(graph: Graph, tensor: int) -> int | None:
    return next((each.index for each in graph.operators if each.output == tensor), None)


@each_network
def test_graph_is_the_references(name: str, quantized: Quantized, reference_models: Path) -> None:
    """Operators, where their inputs come from, shapes, windows, fused activations, scales of weights."""
    ours, reference = (
        parse_model(quantized[name][1]),
        read_model(reference_models / f"{REFERENCES[name]}.tflite"),
    )
    for mine, theirs in zip(ours.operators, reference.operators, strict=True):
        assert details(ours, mine) == details(reference, theirs)
    if name != "ad":
        assert ours.tensors[ours.input].quantization == reference.tensors[reference.input].quantization
    kept = [operator for operator in ours.operators if isinstance(operator, (Reshape, Softmax))]
    for operator in kept:
        theirs = reference.operators[operator.index]
        if isinstance(operator, Softmax):
            assert ours.tensors[operator.output].quantization == reference.tensors[theirs.output].quantization
    constants = [
        [
            tensor.data.tolist()
            for tensor in graph.tensors
            if tensor.data is not None and tensor.quantization is None
        ]
        for graph in (ours, reference)
    ]
    # The shape of RESHAPE is the only constant that is no number of the training.
    assert constants[0] == constants[1]


def litert_values(model: bytes, inputs: np.ndarray) -> list[np.ndarray]:
    """Return every layer's real outputs [N, *shape] by LiteRT."""
    interpreter = Interpreter(
        model_content=model,
        experimental_op_resolver_type=OpResolverType.BUILTIN_REF,
        experimental_preserve_all_tensors=True,
    )
    interpreter.allocate_tensors()
    graph = parse_model(model)
    rows: list[list[np.ndarray]] = [[] for _ in graph.operators]
    for values in quantize_values(inputs, quantizations(model)[0]):
        interpreter.set_tensor(graph.input, values[None])
        interpreter.invoke()
        for operator in graph.operators:
            rows[operator.index].append(interpreter.get_tensor(operator.output)[0])
    results = []
    for operator in graph.operators:
        quantization = graph.tensors[operator.output].quantization
        assert quantization is not None
        results.append(dequantize_values(np.stack(rows[operator.index]), quantization))
    return results


@each_network
def test_every_layer_is_close_to_float(name: str, quantized: Quantized) -> None:
    """The error grows from layer to layer, and ten dense layers with one scale each are the worst of it."""
    network, model = quantized[name]
    inputs = random_inputs(network.architecture, 16, seed=2)
    (wanted,) = value_batches(network, inputs)
    for index, outputs in enumerate(litert_values(model, inputs)):
        error = np.std(outputs - wanted[index + 1]) / np.std(wanted[index + 1])
        assert error < (0.15 if name == "ad" else 0.1), f"layer {index}"
    assert np.array_equal(outputs, int8_outputs(model, inputs))


@pytest.mark.parametrize("name", ["kws", "ad"])
def test_our_kernels_equal_litert(name: str, quantized: Quantized, tmp_path: Path) -> None:
    model = quantized[name][1]
    compiled = compile_model(parse_model(model), tmp_path)
    inputs = np.random.default_rng(3).integers(-128, 128, (20, compiled.input_bytes)).astype(np.int8)
    assert np.array_equal(build_host(compiled, EMULATED_SIMD).run(inputs), litert_outputs(model, inputs))


def test_the_same_network_gives_the_same_bytes(quantized: Quantized) -> None:
    network, model = quantized["kws"]
    assert quantize(network, random_inputs(network.architecture, 32)) == model


def test_calibration_sets_the_ranges() -> None:
    network = untrained(ARCHITECTURES["ad"])
    inputs = random_inputs(network.architecture, 200)
    inputs[0] *= 50
    scales = [
        float(quantizations(quantize(network, inputs, ranges=rule))[0].scale)
        for rule in ("extremes", "mean", "percentile")
    ]
    low, high = float(inputs.min()), float(inputs.max())
    assert scales[0] == pytest.approx((high - low) / 255)
    # One wild input out of 200 widens the mean a little, and the 99th percentile not at all.
    ordinary = float(inputs[1:].max() - inputs[1:].min()) / 255
    assert scales[2] <= ordinary < scales[0]
    assert scales[1] < scales[0]


def test_dead_channels_keep_their_bias(tmp_path: Path) -> None:
    """Weights that all but vanish, as training with decay leaves them, beside a bias that does not."""
    network = untrained(ARCHITECTURES["kws"])
    parameters = list(network.parameters)
    for index in range(9):
        layer = parameters[index]
        assert layer is not None
        weights, bias = layer.weights.copy(), layer.bias.copy()
        channels = np.moveaxis(weights, -1 if weights.shape[0] == 1 else 0, 0)
        channels[0], channels[1] = 0, 1e-12 * channels[1]
        bias[0], bias[1] = 0.5, -3
        parameters[index] = Parameters(weights, bias)
    dying = FloatNetwork(network.architecture, tuple(parameters))
    inputs = random_inputs(network.architecture, 16)
    model = quantize(dying, inputs)
    wanted, outputs = run_float(dying, inputs), int8_outputs(model, inputs)
    assert np.abs(outputs - wanted).max() < 0.1
    compiled = compile_model(parse_model(model), tmp_path)
    stored = quantize_values(inputs, quantizations(model)[0]).reshape(16, -1)
    assert np.array_equal(build_host(compiled).run(stored), litert_outputs(model, stored))


finite = st.floats(-1e6, 1e6, width=32)


@given(
    weights=st.lists(st.lists(finite, min_size=3, max_size=3), min_size=1, max_size=5),
    bias=finite,
    scale=st.floats(2.0**-20, 8, width=32),
    per_channel=st.booleans(),
)
def test_parameters_lose_half_a_step_at_most(
    weights: list[list[float]], bias: float, scale: float, per_channel: bool
) -> None:
    values = np.array(weights, dtype=np.float32)
    biases = np.full(len(values), bias, dtype=np.float32)
    stored = quantize_parameters(Parameters(values, biases), 0 if per_channel else None, np.float32(scale))
    assert stored.weights.min(initial=0) >= -127
    assert np.abs(stored.bias.astype(np.int64)).max() <= BIAS_LIMIT
    assert len(stored.weight_scales) == (len(values) if per_channel else 1)
    assert (stored.weight_scales > 0).all()
    steps = np.broadcast_to(stored.weight_scales, len(values)).astype(np.float64)[:, None]
    assert (np.abs(stored.weights * steps - values) <= 0.5001 * steps).all()
    bias_steps = np.broadcast_to(stored.bias_scales, len(values)).astype(np.float64)
    # Beyond 2**24 a bias has steps of single precision.
    assert (np.abs(stored.bias * bias_steps - biases) <= 0.5001 * bias_steps + np.abs(biases) * 2**-22).all()


@given(low=finite, high=finite)
def test_ranges_hold_zero_exactly(low: float, high: float) -> None:
    low, high = min(low, high), max(low, high)
    quantization = range_quantization(low, high)
    assert -128 <= quantization.zero_point <= 127
    if high - low < 1e-3:
        return
    values = np.array([low, 0, high])
    back = dequantize_values(quantize_values(values, quantization), quantization)
    assert back[1] == 0
    assert np.abs(back - values).max() <= 1.001 * float(quantization.scale)


def test_rectified_values_use_all_of_int8() -> None:
    assert range_quantization(0, 25.5).zero_point == -128
    assert float(range_quantization(0, 25.5).scale) == pytest.approx(0.1)


def test_only_add_carries_the_relu_of_a_residual_block(quantized: Quantized) -> None:
    graph = parse_model(quantized["ic"][1])
    linear = [o.index for o in graph.operators if getattr(o, "activation", None) is Activation.NONE]
    assert linear == [2, 5, 6, 9, 10, 12, 14]


def test_wrong_shapes_are_refused(quantized: Quantized) -> None:
    network = quantized["ad"][0]
    with pytest.raises(ValueError, match="inputs of shape"):
        quantize(network, np.zeros((4, 639), dtype=np.float32))
    with pytest.raises(ValueError, match="layer 0: weights"):
        FloatNetwork(network.architecture, (network.parameters[1], *network.parameters[1:]))
    broken = network.parameters[0]
    assert broken is not None
    with pytest.raises(ValueError, match="layer 0: a weight or bias is not finite"):
        FloatNetwork(
            network.architecture,
            (Parameters(broken.weights * np.float32(np.nan), broken.bias), *network.parameters[1:]),
        )
