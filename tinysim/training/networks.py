"""The reference architectures as torch modules to be trained, and what comes out. Needs torch."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from tinysim.model.graph import Activation, Float64Array
from tinysim.training.architectures import (
    AddLayer,
    Architecture,
    ConvolutionLayer,
    DenseLayer,
    FlattenLayer,
    GlobalAveragePoolLayer,
    SoftmaxLayer,
)
from tinysim.training.float_network import FloatNetwork, Parameters

# Keras's, with which the reference models were trained.
BATCH_NORM_EPSILON = 1e-3


class TrainableNetwork(nn.Module):
    """An architecture with batch norm after every convolution, and after every dense layer that has a ReLU.

    Takes float32 [N, *input_shape], channels last as everywhere in tinysim, and gives [N, elements]: logits
    where the architecture ends in a softmax. `dropout` is the share of features dropped before the last dense
    layer of a classifier while training.
    """

    def __init__(self, architecture: Architecture, dropout: float = 0.0) -> None:
        super().__init__()
        self.architecture = architecture
        self.dropout = nn.Dropout(dropout)
        self.linear = nn.ModuleList()
        self.norms = nn.ModuleList()
        for layer in architecture.layers:
            linear, norm = _modules(architecture, layer)
            self.linear.append(linear)
            self.norms.append(norm)

    def forward(self, inputs: Any) -> Any:
        """Return the network's outputs, before the softmax if there is one."""
        # A view: the memory stays channels last, which is also what torch's kernels are fastest with.
        values = [inputs.permute(0, 3, 1, 2) if inputs.dim() == 4 else inputs]
        for layer, linear, norm in zip(self.architecture.layers, self.linear, self.norms, strict=True):
            source = values[layer.source]
            if isinstance(layer, ConvolutionLayer):
                output = _activated(norm(linear(_padded(source, layer))), layer.activation)
            elif isinstance(layer, DenseLayer):
                output = _activated(norm(linear(source)), layer.activation)
            elif isinstance(layer, AddLayer):
                output = _activated(source + values[layer.other], layer.activation)
            elif isinstance(layer, GlobalAveragePoolLayer):
                output = source.mean(dim=(2, 3), keepdim=True)
            elif isinstance(layer, FlattenLayer):
                output = self.dropout(source.permute(0, 2, 3, 1).flatten(1))
            else:
                assert isinstance(layer, SoftmaxLayer)
                output = source
            values.append(output)
        return values[-1]

    def fold(self) -> FloatNetwork:
        """Return the trained network, its batch norms with their running statistics folded into the weights.

        Raises ValueError where a weight is not finite.
        """
        parameters: list[Parameters | None] = []
        for layer, linear, norm in zip(self.architecture.layers, self.linear, self.norms, strict=True):
            if isinstance(layer, (ConvolutionLayer, DenseLayer)):
                parameters.append(_folded(layer, linear, norm))
            else:
                parameters.append(None)
        return FloatNetwork(self.architecture, tuple(parameters))


def _modules(architecture: Architecture, layer: object) -> tuple[Any, Any]:
    if isinstance(layer, ConvolutionLayer):
        inputs = architecture.shapes[layer.source][-1]
        window = layer.window
        convolution = nn.Conv2d(
            inputs,
            layer.channels,
            (window.height, window.width),
            stride=(window.stride_height, window.stride_width),
            groups=inputs if layer.is_depthwise else 1,
            bias=False,
        )
        # He et al. 2015 by fan-in, which for a depthwise kernel is its window.
        nn.init.kaiming_normal_(convolution.weight, mode="fan_in", nonlinearity="relu")
        return convolution, nn.BatchNorm2d(layer.channels, eps=BATCH_NORM_EPSILON)
    if isinstance(layer, DenseLayer):
        inputs = architecture.shapes[layer.source][-1]
        if layer.activation is Activation.NONE:
            return nn.Linear(inputs, layer.outputs), nn.Identity()
        dense = nn.Linear(inputs, layer.outputs, bias=False)
        nn.init.kaiming_normal_(dense.weight, nonlinearity="relu")
        return dense, nn.BatchNorm1d(layer.outputs, eps=BATCH_NORM_EPSILON)
    return nn.Identity(), nn.Identity()


def _padded(source: Any, layer: ConvolutionLayer) -> Any:
    """Pad as TensorFlow's SAME does: what is odd goes below and to the right."""
    height, width = source.shape[2:]
    above, left = layer.window.padding_before(height, width)
    below, right = layer.window.padding_after(height, width)
    if above == below == left == right == 0:
        return source
    return functional.pad(source, (left, right, above, below))


def _activated(values: Any, activation: Activation) -> Any:
    return functional.relu(values) if activation is Activation.RELU else values


def _folded(layer: ConvolutionLayer | DenseLayer, linear: Any, norm: Any) -> Parameters:
    weights = _numbers(linear.weight)
    bias = np.zeros(len(weights)) if linear.bias is None else _numbers(linear.bias)
    if not isinstance(norm, nn.Identity):
        gain = _numbers(norm.weight) / np.sqrt(_numbers(norm.running_var) + norm.eps)
        bias = (bias - _numbers(norm.running_mean)) * gain + _numbers(norm.bias)
        weights = weights * gain.reshape(-1, *[1] * (weights.ndim - 1))
    if isinstance(layer, ConvolutionLayer):
        # torch: [outputs, inputs, height, width], depthwise [channels, 1, height, width].
        weights = weights.transpose((1, 2, 3, 0) if layer.is_depthwise else (0, 2, 3, 1))
    return Parameters(np.ascontiguousarray(weights, dtype=np.float32), bias.astype(np.float32))


def _numbers(tensor: Any) -> Float64Array:
    return np.asarray(tensor.detach().cpu().to(torch.float64).numpy())
