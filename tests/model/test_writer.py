"""What is written is what was meant: by our own reader, by LiteRT, and by the schema's rules."""

from __future__ import annotations

import os

import numpy as np
import tflite
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.kernels.random_graphs import RandomNetwork, grown_network
from tests.kernels.reference import reference_outputs
from tests.model.samples import convolution_model
from tinysim.model import parse_model
from tinysim.model.graph import (
    Activation,
    AveragePool,
    Clamp,
    Convolution,
    DepthwiseConvolution,
    MaxPool,
    Operator,
    Padding,
    Softmax,
)
from tinysim.model.tflite_writer import DESCRIPTION, ModelBuilder, OperatorSpec

EXAMPLES = int(os.environ.get("TINYSIM_FUZZ_EXAMPLES", "60"))


def check_operator(operator: Operator, written: OperatorSpec) -> None:
    kind = operator.activation.value if isinstance(operator, Clamp) else operator.kind
    assert kind == written.name
    constants = [getattr(operator, name, None) for name in ("weights", "bias")]
    read = [*operator.inputs, *(index for index in constants if index is not None)]
    # The reader drops the shape of RESHAPE: the output has it.
    assert read == list(written.inputs)[: len(read)]
    assert [operator.output] == list(written.outputs)
    options = written.options
    if "FusedActivationFunction" in options:
        names = {getattr(tflite.ActivationFunctionType, each.value): each for each in Activation}
        assert operator.activation is names[options["FusedActivationFunction"]]  # type: ignore[attr-defined]
    if isinstance(operator, (Convolution, DepthwiseConvolution, AveragePool, MaxPool)):
        window = operator.window
        assert window.padding is (
            Padding.SAME if options["Padding"] == tflite.Padding.SAME else Padding.VALID
        )
        assert (window.stride_height, window.stride_width) == (options["StrideH"], options["StrideW"])
    if isinstance(operator, (AveragePool, MaxPool)):
        assert (window.height, window.width) == (options["FilterHeight"], options["FilterWidth"])
    if isinstance(operator, Softmax):
        assert operator.beta == np.float32(options["Beta"])


@settings(max_examples=EXAMPLES, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_the_reader_gives_back_what_was_written(seed: int) -> None:
    network = grown_network(seed)
    graph = parse_model(network.finish())
    builder = network.builder
    assert ([graph.input], [graph.output]) == (builder.inputs, builder.outputs)
    assert len(graph.tensors) == len(builder.tensors)
    for read, written in zip(graph.tensors, builder.tensors, strict=True):
        assert (read.name, read.shape) == (written.name, tuple(written.shape))
        if len(written.scales):
            assert read.quantization is not None
            assert read.quantization.scales == tuple(np.float32(scale) for scale in written.scales)
            assert read.quantization.zero_points == tuple(written.zero_points)
            assert read.quantization.axis == written.axis
        else:
            assert read.quantization is None
        if written.data is None:
            assert read.data is None
        else:
            assert np.array_equal(read.data, written.data)  # type: ignore[arg-type]
    assert len(graph.operators) == len(builder.operators)
    for operator, spec in zip(graph.operators, builder.operators, strict=True):
        check_operator(operator, spec)


@settings(max_examples=EXAMPLES, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_litert_runs_what_was_written(seed: int) -> None:
    network = grown_network(seed)
    sizes = [int(np.prod(network.builder.tensors[index].shape)) for index in (0, network.current)]
    outputs = reference_outputs(network.finish(), np.zeros((1, sizes[0]), dtype=np.int8))
    assert outputs.shape == (1, sizes[1])


def test_the_same_network_has_the_same_bytes() -> None:
    assert grown_network(7).finish() == grown_network(7).finish()


def test_constants_are_aligned_as_the_schema_asks() -> None:
    for seed in range(20):
        data = grown_network(seed).finish()
        model = tflite.Model.GetRootAs(data, 0)
        assert model.Buffers(0).DataLength() == 0
        for index in range(1, model.BuffersLength()):
            content = model.Buffers(index).DataAsNumpy()
            start = content.__array_interface__["data"][0]
            whole = np.frombuffer(data, dtype=np.uint8).__array_interface__["data"][0]
            assert (start - whole) % 16 == 0


def test_operators_have_the_versions_of_int8() -> None:
    network = RandomNetwork(1)
    for grow in (network.convolution, network.depthwise_convolution, network.addition, network.pool):
        grow()
    network.flatten()
    network.fully_connected()
    network.softmax()
    model = tflite.Model.GetRootAs(network.finish(), 0)
    versions = {
        model.OperatorCodes(index).BuiltinCode(): model.OperatorCodes(index).Version()
        for index in range(model.OperatorCodesLength())
    }
    operators = tflite.BuiltinOperator
    # As in the reference models.
    for code, version in (
        (operators.CONV_2D, 3), (operators.DEPTHWISE_CONV_2D, 3), (operators.ADD, 2),
        (operators.FULLY_CONNECTED, 4), (operators.RESHAPE, 1), (operators.SOFTMAX, 2),
    ):  # fmt: skip
        assert versions[code] == version


def test_a_file_says_who_wrote_it() -> None:
    for data, description in (
        (convolution_model().finish(), DESCRIPTION),
        (convolution_model().finish("for a test"), "for a test"),
    ):
        assert tflite.Model.GetRootAs(data, 0).Description().decode() == description


def test_an_empty_constant_is_written() -> None:
    builder = ModelBuilder()
    builder.constant("nothing", np.zeros((0,), dtype=np.int32))
    assert tflite.Model.GetRootAs(builder.finish(), 0).BuffersLength() == 2
