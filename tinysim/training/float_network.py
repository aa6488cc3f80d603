"""A trained network in numpy arrays, batch norm folded into weights, and its single-precision outputs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tinysim.model.graph import Activation
from tinysim.training.architectures import (
    AddLayer,
    Architecture,
    ConvolutionLayer,
    DenseLayer,
    FlattenLayer,
    GlobalAveragePoolLayer,
    Layer,
)

Float32Array = npt.NDArray[np.float32]

_BATCH = 32


@dataclass(frozen=True, eq=False)
class Parameters:
    """Weights in TensorFlow Lite's order (`Architecture.weights_shape`), and a bias an output channel."""

    weights: Float32Array
    bias: Float32Array


@dataclass(frozen=True, eq=False)
class FloatNetwork:
    """An architecture with its parameters: one for each layer, None where it has none.

    Raises ValueError where a shape is not the architecture's or a number is not finite.
    """

    architecture: Architecture
    parameters: tuple[Parameters | None, ...]

    def __post_init__(self) -> None:
        if len(self.parameters) != len(self.architecture.layers):
            raise ValueError(f"{len(self.parameters)} parameters for {len(self.architecture.layers)} layers")
        for index, (layer, parameters) in enumerate(
            zip(self.architecture.layers, self.parameters, strict=True)
        ):
            has_weights = isinstance(layer, (ConvolutionLayer, DenseLayer))
            if has_weights != (parameters is not None):
                raise ValueError(f"layer {index}: parameters are missing, or not wanted")
            if parameters is not None and isinstance(layer, (ConvolutionLayer, DenseLayer)):
                self._check(index, layer, parameters)

    def _check(self, index: int, layer: ConvolutionLayer | DenseLayer, parameters: Parameters) -> None:
        wanted = self.architecture.weights_shape(layer)
        channels = self.architecture.shapes[index + 1][-1]
        if parameters.weights.shape != wanted or parameters.bias.shape != (channels,):
            raise ValueError(
                f"layer {index}: weights {parameters.weights.shape} and bias {parameters.bias.shape}, "
                f"wanted {wanted} and {(channels,)}"
            )
        if not (np.isfinite(parameters.weights).all() and np.isfinite(parameters.bias).all()):
            raise ValueError(f"layer {index}: a weight or bias is not finite; the training has diverged")


def value_batches(network: FloatNetwork, inputs: Float32Array) -> Iterator[list[Float32Array]]:
    """Give all values of the network [n, *shape], the input first, for a few inputs at a time.

    Raises ValueError where `inputs` is not [N, *input_shape] with N of at least 1.
    """
    if inputs.shape[1:] != network.architecture.input_shape or len(inputs) == 0:
        raise ValueError(f"inputs of shape {inputs.shape} for {network.architecture.input_shape}")
    for start in range(0, len(inputs), _BATCH):
        values = [np.asarray(inputs[start : start + _BATCH], dtype=np.float32)]
        for layer, parameters in zip(network.architecture.layers, network.parameters, strict=True):
            values.append(_run(layer, parameters, values))
        yield values


def _run(layer: Layer, parameters: Parameters | None, values: list[Float32Array]) -> Float32Array:
    source = values[layer.source]
    if isinstance(layer, (ConvolutionLayer, DenseLayer)):
        assert parameters is not None
        if isinstance(layer, DenseLayer):
            sums = source @ parameters.weights.T
        elif layer.is_depthwise:
            sums = _depthwise(layer, parameters.weights, source)
        else:
            sums = _convolution(layer, parameters.weights, source)
        return _activated(sums + parameters.bias, layer.activation)
    if isinstance(layer, AddLayer):
        return _activated(source + values[layer.other], layer.activation)
    if isinstance(layer, GlobalAveragePoolLayer):
        return source.mean(axis=(1, 2), keepdims=True, dtype=np.float32)
    if isinstance(layer, FlattenLayer):
        return source.reshape(len(source), -1)
    exponentials = np.exp(source - source.max(axis=-1, keepdims=True))
    return np.asarray(exponentials / exponentials.sum(axis=-1, keepdims=True), dtype=np.float32)


def _activated(values: Float32Array, activation: Activation) -> Float32Array:
    return np.maximum(values, np.float32(0)) if activation is Activation.RELU else values


def _shifted(layer: ConvolutionLayer, source: Float32Array) -> Iterator[tuple[int, int, Float32Array]]:
    """Give, for each row and column of the window, the element it covers at every output position."""
    window, (height, width) = layer.window, source.shape[1:3]
    rows, columns = window.output_size(height, width)
    above, left = window.padding_before(height, width)
    below, right = window.padding_after(height, width)
    padded = np.pad(source, ((0, 0), (above, below), (left, right), (0, 0)))
    for y in range(window.height):
        for x in range(window.width):
            row_end = y + (rows - 1) * window.stride_height + 1
            column_end = x + (columns - 1) * window.stride_width + 1
            yield y, x, padded[:, y : row_end : window.stride_height, x : column_end : window.stride_width]


def _convolution(layer: ConvolutionLayer, weights: Float32Array, source: Float32Array) -> Float32Array:
    sums = sum(part @ weights[:, y, x].T for y, x, part in _shifted(layer, source))
    return np.asarray(sums, dtype=np.float32)


def _depthwise(layer: ConvolutionLayer, weights: Float32Array, source: Float32Array) -> Float32Array:
    sums = sum(part * weights[0, y, x] for y, x, part in _shifted(layer, source))
    return np.asarray(sums, dtype=np.float32)
