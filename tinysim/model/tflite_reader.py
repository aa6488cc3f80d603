"""Reads a .tflite file into a Graph. Whatever is wrong with the file becomes one UserError line."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import tflite

from tinysim.errors import UserError
from tinysim.model.graph import (
    Activation,
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
    Padding,
    Quantization,
    Reshape,
    SlidingWindow,
    Softmax,
    Tensor,
)
from tinysim.model.validation import check_graph

FILE_LIMIT_BYTES = 64 * 2**20
TENSOR_LIMIT_ELEMENTS = 2**24
DIMENSION_LIMIT = 8
WINDOW_LIMIT = 4096
NAME_LIMIT = 80
# Far beyond what any quantizer writes, and near enough for arithmetic in single precision.
SMALLEST_SCALE, LARGEST_SCALE = 1e-20, 1e20

_IDENTIFIER = b"TFL3"
_SCHEMA_VERSION = 3

# What the flatbuffers package and numpy raise when an offset or a length of the file points nowhere.
_CORRUPT = (struct.error, IndexError, ValueError, TypeError, OverflowError, AttributeError, ArithmeticError)


def _names_of(enumeration: type) -> dict[int, str]:
    return {value: name for name, value in vars(enumeration).items() if isinstance(value, int)}


_OPERATOR_NAMES = _names_of(tflite.BuiltinOperator)
_TYPE_NAMES = _names_of(tflite.TensorType)
_ACTIVATION_NAMES = _names_of(tflite.ActivationFunctionType)
_ELEMENT_TYPES = {tflite.TensorType.INT8: ElementType.INT8, tflite.TensorType.INT32: ElementType.INT32}
_PADDINGS = {tflite.Padding.SAME: Padding.SAME, tflite.Padding.VALID: Padding.VALID}


def read_model(path: Path) -> Graph:
    """Read and check the .tflite file at `path`.

    Raises UserError where it cannot be read, is no sound TensorFlow Lite model, or holds what tinysim
    cannot compile; the message names the layer.
    """
    try:
        size_bytes = path.stat().st_size
        if size_bytes > FILE_LIMIT_BYTES:
            raise UserError(
                f"{path}: {size_bytes} bytes is too large for a model; the limit is {FILE_LIMIT_BYTES}"
            )
        data = path.read_bytes()
    except OSError as error:
        raise UserError(f"{path}: cannot read the model: {error.strerror}") from error
    return parse_model(data, str(path))


def parse_model(data: bytes, name: str = "model") -> Graph:
    """Parse the bytes of a .tflite file; `name` stands in messages. Raises UserError as `read_model`."""
    try:
        graph = _Reader(data).graph()
        check_graph(graph)
    except UserError as error:
        raise UserError(f"{name}: {error}") from error
    except _CORRUPT as error:
        raise UserError(f"{name}: the file is corrupt or cut short; get a fresh copy of the model") from error
    return graph


class _Reader:
    """Walks the tables of one file; every length is held against the file's size before it is followed."""

    def __init__(self, data: bytes) -> None:
        if len(data) < 8 or data[4:8] != _IDENTIFIER:
            raise UserError("not a TensorFlow Lite model (no TFL3 identifier); give a .tflite file")
        self.data = data
        self.model: Any = tflite.Model.GetRootAs(data, 0)
        if self.model.Version() != _SCHEMA_VERSION:
            raise UserError(
                f"schema version {self.model.Version()}; only version {_SCHEMA_VERSION} is supported"
            )
        subgraphs = self.length(self.model.SubgraphsLength())
        if subgraphs != 1:
            raise UserError(f"{subgraphs} subgraphs; only models with one (no control flow) are supported")
        self.subgraph: Any = self.model.Subgraphs(0)
        self.tensors: tuple[Tensor, ...] = ()

    def length(self, count: int) -> int:
        if not 0 <= count <= len(self.data):
            raise ValueError("a vector is longer than the file")
        return count

    def graph(self) -> Graph:
        if self.length(self.subgraph.OperatorsLength()) == 0:
            raise UserError("the model has no operators; there is nothing to compile")
        # The operators' codes come first: "float model" says less than "layer 3 is an unknown operator".
        names = [self.operator_name(i) for i in range(self.subgraph.OperatorsLength())]
        self.tensors = tuple(self.tensor(i) for i in range(self.length(self.subgraph.TensorsLength())))
        return Graph(
            tensors=self.tensors,
            operators=tuple(self.operator(i, name) for i, name in enumerate(names)),
            input=self.single("input", self.subgraph.InputsLength(), self.subgraph.Inputs),
            output=self.single("output", self.subgraph.OutputsLength(), self.subgraph.Outputs),
        )

    def single(self, what: str, count: int, item: Callable[[int], int]) -> int:
        if count != 1:
            raise UserError(f"{count} {what} tensors; only models with one are supported")
        return self.tensor_index(item(0))

    def tensor_index(self, index: int) -> int:
        if not 0 <= index < len(self.tensors):
            raise ValueError("a tensor index is out of range")
        return index

    def operator_name(self, index: int) -> str:
        code_index = self.subgraph.Operators(index).OpcodeIndex()
        if not 0 <= code_index < self.length(self.model.OperatorCodesLength()):
            raise ValueError("an operator code index is out of range")
        code = self.model.OperatorCodes(code_index)
        number = max(code.BuiltinCode(), code.DeprecatedBuiltinCode())
        name = _OPERATOR_NAMES.get(number, f"number {number}")
        if name not in _OPERATORS:
            raise UserError(f"layer {index}: operator {name} is not supported; supported are {_SUPPORTED}")
        return name

    def tensor(self, index: int) -> Tensor:
        table = self.subgraph.Tensors(index)
        name = (table.Name() or b"").decode("utf-8", "replace")[:NAME_LIMIT]
        where = f"tensor {index} ({name!r})"
        element_type = _ELEMENT_TYPES.get(table.Type())
        if element_type is None:
            given = _TYPE_NAMES.get(table.Type(), str(table.Type()))
            raise UserError(
                f"{where} is {given}; only fully quantized int8 models are supported, convert it to int8"
            )
        if table.Sparsity() is not None:
            raise UserError(f"{where} is sparse; store its weights densely")
        if table.IsVariable():
            raise UserError(
                f"{where} is a variable that lives from one inference to the next; that is not supported"
            )
        shape = self.shape(table, where)
        data = self.constant(table, shape, element_type, where)
        return Tensor(index, name, shape, element_type, self.quantization(table, where), data)

    def shape(self, table: Any, where: str) -> tuple[int, ...]:
        rank = self.length(table.ShapeLength())
        signature = self.length(table.ShapeSignatureLength())
        if rank > DIMENSION_LIMIT:
            raise UserError(f"{where} has {rank} dimensions; at most {DIMENSION_LIMIT} are supported")
        shape = tuple(int(size) for size in table.ShapeAsNumpy()) if rank else ()
        # A batch of unknown size is written as -1 in the signature; the shape then says 1.
        unknown = [int(table.ShapeSignature(i)) for i in range(min(signature, DIMENSION_LIMIT))]
        if any(size < 1 for size in shape) or any(size < 0 for size in unknown[1:]):
            raise UserError(
                f"{where} has the dynamic or empty shape {list(shape)}; fix every dimension at export"
            )
        if prod(shape) > TENSOR_LIMIT_ELEMENTS:
            raise UserError(f"{where} has {prod(shape)} elements; the limit is {TENSOR_LIMIT_ELEMENTS}")
        return shape

    def quantization(self, table: Any, where: str) -> Quantization | None:
        parameters = table.Quantization()
        if parameters is None or self.length(parameters.ScaleLength()) == 0:
            return None
        scales = tuple(np.float32(scale) for scale in parameters.ScaleAsNumpy())
        count = self.length(parameters.ZeroPointLength())
        zero_points = (
            tuple(int(point) for point in parameters.ZeroPointAsNumpy()) if count else (0,) * len(scales)
        )
        if len(zero_points) != len(scales):
            raise UserError(f"{where} has {len(scales)} scales but {len(zero_points)} zero points")
        if not all(SMALLEST_SCALE <= scale <= LARGEST_SCALE for scale in scales):
            raise UserError(f"{where} has a scale that is not between {SMALLEST_SCALE} and {LARGEST_SCALE}")
        return Quantization(scales, zero_points, parameters.QuantizedDimension())

    def constant(self, table: Any, shape: tuple[int, ...], element_type: ElementType, where: str) -> Any:
        index = table.Buffer()
        if not 0 <= index < self.length(self.model.BuffersLength()):
            raise ValueError("a buffer index is out of range")
        buffer = self.model.Buffers(index)
        if buffer.Offset() > 1 or buffer.Size() > 1:
            raise UserError(
                f"{where} keeps its data outside the flatbuffer; export a model under 2 GB in one piece"
            )
        size_bytes = self.length(buffer.DataLength())
        if size_bytes == 0:
            return None
        if size_bytes != prod(shape) * element_type.size_bytes:
            raise UserError(
                f"{where} has shape {list(shape)} but {size_bytes} bytes of data; the file is corrupt"
            )
        dtype = np.int8 if element_type is ElementType.INT8 else np.dtype("<i4")
        return buffer.DataAsNumpy().view(dtype).reshape(shape)

    def operator(self, index: int, name: str) -> Operator:
        table = self.subgraph.Operators(index)
        options_class, build, inputs_allowed = _OPERATORS[name]
        inputs = [int(table.Inputs(i)) for i in range(self.length(table.InputsLength()))]
        if len(inputs) not in inputs_allowed or table.OutputsLength() != 1:
            raise UserError(
                f"layer {index} {name}: {len(inputs)} inputs and {table.OutputsLength()} outputs do not fit "
                "the operator"
            )
        # Only a bias may be left out; it is then written as -1.
        present = [self.tensor_index(i) for i in inputs if not (i == -1 and len(inputs) == 3)]
        if len(present) < len(inputs) and inputs[2] != -1:
            raise ValueError("a tensor other than the bias is left out")
        options = None
        if options_class is not None and table.BuiltinOptions() is not None:
            expected = getattr(tflite.BuiltinOptions, options_class.__name__)
            if table.BuiltinOptionsType() != expected:
                raise ValueError("an operator carries another operator's options")
            union = table.BuiltinOptions()
            options = options_class()
            options.Init(union.Bytes, union.Pos)
        elif options_class is not None and name != "RESHAPE":
            raise UserError(f"layer {index} {name}: the operator's options are missing; the file is corrupt")
        record = _Record(
            f"layer {index} {name}", index, tuple(present), self.tensor_index(table.Outputs(0)), options
        )
        return build(record, self.tensors)


