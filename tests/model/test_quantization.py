"""The arithmetic against its definition, written out with fractions, and against LiteRT's softmax."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.kernels.reference import reference_outputs
from tinysim.model.graph import Activation, Quantization
from tinysim.model.quantization import (
    activation_range,
    multiply_by_quantized_multiplier,
    quantize_multiplier,
    round_half_away,
    rounding_divide_by_power_of_two,
    rounding_doubling_high_multiply,
    softmax_table,
)
from tinysim.model.tflite_writer import ModelBuilder

int32 = st.integers(-(2**31), 2**31 - 1)


def half_away(value: Fraction) -> int:
    return math.floor(abs(value) + Fraction(1, 2)) * (1 if value >= 0 else -1)


def gemmlowp_high_multiply(a: int, b: int) -> int:
    nudge = 2**30 if a * b >= 0 else 1 - 2**30
    return math.trunc(Fraction(a * b + nudge, 2**31))


@given(int32, st.integers(0, 2**31 - 1))
def test_high_multiply_is_gemmlowps(a: int, b: int) -> None:
    assert int(rounding_doubling_high_multiply(np.int64(a), b)) == gemmlowp_high_multiply(a, b)


@given(int32, st.integers(0, 31))
def test_division_rounds_ties_away(value: int, exponent: int) -> None:
    assert int(rounding_divide_by_power_of_two(np.int64(value), exponent)) == half_away(
        Fraction(value, 2**exponent)
    )


@given(st.integers(-(2**24), 2**24), st.integers(2**30, 2**31 - 1), st.integers(-31, 5))
def test_multiplier_rounds_twice(value: int, multiplier: int, shift: int) -> None:
    first = gemmlowp_high_multiply(value << max(shift, 0), multiplier)
    expected = half_away(Fraction(first, 2 ** max(-shift, 0)))
    assert int(multiply_by_quantized_multiplier(np.int64(value), multiplier, shift)) == expected


@given(st.floats(2.0**-31, 2.0**20))
def test_quantized_multiplier_is_within_its_last_place(factor: float) -> None:
    fixed = quantize_multiplier(factor)
    assert 2**30 <= fixed.multiplier < 2**31
    assert (
        abs(Fraction(fixed.multiplier) * Fraction(2) ** (fixed.shift - 31) - Fraction(factor))
        <= Fraction(factor) / 2**30
    )


@pytest.mark.parametrize("factor", [-1.0, math.inf, math.nan])
def test_factors_that_cannot_be(factor: float) -> None:
    with pytest.raises(ValueError, match="cannot be quantized"):
        quantize_multiplier(factor)


def test_factors_too_small_vanish() -> None:
    assert quantize_multiplier(2.0**-40).multiplier == 0


@given(st.floats(-1e6, 1e6))
def test_round_half_away(value: float) -> None:
    assert int(round_half_away(np.float64(value))) == half_away(Fraction(value))


@pytest.mark.parametrize(
    ("activation", "scale", "zero_point", "expected"),
    [
        (Activation.NONE, 0.1, 0, (-128, 127)),
        (Activation.RELU, 0.1, -128, (-128, 127)),
        (Activation.RELU, 0.1, 5, (5, 127)),
        (Activation.RELU6, 0.1, -128, (-128, -68)),
        (Activation.RELU6, 6 / 255, -128, (-128, 127)),
        (Activation.RELU_N1_TO_1, 0.4, 0, (-3, 3)),
        (Activation.RELU_N1_TO_1, 0.001, 0, (-128, 127)),
    ],
)
def test_activation_range(
    activation: Activation, scale: float, zero_point: int, expected: tuple[int, int]
) -> None:
    quantization = Quantization((np.float32(scale),), (zero_point,))
    assert activation_range(activation, quantization) == expected


@pytest.mark.parametrize("scale", [0.02, 0.14469251, 0.5, 1.0, 7.3])
def test_exponentials_give_litert_softmax(scale: float) -> None:
    """Two classes at every distance: the output says what each exponential is worth."""
    builder = ModelBuilder()
    source = builder.activation([1, 2], scale, 0)
    result = builder.activation([1, 2], 1 / 256, -128)
    builder.operator("SOFTMAX", [source], [result], Beta=1.0)
    builder.inputs, builder.outputs = [source], [result]
    inputs = np.array([[127, 127 - difference] for difference in range(256)], dtype=np.int8)
    table = softmax_table(np.float32(1.0), np.float32(scale)).exponentials
    expected = []
    for difference in range(256):
        second = table[difference] if difference < len(table) else 0
        share = Fraction(second, table[0] + second)
        expected.append([float(1 - share) * 256 - 128, float(share) * 256 - 128])
    outputs = reference_outputs(builder.finish(), inputs).astype(float)
    assert np.max(np.abs(outputs - np.minimum(expected, 127))) <= 0.51
