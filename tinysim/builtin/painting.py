"""What both kinds of drawn pictures, `drawing` and `scenery`, do with colours, pixels and corners."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tinysim.builtin.arithmetic import Float64Array

Colour = tuple[float, float, float]
"""Red, green and blue, from nothing to the brightest that a picture has."""

Point = tuple[float, float]


def mixed(first: Colour, second: Colour, share: float) -> Colour:
    """Return `first` with a share of `second` in it: from the first at 0 to the second at 1."""
    red, green, blue = (a + (b - a) * share for a, b in zip(first, second, strict=True))
    return red, green, blue


def limited(values: Float64Array) -> Float64Array:
    """Return values limited to 0..1; the calls of numpy.clip take longer than its work on small arrays."""
    within: Float64Array = np.minimum(np.maximum(values, 0.0), 1.0)
    return within


def smooth_step(share: Float64Array) -> Float64Array:
    """Return shares from 0 to 1 that set out and arrive slowly: 3 s^2 - 2 s^3."""
    step: Float64Array = share * share * (3.0 - 2.0 * share)
    return step


def smoothed(pixels: Float64Array, axis: int, share: float) -> Float64Array:
    """Return pixels of which each gives `share` of itself to either neighbour along an axis, 0 or 1."""
    if axis == 0:
        before, after = np.concatenate([pixels[:1], pixels[:-1]]), np.concatenate([pixels[1:], pixels[-1:]])
    else:
        before = np.concatenate([pixels[:, :1], pixels[:, :-1]], axis=1)
        after = np.concatenate([pixels[:, 1:], pixels[:, -1:]], axis=1)
    result: Float64Array = pixels * (1.0 - 2.0 * share) + (before + after) * share
    return result


def edges(corners: Sequence[Point]) -> list[tuple[Point, Point]]:
    """Return the edges of a polygon, the last back to the first corner."""
    return list(zip(corners, [*corners[1:], corners[0]], strict=True))


def turning(corners: Sequence[Point]) -> float:
    """Return 1 where a polygon's corners go round from the first axis to the second, else -1."""
    twice_area = 0.0
    for (x0, y0), (x1, y1) in edges(corners):
        twice_area += x0 * y1 - x1 * y0
    return 1.0 if twice_area > 0 else -1.0
