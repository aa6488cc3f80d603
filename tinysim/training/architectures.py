"""The reference architectures: layer by layer what their .tflite files hold, without weights.

From the reference models of mlcommons/tiny, benchmark/training: DS-CNN (keyword_spotting), ResNet-8
(image_classification), MobileNetV1 0.25 (visual_wake_words), an autoencoder (anomaly_detection).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tinysim.model.graph import Activation, Padding, Quantization, SlidingWindow

Shape = tuple[int, ...]


@dataclass(frozen=True)
class ConvolutionLayer:
    """A convolution with SAME padding; depthwise keeps the number of channels."""

    source: int
    channels: int
    window: SlidingWindow
    activation: Activation
    is_depthwise: bool = False


@dataclass(frozen=True)
class DenseLayer:
    """A fully connected layer."""

    source: int
    outputs: int
    activation: Activation


@dataclass(frozen=True)
class AddLayer:
    """The sum of two values of one shape, with ReLU."""

    source: int
    other: int
    activation: Activation = Activation.RELU


@dataclass(frozen=True)
class GlobalAveragePoolLayer:
    """The mean over height and width, which stay as dimensions of 1."""

    source: int


@dataclass(frozen=True)
class FlattenLayer:
    """All elements in a row: channels change fastest, then columns, then rows."""

    source: int


@dataclass(frozen=True)
class SoftmaxLayer:
    """Softmax over the classes."""

    source: int


Layer = ConvolutionLayer | DenseLayer | AddLayer | GlobalAveragePoolLayer | FlattenLayer | SoftmaxLayer


@dataclass(frozen=True)
class Architecture:
    """A network without weights.

    Value 0 is the input, value k + 1 the output of layer k; a layer names the values it reads. Shapes are
    without batch: [height, width, channels] or [elements]. `input_quantization` is how the benchmark gives
    its inputs, None where the network is free to choose.
    """

    name: str
    input_shape: Shape
    input_quantization: Quantization | None
    layers: tuple[Layer, ...]

    @property
    def shapes(self) -> tuple[Shape, ...]:
        """Shapes of all values, the input's first."""
        shapes = [self.input_shape]
        for layer in self.layers:
            shapes.append(_output_shape(layer, shapes[layer.source]))
        return tuple(shapes)

    def weights_shape(self, layer: ConvolutionLayer | DenseLayer) -> Shape:
        """Return a layer's weights in TensorFlow Lite's order.

        Convolution [outputs, height, width, inputs], depthwise [1, height, width, channels], dense
        [outputs, inputs].
        """
        inputs = self.shapes[layer.source][-1]
        if isinstance(layer, DenseLayer):
            return (layer.outputs, inputs)
        if layer.is_depthwise:
            return (1, layer.window.height, layer.window.width, inputs)
        return (layer.channels, layer.window.height, layer.window.width, inputs)


def _output_shape(layer: Layer, source: Shape) -> Shape:
    if isinstance(layer, ConvolutionLayer):
        return (*layer.window.output_size(source[0], source[1]), layer.channels)
    if isinstance(layer, DenseLayer):
        return (layer.outputs,)
    if isinstance(layer, GlobalAveragePoolLayer):
        return (1, 1, source[2])
    if isinstance(layer, FlattenLayer):
        return (int(np.prod(source)),)
    return source


class _Layers:
    """Appends layers; each reads the one before it unless told otherwise."""

    def __init__(self) -> None:
        self.layers: list[Layer] = []

    @property
    def last(self) -> int:
        return len(self.layers)

    def add(self, layer: Layer) -> int:
        self.layers.append(layer)
        return self.last

    def convolution(
        self,
        channels: int,
        size: int | tuple[int, int],
        stride: int = 1,
        *,
        relu: bool = True,
        source: int | None = None,
    ) -> int:
        height, width = (size, size) if isinstance(size, int) else size
        window = SlidingWindow(height, width, stride, stride, Padding.SAME)
        activation = Activation.RELU if relu else Activation.NONE
        return self.add(
            ConvolutionLayer(self.last if source is None else source, channels, window, activation)
        )

    def depthwise(self, channels: int, stride: int = 1) -> int:
        window = SlidingWindow(3, 3, stride, stride, Padding.SAME)
        return self.add(ConvolutionLayer(self.last, channels, window, Activation.RELU, is_depthwise=True))

    def dense(self, outputs: int, *, relu: bool = True) -> int:
        return self.add(DenseLayer(self.last, outputs, Activation.RELU if relu else Activation.NONE))

    def classifier(self, classes: int) -> None:
        self.add(GlobalAveragePoolLayer(self.last))
        self.add(FlattenLayer(self.last))
        self.dense(classes, relu=False)
        self.add(SoftmaxLayer(self.last))


def _kws() -> Architecture:
    layers = _Layers()
    layers.convolution(64, (10, 4), stride=2)
    for _ in range(4):
        layers.depthwise(64)
        layers.convolution(64, 1)
    layers.classifier(12)
    quantization = Quantization((np.float32(0.58470290899),), (83,))
    return Architecture("kws", (49, 10, 1), quantization, tuple(layers.layers))


def _ic() -> Architecture:
    layers = _Layers()
    start = layers.convolution(16, 3)
    layers.convolution(16, 3)
    end = layers.convolution(16, 3, relu=False)
    start = layers.add(AddLayer(start, end))
    for channels in (32, 64):
        layers.convolution(channels, 3, stride=2)
        end = layers.convolution(channels, 3, relu=False)
        side = layers.convolution(channels, 1, stride=2, relu=False, source=start)
        start = layers.add(AddLayer(side, end))
    layers.classifier(10)
    # Pixels from 0 to 255.
    return Architecture("ic", (32, 32, 3), Quantization((np.float32(1),), (-128,)), tuple(layers.layers))


def _vww() -> Architecture:
    layers = _Layers()
    channels = layers_channels = 8
    layers.convolution(channels, 3, stride=2)
    for stride, channels in (
        (1, 16), (2, 32), (1, 32), (2, 64), (1, 64), (2, 128), (1, 128), (1, 128), (1, 128), (1, 128),
        (1, 128), (2, 256), (1, 256),
    ):  # fmt: skip
        layers.depthwise(layers_channels, stride)
        layers.convolution(channels, 1)
        layers_channels = channels
    layers.classifier(2)
    # Pixels from 0 to 1, so 1/255 a step.
    quantization = Quantization((np.float32(1 / 255),), (-128,))
    return Architecture("vww", (96, 96, 3), quantization, tuple(layers.layers))


def _ad() -> Architecture:
    layers = _Layers()
    for outputs in (128, 128, 128, 128, 8, 128, 128, 128, 128):
        layers.dense(outputs)
    layers.dense(640, relu=False)
    return Architecture("ad", (640,), None, tuple(layers.layers))


ARCHITECTURES = {architecture.name: architecture for architecture in (_kws(), _ic(), _vww(), _ad())}
"""By the benchmark's id."""
