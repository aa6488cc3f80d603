"""Writes .tflite files for tests, with the schema's own builders."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import flatbuffers
import numpy as np
import tflite

INT8 = tflite.TensorType.INT8
INT32 = tflite.TensorType.INT32
FLOAT32 = tflite.TensorType.FLOAT32

OPTIONS = {
    "CONV_2D": tflite.Conv2DOptions,
    "DEPTHWISE_CONV_2D": tflite.DepthwiseConv2DOptions,
    "FULLY_CONNECTED": tflite.FullyConnectedOptions,
    "AVERAGE_POOL_2D": tflite.Pool2DOptions,
    "MAX_POOL_2D": tflite.Pool2DOptions,
    "ADD": tflite.AddOptions,
    "RESHAPE": tflite.ReshapeOptions,
    "SOFTMAX": tflite.SoftmaxOptions,
}


@dataclass
class TensorSpec:
    name: str
    shape: Sequence[int]
    dtype: int = INT8
    scales: Sequence[float] = ()
    zero_points: Sequence[int] = ()
    axis: int = 0
    data: np.ndarray | None = None
    signature: Sequence[int] | None = None


@dataclass
class OperatorSpec:
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
        self.tensors.append(TensorSpec(name, shape, **details))
        return len(self.tensors) - 1

    def activation(self, shape: Sequence[int], scale: float, zero_point: int, name: str = "") -> int:
        name = name or f"activation_{len(self.tensors)}"
        return self.tensor(name, shape, scales=[scale], zero_points=[zero_point])

    def constant(self, name: str, data: np.ndarray, **details: Any) -> int:
        dtype = {np.dtype(np.int8): INT8, np.dtype(np.int32): INT32, np.dtype(np.float32): FLOAT32}[
            data.dtype
        ]
        return self.tensor(name, data.shape, dtype=dtype, data=data, **details)

    def operator(self, name: str, inputs: Sequence[int], outputs: Sequence[int], **options: Any) -> None:
        self.operators.append(OperatorSpec(name, inputs, outputs, options))

    def finish(self, *, subgraphs: int = 1) -> bytes:
        return _Writer().model(self, subgraphs)


class _Writer:
    def __init__(self) -> None:
        self.builder = flatbuffers.Builder(1024)

    def offsets(self, start: Callable[..., Any], offsets: Sequence[int]) -> int:
        start(self.builder, len(offsets))
        for offset in reversed(offsets):
            self.builder.PrependUOffsetTRelative(offset)
        return self.builder.EndVector()

    def table(self, module: str, **fields: Any) -> int:
        getattr(tflite, f"{module}Start")(self.builder)
        for name, value in fields.items():
            if value is not None:
                getattr(tflite, f"{module}Add{name}")(self.builder, value)
        return getattr(tflite, f"{module}End")(self.builder)

    def vector(self, values: Sequence[Any], dtype: Any) -> int:
        return self.builder.CreateNumpyVector(np.asarray(values, dtype))

    def tensor(self, spec: TensorSpec, buffer: int) -> int:
        quantization = None
        if len(spec.scales):
            scales = self.vector(spec.scales, np.float32)
            zero_points = self.vector(spec.zero_points, np.int64)
            quantization = self.table(
                "QuantizationParameters", Scale=scales, ZeroPoint=zero_points, QuantizedDimension=spec.axis
            )
        signature = None if spec.signature is None else self.vector(spec.signature, np.int32)
        shape = self.vector(spec.shape, np.int32)
        name = self.builder.CreateString(spec.name)
        return self.table(
            "Tensor", Shape=shape, Type=spec.dtype, Buffer=buffer, Name=name, Quantization=quantization,
            ShapeSignature=signature,
        )  # fmt: skip

    def operator(self, spec: OperatorSpec, opcode: int) -> int:
        options_type, options = 0, None
        if spec.name in OPTIONS:
            module = OPTIONS[spec.name].__name__.rsplit(".", 1)[-1]
            options = self.table(module, **spec.options)
            options_type = getattr(tflite.BuiltinOptions, module)
        inputs = self.vector(spec.inputs, np.int32)
        outputs = self.vector(spec.outputs, np.int32)
        return self.table(
            "Operator", OpcodeIndex=opcode, Inputs=inputs, Outputs=outputs,
            BuiltinOptionsType=options_type, BuiltinOptions=options,
        )  # fmt: skip

    def subgraph(self, model: ModelBuilder, codes: list[str]) -> int:
        buffers = 1
        tensors = []
        for spec in model.tensors:
            tensors.append(self.tensor(spec, buffers if spec.data is not None else 0))
            buffers += spec.data is not None
        operators = [self.operator(spec, codes.index(spec.name)) for spec in model.operators]
        tensor_vector = self.offsets(tflite.SubGraphStartTensorsVector, tensors)
        operator_vector = self.offsets(tflite.SubGraphStartOperatorsVector, operators)
        inputs = self.vector(model.inputs, np.int32)
        outputs = self.vector(model.outputs, np.int32)
        return self.table(
            "SubGraph", Tensors=tensor_vector, Operators=operator_vector, Inputs=inputs, Outputs=outputs
        )

    def model(self, model: ModelBuilder, subgraph_count: int) -> bytes:
        codes = sorted({spec.name for spec in model.operators})
        buffers = [self.table("Buffer")]
        for spec in model.tensors:
            if spec.data is not None:
                data = self.vector(np.ascontiguousarray(spec.data).view(np.uint8).reshape(-1), np.uint8)
                buffers.append(self.table("Buffer", Data=data))
        subgraphs = [self.subgraph(model, codes) for _ in range(subgraph_count)]
        opcodes = []
        for name in codes:
            code = getattr(tflite.BuiltinOperator, name)
            opcodes.append(
                self.table("OperatorCode", BuiltinCode=code, DeprecatedBuiltinCode=min(code, 127), Version=1)
            )
        vectors = {
            "OperatorCodes": self.offsets(tflite.ModelStartOperatorCodesVector, opcodes),
            "Subgraphs": self.offsets(tflite.ModelStartSubgraphsVector, subgraphs),
            "Buffers": self.offsets(tflite.ModelStartBuffersVector, buffers),
            "Description": self.builder.CreateString("made by a test"),
        }
        self.builder.Finish(self.table("Model", Version=3, **vectors), b"TFL3")
        return bytes(self.builder.Output())
