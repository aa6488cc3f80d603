"""Outputs that lie over inputs are written behind the reads that still come."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tinysim.codegen.overlays import windowed_lead_bytes
from tinysim.model.graph import ElementType, Padding, SlidingWindow, Tensor


def image(height: int, width: int, channels: int) -> Tensor:
    return Tensor(0, "image", (1, height, width, channels), ElementType.INT8, None, None)


def output_of(window: SlidingWindow, source: Tensor, channels: int) -> Tensor:
    return image(*window.output_size(source.shape[1], source.shape[2]), channels)


def reads(window: SlidingWindow, source: Tensor, row: int, column: int) -> set[int]:
    """The bytes of the input that the window at a place of the output covers."""
    _, height, width, channels = source.shape
    top, left = window.padding_before(height, width)
    covered = set()
    for y in range(row * window.stride_height - top, row * window.stride_height - top + window.height):
        for x in range(
            column * window.stride_width - left, column * window.stride_width - left + window.width
        ):
            if 0 <= y < height and 0 <= x < width:
                covered |= {(y * width + x) * channels + channel for channel in range(channels)}
    return covered


def is_damaged(
    window: SlidingWindow, source: Tensor, output: Tensor, lead_bytes: int, whole_windows: bool
) -> bool:
    """Tell whether a byte is read after it was overwritten, if the output begins so many bytes earlier."""
    _, rows, columns, channels = output.shape
    written: set[int] = set()
    for place in range(rows * columns):
        own = set(range(place * channels - lead_bytes, (place + 1) * channels - lead_bytes))
        window_reads = reads(window, source, *divmod(place, columns))
        if window_reads & (written if whole_windows else written | own):
            return True
        written |= own
    return False


windows = st.builds(
    SlidingWindow,
    height=st.integers(1, 4),
    width=st.integers(1, 4),
    stride_height=st.integers(1, 3),
    stride_width=st.integers(1, 3),
    padding=st.sampled_from(Padding),
)
sizes = st.tuples(st.integers(1, 6), st.integers(1, 6), st.integers(1, 4))


@given(windows, sizes, st.integers(1, 6), st.booleans(), st.integers(0, 20))
def test_no_byte_is_read_after_it_was_overwritten(
    window: SlidingWindow, size: tuple[int, int, int], channels: int, whole_windows: bool, more: int
) -> None:
    source = image(*size)
    assume(window.padding == Padding.SAME or (window.height <= size[0] and window.width <= size[1]))
    output = output_of(window, source, channels)
    lead_bytes = windowed_lead_bytes(window, source, output, whole_windows=whole_windows)
    assert not is_damaged(window, source, output, lead_bytes + more, whole_windows)


@pytest.mark.parametrize(
    ("window", "channels", "expected"),
    [
        (SlidingWindow(1, 1, 1, 1, Padding.SAME), 8, 0),
        (SlidingWindow(1, 1, 1, 1, Padding.SAME), 5, 0),
        # 25 places of two bytes more, all but the last of which meet the next one's input.
        (SlidingWindow(1, 1, 1, 1, Padding.SAME), 10, 24 * 2),
        # A row and a place.
        (SlidingWindow(3, 3, 1, 1, Padding.SAME), 8, 6 * 8),
        (SlidingWindow(2, 2, 2, 2, Padding.VALID), 8, 0),
    ],
)
def test_leads_are_no_longer_than_they_must_be(window: SlidingWindow, channels: int, expected: int) -> None:
    source = image(5, 5, 8)
    output = output_of(window, source, channels)
    lead_bytes = windowed_lead_bytes(window, source, output, whole_windows=True)
    assert lead_bytes == expected
    assert lead_bytes == 0 or is_damaged(window, source, output, lead_bytes - 1, True)


def test_a_pool_reads_on_in_the_window_of_the_place_that_it_writes() -> None:
    window = SlidingWindow(5, 5, 5, 5, Padding.VALID)
    source = image(5, 5, 8)
    assert windowed_lead_bytes(window, source, output_of(window, source, 8), whole_windows=False) == 8


def test_the_lead_of_one_place_is_none() -> None:
    window = SlidingWindow(5, 5, 1, 1, Padding.VALID)
    source = image(5, 5, 8)
    lead_bytes = windowed_lead_bytes(window, source, output_of(window, source, 100), whole_windows=True)
    assert (lead_bytes, type(lead_bytes)) == (0, int)
    assert np.prod(output_of(window, source, 100).shape) == 100
