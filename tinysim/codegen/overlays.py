"""How far behind its reads a layer writes: which outputs may lie over inputs that nothing needs any more."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinysim.model.graph import SlidingWindow, Tensor


def windowed_lead_bytes(window: SlidingWindow, source: Tensor, output: Tensor, *, whole_windows: bool) -> int:
    """Return how many bytes the output must begin before the input, [1, height, width, channels] both.

    For kernels that go through the output place by place, in the order of memory. `whole_windows` says that
    one has read all of a place's window before it writes there; else it has only read the windows before.
    """
    _, height, width, channels = source.shape
    _, rows, columns, output_channels = output.shape
    top, left = window.padding_before(height, width)
    first_rows = np.maximum(np.arange(rows) * window.stride_height - top, 0)
    first_columns = np.maximum(np.arange(columns) * window.stride_width - left, 0)
    # Where a window begins in the input, and the lowest place that this or any later one reads.
    starts = ((first_rows[:, None] * width + first_columns) * channels).reshape(-1)
    lowest = np.minimum.accumulate(starts[::-1])[::-1]
    written: NDArray[np.signedinteger[Any]] = (np.arange(rows * columns) + 1) * output_channels
    if whole_windows:
        written, lowest = written[:-1], lowest[1:]
    return max(0, int(np.max(written - lowest, initial=0)))
