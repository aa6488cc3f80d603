"""A graph that grows operator by operator: what random and reference graphs have in common."""

from __future__ import annotations

import numpy as np
import tflite

from tinysim.model.tflite_writer import ModelBuilder

SAME, VALID = tflite.Padding.SAME, tflite.Padding.VALID


class GrowingGraph:
    """A builder, and the tensor that the next operator reads; `finish` gives the file."""

    def __init__(self, seed: int) -> None:
        self.random = np.random.default_rng(seed)
        self.builder = ModelBuilder()
        self.current = -1

    def begin(self, source: int) -> None:
        """Make a tensor the graph's input."""
        self.current = source
        self.builder.inputs = [source]

    @property
    def shape(self) -> list[int]:
        return list(self.builder.tensors[self.current].shape)

    @property
    def scale(self) -> float:
        return float(self.builder.tensors[self.current].scales[0])

    @property
    def zero_point(self) -> int:
        return int(self.builder.tensors[self.current].zero_points[0])

    def windowed(self, size: tuple[int, int], stride: tuple[int, int], padding: int) -> list[int]:
        """Height and width of what a window that slides over the current tensor gives."""
        return [
            -(-length // step) if padding == SAME else (length - kernel) // step + 1
            for length, kernel, step in zip(self.shape[1:3], size, stride, strict=True)
        ]

    def flatten(self, rows: int = 1) -> None:
        """Reshape to `rows` rows, or to one where that does not divide the elements."""
        count = int(np.prod(self.shape))
        rows = rows if count % rows == 0 else 1
        shape = [rows, count // rows]
        wanted = self.builder.constant("shape", np.array(shape, dtype=np.int32))
        result = self.builder.activation(shape, self.scale, self.zero_point)
        self.builder.operator("RESHAPE", [self.current, wanted], [result])
        self.current = result

    def finish(self) -> bytes:
        self.builder.outputs = [self.current]
        return self.builder.finish()
