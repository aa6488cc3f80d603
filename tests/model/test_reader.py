"""What is read from sound models, and the one line that every unsound one gets."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import tflite
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.kernels.random_graphs import random_network
from tests.model.samples import convolution_model
from tinysim.errors import UserError
from tinysim.model import Graph, macs, parse_model, read_model
from tinysim.model.graph import Activation, Convolution, Padding
from tinysim.model.tflite_writer import FLOAT32, ModelBuilder, Writer

MACS = {
    "kws_ref_model": 2_656_768,
    "pretrainedResnet_quant": 12_501_632,
    "vww_96_int8": 7_489_664,
    "ad01_int8": 264_192,
    "pretrainedResnet_large_int8": 76_473_920,
    "str_ww_ref_model": 826_368,
}


@pytest.mark.parametrize("name", MACS)
def test_reference_models_have_their_published_macs(name: str, reference_models: Path) -> None:
    graph = read_model(reference_models / f"{name}.tflite")
    assert sum(macs(graph, operator) for operator in graph.operators) == MACS[name]


def test_reads_a_convolution_as_written() -> None:
    graph = parse_model(
        convolution_model(FusedActivationFunction=tflite.ActivationFunctionType.RELU6).finish()
    )
    (operator,) = graph.operators
    assert isinstance(operator, Convolution)
    assert operator.activation is Activation.RELU6
    assert operator.window.padding is Padding.SAME
    weights = graph.tensors[operator.weights]
    assert weights.data is not None
    assert weights.data.tolist() == np.arange(54).reshape(3, 3, 3, 2).tolist()
    assert weights.quantization is not None
    assert weights.quantization.scales == tuple(np.float32(scale) for scale in (0.01, 0.02, 0.03))
    assert graph.tensors[graph.input].quantization.zero_point == 3  # type: ignore[union-attr]


def refusal(data: bytes) -> str:
    with pytest.raises(UserError) as raised:
        parse_model(data, "a.tflite")
    message = str(raised.value)
    assert "\n" not in message
    assert message.startswith("a.tflite: ")
    return message


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"none\.tflite: cannot read the model: No such file"):
        read_model(tmp_path / "none.tflite")


@pytest.mark.parametrize("data", [b"", b"TFL3", b"\x7fELF" + bytes(100), bytes(1000)])
def test_other_files_are_not_models(data: bytes) -> None:
    assert "not a TensorFlow Lite model" in refusal(data)


class TwoSubgraphs(Writer):
    def subgraphs(self, model: ModelBuilder, codes: list[str]) -> list[int]:
        return [self.subgraph(model, codes), self.subgraph(model, codes)]


def test_several_subgraphs() -> None:
    assert "2 subgraphs" in refusal(TwoSubgraphs().model(convolution_model(), "two"))


def test_dilation_names_the_layer() -> None:
    assert "layer 0 CONV_2D: dilation 2x1" in refusal(convolution_model(DilationHFactor=2).finish())


def test_stride_of_nothing() -> None:
    assert "layer 0 CONV_2D: stride width 0" in refusal(convolution_model(StrideW=0).finish())


def test_unknown_activation() -> None:
    message = refusal(convolution_model(FusedActivationFunction=tflite.ActivationFunctionType.TANH).finish())
    assert "layer 0 CONV_2D: fused activation TANH is not supported" in message


def test_operator_without_a_kernel() -> None:
    builder = convolution_model()
    last = builder.outputs[0]
    result = builder.activation([1, 4, 4, 3], 1 / 256, -128)
    builder.operator("LOGISTIC", [last], [result])
    builder.outputs = [result]
    assert "layer 1: operator LOGISTIC is not supported" in refusal(builder.finish())


def test_float_model() -> None:
    builder = ModelBuilder()
    source = builder.tensor("source", [1, 4], dtype=FLOAT32)
    result = builder.tensor("result", [1, 4], dtype=FLOAT32)
    builder.operator("SOFTMAX", [source], [result], Beta=1.0)
    builder.inputs, builder.outputs = [source], [result]
    assert "tensor 0 ('source') is FLOAT32; only fully quantized int8" in refusal(builder.finish())


def test_dynamic_shape() -> None:
    builder = convolution_model()
    builder.tensors[0].signature = [1, -1, 4, 2]
    assert "tensor 0 ('source') has the dynamic or empty shape" in refusal(builder.finish())


def test_a_batch_left_open_at_export_is_one() -> None:
    builder = convolution_model()
    builder.tensors[0].signature = [-1, 4, 4, 2]
    assert isinstance(parse_model(builder.finish()), Graph)


def test_larger_batch() -> None:
    builder = convolution_model()
    builder.tensors[0].shape = [2, 4, 4, 2]
    builder.tensors[3].shape = [2, 4, 4, 3]
    assert "layer 0 CONV_2D ('result'): batch of 2" in refusal(builder.finish())


def test_absurd_tensor() -> None:
    builder = convolution_model()
    builder.tensors[0].shape = [1, 30000, 30000, 2]
    assert "1800000000 elements; the limit is" in refusal(builder.finish())


def test_output_of_another_size() -> None:
    builder = convolution_model()
    builder.tensors[3].shape = [1, 3, 4, 3]
    assert "layer 0 CONV_2D ('result'): output is 3x4, but input and window give 4x4" in refusal(
        builder.finish()
    )


@pytest.mark.parametrize("axis", [1, 2])
def test_an_image_larger_than_kernels_count(axis: int) -> None:
    for size, is_refused in ((32764, False), (32765, True)):
        builder = convolution_model()
        for tensor in (builder.inputs[0], builder.outputs[0]):
            shape = list(builder.tensors[tensor].shape)
            shape[axis] = size
            builder.tensors[tensor].shape = shape
        if is_refused:
            assert "channels of 32768, the window included; at most 32767" in refusal(builder.finish())
        else:
            parse_model(builder.finish())


def test_grouped_convolution() -> None:
    builder = convolution_model()
    builder.tensors[0].shape = [1, 4, 4, 4]
    assert "grouped convolution is not supported" in refusal(builder.finish())


def test_weights_with_zero_points() -> None:
    builder = convolution_model()
    builder.tensors[1].zero_points = [0, 1, 0]
    assert "only symmetric weights" in refusal(builder.finish())


@pytest.mark.parametrize("scale", [0.0, -1.0, float("nan"), float("inf"), 1e-40])
def test_impossible_scales(scale: float) -> None:
    builder = convolution_model()
    builder.tensors[0].scales = [scale]
    assert "tensor 0 ('source') has a scale that is not between" in refusal(builder.finish())


def test_computed_weights() -> None:
    builder = convolution_model()
    builder.tensors[1].data = None
    assert "layer 0 CONV_2D ('result'): weights 'weights' are computed" in refusal(builder.finish())


def test_tensor_of_a_later_layer() -> None:
    builder = convolution_model()
    extra = builder.activation([1, 4, 4, 2], 0.5, 3, "extra")
    builder.operators[0].inputs = [extra, 1, 2]
    assert "layer 0 CONV_2D ('result') reads tensor 4 ('extra') before" in refusal(builder.finish())


def test_names_keep_to_one_line() -> None:
    builder = convolution_model()
    builder.tensors[3].name = "evil\nname\x1b[31m" + "x" * 1000
    builder.tensors[3].shape = [1, 4, 4, 9]
    message = refusal(builder.finish())
    assert "\x1b" not in message
    assert len(message) < 400


@pytest.mark.parametrize("index", [4, 1_000_000, -1, -2_000_000_000])
def test_tensor_index_out_of_range(index: int) -> None:
    builder = convolution_model()
    builder.operators[0].inputs = [index, 1, 2]
    refusal(builder.finish())


def parses_or_refuses(data: bytes) -> None:
    with suppress(UserError):
        parse_model(data)


@settings(max_examples=int(os.environ.get("TINYSIM_FUZZ_EXAMPLES", "300")), deadline=None)
@given(
    seed=st.integers(0, 30),
    changes=st.lists(st.tuples(st.integers(0, 2**16), st.integers(0, 255)), max_size=12),
)
def test_changed_bytes_never_crash(seed: int, changes: list[tuple[int, int]]) -> None:
    data = bytearray(random_network(seed))
    for position, value in changes:
        data[position % len(data)] = value
    parses_or_refuses(bytes(data))


@settings(max_examples=int(os.environ.get("TINYSIM_FUZZ_EXAMPLES", "300")), deadline=None)
@given(
    seed=st.integers(0, 30),
    position=st.integers(0, 2**16),
    value=st.sampled_from([0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0xFFFFFFF0, 0x10000, 0x00FFFFFF]),
)
def test_absurd_words_never_crash(seed: int, position: int, value: int) -> None:
    data = bytearray(random_network(seed))
    start = position % (len(data) // 4) * 4
    data[start : start + 4] = value.to_bytes(4, "little")
    parses_or_refuses(bytes(data))


@settings(max_examples=100, deadline=None)
@given(seed=st.integers(0, 30), kept=st.floats(0, 1))
def test_cut_files_never_crash(seed: int, kept: float) -> None:
    data = random_network(seed)
    parses_or_refuses(data[: int(len(data) * kept)])


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=400))
def test_noise_never_crashes(noise: bytes) -> None:
    parses_or_refuses(noise[:4] + b"TFL3" + noise[4:])
