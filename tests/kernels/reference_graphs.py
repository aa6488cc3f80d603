"""The six reference graphs, operator by operator, with random weights: where no reference model is."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import tflite

from tests.kernels.growing_graph import SAME, VALID, GrowingGraph
from tests.kernels.reference import reference_outputs

RELU = tflite.ActivationFunctionType.RELU
NONE = tflite.ActivationFunctionType.NONE

# About the root mean squares of uniform weights and of activations, and how many deviations int8 is to hold.
WEIGHT_RMS, ACTIVATION_RMS, DEVIATIONS = 73.0, 100.0, 3.5
CALIBRATION_INPUTS = 6


class ReferenceGraph(GrowingGraph):
    """Grows a graph layer by layer; each is calibrated on `inputs`, so that outputs depend on the input."""

    def __init__(
        self, seed: int, shape: list[int], scale: float, zero_point: int, inputs: np.ndarray
    ) -> None:
        super().__init__(seed)
        self.inputs = inputs
        self.begin(self.builder.activation(shape, scale, zero_point))

    def _weighted(
        self, name: str, shape: tuple[int, ...], axis: int, depth: int, output: list[int], **options: int
    ) -> None:
        """Append an operator with weights, per channel but for fully connected ones, and a bias."""
        channels = shape[axis]
        count = 1 if name == "FULLY_CONNECTED" else channels
        scales = self.random.uniform(0.002, 0.004, count).astype(np.float32)
        data = self.random.integers(-127, 128, shape).astype(np.int8)
        weights = self.builder.constant("weights", data, scales=scales, zero_points=[0] * count, axis=axis)
        bias_data = self.random.integers(-4000, 4001, channels).astype(np.int32)
        bias = self.builder.constant("bias", bias_data, scales=scales * self.scale, zero_points=[0] * count)
        spread = self.scale * 0.003 * WEIGHT_RMS * ACTIVATION_RMS * np.sqrt(depth)
        result = self.builder.activation(output, float(spread) / 25, 0)
        activation = options["FusedActivationFunction"]
        self.builder.operator(
            name, [self.current, weights, bias], [result], **{**options, "FusedActivationFunction": NONE}
        )
        self.current = result
        self._calibrate(activation, bias)
        self.builder.operators[-1].options["FusedActivationFunction"] = activation

    def _calibrate(self, activation: int, bias: int) -> None:
        """Take each channel's mean into its bias, and fit the output's scale to what deviates from it."""
        parameters, result = self.builder.tensors[bias], self.builder.tensors[self.current]
        assert parameters.data is not None
        deviation = 0.0
        while deviation < 5:  # what varies too little to tell is looked at again on a finer scale
            outputs = reference_outputs(self.finish(), self.inputs).reshape(-1, self.shape[-1])
            means = outputs.mean(axis=0)
            deviation = float(np.std(outputs - means))
            shift = means * self.scale / np.broadcast_to(parameters.scales, means.shape)
            parameters.data = (parameters.data - shift).astype(np.int32)
            result.scales = [max(deviation, 0.1) * self.scale * DEVIATIONS / 127]
        if activation == RELU:
            result.scales = [self.scale * 127 / 255]
        result.zero_points = [-128 if activation == RELU else 3]

    def convolution(
        self,
        channels: int,
        size: tuple[int, int] = (1, 1),
        stride: tuple[int, int] = (1, 1),
        activation: int = RELU,
        padding: int = SAME,
    ) -> None:
        depth = size[0] * size[1] * self.shape[3]
        output = [1, *self.windowed(size, stride, padding), channels]
        self._weighted(
            "CONV_2D", (channels, *size, self.shape[3]), 0, depth, output,
            Padding=padding, StrideH=stride[0], StrideW=stride[1], DilationHFactor=1, DilationWFactor=1,
            FusedActivationFunction=activation,
        )  # fmt: skip

    def depthwise(
        self, size: tuple[int, int] = (3, 3), stride: tuple[int, int] = (1, 1), padding: int = SAME
    ) -> None:
        channels = self.shape[3]
        output = [1, *self.windowed(size, stride, padding), channels]
        self._weighted(
            "DEPTHWISE_CONV_2D", (1, *size, channels), 3, size[0] * size[1], output,
            Padding=padding, StrideH=stride[0], StrideW=stride[1], DilationHFactor=1, DilationWFactor=1,
            DepthMultiplier=1, FusedActivationFunction=RELU,
        )  # fmt: skip

    def fully_connected(self, outputs: int, activation: int = NONE) -> None:
        depth = self.shape[1]
        self._weighted(
            "FULLY_CONNECTED", (outputs, depth), 0, depth, [1, outputs], FusedActivationFunction=activation
        )

    def addition(self, start: int) -> None:
        result = self.builder.activation(self.shape, 1.4 * self.scale, -128)
        self.builder.operator("ADD", [start, self.current], [result], FusedActivationFunction=RELU)
        self.current = result

    def pool_everything(self) -> None:
        _, height, width, channels = self.shape
        result = self.builder.activation([1, 1, 1, channels], self.scale, self.zero_point)
        self.builder.operator(
            "AVERAGE_POOL_2D", [self.current], [result], Padding=VALID, StrideH=height, StrideW=width,
            FilterHeight=height, FilterWidth=width, FusedActivationFunction=NONE,
        )  # fmt: skip
        self.current = result

    def classify(self, classes: int) -> None:
        self.flatten()
        self.fully_connected(classes)
        result = self.builder.activation([1, classes], 1 / 256, -128)
        # Scores that are neither all or nothing nor all the same.
        beta = 1.5 * DEVIATIONS / 127 / self.scale
        self.builder.operator("SOFTMAX", [self.current], [result], Beta=beta)
        self.current = result


def _kws(graph: ReferenceGraph) -> None:
    graph.convolution(64, (10, 4), (2, 2))
    for _ in range(4):
        graph.depthwise()
        graph.convolution(64)
    graph.pool_everything()
    graph.classify(12)


def _vww(graph: ReferenceGraph) -> None:
    graph.convolution(8, (3, 3), (2, 2))
    blocks = [(16, 1), (32, 2), (32, 1), (64, 2), (64, 1), (128, 2), *5 * [(128, 1)], (256, 2), (256, 1)]
    for channels, stride in blocks:
        graph.depthwise(stride=(stride, stride))
        graph.convolution(channels)
    graph.pool_everything()
    graph.classify(2)


def _resnet(graph: ReferenceGraph, channels: int) -> None:
    graph.convolution(channels, (3, 3))
    for factor, stride in ((1, 1), (2, 2), (4, 2)):
        start = graph.current
        graph.convolution(factor * channels, (3, 3), (stride, stride))
        graph.convolution(factor * channels, (3, 3), activation=NONE)
        if stride > 1:
            inner, graph.current = graph.current, start
            graph.convolution(factor * channels, (1, 1), (stride, stride), activation=NONE)
            start, graph.current = graph.current, inner
        graph.addition(start)
    graph.pool_everything()
    graph.classify(10)


def _ad(graph: ReferenceGraph) -> None:
    for outputs in (128, 128, 128, 128, 8, 128, 128, 128, 128):
        graph.fully_connected(outputs, RELU)
    graph.fully_connected(640)


def _sww(graph: ReferenceGraph) -> None:
    graph.depthwise((3, 1), padding=VALID)
    graph.convolution(128, padding=VALID)
    for size, stride in ((5, 1), (10, 1)):
        graph.depthwise((size, 1), (stride, 1), VALID)
        graph.convolution(128, padding=VALID)
    graph.depthwise((15, 1), padding=VALID)
    graph.convolution(32, padding=VALID)
    graph.classify(3)


GRAPHS: dict[str, tuple[list[int], float, int, Callable[[ReferenceGraph], None]]] = {
    "kws": ([1, 49, 10, 1], 0.5847, 83, _kws),
    "vww": ([1, 96, 96, 3], 1 / 255, -128, _vww),
    "ic": ([1, 32, 32, 3], 1.0, -128, lambda graph: _resnet(graph, 16)),
    "ad": ([1, 640], 0.391, 89, _ad),
    "ic2": ([1, 32, 32, 3], 1.0, -128, lambda graph: _resnet(graph, 40)),
    "sww": ([1, 30, 1, 40], 1 / 256, -128, _sww),
}


@cache
def reference_graph(name: str, seed: int = 1) -> bytes:
    """Return the .tflite file of a reference graph (kws, vww, ic, ad, ic2 or sww) with random weights."""
    shape, scale, zero_point, grow = GRAPHS[name]
    graph = ReferenceGraph(seed, shape, scale, zero_point, telling_inputs(name, CALIBRATION_INPUTS, 0))
    grow(graph)
    return graph.finish()


def telling_inputs(name: str, count: int, seed: int = 1) -> np.ndarray:
    """Return inputs [count, bytes], int8: noise about several levels, since pooling evens noise alone out."""
    random = np.random.default_rng(seed)
    size = int(np.prod(GRAPHS[name][0]))
    levels = random.integers(-128, 128, (count, -(-size // 64)))
    inputs = np.repeat(levels, 64, axis=1)[:, :size] + random.integers(-60, 61, (count, size))
    return np.clip(inputs, -128, 127).astype(np.int8)
