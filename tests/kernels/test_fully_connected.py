"""Fully connected layers whose factors make ties: every accumulator gives what LiteRT's kernel gives."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tflite

from tests.kernels.host import EMULATED_SIMD, build_host
from tests.kernels.reference import reference_outputs
from tests.kernels.target import build_target
from tinysim.codegen import CompiledModel, compile_model
from tinysim.model import parse_model
from tinysim.model.tflite_writer import ModelBuilder

NONE, RELU = tflite.ActivationFunctionType.NONE, tflite.ActivationFunctionType.RELU
ROWS = 2
BIASES = np.arange(-1280, 1281, 256, dtype=np.int32)
# Each row's first value runs over all of int8, so that the accumulators of all outputs run over [-1408,
# 1407].
INPUTS = np.zeros((256, ROWS, 5), dtype=np.int8)
INPUTS[:, 0, 0] = np.arange(-128, 128)
INPUTS[:, 1, 0] = INPUTS[::-1, 0, 0]
INPUTS = INPUTS.reshape(256, -1)


def fully_connected(hundredths: list[int], zero_point: int, activation: int) -> bytes:
    """Return a layer whose factors are these, of each output or of all, over 100, in double precision."""
    builder = ModelBuilder()
    source = builder.activation([ROWS, 5], 1.0, 0)
    data = np.zeros((len(BIASES), 5), dtype=np.int8)
    data[:, 0] = 1
    data[:, 1] = 12  # of zeros, but the compiler cannot know that: the accumulators might be any within 3000
    scales, zero_points = [float(each) for each in hundredths], [0] * len(hundredths)
    weights = builder.constant("weights", data, scales=scales, zero_points=zero_points, axis=0)
    bias = builder.constant("bias", BIASES, scales=scales, zero_points=zero_points)
    result = builder.activation([ROWS, len(BIASES)], 100.0, zero_point)
    builder.operator("FULLY_CONNECTED", [source, weights, bias], [result], FusedActivationFunction=activation)
    builder.inputs, builder.outputs = [source], [result]
    return builder.finish()


def compiled_by_steps(model: bytes, folder: Path) -> CompiledModel:
    compiled = compile_model(parse_model(model), folder)
    assert "connect_fully_by_steps(" in (folder / "model.c").read_text()
    return compiled


@pytest.mark.parametrize("zero_point", [-90, 0, 113])
@pytest.mark.parametrize("hundredths", [29, 35, 58, 70, 115, 138, 230])
def test_every_accumulator_of_one_factor(hundredths: int, zero_point: int, tmp_path: Path) -> None:
    model = fully_connected([hundredths], zero_point, NONE)
    compiled = compiled_by_steps(model, tmp_path)
    expected = reference_outputs(model, INPUTS)
    assert len(np.unique(expected)) > 100
    assert np.array_equal(build_host(compiled).run(INPUTS), expected)
    assert np.array_equal(build_target(compiled).run(INPUTS), expected)


@pytest.mark.parametrize("activation", [NONE, RELU])
def test_looked_up_beside_rescaled_outputs(activation: int, tmp_path: Path) -> None:
    """On every path of the kernels, with two factors that make ties among others that do not."""
    hundredths = [3, 115, 12, 70, 25, 115, 70, 8, 50, 115, 1]
    model = fully_connected(hundredths, 5, activation)
    compiled = compiled_by_steps(model, tmp_path)
    expected = reference_outputs(model, INPUTS)
    for defines in ((), (EMULATED_SIMD,)):
        assert np.array_equal(build_host(compiled, *defines).run(INPUTS), expected)
    assert np.array_equal(build_target(compiled).run(INPUTS), expected)
    assert np.array_equal(build_target(compiled, "cortex-m0+").run(INPUTS), expected)
