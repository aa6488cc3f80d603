"""Weights in the order the kernels read them, and the bias with the input's zero point folded in."""

from __future__ import annotations

import numpy as np

from tinysim.codegen.requantization import AccumulatorRange
from tinysim.model.graph import Int8Array, Int64Array

BLOCK = 4


def rounded_up(value: int, multiple: int = BLOCK) -> int:
    """Return the least multiple that is not below `value`."""
    return -(-value // multiple) * multiple


def in_blocks(rows: Int8Array) -> Int8Array:
    """Return weights [channels, depth] as one row of blocks of 4 channels by 4 values, padded with zeros."""
    channels, depth = rows.shape
    padded = np.zeros((rounded_up(channels), rounded_up(depth)), dtype=np.int8)
    padded[:channels, :depth] = rows
    blocks = padded.reshape(padded.shape[0] // BLOCK, BLOCK, padded.shape[1] // BLOCK, BLOCK)
    return np.ascontiguousarray(blocks.transpose(0, 2, 1, 3)).reshape(-1)


def fold_zero_point(rows: Int8Array, bias: Int64Array, zero_point: int) -> Int64Array:
    """Return the bias of the sum over stored inputs: bias + sum of weights * (0 - zero_point)."""
    return np.asarray(bias - zero_point * rows.sum(axis=1, dtype=np.int64), dtype=np.int64)


def accumulator_range(rows: Int8Array, bias: Int64Array, zero_point: int) -> AccumulatorRange:
    """Return what the accumulators of weights [channels, depth] can become over all int8 inputs."""
    weights = rows.astype(np.int64)
    at_lowest, at_highest = weights * (-128 - zero_point), weights * (127 - zero_point)
    folded = fold_zero_point(rows, bias, zero_point)
    magnitude = np.abs(weights).sum(axis=1)
    return AccumulatorRange(
        lowest=bias + np.minimum(at_lowest, at_highest).sum(axis=1),
        highest=bias + np.maximum(at_lowest, at_highest).sum(axis=1),
        # The kernels start from either bias and add terms in any order, over inputs of up to 128.
        partial=np.maximum(np.abs(bias), np.abs(folded)) + 255 * magnitude,
    )
