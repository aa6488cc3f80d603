"""What compiling a model writes, says and refuses."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.kernels.host import build_host
from tests.kernels.random_graphs import random_network
from tests.kernels.reference_graphs import reference_graph
from tests.model.samples import convolution_model
from tinysim.codegen import compile_model
from tinysim.errors import UserError
from tinysim.model import parse_model
from tinysim.model.tflite_writer import ModelBuilder


def test_kws_sizes(reference_models: Path, tmp_path: Path) -> None:
    model = compile_model(reference_models / "kws_ref_model.tflite", tmp_path)
    assert model.macs == 2_656_768
    assert (model.input_bytes, model.output_bytes) == (490, 12)
    # An activation of 8000 bytes over which its successor lies, and the scratch of a 1x1 convolution of 64
    # channels.
    assert model.arena_bytes == 8000 + 64 * (2 * 64 + 4 * 4 + 2 + 16)
    assert [layer.macs for layer in model.layers[:3]] == [320_000, 72_000, 512_000]
    weights = sum(layer.constant_bytes for layer in model.layers)
    assert model.weight_bytes == weights < 40_000


@pytest.mark.parametrize(
    ("name", "limit_bytes"),
    [
        ("kws", 18 * 1024),
        ("ic", 50 * 1024),
        ("vww", 56 * 1024),
        ("ad", 1536),
        ("ic2", 120 * 1024),
        ("sww", 17 * 1024),
    ],
)
def test_arenas_of_the_reference_graphs(name: str, limit_bytes: int, tmp_path: Path) -> None:
    assert compile_model(parse_model(reference_graph(name)), tmp_path).arena_bytes <= limit_bytes


def test_the_input_lies_apart(tmp_path: Path) -> None:
    """Also where it is the output, and where nothing is left for the arena."""
    builder = ModelBuilder()
    source = builder.activation([1, 4], 1.0, 0)
    result = builder.activation([4], 1.0, 0)
    builder.operator("RESHAPE", [source], [result])
    builder.inputs, builder.outputs = [source], [result]
    model = compile_model(parse_model(builder.finish()), tmp_path)
    assert model.arena_bytes == 0
    inputs = np.array([[1, -2, 3, -4]], dtype=np.int8)
    assert np.array_equal(build_host(model).run(inputs), inputs)


def test_header_declares_the_border(tmp_path: Path) -> None:
    compile_model(parse_model(convolution_model().finish()), tmp_path)
    header = (tmp_path / "model.h").read_text()
    defines = dict(re.findall(r"#define (MODEL_\w+) (\S+)", header))
    assert defines.pop("MODEL_H", None) is None
    assert defines == {
        "MODEL_INPUT_BYTES": "32",
        "MODEL_INPUT_SCALE": "0.5f",
        "MODEL_INPUT_ZERO_POINT": "(3)",
        "MODEL_OUTPUT_BYTES": "48",
        "MODEL_OUTPUT_SCALE": "0.25f",
        "MODEL_OUTPUT_ZERO_POINT": "(-5)",
    }


@pytest.mark.parametrize("scale", [1.0, 1 / 256, 0.584702909, 1e-9, 3e9])
def test_scales_are_written_exactly_and_as_floats(scale: float, tmp_path: Path) -> None:
    builder = ModelBuilder()
    source = builder.activation([1, 4], scale, 0)
    result = builder.activation([4], scale, 0)
    builder.operator("RESHAPE", [source], [result])
    builder.inputs, builder.outputs = [source], [result]
    compile_model(parse_model(builder.finish()), tmp_path)
    (text,) = re.findall(r"MODEL_INPUT_SCALE (\S+)f\n", (tmp_path / "model.h").read_text())
    assert np.float32(text) == np.float32(scale)
    assert re.search(r"[.e]", text)


def test_same_model_same_bytes(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        compile_model(parse_model(random_network(7)), tmp_path / folder)
    for name in ("model.h", "model.c"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_the_source_names_no_folder(tmp_path: Path) -> None:
    compile_model(parse_model(convolution_model().finish()), tmp_path)
    assert str(tmp_path) not in (tmp_path / "model.c").read_text()


def refusal(builder: ModelBuilder, folder: Path) -> str:
    with pytest.raises(UserError) as raised:
        compile_model(parse_model(builder.finish()), folder)
    assert "\n" not in str(raised.value)
    return str(raised.value)


def test_accumulators_beyond_32_bits(tmp_path: Path) -> None:
    builder = convolution_model()
    # With a factor of 8e-9 the output is about to step from 10 to 11 at this bias.
    builder.tensors[2].data = np.array([1_312_500_000, 2, 3], dtype=np.int32)
    builder.tensors[1].scales = [4e-9, 0.02, 0.03]
    assert "layer 0 CONV_2D ('result'): its weights, bias and scales" in refusal(builder, tmp_path)


def test_scales_too_far_apart_to_add(tmp_path: Path) -> None:
    builder = ModelBuilder()
    source = builder.activation([1, 4], 100.0, 0)
    result = builder.activation([1, 4], 1e-6, 0, "sum")
    builder.operator("ADD", [source, source], [result], FusedActivationFunction=0)
    builder.inputs, builder.outputs = [source], [result]
    assert "layer 0 ADD ('sum'): the scales" in refusal(builder, tmp_path)


def test_softmax_of_a_vanishing_scale(tmp_path: Path) -> None:
    builder = ModelBuilder()
    source = builder.activation([1, 4], 1e-9, 0)
    result = builder.activation([1, 4], 1 / 256, -128, "classes")
    builder.operator("SOFTMAX", [source], [result], Beta=1.0)
    builder.inputs, builder.outputs = [source], [result]
    assert "layer 0 SOFTMAX ('classes'): beta 1.0 times" in refusal(builder, tmp_path)


@settings(
    max_examples=int(os.environ.get("TINYSIM_FUZZ_EXAMPLES", "150")),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    seed=st.integers(0, 30),
    changes=st.lists(st.tuples(st.integers(0, 2**16), st.integers(0, 255)), max_size=6),
)
def test_changed_bytes_compile_or_are_refused(
    seed: int, changes: list[tuple[int, int]], tmp_path: Path
) -> None:
    data = bytearray(random_network(seed))
    for position, value in changes:
        data[position % len(data)] = value
    with suppress(UserError):
        compile_model(parse_model(bytes(data)), tmp_path)
