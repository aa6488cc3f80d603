"""A quantized network as tinysim understands it: tensors, and operators with typed options."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from math import prod
from typing import ClassVar

import numpy as np
import numpy.typing as npt

Int8Array = npt.NDArray[np.int8]
Int32Array = npt.NDArray[np.int32]
Int64Array = npt.NDArray[np.int64]
Float64Array = npt.NDArray[np.float64]


class ElementType(Enum):
    """The type of a tensor's elements; other types are refused when a model is read."""

    INT8 = "int8"
    INT32 = "int32"

    @property
    def size_bytes(self) -> int:
        """Bytes of one element."""
        return 1 if self is ElementType.INT8 else 4


class Padding(Enum):
    """How a window treats the edges of its input."""

    SAME = "SAME"
    VALID = "VALID"


class Activation(Enum):
    """A clamp fused into an operator, or standing alone as one."""

    NONE = "NONE"
    RELU = "RELU"
    RELU_N1_TO_1 = "RELU_N1_TO_1"
    RELU6 = "RELU6"


@dataclass(frozen=True)
class Quantization:
    """real = scale * (stored - zero_point); several scales hold one for each index along `axis`."""

    scales: tuple[np.float32, ...]
    zero_points: tuple[int, ...]
    axis: int = 0

    @property
    def per_channel(self) -> bool:
        """Whether each channel has its own scale."""
        return len(self.scales) > 1

    @property
    def scale(self) -> np.float32:
        """The one scale of a tensor that is quantized as a whole."""
        return self.scales[0]

    @property
    def zero_point(self) -> int:
        """The one zero point of a tensor that is quantized as a whole."""
        return self.zero_points[0]


@dataclass(frozen=True, eq=False)
class Tensor:
    """A value of the network; `data` is set where the value is a constant of the file."""

    index: int
    name: str
    shape: tuple[int, ...]
    element_type: ElementType
    quantization: Quantization | None
    data: Int8Array | Int32Array | None

    @property
    def element_count(self) -> int:
        """Number of elements."""
        return prod(self.shape)

    @property
    def size_bytes(self) -> int:
        """Bytes of the elements."""
        return self.element_count * self.element_type.size_bytes


@dataclass(frozen=True)
class SlidingWindow:
    """A window that slides over height and width: a convolution's kernel or a pool."""

    height: int
    width: int
    stride_height: int
    stride_width: int
    padding: Padding

    def output_size(self, height: int, width: int) -> tuple[int, int]:
        """Return (height, width) of the output (LiteRT, kernels/padding.h, ComputeOutSize)."""
        if self.padding is Padding.SAME:
            return -(-height // self.stride_height), -(-width // self.stride_width)
        return (
            (height + self.stride_height - self.height) // self.stride_height,
            (width + self.stride_width - self.width) // self.stride_width,
        )

    def padding_before(self, height: int, width: int) -> tuple[int, int]:
        """Return the padded rows above and columns left of the input (padding.h, ComputePadding)."""
        rows, columns = self._padding(height, width)
        return rows // 2, columns // 2

    def padding_after(self, height: int, width: int) -> tuple[int, int]:
        """Return the padded rows below and columns right of the input, where an odd row or column goes."""
        rows, columns = self._padding(height, width)
        return rows - rows // 2, columns - columns // 2

    def _padding(self, height: int, width: int) -> tuple[int, int]:
        output_height, output_width = self.output_size(height, width)
        rows = (output_height - 1) * self.stride_height + self.height - height
        columns = (output_width - 1) * self.stride_width + self.width - width
        return max(rows, 0), max(columns, 0)


@dataclass(frozen=True)
class Operator:
    """One step of the network: reads `inputs`, writes `output` (tensor indices)."""

    kind: ClassVar[str]

    index: int
    inputs: tuple[int, ...]
    output: int


@dataclass(frozen=True)
class Convolution(Operator):
    """CONV_2D: weights [output channels, height, width, input channels]."""

    kind = "CONV_2D"

    weights: int
    bias: int | None
    window: SlidingWindow
    activation: Activation


@dataclass(frozen=True)
class DepthwiseConvolution(Operator):
    """DEPTHWISE_CONV_2D: weights [1, height, width, input channels * depth_multiplier]."""

    kind = "DEPTHWISE_CONV_2D"

    weights: int
    bias: int | None
    window: SlidingWindow
    depth_multiplier: int
    activation: Activation


@dataclass(frozen=True)
class FullyConnected(Operator):
    """FULLY_CONNECTED: weights [outputs, inputs]."""

    kind = "FULLY_CONNECTED"

    weights: int
    bias: int | None
    activation: Activation


@dataclass(frozen=True)
class AveragePool(Operator):
    """AVERAGE_POOL_2D: padding does not count in the mean."""

    kind = "AVERAGE_POOL_2D"

    window: SlidingWindow
    activation: Activation


@dataclass(frozen=True)
class MaxPool(Operator):
    """MAX_POOL_2D."""

    kind = "MAX_POOL_2D"

    window: SlidingWindow
    activation: Activation


@dataclass(frozen=True)
class Add(Operator):
    """ADD of two tensors of one shape."""

    kind = "ADD"

    activation: Activation


@dataclass(frozen=True)
class Reshape(Operator):
    """RESHAPE: the same elements under another shape."""

    kind = "RESHAPE"


@dataclass(frozen=True)
class Softmax(Operator):
    """SOFTMAX over the last dimension."""

    kind = "SOFTMAX"

    beta: np.float32


@dataclass(frozen=True)
class Clamp(Operator):
    """RELU, RELU6 or RELU_N1_TO_1 that no other operator took in."""

    kind = "RELU"

    activation: Activation


@dataclass(frozen=True, eq=False)
class Graph:
    """A network: tensors by index, operators in the order they run, one input, one output."""

    tensors: tuple[Tensor, ...]
    operators: tuple[Operator, ...]
    input: int
    output: int

    def describe(self, operator: Operator) -> str:
        """Return how messages name a layer: index, operator, and the name of its output tensor."""
        return f"layer {operator.index} {operator.kind} ({self.tensors[operator.output].name!r})"


def macs(graph: Graph, operator: Operator) -> int:
    """Return the multiply-accumulates of an operator, counted at every place of the output.

    Windows that hang over the edge count in full; additions, pooling and softmax count as none.
    """
    output = graph.tensors[operator.output]
    if isinstance(operator, (Convolution, FullyConnected)):
        weights = graph.tensors[operator.weights]
        return output.element_count * (weights.element_count // weights.shape[0])
    if isinstance(operator, DepthwiseConvolution):
        return output.element_count * operator.window.height * operator.window.width
    return 0
