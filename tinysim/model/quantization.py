"""The arithmetic of LiteRT's int8 reference kernels, in exact integers.

File names below are LiteRT's, under tflite/kernels (tensorflow/lite/kernels in older trees); "gemmlowp"
is its fixed-point library, gemmlowp/fixedpoint/fixedpoint.h. Functions that take arrays work element by
element on int64, and every intermediate of theirs fits.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from tinysim.model.graph import Activation, Float64Array, Int64Array, Quantization

INT32_MAX = 2**31 - 1
INT8_MIN, INT8_MAX = -128, 127


@dataclass(frozen=True)
class FixedPointMultiplier:
    """A real factor as `multiplier * 2**(shift - 31)`; `shift` is positive for a shift to the left."""

    multiplier: int
    shift: int


def quantize_multiplier(factor: float) -> FixedPointMultiplier:
    """Return the 31-bit form of a factor >= 0 (internal/quantization_util.cc, QuantizeMultiplier).

    Factors under about 2**-32 become zero. Raises ValueError for a negative or infinite factor.
    """
    if not (math.isfinite(factor) and factor >= 0):
        raise ValueError(f"a scaling factor of {factor} cannot be quantized")
    if factor == 0:
        return FixedPointMultiplier(0, 0)
    fraction, shift = math.frexp(factor)
    multiplier = math.floor(fraction * 2**31 + 0.5)
    if multiplier == 2**31:
        multiplier //= 2
        shift += 1
    if shift < -31:
        return FixedPointMultiplier(0, 0)
    return FixedPointMultiplier(multiplier, shift)


def rounding_doubling_high_multiply(a: Int64Array, b: Int64Array | int) -> Int64Array:
    """Return gemmlowp's SaturatingRoundingDoublingHighMul of two int32 values that are not both -2**31.

    gemmlowp adds 2**30, or 1 - 2**30 for a negative product, and divides by 2**31 towards zero. For a
    negative product p that is ceil((p + 1 - 2**30) / 2**31), which equals floor((p + 2**30) / 2**31):
    one rounding, to nearest with ties upwards, whatever the sign.
    """
    return (a * b + 2**30) >> 31


def rounding_divide_by_power_of_two(value: Int64Array, exponent: Int64Array | int) -> Int64Array:
    """Return gemmlowp's RoundingDivideByPOT: to nearest, ties away from zero."""
    half = np.where(np.asarray(exponent) > 0, np.left_shift(1, np.maximum(exponent, 1) - 1), 0)
    ties = np.where((value < 0) & (np.asarray(exponent) > 0), -1, 0)
    return np.asarray((value + half + ties) >> exponent, dtype=np.int64)


def multiply_by_quantized_multiplier(
    value: Int64Array, multiplier: Int64Array | int, shift: Int64Array | int
) -> Int64Array:
    """Return `value` times a fixed-point factor, rounded twice.

    internal/common.cc, MultiplyByQuantizedMultiplier, built without TFLITE_SINGLE_ROUNDING.
    """
    left = np.maximum(shift, 0)
    right = np.maximum(np.negative(shift), 0)
    return rounding_divide_by_power_of_two(
        rounding_doubling_high_multiply(np.left_shift(value, left), multiplier), right
    )


def round_half_away(value: Float64Array) -> Int64Array:
    """Return C's round(): to the nearest integer, ties away from zero. |value| must stay under 2**52."""
    whole = np.trunc(value)
    fraction = value - whole
    rounded: Int64Array = (whole + (fraction >= 0.5) - (fraction <= -0.5)).astype(np.int64)
    return rounded


def convolution_factors(
    input_scale: np.float32, weight_scales: tuple[np.float32, ...], output_scale: np.float32
) -> Float64Array:
    """Return the factors from accumulator to output, one a scale, in the double precision LiteRT uses.

    kernel_util.cc, PopulateConvolutionQuantizationParams; reference FULLY_CONNECTED computes the same.
    """
    scales = np.array(weight_scales, dtype=np.float64)
    return np.asarray(float(input_scale) * scales / float(output_scale), dtype=np.float64)


