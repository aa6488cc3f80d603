"""What each operator becomes in C: its constants, its struct, its kernel."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import singledispatch

import numpy as np

from tinysim.codegen import weights
from tinysim.codegen.arena import Overlay
from tinysim.codegen.overlays import windowed_lead_bytes
from tinysim.codegen.requantization import (
    DoublePrecision,
    DoubleRounding,
    OutputRange,
    Requantization,
    Rescaling,
    find_requantization,
)
from tinysim.codegen.source import ChannelTable, ConstantArray, Layer
from tinysim.errors import UserError
from tinysim.model.graph import (
    Add,
    AveragePool,
    Clamp,
    Convolution,
    DepthwiseConvolution,
    FullyConnected,
    Graph,
    Int8Array,
    Int64Array,
    MaxPool,
    Operator,
    Quantization,
    Reshape,
    Softmax,
    Tensor,
)
from tinysim.model.quantization import (
    activation_range,
    convolution_factors,
    multiply_by_quantized_multiplier,
    quantize_multiplier,
    softmax_table,
)

PAIRS_PER_GROUP = 4  # more gain little: code is then fetched again for every group only
_ADDITION_EXTRA_BITS = 20  # kernels/add.cc: data->left_shift


@dataclass(frozen=True)
class Room:
    """What the arena has for a layer's scratch.

    `free_bytes` are free at its step anyway, with its output beside its inputs; `least_bytes` it may use even
    where that makes the arena larger. `overlayable` are the inputs, by tensor index, that nothing reads
    later: the output may lie over them as far as the kernel allows.
    """

    free_bytes: int
    least_bytes: int
    overlayable: frozenset[int]

    def scratch_bytes(self, saved_bytes: int = 0) -> int:
        """Return the budget where the output, lying over an input, saves some bytes."""
        return max(self.least_bytes, self.free_bytes + saved_bytes)


@singledispatch
def lower(operator: Operator, graph: Graph, room: Room) -> Layer | None:
    """Return the layer in C, or None where there is nothing to do at run time.

    A kernel that works faster with more scratch takes what it can use of what `room` grants, and never less
    than it needs. Raises UserError, naming the layer, where its numbers are beyond the kernels.
    """
    raise UserError(f"{graph.describe(operator)}: no kernel for this operator")


@lower.register
def _(operator: Convolution, graph: Graph, room: Room) -> Layer:
    source, output = graph.tensors[operator.inputs[0]], graph.tensors[operator.output]
    kernel = _constant(graph.tensors[operator.weights])
    rows = kernel.reshape(kernel.shape[0], -1)
    window = operator.window
    if source.element_count == rows.shape[1] and output.shape[1:3] == (1, 1):
        # One place that sees every input once: the same sums as a fully connected layer.
        return _matrix_layer(graph, operator, rows, DoubleRounding)
    stage, table = _output_stage(graph, operator, rows, DoubleRounding)
    depth, channels = weights.rounded_up(rows.shape[1]), weights.rounded_up(rows.shape[0])
    lead_bytes = windowed_lead_bytes(window, source, output, whole_windows=True)
    saved_bytes = Overlay(source.index, output.index, lead_bytes).saved_bytes(
        source.size_bytes, output.size_bytes
    )
    # A second pass would read an input that the first has overwritten.
    one_pass_bytes = _convolution_scratch_bytes(depth, channels, 1)
    overlays = source.index in room.overlayable and one_pass_bytes <= room.scratch_bytes(saved_bytes)
    budget_bytes = room.scratch_bytes(saved_bytes if overlays else 0)
    affordable = (budget_bytes - 6 * depth) // (2 * depth + 16)
    channels_per_pass = min(channels, max(weights.BLOCK, affordable // weights.BLOCK * weights.BLOCK))
    affordable = (budget_bytes - _convolution_scratch_bytes(depth, channels_per_pass, 0)) // (4 * depth)
    pairs_per_group = max(1, min(affordable, PAIRS_PER_GROUP, -(-output.shape[1] * output.shape[2] // 2)))
    top, left = window.padding_before(source.shape[1], source.shape[2])
    name = f"layer_{operator.index}"
    return Layer(
        kernel="convolve",
        header="convolution.h",
        structure="convolution",
        arguments=(operator.inputs[0], operator.output, "scratch"),
        fields={
            **_image_fields(source, output),
            "output_channels": output.shape[3],
            "kernel_height": window.height,
            "kernel_width": window.width,
            "stride_height": window.stride_height,
            "stride_width": window.stride_width,
            "padding_top": top,
            "padding_left": left,
            "input_zero_point": _quantization(source).zero_point,
            "channels_per_pass": channels_per_pass,
            "pairs_per_group": pairs_per_group,
            "depth": depth,
            "stage": stage,
            "weights": f"{name}_weights",
            "channels": f"{name}_channels",
        },
        constants=(ConstantArray("int8_t", f"{name}_weights", weights.in_blocks(rows)), table),
        scratch_bytes=_convolution_scratch_bytes(depth, channels_per_pass, pairs_per_group),
        scratch_formula=f"CONVOLUTION_SCRATCH_BYTES({depth}, {channels_per_pass}, {pairs_per_group})",
        leads={source.index: lead_bytes} if channels_per_pass == channels else {},
    )


@lower.register
def _(operator: DepthwiseConvolution, graph: Graph, room: Room) -> Layer:
    source, output = graph.tensors[operator.inputs[0]], graph.tensors[operator.output]
    kernel = _constant(graph.tensors[operator.weights])[0]
    window = operator.window
    channels = kernel.shape[2]
    stage, table = _output_stage(graph, operator, kernel.reshape(-1, channels).T, DoubleRounding, channels)
    top, left = window.padding_before(source.shape[1], source.shape[2])
    height = _axis(
        source.shape[1], output.shape[1], window.height, window.stride_height, top,
        source.shape[2] * source.shape[3], output.shape[2] * channels,
    )  # fmt: skip
    width = _axis(
        source.shape[2], output.shape[2], window.width, window.stride_width, left, source.shape[3], channels
    )
    # Sums are taken two columns and two outputs at a time: make the direction that wastes less the columns.
    transposed = _pair_work(columns=height, rows=width) < _pair_work(columns=width, rows=height)
    rows, columns = (width, height) if transposed else (height, width)
    ordered = kernel.transpose(2, 1, 0) if transposed else kernel.transpose(2, 0, 1)
    columns["plane_size"] = weights.rounded_up(columns["plane_size"], 2)
    planes = 8 * rows["plane_size"] * columns["plane_size"]
    name = f"layer_{operator.index}"
    return Layer(
        kernel="convolve_depthwise",
        header="depthwise_convolution.h",
        structure="depthwise_convolution",
        arguments=(operator.inputs[0], operator.output, "scratch"),
        fields={
            "rows": rows,
            "columns": columns,
            "input_channels": source.shape[3],
            "depth_multiplier": operator.depth_multiplier,
            "input_zero_point": _quantization(source).zero_point,
            "stage": stage,
            "weights": f"{name}_weights",
            "channels": f"{name}_channels",
        },
        constants=(
            ConstantArray("int8_t", f"{name}_weights", np.ascontiguousarray(ordered).reshape(-1)),
            table,
        ),
        scratch_bytes=planes + 4 + 2 * rows["kernel_size"] * weights.rounded_up(columns["kernel_size"], 2),
        scratch_formula=f"DEPTHWISE_SCRATCH_BYTES({rows['plane_size']}, {columns['plane_size']}, "
        f"{rows['kernel_size']}, {columns['kernel_size']})",
        # A channel is read as a whole before it is written, and lies apart from the others in both.
        leads={source.index: None} if operator.depth_multiplier == 1 else {},
    )


@lower.register
def _(operator: FullyConnected, graph: Graph, room: Room) -> Layer:
    return _matrix_layer(graph, operator, _constant(graph.tensors[operator.weights]), DoublePrecision)


@lower.register(AveragePool)
@lower.register(MaxPool)
def _(operator: AveragePool | MaxPool, graph: Graph, room: Room) -> Layer:
    source, output = graph.tensors[operator.inputs[0]], graph.tensors[operator.output]
    window = operator.window
    top, left = window.padding_before(source.shape[1], source.shape[2])
    minimum, maximum = activation_range(operator.activation, _quantization(output))
    fields = _image_fields(source, output)
    fields["channels"] = fields.pop("input_channels")
    return Layer(
        kernel="pool_average" if isinstance(operator, AveragePool) else "pool_maximum",
        header="pooling.h",
        structure="pooling",
        arguments=(operator.inputs[0], operator.output),
        fields={
            **fields,
            "kernel_height": window.height,
            "kernel_width": window.width,
            "stride_height": window.stride_height,
            "stride_width": window.stride_width,
            "padding_top": top,
            "padding_left": left,
            "minimum": minimum,
            "maximum": maximum,
        },
        leads={source.index: windowed_lead_bytes(window, source, output, whole_windows=False)},
    )


@lower.register
def _(operator: Add, graph: Graph, room: Room) -> Layer:
    """Parameters as kernels/add.cc prepares them, in its mixture of single and double precision."""
    first, second = (_quantization(graph.tensors[index]) for index in operator.inputs)
    output = graph.tensors[operator.output]
    result = _quantization(output)
    twice_greatest = 2.0 * float(max(first.scale, second.scale))
    factors = (
        float(first.scale) / twice_greatest,
        float(second.scale) / twice_greatest,
        twice_greatest / float(np.float32(1 << _ADDITION_EXTRA_BITS) * result.scale),
    )
    if not all(0.0 < factor < 1.0 for factor in factors):
        raise UserError(
            f"{graph.describe(operator)}: the scales of inputs and output lie too far apart to add"
        )
    fixed = [quantize_multiplier(factor) for factor in factors]
    fields = [{"multiplier": each.multiplier, "right_shift": -each.shift} for each in fixed]
    minimum, maximum = activation_range(operator.activation, result)
    return Layer(
        kernel="add",
        header="addition.h",
        structure="addition",
        arguments=(*operator.inputs, operator.output),
        fields={
            "count": output.element_count,
            "zero_points": (first.zero_point, second.zero_point),
            "output_zero_point": result.zero_point,
            "factors": tuple(fields[:2]),
            "output_factor": fields[2],
            "minimum": minimum,
            "maximum": maximum,
        },
        leads=dict.fromkeys(operator.inputs, 0),
    )


@lower.register
def _(operator: Reshape, graph: Graph, room: Room) -> None:
    return None


@lower.register
def _(operator: Softmax, graph: Graph, room: Room) -> Layer:
    source = graph.tensors[operator.inputs[0]]
    try:
        table = softmax_table(operator.beta, _quantization(source).scale)
    except ValueError as error:
        raise UserError(f"{graph.describe(operator)}: {error}") from error
    name = f"layer_{operator.index}_exponentials"
    values = np.array(table.exponentials, dtype=np.int64)
    return Layer(
        kernel="compute_softmax",
        header="softmax.h",
        structure="softmax",
        arguments=(operator.inputs[0], operator.output),
        fields={
            "rows": source.element_count // source.shape[-1],
            "depth": source.shape[-1],
            "table_length": len(values),
            "exponentials": name,
        },
        constants=(ConstantArray("int32_t", name, values),),
        leads={source.index: 0},
    )


@lower.register
def _(operator: Clamp, graph: Graph, room: Room) -> Layer:
    """A table of all 256 values (activations.cc, QuantizedReluX)."""
    source, output = graph.tensors[operator.inputs[0]], graph.tensors[operator.output]
    given, result = _quantization(source), _quantization(output)
    fixed = quantize_multiplier(float(given.scale / result.scale))
    if fixed.shift > 22:
        raise UserError(f"{graph.describe(operator)}: the input's scale is too large against the output's")
    values = np.arange(-128, 128, dtype=np.int64) - given.zero_point
    rescaled = multiply_by_quantized_multiplier(values, fixed.multiplier, fixed.shift) + result.zero_point
    minimum, maximum = activation_range(operator.activation, result)
    table = ConstantArray("int8_t", f"layer_{operator.index}_table", np.clip(rescaled, minimum, maximum))
    return Layer(
        kernel="look_up",
        header="lookup.h",
        arguments=(table.name, str(output.element_count), operator.inputs[0], operator.output),
        constants=(table,),
        leads={source.index: 0},
    )


def _matrix_layer(
    graph: Graph,
    operator: Convolution | FullyConnected,
    rows: Int8Array,
    rescaling: type[Rescaling],
) -> Layer:
    found = _requantization(graph, operator, rows, rescaling, by_steps=True)
    stage, table = _stage_fields(graph, operator, found), _channel_table(graph, operator, rows, found)
    outputs, inputs = rows.shape
    name = f"layer_{operator.index}"
    fields = {
        "rows": graph.tensors[operator.output].element_count // outputs,
        "inputs": inputs,
        "outputs": outputs,
        "depth": weights.rounded_up(inputs),
        "stage": stage,
        "weights": f"{name}_weights",
        "channels": f"{name}_channels",
    }
    layer = Layer(
        kernel="connect_fully",
        header="fully_connected.h",
        structure="fully_connected",
        arguments=(operator.inputs[0], operator.output),
        fields=fields,
        constants=(ConstantArray("int8_t", f"{name}_weights", weights.in_blocks(rows)), table),
    )
    if not np.any(found.by_steps):
        return layer
    return replace(
        layer,
        kernel="connect_fully_by_steps",
        header="fully_connected_by_steps.h",
        structure="fully_connected_by_steps",
        fields={"layer": fields, "tables": f"{name}_tables", "steps": f"{name}_steps"},
        constants=(
            *layer.constants,
            ConstantArray("int32_t", f"{name}_tables", found.tables),
            ConstantArray("int32_t", f"{name}_steps", found.steps.reshape(-1)),
        ),
    )


def _convolution_scratch_bytes(depth: int, channels_per_pass: int, pairs_per_group: int) -> int:
    """Return what CONVOLUTION_SCRATCH_BYTES of firmware/kernels/convolution.h gives."""
    return depth * (2 * channels_per_pass + 4 * pairs_per_group + 2) + 16 * channels_per_pass


def _output_stage(
    graph: Graph,
    operator: Convolution | DepthwiseConvolution,
    rows: Int8Array,
    rescaling: type[Rescaling],
    table_length: int | None = None,
) -> tuple[dict[str, int | str], ChannelTable]:
    """Return struct output_stage's fields and the channels' parameters, for weights [channels, depth]."""
    found = _requantization(graph, operator, rows, rescaling)
    return _stage_fields(graph, operator, found), _channel_table(graph, operator, rows, found, table_length)


def _requantization(
    graph: Graph,
    operator: Convolution | DepthwiseConvolution | FullyConnected,
    rows: Int8Array,
    rescaling: type[Rescaling],
    *,
    by_steps: bool = False,
) -> Requantization:
    given, result = (_quantization(graph.tensors[index]) for index in (operator.inputs[0], operator.output))
    factors = convolution_factors(
        given.scale, _quantization(graph.tensors[operator.weights]).scales, result.scale
    )
    found = find_requantization(
        rescaling(np.broadcast_to(factors, (len(rows),))),
        weights.accumulator_range(rows, _bias(graph, operator, len(rows)), given.zero_point),
        OutputRange(result.zero_point, *activation_range(operator.activation, result)),
        by_steps=by_steps,
    )
    if found is None:
        raise UserError(
            f"{graph.describe(operator)}: its weights, bias and scales go beyond 32-bit accumulation; "
            "quantize the model again with representative data"
        )
    return found


def _bias(
    graph: Graph, operator: Convolution | DepthwiseConvolution | FullyConnected, channels: int
) -> Int64Array:
    bias = np.zeros(channels, dtype=np.int64)
    if operator.bias is not None:
        bias += np.asarray(graph.tensors[operator.bias].data)
    return bias


def _stage_fields(
    graph: Graph, operator: Convolution | DepthwiseConvolution | FullyConnected, found: Requantization
) -> dict[str, int | str]:
    minimum, maximum = activation_range(operator.activation, _quantization(graph.tensors[operator.output]))
    return {
        "fraction_bits": found.fraction_bits,
        "rounding": found.rounding.value,
        "minimum": minimum,
        "maximum": maximum,
    }


def _channel_table(
    graph: Graph,
    operator: Convolution | DepthwiseConvolution | FullyConnected,
    rows: Int8Array,
    found: Requantization,
    length: int | None = None,
) -> ChannelTable:
    bias = _bias(graph, operator, len(rows))
    given = _quantization(graph.tensors[operator.inputs[0]])
    folded = weights.fold_zero_point(rows, bias, given.zero_point)
    folded <<= np.where(found.by_steps, 0, found.fraction_bits)
    folded = np.where(found.constant, 0, folded)
    table = np.zeros((length or weights.rounded_up(len(rows)), 4), dtype=np.int64)
    table[: len(rows)] = np.stack([found.multipliers, found.roundings, found.shifts, folded], axis=1)
    return ChannelTable(f"layer_{operator.index}_channels", table)


def _axis(
    input_size: int,
    output_size: int,
    kernel_size: int,
    stride: int,
    before: int,
    input_stride: int,
    output_stride: int,
) -> dict[str, int]:
    return {
        "input_size": input_size,
        "output_size": output_size,
        "kernel_size": kernel_size,
        "stride": stride,
        "padding_before": before,
        "plane_size": (output_size - 1) * stride + kernel_size,
        "input_stride": input_stride,
        "output_stride": output_stride,
    }


def _pair_work(*, columns: dict[str, int], rows: dict[str, int]) -> int:
    pairs = weights.rounded_up(columns["output_size"], 2) * weights.rounded_up(columns["kernel_size"], 2)
    return pairs * rows["output_size"] * rows["kernel_size"]


def _image_fields(source: Tensor, output: Tensor) -> dict[str, int]:
    return {
        "input_height": source.shape[1],
        "input_width": source.shape[2],
        "input_channels": source.shape[3],
        "output_height": output.shape[1],
        "output_width": output.shape[2],
    }


def _quantization(tensor: Tensor) -> Quantization:
    assert tensor.quantization is not None  # check_graph has seen to it
    return tensor.quantization


def _constant(tensor: Tensor) -> Int8Array:
    assert tensor.data is not None  # check_graph has seen to it
    return tensor.data.astype(np.int8, copy=False)
