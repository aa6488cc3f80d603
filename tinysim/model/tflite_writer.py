"""Writes .tflite files, with the schema's own builders (tensorflow/lite/schema/schema.fbs).

The same tensors and operators give the same bytes. Nothing is checked here: `tflite_reader` does that, and
tests write what is wrong on purpose.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import flatbuffers
import numpy as np
import numpy.typing as npt
import tflite

INT8: int = tflite.TensorType.INT8
INT32: int = tflite.TensorType.INT32
FLOAT32: int = tflite.TensorType.FLOAT32

DESCRIPTION = "Written by tinysim."

_ELEMENT_TYPES = {np.dtype(np.int8): INT8, np.dtype(np.int32): INT32, np.dtype(np.float32): FLOAT32}

# schema.fbs: Buffer.data has force_align 16.
_BUFFER_ALIGNMENT_BYTES = 16

# RESHAPE has none: its shape is a tensor, as in the files of TensorFlow's converter.
_OPTIONS = {
    "CONV_2D": tflite.Conv2DOptions,
    "DEPTHWISE_CONV_2D": tflite.DepthwiseConv2DOptions,
    "FULLY_CONNECTED": tflite.FullyConnectedOptions,
    "AVERAGE_POOL_2D": tflite.Pool2DOptions,
    "MAX_POOL_2D": tflite.Pool2DOptions,
    "ADD": tflite.AddOptions,
    "SOFTMAX": tflite.SoftmaxOptions,
}

# The first versions with int8 (tflite/converter/tools/versioning/op_version.cc); what is not named takes 1.
_VERSIONS = {
    "CONV_2D": 3,
    "DEPTHWISE_CONV_2D": 3,
    "FULLY_CONNECTED": 4,
    "AVERAGE_POOL_2D": 2,
    "MAX_POOL_2D": 2,
    "ADD": 2,
    "SOFTMAX": 2,
    "RELU": 2,
    "RELU6": 2,
}


@dataclass
class TensorSpec:
    """A tensor to be written; `dtype` is the schema's TensorType, `data` a constant's value.

    Several `scales` hold one for each index along `axis`. `signature` is the shape with -1 for what is not
    known yet, where it is to be written.
    """

    name: str
    shape: Sequence[int]
    dtype: int = INT8
    scales: Sequence[float | np.float32] = ()
    zero_points: Sequence[int] = ()
    axis: int = 0
    data: npt.NDArray[Any] | None = None
    signature: Sequence[int] | None = None


@dataclass
class OperatorSpec:
    """An operator to be written: the schema's name, tensor indices, and fields of its table of options."""

    name: str
    inputs: Sequence[int]
    outputs: Sequence[int]
    options: dict[str, Any] = field(default_factory=dict)


@dataclass
class ModelBuilder:
    """Collects tensors and operators of one subgraph; `finish` gives the file's bytes."""

    tensors: list[TensorSpec] = field(default_factory=list)
    operators: list[OperatorSpec] = field(default_factory=list)
    inputs: list[int] = field(default_factory=list)
    outputs: list[int] = field(default_factory=list)

    def tensor(self, name: str, shape: Sequence[int], **details: Any) -> int:
        """Add a tensor, `details` being fields of TensorSpec; return its index."""
        self.tensors.append(TensorSpec(name, shape, **details))
        return len(self.tensors) - 1

    def activation(
        self, shape: Sequence[int], scale: float | np.float32, zero_point: int, name: str = ""
    ) -> int:
        """Add an int8 tensor that an operator or the caller fills; return its index."""
        name = name or f"activation_{len(self.tensors)}"
        return self.tensor(name, shape, scales=[scale], zero_points=[zero_point])

    def constant(self, name: str, data: npt.NDArray[Any], **details: Any) -> int:
        """Add a constant of int8, int32 or float32; return its index. Raises KeyError for another type."""
        return self.tensor(name, data.shape, dtype=_ELEMENT_TYPES[data.dtype], data=data, **details)

    def operator(self, name: str, inputs: Sequence[int], outputs: Sequence[int], **options: Any) -> None:
        """Add an operator, `options` being fields of its table as the schema spells them in its builders."""
        self.operators.append(OperatorSpec(name, inputs, outputs, options))

    def finish(self, description: str = DESCRIPTION) -> bytes:
        """Return the file. Raises AttributeError for what the schema does not have."""
        return Writer().model(self, description)