@dataclass(frozen=True)
class _Record:
    """One operator of the file: its name in messages, its tensors, its table of options."""

    where: str
    index: int
    inputs: tuple[int, ...]
    output: int
    options: Any

    @property
    def bias(self) -> int | None:
        return self.inputs[2] if len(self.inputs) == 3 else None

    def activation(self) -> Activation:
        name = _ACTIVATION_NAMES.get(self.options.FusedActivationFunction(), "unknown")
        if name not in Activation.__members__:
            raise UserError(
                f"{self.where}: fused activation {name} is not supported; use none, RELU, RELU6 or "
                "RELU_N1_TO_1"
            )
        return Activation[name]

    def window(self, height: int, width: int) -> SlidingWindow:
        padding = _PADDINGS.get(self.options.Padding())
        if padding is None:
            raise UserError(f"{self.where}: padding {self.options.Padding()} is neither SAME nor VALID")
        window = SlidingWindow(height, width, self.options.StrideH(), self.options.StrideW(), padding)
        for name in ("height", "width", "stride_height", "stride_width"):
            value = getattr(window, name)
            if not 1 <= value <= WINDOW_LIMIT:
                raise UserError(
                    f"{self.where}: {name.replace('_', ' ')} {value} is not between 1 and {WINDOW_LIMIT}"
                )
        return window

    def kernel_window(self, tensors: tuple[Tensor, ...]) -> SlidingWindow:
        dilation = (self.options.DilationHFactor(), self.options.DilationWFactor())
        if dilation != (1, 1):
            raise UserError(
                f"{self.where}: dilation {dilation[0]}x{dilation[1]} is not supported; only 1x1 is"
            )
        shape = tensors[self.inputs[1]].shape
        if len(shape) != 4:
            raise UserError(f"{self.where}: weights of shape {list(shape)}; four dimensions are expected")
        return self.window(shape[1], shape[2])


