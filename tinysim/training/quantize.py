"""Post-training quantization to int8: a float network and some of its inputs to a .tflite file.

The scheme is TensorFlow Lite's (its "8-bit quantization specification"): weights symmetric, per output
channel in convolutions and per tensor in dense layers, biases int32 at the scale of the products, activations
asymmetric.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import tflite

from tinysim.model.graph import Float64Array, Int8Array, Int32Array, Quantization
from tinysim.model.quantization import INT8_MAX, INT8_MIN, round_half_away
from tinysim.model.tflite_writer import ModelBuilder
from tinysim.training.architectures import (
    AddLayer,
    ConvolutionLayer,
    DenseLayer,
    FlattenLayer,
    GlobalAveragePoolLayer,
    SoftmaxLayer,
)
from tinysim.training.float_network import Float32Array, FloatNetwork, Parameters, value_batches

RangeRule = Literal["extremes", "mean", "percentile"]
"""How a value's range follows from the least and greatest that each calibration input gives it.

`extremes`: the least and greatest of all; `mean`: their means over the inputs; `percentile`: such that one
input in a hundred goes below, and one above.
"""

WEIGHT_LIMIT = 127
# Beside it fits the sum of products of any layer here, and so does the converter of TensorFlow.
BIAS_LIMIT = 2**30
# Channels whose weights are this much smaller than the greatest are dead: they add nothing that int8 can
# show.
_SMALLEST_PART = 2.0**-20

_SOFTMAX = Quantization((np.float32(1 / 256),), (-128,))


@dataclass(frozen=True, eq=False)
class QuantizedParameters:
    """Weights and bias as integers, with one scale for each channel, or one for all."""

    weights: Int8Array
    weight_scales: npt.NDArray[np.float32]
    bias: Int32Array
    bias_scales: npt.NDArray[np.float32]


def quantize(network: FloatNetwork, calibration: Float32Array, *, ranges: RangeRule = "extremes") -> bytes:
    """Return the .tflite file of `network` in int8, with the operators of the reference model.

    `calibration` [N, *input_shape] are real-valued inputs, best of the training set: some hundred are enough.
    The same arguments on the same machine give the same bytes. Raises ValueError for a wrong shape.
    """
    quantizations = _value_quantizations(network, calibration, ranges)
    architecture = network.architecture
    builder = ModelBuilder()

    def activation(value: int, name: str) -> int:
        quantization = quantizations[value]
        shape = (1, *architecture.shapes[value])
        return builder.activation(shape, quantization.scale, quantization.zero_point, name)

    tensors = [activation(0, "input")]
    builder.inputs = list(tensors)
    for index, (layer, parameters) in enumerate(zip(architecture.layers, network.parameters, strict=True)):
        source, shape = tensors[layer.source], architecture.shapes[layer.source]
        is_last = index == len(architecture.layers) - 1
        name = f"layer_{index}"
        inputs = [source]
        if isinstance(layer, (ConvolutionLayer, DenseLayer)):
            assert parameters is not None
            axis = _channel_axis(layer)
            inputs += _constants(builder, name, axis, parameters, quantizations[layer.source].scale)
        elif isinstance(layer, AddLayer):
            inputs.append(tensors[layer.other])
        elif isinstance(layer, FlattenLayer):
            # The batch is left open, as the reference does.
            new_shape = np.array([-1, *architecture.shapes[index + 1]], dtype=np.int32)
            inputs.append(builder.constant(f"{name}/shape", new_shape))
        tensors.append(activation(index + 1, "output" if is_last else name))
        operator, options = _operator(layer, shape)
        builder.operator(operator, inputs, [tensors[-1]], **options)
    builder.outputs = tensors[-1:]
    return builder.finish(
        f"tinysim {architecture.name}: the reference architecture, trained on built-in data."
    )


def quantize_parameters(
    parameters: Parameters, axis: int | None, input_scale: np.float32
) -> QuantizedParameters:
    """Quantize a layer's parameters; `axis` is that of the output channels, None for one scale for all.

    A scale is wide enough for the weights and for its bias to stay within BIAS_LIMIT, so that a channel whose
    weights all but vanish keeps its bias.
    """
    weights = parameters.weights.astype(np.float64)
    bias = parameters.bias.astype(np.float64)
    bias_parts = np.abs(bias) / (float(input_scale) * BIAS_LIMIT)
    if axis is None:
        greatest, bias_part = np.abs(weights).max(keepdims=True).reshape(1), bias_parts.max(keepdims=True)
    else:
        others = tuple(each for each in range(weights.ndim) if each != axis)
        greatest, bias_part = np.abs(weights).max(axis=others), bias_parts
    least = (greatest.max() or 1.0) * _SMALLEST_PART
    scales = np.maximum(np.maximum(greatest, least) / WEIGHT_LIMIT, bias_part).astype(np.float32)
    shape = [1] * weights.ndim
    if axis is not None:
        shape[axis] = -1
    stored = round_half_away(weights / scales.astype(np.float64).reshape(shape))
    bias_scales = np.float32(input_scale) * scales
    stored_bias = round_half_away(bias / bias_scales.astype(np.float64))
    return QuantizedParameters(
        np.clip(stored, -WEIGHT_LIMIT, WEIGHT_LIMIT).astype(np.int8),
        scales,
        np.clip(stored_bias, -BIAS_LIMIT, BIAS_LIMIT).astype(np.int32),
        bias_scales,
    )


def range_quantization(low: float, high: float) -> Quantization:
    """Return scale and zero point by which int8 covers low to high and, exactly, zero."""
    low, high = min(low, 0.0), max(high, 0.0)
    if high - low < 1e-6:
        # Nothing ever passes here; any scale does.
        low, high = 0.0, 1.0
    scale = np.float32((high - low) / (INT8_MAX - INT8_MIN))
    zero_point = round(INT8_MIN - low / float(scale))
    return Quantization((scale,), (min(max(zero_point, INT8_MIN), INT8_MAX),))


def quantize_values(values: npt.NDArray[np.floating], quantization: Quantization) -> Int8Array:
    """Return the nearest int8 of real values."""
    scaled: Float64Array = values.astype(np.float64) / float(quantization.scale)
    return np.clip(round_half_away(scaled) + quantization.zero_point, INT8_MIN, INT8_MAX).astype(np.int8)


def dequantize_values(stored: Int8Array, quantization: Quantization) -> Float32Array:
    """Return the real values that int8 stand for."""
    return (stored.astype(np.float32) - np.float32(quantization.zero_point)) * quantization.scale


def _value_quantizations(
    network: FloatNetwork, calibration: Float32Array, rule: RangeRule
) -> list[Quantization]:
    architecture = network.architecture
    given = architecture.input_quantization
    if given is not None:
        # The network sees what the benchmark hands over: clipped and in steps.
        calibration = dequantize_values(quantize_values(calibration, given), given)
    lows, highs = [], []
    for values in value_batches(network, calibration):
        flat = [value.reshape(len(value), -1) for value in values]
        lows.append([value.min(axis=1) for value in flat])
        highs.append([value.max(axis=1) for value in flat])
    low, high = np.concatenate(lows, axis=1), np.concatenate(highs, axis=1)
    quantizations = [given or range_quantization(*_range(low[0], high[0], rule))]
    for index, layer in enumerate(architecture.layers, start=1):
        if isinstance(layer, (GlobalAveragePoolLayer, FlattenLayer)):
            quantizations.append(quantizations[layer.source])
        elif isinstance(layer, SoftmaxLayer):
            quantizations.append(_SOFTMAX)
        else:
            quantizations.append(range_quantization(*_range(low[index], high[index], rule)))
    return quantizations


def _range(low: Float32Array, high: Float32Array, rule: RangeRule) -> tuple[float, float]:
    if rule == "mean":
        return float(low.mean()), float(high.mean())
    if rule == "percentile":
        return float(np.percentile(low, 1)), float(np.percentile(high, 99))
    return float(np.min(low)), float(np.max(high))


def _channel_axis(layer: ConvolutionLayer | DenseLayer) -> int | None:
    if isinstance(layer, DenseLayer):
        return None
    return 3 if layer.is_depthwise else 0


def _constants(
    builder: ModelBuilder, name: str, axis: int | None, parameters: Parameters, input_scale: np.float32
) -> list[int]:
    stored = quantize_parameters(parameters, axis, input_scale)
    zero_points = [0] * len(stored.weight_scales)
    weights = builder.constant(
        f"{name}/weights",
        stored.weights,
        scales=stored.weight_scales,
        zero_points=zero_points,
        axis=axis or 0,
    )
    bias = builder.constant(f"{name}/bias", stored.bias, scales=stored.bias_scales, zero_points=zero_points)
    return [weights, bias]


def _operator(layer: object, source: tuple[int, ...]) -> tuple[str, dict[str, int | float]]:
    """Return an operator's name and options; `source` is the shape that it reads."""
    if isinstance(layer, ConvolutionLayer):
        options: dict[str, int | float] = {
            "Padding": getattr(tflite.Padding, layer.window.padding.value),
            "StrideH": layer.window.stride_height,
            "StrideW": layer.window.stride_width,
            "DilationHFactor": 1,
            "DilationWFactor": 1,
            "FusedActivationFunction": getattr(tflite.ActivationFunctionType, layer.activation.value),
        }
        if layer.is_depthwise:
            return "DEPTHWISE_CONV_2D", {**options, "DepthMultiplier": 1}
        return "CONV_2D", options
    if isinstance(layer, (DenseLayer, AddLayer)):
        activation = getattr(tflite.ActivationFunctionType, layer.activation.value)
        return ("ADD" if isinstance(layer, AddLayer) else "FULLY_CONNECTED"), {
            "FusedActivationFunction": activation
        }
    if isinstance(layer, GlobalAveragePoolLayer):
        height, width = source[:2]
        return "AVERAGE_POOL_2D", {
            "Padding": tflite.Padding.VALID,
            "StrideH": height,
            "StrideW": width,
            "FilterHeight": height,
            "FilterWidth": width,
            "FusedActivationFunction": tflite.ActivationFunctionType.NONE,
        }
    return ("RESHAPE", {}) if isinstance(layer, FlattenLayer) else ("SOFTMAX", {"Beta": 1.0})