class Writer:
    """Writes the tables of one file, from the leaves to the root, as a flatbuffer is built."""

    def __init__(self) -> None:
        self.builder: Any = flatbuffers.Builder(1024)

    def model(self, model: ModelBuilder, description: str) -> bytes:
        """Return the bytes of a file with what `model` holds."""
        codes = sorted({spec.name for spec in model.operators})
        buffers = [self._table("Buffer")]
        buffers += [self._buffer(spec.data) for spec in model.tensors if spec.data is not None]
        subgraphs = self.subgraphs(model, codes)
        opcodes = [self._operator_code(name) for name in codes]
        vectors = {
            "OperatorCodes": self._offsets(tflite.ModelStartOperatorCodesVector, opcodes),
            "Subgraphs": self._offsets(tflite.ModelStartSubgraphsVector, subgraphs),
            "Buffers": self._offsets(tflite.ModelStartBuffersVector, buffers),
            "Description": self.builder.CreateString(description),
        }
        self.builder.Finish(self._table("Model", Version=3, **vectors), b"TFL3")
        return bytes(self.builder.Output())

    def subgraphs(self, model: ModelBuilder, codes: list[str]) -> list[int]:
        """Write the subgraphs, which is one; return their offsets."""
        return [self.subgraph(model, codes)]

    def subgraph(self, model: ModelBuilder, codes: list[str]) -> int:
        """Write a subgraph whose constants lie in the buffers after the first, in order."""
        # Buffer 0 is empty, by convention, and stands for "no data".
        buffers = 1
        tensors = []
        for spec in model.tensors:
            tensors.append(self._tensor(spec, buffers if spec.data is not None else 0))
            buffers += spec.data is not None
        operators = [self._operator(spec, codes.index(spec.name)) for spec in model.operators]
        return self._table(
            "SubGraph",
            Tensors=self._offsets(tflite.SubGraphStartTensorsVector, tensors),
            Operators=self._offsets(tflite.SubGraphStartOperatorsVector, operators),
            Inputs=self._vector(model.inputs, np.int32),
            Outputs=self._vector(model.outputs, np.int32),
            Name=self.builder.CreateString("main"),
        )

    def _operator_code(self, name: str) -> int:
        code = getattr(tflite.BuiltinOperator, name)
        # Codes from 127 on do not fit the old field, which then holds the placeholder 127.
        return self._table(
            "OperatorCode",
            BuiltinCode=code,
            DeprecatedBuiltinCode=min(code, 127),
            Version=_VERSIONS.get(name, 1),
        )

    def _buffer(self, data: npt.NDArray[Any]) -> int:
        little_endian = np.ascontiguousarray(data, dtype=data.dtype.newbyteorder("<"))
        content = little_endian.view(np.uint8).reshape(-1)
        # So much padding that the first byte, which a builder that grows downwards writes last, is aligned.
        self.builder.Prep(_BUFFER_ALIGNMENT_BYTES, content.size)
        return self._table("Buffer", Data=self._vector(content, np.uint8))

    def _tensor(self, spec: TensorSpec, buffer: int) -> int:
        quantization = None
        if len(spec.scales):
            quantization = self._table(
                "QuantizationParameters",
                Scale=self._vector(spec.scales, np.float32),
                ZeroPoint=self._vector(spec.zero_points, np.int64),
                QuantizedDimension=spec.axis,
            )
        return self._table(
            "Tensor",
            Shape=self._vector(spec.shape, np.int32),
            Type=spec.dtype,
            Buffer=buffer,
            Name=self.builder.CreateString(spec.name),
            Quantization=quantization,
            ShapeSignature=None if spec.signature is None else self._vector(spec.signature, np.int32),
        )

    def _operator(self, spec: OperatorSpec, opcode: int) -> int:
        options_type, options = 0, None
        if spec.name in _OPTIONS:
            module = _OPTIONS[spec.name].__name__.rsplit(".", 1)[-1]
            options = self._table(module, **spec.options)
            options_type = getattr(tflite.BuiltinOptions, module)
        return self._table(
            "Operator",
            OpcodeIndex=opcode,
            Inputs=self._vector(spec.inputs, np.int32),
            Outputs=self._vector(spec.outputs, np.int32),
            BuiltinOptionsType=options_type,
            BuiltinOptions=options,
        )

    def _table(self, name: str, **fields: Any) -> int:
        getattr(tflite, f"{name}Start")(self.builder)
        for key, value in fields.items():
            if value is not None:
                getattr(tflite, f"{name}Add{key}")(self.builder, value)
        return int(getattr(tflite, f"{name}End")(self.builder))

    def _vector(self, values: Sequence[Any] | npt.NDArray[Any], dtype: npt.DTypeLike) -> int:
        return int(self.builder.CreateNumpyVector(np.asarray(values, dtype)))

    def _offsets(self, start: Callable[..., Any], offsets: Sequence[int]) -> int:
        start(self.builder, len(offsets))
        for offset in reversed(offsets):
            self.builder.PrependUOffsetTRelative(offset)
        return int(self.builder.EndVector())
