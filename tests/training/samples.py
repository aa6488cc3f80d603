"""Inputs of the kind that each benchmark has, and networks that nobody trained."""

from __future__ import annotations

import numpy as np

from tinysim.training.architectures import Architecture, ConvolutionLayer, DenseLayer
from tinysim.training.float_network import FloatNetwork, Parameters, value_batches


def random_inputs(architecture: Architecture, count: int, seed: int = 1) -> np.ndarray:
    """Return inputs [count, *input_shape]; pictures of squares, since noise looks the same to any network."""
    random = np.random.default_rng(seed)
    if architecture.name == "ad":
        return random.normal(0, 20, (count, *architecture.input_shape)).astype(np.float32)
    height, width, channels = architecture.input_shape
    side = max(height // 3, width // 3)
    squares = random.uniform(size=(count, -(-height // side), -(-width // side), channels))
    pictures = squares.repeat(side, axis=1).repeat(side, axis=2)[:, :height, :width]
    # Within what the benchmark's quantization can hold.
    low, high = {"kws": (-120, 25), "ic": (0, 255), "vww": (0, 1)}[architecture.name]
    return (low + (high - low) * pictures).astype(np.float32)


def untrained(architecture: Architecture, seed: int = 1) -> FloatNetwork:
    """Return a network of normal weights that keep the values' spread by layer (He et al. 2015)."""
    random = np.random.default_rng(seed)
    parameters: list[Parameters | None] = []
    for layer in architecture.layers:
        if not isinstance(layer, (ConvolutionLayer, DenseLayer)):
            parameters.append(None)
            continue
        shape = architecture.weights_shape(layer)
        is_depthwise = isinstance(layer, ConvolutionLayer) and layer.is_depthwise
        channels = shape[-1] if is_depthwise else shape[0]
        spread = np.sqrt(2 * channels / np.prod(shape))
        weights = random.normal(0, spread, shape).astype(np.float32)
        parameters.append(Parameters(weights, random.normal(0, 0.1, channels).astype(np.float32)))
    return FloatNetwork(architecture, tuple(parameters))


def run_float(network: FloatNetwork, inputs: np.ndarray) -> np.ndarray:
    """Return outputs [N, elements] of inputs [N, *input_shape]."""
    return np.concatenate([values[-1] for values in value_batches(network, inputs)])
