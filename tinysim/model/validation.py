"""What must hold of a graph before it is compiled: sound wiring, and the limits of the kernels."""

from __future__ import annotations

from tinysim.errors import UserError
from tinysim.model.graph import (
    Add,
    AveragePool,
    Clamp,
    Convolution,
    DepthwiseConvolution,
    ElementType,
    FullyConnected,
    Graph,
    MaxPool,
    Operator,
    Reshape,
    SlidingWindow,
    Softmax,
    Tensor,
)

# LiteRT's own checks of SOFTMAX outputs (activations.cc, SoftmaxPrepare).
SOFTMAX_SCALE = 1 / 256
SOFTMAX_SCALE_TOLERANCE = 0.001 / 256
SOFTMAX_ZERO_POINT = -128
# The kernels describe images and windows in 16 bits.
IMAGE_SIZE_LIMIT = 2**15 - 1
# The reference sums exponentials in 12 integer bits.
SOFTMAX_DEPTH_LIMIT = 4095


def check_graph(graph: Graph) -> None:
    """Raise UserError, naming the layer, where the graph is unsound or asks for what is not supported."""
    _check_wiring(graph)
    for operator in graph.operators:
        try:
            _check_operator(graph, operator)
        except _Refused as refusal:
            raise UserError(f"{graph.describe(operator)}: {refusal}") from None
    source, result = graph.tensors[graph.input], graph.tensors[graph.output]
    for what, tensor in (("input", source), ("output", result)):
        if tensor.data is not None or tensor.element_type is not ElementType.INT8:
            raise UserError(
                f"the model's {what} tensor ({tensor.name!r}) is not an int8 value; convert the model to int8"
            )
        if tensor.quantization is None or tensor.quantization.per_channel:
            raise UserError(
                f"the model's {what} tensor ({tensor.name!r}) has no single scale; quantize it per tensor"
            )


class _Refused(Exception):
    """Why an operator cannot be compiled, without its name."""


def _require(condition: bool, reason: str) -> None:
    if not condition:
        raise _Refused(reason)


def _check_wiring(graph: Graph) -> None:
    ready = {graph.input} | {tensor.index for tensor in graph.tensors if tensor.data is not None}
    for operator in graph.operators:
        for index in operator.inputs:
            if index not in ready:
                raise UserError(
                    f"{graph.describe(operator)} reads tensor {index} ({graph.tensors[index].name!r}) "
                    "before anything has written it; the file is corrupt"
                )
        if operator.output in ready:
            raise UserError(
                f"{graph.describe(operator)} writes a tensor that already has a value; the file is corrupt"
            )
        ready.add(operator.output)
    if graph.output not in ready or graph.output == graph.input:
        raise UserError(
            f"nothing computes the model's output ({graph.tensors[graph.output].name!r}); the file is corrupt"
        )


def _check_operator(graph: Graph, operator: Operator) -> None:
    output = graph.tensors[operator.output]
    inputs = [graph.tensors[index] for index in operator.inputs]
    for tensor in (*inputs, output):
        _require(
            tensor.element_type is ElementType.INT8,
            f"tensor {tensor.name!r} is not int8; convert the model to int8",
        )
        quantization = tensor.quantization
        if quantization is None or quantization.per_channel:
            raise _Refused(f"tensor {tensor.name!r} has no single scale; quantize activations per tensor")
        _require(
            -128 <= quantization.zero_point <= 127,
            f"zero point {quantization.zero_point} of {tensor.name!r} is no int8",
        )
    if isinstance(operator, (Convolution, DepthwiseConvolution)):
        _check_image(inputs[0], output, operator.window)
        _check_convolution(graph, operator, inputs[0], output)
    elif isinstance(operator, FullyConnected):
        _check_fully_connected(graph, operator, inputs[0], output)
    elif isinstance(operator, (AveragePool, MaxPool)):
        _check_image(inputs[0], output, operator.window)
        _require(inputs[0].shape[3] == output.shape[3], "a pool cannot change the number of channels")
        _require(
            inputs[0].quantization == output.quantization, "a pool must keep its input's scale and zero point"
        )
    elif isinstance(operator, Add):
        _require(
            inputs[0].shape == inputs[1].shape == output.shape,
            f"shapes {list(inputs[0].shape)} and {list(inputs[1].shape)} differ; broadcasting is not "
            "supported",
        )
    elif isinstance(operator, Reshape):
        _require(
            inputs[0].element_count == output.element_count,
            "input and output have different numbers of elements",
        )
        _require(
            inputs[0].quantization == output.quantization,
            "RESHAPE must keep its input's scale and zero point",
        )
    elif isinstance(operator, Softmax):
        _check_softmax(inputs[0], output)
    elif isinstance(operator, Clamp):
        _require(inputs[0].shape == output.shape, "input and output shapes differ")


