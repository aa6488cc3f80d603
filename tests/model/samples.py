"""Small sound models that the tests of errors spoil in one place."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinysim.model.tflite_writer import ModelBuilder


def convolution_model(**changes: Any) -> ModelBuilder:
    """A model of one 3x3 convolution from 4x4x2 to 4x4x3; `changes` replace options of the operator."""
    builder = ModelBuilder()
    source = builder.activation([1, 4, 4, 2], 0.5, 3, "source")
    weights = builder.constant(
        "weights",
        np.arange(54, dtype=np.int8).reshape(3, 3, 3, 2),
        scales=[0.01, 0.02, 0.03],
        zero_points=[0] * 3,
    )
    bias = builder.constant(
        "bias", np.array([1, 2, 3], dtype=np.int32), scales=[0.1] * 3, zero_points=[0] * 3
    )
    result = builder.activation([1, 4, 4, 3], 0.25, -5, "result")
    options = {
        "Padding": 0,
        "StrideH": 1,
        "StrideW": 1,
        "DilationHFactor": 1,
        "DilationWFactor": 1,
        "FusedActivationFunction": 0,
    }
    builder.operator("CONV_2D", [source, weights, bias], [result], **{**options, **changes})
    builder.inputs, builder.outputs = [source], [result]
    return builder