def _convolution(record: _Record, tensors: tuple[Tensor, ...]) -> Operator:
    return Convolution(
        record.index, record.inputs[:1], record.output, record.inputs[1], record.bias,
        record.kernel_window(tensors), record.activation(),
    )  # fmt: skip


def _depthwise_convolution(record: _Record, tensors: tuple[Tensor, ...]) -> Operator:
    # The reference computes the depth multiplier from the shapes and ignores the option of that name.
    channels = tensors[record.inputs[0]].shape[-1:] or (1,)
    return DepthwiseConvolution(
        record.index, record.inputs[:1], record.output, record.inputs[1], record.bias,
        record.kernel_window(tensors), tensors[record.inputs[1]].shape[3] // channels[0], record.activation(),
    )  # fmt: skip


def _fully_connected(record: _Record, tensors: tuple[Tensor, ...]) -> Operator:
    if record.options.WeightsFormat() != tflite.FullyConnectedOptionsWeightsFormat.DEFAULT:
        raise UserError(
            f"{record.where}: shuffled weights are not supported; export with the default weights format"
        )
    return FullyConnected(
        record.index, record.inputs[:1], record.output, record.inputs[1], record.bias, record.activation()
    )


def _average_pool(record: _Record, tensors: tuple[Tensor, ...]) -> Operator:
    window = record.window(record.options.FilterHeight(), record.options.FilterWidth())
    return AveragePool(record.index, record.inputs, record.output, window, record.activation())