def _check_image(source: Tensor, output: Tensor, window: SlidingWindow) -> None:
    for tensor in (source, output):
        _require(
            len(tensor.shape) == 4,
            f"tensor {tensor.name!r} of shape {list(tensor.shape)} is not [1, height, width, channels]",
        )
    _require(
        source.shape[0] == output.shape[0] == 1, f"batch of {source.shape[0]}; export the model with batch 1"
    )
    expected = window.output_size(source.shape[1], source.shape[2])
    _require(
        output.shape[1:3] == expected and min(expected) >= 1,
        f"output is {output.shape[1]}x{output.shape[2]}, but input and window give "
        f"{expected[0]}x{expected[1]}",
    )
    # A window may lie over the edge: the kernels then count as many rows or columns as the two have together.
    reached = (source.shape[1] + window.height, source.shape[2] + window.width)
    greatest = max(*reached, source.shape[3], output.shape[3])
    _require(
        greatest <= IMAGE_SIZE_LIMIT,
        f"height, width or channels of {greatest}, the window included; at most {IMAGE_SIZE_LIMIT} are "
        "supported",
    )


def _check_convolution(
    graph: Graph, operator: Convolution | DepthwiseConvolution, source: Tensor, output: Tensor
) -> None:
    weights = graph.tensors[operator.weights]
    if isinstance(operator, Convolution):
        channels, axis = weights.shape[0], 0
        _require(
            weights.shape[3] == source.shape[3],
            f"weights for {weights.shape[3]} input channels, input has {source.shape[3]}; grouped "
            "convolution is not supported",
        )
    else:
        channels, axis = weights.shape[3], 3
        _require(
            weights.shape[0] == 1,
            f"depthwise weights of shape {list(weights.shape)}; the first dimension must be 1",
        )
        _require(
            operator.depth_multiplier >= 1 and source.shape[3] * operator.depth_multiplier == channels,
            f"{channels} output channels are no multiple of {source.shape[3]} input channels",
        )
    _require(output.shape[3] == channels, f"output has {output.shape[3]} channels, weights have {channels}")
    _check_weights(weights, channels, axis)
    _check_bias(graph, operator.bias, channels)


def _check_fully_connected(graph: Graph, operator: FullyConnected, source: Tensor, output: Tensor) -> None:
    weights = graph.tensors[operator.weights]
    _require(len(weights.shape) == 2, f"weights of shape {list(weights.shape)}; two dimensions are expected")
    outputs, depth = weights.shape
    rows = source.element_count // depth
    _require(
        rows * depth == source.element_count, f"{source.element_count} inputs do not fit weights for {depth}"
    )
    _require(
        output.element_count == rows * outputs and output.shape[-1:] == (outputs,),
        f"output of shape {list(output.shape)} does not fit {rows} rows of {outputs}",
    )
    _check_weights(weights, outputs, 0)
    _check_bias(graph, operator.bias, outputs)


def _check_weights(weights: Tensor, channels: int, axis: int) -> None:
    _require(
        weights.data is not None,
        f"weights {weights.name!r} are computed; only constant weights are supported",
    )
    _require(
        weights.element_type is ElementType.INT8,
        f"weights {weights.name!r} are not int8; quantize the model fully",
    )
    quantization = weights.quantization
    if quantization is None:
        raise _Refused(f"weights {weights.name!r} have no scale; quantize the model fully")
    if quantization.per_channel:
        _require(
            len(quantization.scales) == channels and quantization.axis == axis,
            f"weights have {len(quantization.scales)} scales along axis {quantization.axis}, "
            f"expected {channels} along axis {axis}",
        )
    _require(
        not any(quantization.zero_points),
        f"weights {weights.name!r} have a zero point; only symmetric weights are supported",
    )


def _check_bias(graph: Graph, index: int | None, channels: int) -> None:
    if index is None:
        return
    bias = graph.tensors[index]
    _require(bias.data is not None, f"bias {bias.name!r} is computed; only a constant bias is supported")
    _require(
        bias.element_type is ElementType.INT32, f"bias {bias.name!r} is not int32; quantize the model fully"
    )
    _require(bias.shape == (channels,), f"bias of shape {list(bias.shape)} for {channels} channels")


def _check_softmax(source: Tensor, output: Tensor) -> None:
    _require(len(source.shape) >= 1 and source.shape == output.shape, "input and output shapes differ")
    _require(
        source.shape[-1] <= SOFTMAX_DEPTH_LIMIT,
        f"{source.shape[-1]} classes; int8 softmax takes at most {SOFTMAX_DEPTH_LIMIT}",
    )
    quantization = output.quantization
    if (
        quantization is None
        or quantization.zero_point != SOFTMAX_ZERO_POINT
        or abs(float(quantization.scale) - SOFTMAX_SCALE) > SOFTMAX_SCALE_TOLERANCE
    ):
        raise _Refused("output must have scale 1/256 and zero point -128, as LiteRT's int8 softmax has")
