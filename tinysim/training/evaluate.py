"""What a network scores: int8 outputs by LiteRT's reference kernels, accuracy, and a baseline to beat.

Needs LiteRT (the package ai-edge-litert), which is the independent reference, to run a network.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from tinysim.model.graph import Float64Array, Int8Array, Int64Array, Quantization
from tinysim.model.tflite_reader import parse_model
from tinysim.training.float_network import Float32Array
from tinysim.training.quantize import dequantize_values, quantize_values

WINDOW_FRAMES = 5
"""Of an input of anomaly detection."""


class ReferenceKernels:
    """An int8 network as LiteRT's reference kernels compute it."""

    def __init__(self, model: bytes) -> None:
        """Load a .tflite file. Raises ImportError where ai-edge-litert is not installed."""
        from ai_edge_litert.interpreter import Interpreter, OpResolverType

        self._interpreter: Any = Interpreter(
            model_content=model, experimental_op_resolver_type=OpResolverType.BUILTIN_REF, num_threads=1
        )
        self._interpreter.allocate_tensors()
        (self._input,) = self._interpreter.get_input_details()
        (self._output,) = self._interpreter.get_output_details()

    def outputs(self, values: Int8Array) -> Int8Array:
        """Return the output tensor, flat, for an input tensor of any shape of the right size."""
        self._interpreter.set_tensor(self._input["index"], values.reshape(self._input["shape"]))
        self._interpreter.invoke()
        outputs: Int8Array = self._interpreter.get_tensor(self._output["index"]).reshape(-1)
        return outputs


def litert_outputs(model: bytes, inputs: Int8Array) -> Int8Array:
    """Return int8 outputs [N, elements] of int8 inputs [N, ...], one by one, by LiteRT's reference."""
    kernels = ReferenceKernels(model)
    return np.stack([kernels.outputs(values) for values in inputs])


def quantizations(model: bytes) -> tuple[Quantization, Quantization]:
    """Return how a .tflite file quantizes its input and its output. Raises UserError for an unsound file."""
    graph = parse_model(model)
    source, result = graph.tensors[graph.input].quantization, graph.tensors[graph.output].quantization
    assert source is not None
    assert result is not None  # The reader refuses activations without a scale.
    return source, result


def int8_outputs(model: bytes, inputs: Float32Array) -> Float32Array:
    """Return real outputs [N, elements] of real inputs [N, ...] through the int8 network."""
    source, result = quantizations(model)
    return dequantize_values(litert_outputs(model, quantize_values(inputs, source)), result)


def accuracy(outputs: npt.NDArray[np.generic], labels: Int64Array) -> float:
    """Return the share of outputs [N, classes] whose first greatest class is the label [N]: 0 to 1."""
    return float(np.mean(outputs.argmax(axis=1) == labels))


def nearest_centroid_accuracy(
    training_inputs: Float32Array, training_labels: Int64Array, inputs: Float32Array, labels: Int64Array
) -> float:
    """Return what a classifier by the nearest of the classes' mean inputs scores: 0 to 1.

    Where that is not far below the network, the task is too easy to be worth a network.
    """
    flat = training_inputs.reshape(len(training_inputs), -1).astype(np.float64)
    classes = np.unique(training_labels)
    centroids = np.stack([flat[training_labels == each].mean(axis=0) for each in classes])
    rows = inputs.reshape(len(inputs), -1).astype(np.float64)
    # |x - c|^2 without the |x|^2 that is the same for every class.
    distances = (centroids**2).sum(axis=1) - 2 * rows @ centroids.T
    return float(np.mean(classes[distances.argmin(axis=1)] == labels))


def windows(features: Float32Array, step: int = 1) -> Float32Array:
    """Return anomaly detection's inputs, [files, windows, 5 * bands], of features [files, frames, bands].

    Windows start `step` frames apart.
    """
    starts = range(0, features.shape[1] - WINDOW_FRAMES + 1, step)
    parts = [features[:, start : start + WINDOW_FRAMES].reshape(len(features), -1) for start in starts]
    return np.stack(parts, axis=1)


def anomaly_scores(features: Float32Array, run: Callable[[Float32Array], Float32Array]) -> Float64Array:
    """Return scores [files] of features [files, frames, bands]; `run` is the network, [N, elements] to same.

    A file's is the mean, over its windows, of the mean squared difference that the network makes.
    """
    scores = [np.mean((run(inputs).astype(np.float64) - inputs) ** 2) for inputs in windows(features)]
    return np.array(scores)


def mean_spectrum_distances(training_features: Float32Array, features: Float32Array) -> Float64Array:
    """Return scores [files] without a network: a file's mean spectrum's distance to that of the training's.

    Both are [files, frames, bands].
    """
    centre = training_features.mean(axis=(0, 1), dtype=np.float64)
    distances: Float64Array = ((features.mean(axis=1, dtype=np.float64) - centre) ** 2).mean(axis=1)
    return distances
