"""Inputs of the kind that each benchmark has, and networks that nobody trained."""

from __future__ import annotations

import numpy as np

from tinysim.training.architectures import Architecture
from tinysim.training.float_network import FloatNetwork, random_network


def random_inputs(architecture: Architecture, count: int, seed: int = 1) -> np.ndarray:
    """Return inputs [count, *input_shape]; pictures of large squares, since noise looks the same to any network."""
    random = np.random.default_rng(seed)
    if architecture.name == "ad":
        return random.normal(0, 20, (count, *architecture.input_shape)).astype(np.float32)
    height, width, channels = architecture.input_shape
    side = max(height // 3, width // 3)
    squares = random.uniform(size=(count, -(-height // side), -(-width // side), channels))
    pictures = squares.repeat(side, axis=1).repeat(side, axis=2)[:, :height, :width]
    # Within what the benchmark's quantization can hold.
    low, high = {"kws": (-120, 25), "ic": (0, 255), "vww": (0, 1)}[architecture.name]
    return (low + (high - low) * pictures).astype(np.float32)


def untrained(architecture: Architecture, seed: int = 1) -> FloatNetwork:
    return random_network(architecture, np.random.default_rng(seed))
