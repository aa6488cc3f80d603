"""Random quantized networks of the supported operators, as .tflite files."""

from __future__ import annotations

import numpy as np
import tflite

from tests.kernels.growing_graph import SAME, VALID, GrowingGraph

ACTIVATIONS = (
    tflite.ActivationFunctionType.NONE,
    tflite.ActivationFunctionType.RELU,
    tflite.ActivationFunctionType.RELU6,
    tflite.ActivationFunctionType.RELU_N1_TO_1,
)


class RandomNetwork(GrowingGraph):
    """Grows a network layer by layer; `finish` gives the file."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        shape = [1, self.size(14), self.size(14), self.size(9)]
        self.begin(self.activation(shape))

    def size(self, limit: int) -> int:
        return int(self.random.integers(1, limit + 1))

    def choose(self, *options: object) -> object:
        return options[self.random.integers(len(options))]

    def flag(self, chance: float = 0.5) -> bool:
        return bool(self.random.random() < chance)

    def activation(self, shape: list[int], scale: float | None = None, zero_point: int | None = None) -> int:
        """Add an activation tensor; zero points lie at the ends of int8 as often as between them."""
        if scale is None:
            # Powers of two make ties, which round differently in LiteRT's different kernels.
            scale = (
                float(2.0 ** -self.random.integers(1, 7))
                if self.flag()
                else float(self.random.uniform(0.004, 0.5))
            )
        if zero_point is None:
            zero_point = int(self.choose(-128, 127, 0, int(self.random.integers(-128, 128))))  # type: ignore[call-overload]
        return self.builder.activation(shape, scale, zero_point)

    def weights(
        self, shape: tuple[int, ...], axis: int, sums: int, bias_chance: float = 0.9
    ) -> tuple[list[int], float]:
        """Add weights and, by chance, a bias; return them and the scale that outputs then want."""
        channels = shape[axis]
        data = self.random.integers(-127, 128, shape).astype(np.int8)
        per_channel = self.flag(0.7)
        count = channels if per_channel else 1
        if self.flag():
            scales = 2.0 ** -self.random.integers(4, 10, count).astype(np.float32)
        else:
            scales = self.random.uniform(0.0005, 0.02, count).astype(np.float32)
        if per_channel and self.flag(0.2):
            # A dead channel, as trained networks have them.
            data[(slice(None),) * axis + (0,)] = 0
            scales[0] = 1e-9
        zero_points = [0] * count
        inputs = [self.builder.constant("weights", data, scales=scales, zero_points=zero_points, axis=axis)]
        if self.flag(bias_chance):
            reach = 60 * sums
            bias = self.random.integers(-reach, reach + 1, channels).astype(np.int32)
            inputs.append(
                self.builder.constant("bias", bias, scales=scales * self.scale, zero_points=zero_points)
            )
        return inputs, float(self.scale * np.max(scales) * np.sqrt(sums) * 60)

    def output(self, shape: list[int], wanted_scale: float) -> int:
        """Add an output whose scale suits its values, now and then one that saturates or vanishes."""
        scale = float(np.clip(wanted_scale, 1e-3, 4.0)) * float(self.choose(1.0, 1.0, 0.1, 3.0))  # type: ignore[arg-type]
        if self.flag():
            scale = 2.0 ** round(np.log2(scale))
        return self.activation(shape, scale)

    def window(self) -> dict[str, int]:
        height, width, _ = self.shape[1:]
        padding = SAME if self.flag(0.6) else VALID
        limit_height, limit_width = (5, 5) if padding == SAME else (min(5, height), min(5, width))
        return {
            "height": self.size(limit_height),
            "width": self.size(limit_width),
            "stride_height": self.size(3) if self.flag(0.4) else 1,
            "stride_width": self.size(3) if self.flag(0.4) else 1,
            "padding": padding,
        }

    def image_shape(self, window: dict[str, int], channels: int) -> list[int]:
        """Shape of what a window gives with so many channels."""
        size, stride = (window["height"], window["width"]), (window["stride_height"], window["stride_width"])
        return [1, *self.windowed(size, stride, window["padding"]), channels]

    def window_options(self, window: dict[str, int]) -> dict[str, int]:
        return {
            "Padding": window["padding"],
            "StrideH": window["stride_height"],
            "StrideW": window["stride_width"],
            "FusedActivationFunction": int(self.choose(*ACTIVATIONS)),  # type: ignore[call-overload]
        }

    def convolution(self, window: dict[str, int] | None = None, channels: int | None = None) -> None:
        window = window or ({**self.window(), "height": 1, "width": 1} if self.flag(0.4) else self.window())
        channels = channels or self.size(21)
        depth = self.shape[3]
        inputs, scale = self.weights(
            (channels, window["height"], window["width"], depth),
            0,
            window["height"] * window["width"] * depth,
            bias_chance=1.0,
        )
        output = self.output(self.image_shape(window, channels), scale)
        options = {**self.window_options(window), "DilationHFactor": 1, "DilationWFactor": 1}
        self.builder.operator("CONV_2D", [self.current, *inputs], [output], **options)
        self.current = output

    def depthwise_convolution(self) -> None:
        window = {**self.window(), "height": 3, "width": 3} if self.flag() else self.window()
        if window["padding"] == VALID and min(self.shape[1:3]) < 3:
            window["padding"] = SAME
        multiplier = self.size(3) if self.flag(0.3) else 1
        channels = self.shape[3] * multiplier
        inputs, scale = self.weights(
            (1, window["height"], window["width"], channels), 3, window["height"] * window["width"]
        )
        output = self.output(self.image_shape(window, channels), scale)
        options = {
            **self.window_options(window),
            "DepthMultiplier": multiplier,
            "DilationHFactor": 1,
            "DilationWFactor": 1,
        }
        self.builder.operator("DEPTHWISE_CONV_2D", [self.current, *inputs], [output], **options)
        self.current = output

    def pool(self) -> None:
        window = self.window()
        options = self.window_options(window)
        output = self.activation(self.image_shape(window, self.shape[3]), self.scale, self.zero_point)
        options |= {"FilterHeight": window["height"], "FilterWidth": window["width"]}
        self.builder.operator(
            str(self.choose("AVERAGE_POOL_2D", "MAX_POOL_2D")), [self.current], [output], **options
        )
        self.current = output

    def addition(self) -> None:
        """Add a branch to where it started: both inputs of ADD stay alive across the convolution."""
        start = self.current
        window = {
            "height": self.size(3),
            "width": self.size(3),
            "stride_height": 1,
            "stride_width": 1,
            "padding": SAME,
        }
        self.convolution(window, self.shape[3])
        if self.flag(0.2):
            data = self.random.integers(-128, 128, self.shape).astype(np.int8)
            start = self.builder.constant("addend", data, scales=[self.scale], zero_points=[3])
        greatest = max(self.scale, float(self.builder.tensors[start].scales[0]))
        output = self.activation(self.shape, greatest * float(self.random.uniform(0.5, 2.0)))
        options = {"FusedActivationFunction": int(self.choose(*ACTIVATIONS))}  # type: ignore[call-overload]
        self.builder.operator("ADD", [start, self.current], [output], **options)
        self.current = output

    def clamp(self) -> None:
        output = self.activation(self.shape, self.scale * float(self.random.uniform(0.6, 1.5)))
        self.builder.operator(str(self.choose("RELU", "RELU6", "RELU_N1_TO_1")), [self.current], [output])
        self.current = output

    def fully_connected(self) -> None:
        rows, depth = self.shape
        outputs = self.size(19)
        inputs, scale = self.weights((outputs, depth), 0, depth)
        output = self.output([rows, outputs], scale)
        options = {"FusedActivationFunction": int(self.choose(*ACTIVATIONS))}  # type: ignore[call-overload]
        self.builder.operator("FULLY_CONNECTED", [self.current, *inputs], [output], **options)
        self.current = output

    def softmax(self) -> None:
        output = self.activation(self.shape, 1 / 256, -128)
        self.builder.operator("SOFTMAX", [self.current], [output], Beta=float(self.choose(1.0, 0.5, 3.0)))  # type: ignore[arg-type]
        self.current = output


def grown_network(seed: int) -> RandomNetwork:
    """Return a network of one to five layers over images, then perhaps a classifier."""
    network = RandomNetwork(seed)
    grow = (
        network.convolution,
        network.convolution,
        network.depthwise_convolution,
        network.depthwise_convolution,
        network.pool,
        network.addition,
        network.clamp,
    )
    for _ in range(network.size(5)):
        grow[network.random.integers(len(grow))]()
    if network.flag(0.6):
        network.flatten(network.size(3))
        for _ in range(network.size(2)):
            network.fully_connected()
        if network.flag():
            network.softmax()
    return network


def random_network(seed: int) -> bytes:
    """Return the .tflite file of a grown network."""
    return grown_network(seed).finish()