def activation_range(activation: Activation, quantization: Quantization) -> tuple[int, int]:
    """Return the least and the greatest stored value that a fused activation lets through.

    kernel_util.cc, CalculateActivationRangeQuantized; the division is in single precision there.
    """

    def stored(real: float) -> int:
        quotient = float(np.float32(real) / quantization.scale)
        return quantization.zero_point + int(math.copysign(math.floor(abs(quotient) + 0.5), quotient))

    low, high = {
        Activation.NONE: (None, None),
        Activation.RELU: (0.0, None),
        Activation.RELU6: (0.0, 6.0),
        Activation.RELU_N1_TO_1: (-1.0, 1.0),
    }[activation]
    minimum = INT8_MIN if low is None else max(INT8_MIN, stored(low))
    maximum = INT8_MAX if high is None else min(INT8_MAX, stored(high))
    return minimum, maximum


def _high_multiply(a: int, b: int) -> int:
    return (a * b + 2**30) >> 31


def _divide_rounded(value: int, exponent: int) -> int:
    return (value + (1 << (exponent - 1)) - (value < 0)) >> exponent if exponent else value


def _exp_between_minus_quarter_and_zero(a: int) -> int:
    """gemmlowp: exp_on_interval_between_negative_one_quarter_and_0_excl, a Taylor series at -1/8, Q0.31."""
    exp_of_minus_eighth, third = 1895147668, 715827883
    x = a + 2**28
    x2 = _high_multiply(x, x)
    x3 = _high_multiply(x2, x)
    x4_over_4 = _divide_rounded(_high_multiply(x2, x2), 2)
    tail = _divide_rounded(_high_multiply(x4_over_4 + x3, third) + x2, 1)
    return exp_of_minus_eighth + _high_multiply(exp_of_minus_eighth, x + tail)


# exp(-2**k) in Q0.31 for k = -2 ... 4, by which gemmlowp's barrel shifter multiplies.
_EXP_OF_MINUS_POWERS = (1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242)


def exp_on_negative_values(value: int) -> int:
    """Return exp of a Q5.26 value <= 0 in Q0.31 (gemmlowp: exp_on_negative_values)."""
    if value == 0:
        return INT32_MAX
    quarter = 1 << 24
    within_quarter = (value & (quarter - 1)) - quarter
    result = _exp_between_minus_quarter_and_zero(within_quarter << 5)
    remainder = within_quarter - value
    for power, factor in enumerate(_EXP_OF_MINUS_POWERS):
        if remainder & (quarter << power):
            result = _high_multiply(result, factor)
    return result


@dataclass(frozen=True)
class SoftmaxTable:
    """exp(-beta * scale * d) in Q0.31 for differences d = 0 ... len-1 from the row's maximum.

    A difference beyond the table counts as zero, in the sum as in the output.
    """

    exponentials: tuple[int, ...]


def softmax_table(beta: np.float32, input_scale: np.float32) -> SoftmaxTable:
    """Return the exponentials that the reference softmax computes for an input scale.

    activations.cc, SoftmaxPrepare (PreprocessSoftmaxScaling and CalculateInputRadius with 5 integer
    bits), and internal/reference/softmax.h. Raises ValueError where the reference refuses the scale.
    """
    integer_bits = 5
    factor = min(float(beta) * float(input_scale) * 2 ** (31 - integer_bits), 2.0**31 - 1.0)
    if not factor > 1.0:
        raise ValueError(f"beta {beta} times input scale {input_scale} is too small for an int8 softmax")
    fixed = quantize_multiplier(factor)
    radius = math.floor(((1 << integer_bits) - 1) * 2.0 ** (31 - integer_bits) / 2.0**fixed.shift)
    exponentials = []
    for difference in range(min(radius, 255) + 1):
        rescaled = _high_multiply(-difference * 2**fixed.shift, fixed.multiplier)
        exponentials.append(exp_on_negative_values(rescaled))
    return SoftmaxTable(tuple(exponentials))