def _max_pool(record: _Record, tensors: tuple[Tensor, ...]) -> Operator:
    window = record.window(record.options.FilterHeight(), record.options.FilterWidth())
    return MaxPool(record.index, record.inputs, record.output, window, record.activation())


def _add(record: _Record, tensors: tuple[Tensor, ...]) -> Operator:
    return Add(record.index, record.inputs, record.output, record.activation())


def _reshape(record: _Record, tensors: tuple[Tensor, ...]) -> Operator:
    return Reshape(record.index, record.inputs[:1], record.output)


def _softmax(record: _Record, tensors: tuple[Tensor, ...]) -> Operator:
    beta = np.float32(record.options.Beta())
    if not (np.isfinite(beta) and beta > 0):
        raise UserError(f"{record.where}: beta {beta} is not a positive number")
    return Softmax(record.index, record.inputs, record.output, beta)


def _clamp(activation: Activation) -> _Build:
    return lambda record, tensors: Clamp(record.index, record.inputs, record.output, activation)


_Build = Callable[[_Record, tuple[Tensor, ...]], Operator]

# Of each operator: the class of its options, what builds it, how many inputs it may have.
_OPERATORS: dict[str, tuple[type | None, _Build, tuple[int, ...]]] = {
    "CONV_2D": (tflite.Conv2DOptions, _convolution, (2, 3)),
    "DEPTHWISE_CONV_2D": (tflite.DepthwiseConv2DOptions, _depthwise_convolution, (2, 3)),
    "FULLY_CONNECTED": (tflite.FullyConnectedOptions, _fully_connected, (2, 3)),
    "AVERAGE_POOL_2D": (tflite.Pool2DOptions, _average_pool, (1,)),
    "MAX_POOL_2D": (tflite.Pool2DOptions, _max_pool, (1,)),
    "ADD": (tflite.AddOptions, _add, (2,)),
    "RESHAPE": (tflite.ReshapeOptions, _reshape, (1, 2)),
    "SOFTMAX": (tflite.SoftmaxOptions, _softmax, (1,)),
    "RELU": (None, _clamp(Activation.RELU), (1,)),
    "RELU6": (None, _clamp(Activation.RELU6), (1,)),
    "RELU_N1_TO_1": (None, _clamp(Activation.RELU_N1_TO_1), (1,)),
}
_SUPPORTED = ", ".join(_OPERATORS)
