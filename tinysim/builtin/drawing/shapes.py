"""Plane shapes as distances: how far each pixel is from a shape's edge, negative inside.

All in arithmetic that is exact everywhere (`tinysim.builtin.arithmetic`). The formulas are those of Inigo
Quilez, "2D distance functions", https://iquilezles.org/articles/distfunctions2d/.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tinysim.builtin.arithmetic import Float64Array, cosine, sine
from tinysim.builtin.painting import Point, edges, limited, turning


@dataclass(frozen=True)
class Frame:
    """Coordinates of every pixel: x to the right and y up, both of the picture's shape.

    `pixel` is a pixel's side in these coordinates. A mirrored frame has its x to the left.
    """

    x: Float64Array
    y: Float64Array
    pixel: float

    def placed(
        self, x: float, y: float, turns: float = 0.0, scale: float = 1.0, mirrored: bool = False
    ) -> Frame:
        """Return the frame of something at (x, y), turned counter-clockwise, `scale` times as large."""
        c, s = float(cosine(turns)), float(sine(turns))
        from_x, from_y = self.x - x, self.y - y
        along = (from_x * c + from_y * s) / scale
        across = (from_y * c - from_x * s) / scale
        return Frame(-along if mirrored else along, across, self.pixel / scale)


def picture_frame(side: int) -> Frame:
    """Return the frame of a square picture of `side` pixels: from -1 to 1, the middle is (0, 0)."""
    centres = (np.arange(side, dtype=np.float64) + 0.5) * (2.0 / side) - 1.0
    x = np.broadcast_to(centres, (side, side))
    return Frame(x, -x.T, 2.0 / side)


def ellipse(frame: Frame, x: float, y: float, radius_x: float, radius_y: float | None = None) -> Float64Array:
    """Return the distance, approximate away from the edge, from an ellipse or (one radius) a circle."""
    from_x, from_y = frame.x - x, frame.y - y
    if radius_y is None:
        circle: Float64Array = np.sqrt(from_x * from_x + from_y * from_y) - radius_x
        return circle
    unit_x, unit_y = from_x / radius_x, from_y / radius_y
    steep_x, steep_y = unit_x / radius_x, unit_y / radius_y
    reach = np.sqrt(unit_x * unit_x + unit_y * unit_y)
    slope = np.sqrt(steep_x * steep_x + steep_y * steep_y)
    distance: Float64Array = reach * (reach - 1.0) / np.maximum(slope, 1e-9)
    # The formula goes to 0 in the middle, where the smaller radius is meant.
    return np.where(reach < 0.5, (reach - 1.0) * min(radius_x, radius_y), distance)


def box(
    frame: Frame, x: float, y: float, half_width: float, half_height: float, rounding: float = 0.0
) -> Float64Array:
    """Return the distance from an upright rectangle, its corners rounded."""
    over_x = np.abs(frame.x - x) - (half_width - rounding)
    over_y = np.abs(frame.y - y) - (half_height - rounding)
    outside_x, outside_y = np.maximum(over_x, 0.0), np.maximum(over_y, 0.0)
    outside = np.sqrt(outside_x * outside_x + outside_y * outside_y)
    distance: Float64Array = outside + np.minimum(np.maximum(over_x, over_y), 0.0) - rounding
    return distance


def capsule(
    frame: Frame, start: Point, end: Point, radius: float, end_radius: float | None = None
) -> Float64Array:
    """Return the distance from a thick line with round ends, which may taper."""
    along_x, along_y = end[0] - start[0], end[1] - start[1]
    from_x, from_y = frame.x - start[0], frame.y - start[1]
    part = (from_x * along_x + from_y * along_y) / (along_x * along_x + along_y * along_y)
    part = limited(part)
    from_x, from_y = from_x - part * along_x, from_y - part * along_y
    taper = 0.0 if end_radius is None else end_radius - radius
    distance: Float64Array = np.sqrt(from_x * from_x + from_y * from_y) - (radius + part * taper)
    return distance


def polygon(frame: Frame, *corners: Point) -> Float64Array:
    """Return the distance from a convex polygon, corners in either order; outside, corners count as sharp."""
    outward = turning(corners)
    distance = np.full(frame.x.shape, -np.inf)
    for (x0, y0), (x1, y1) in edges(corners):
        length_x, length_y = x1 - x0, y1 - y0
        length = outward * float(np.sqrt(length_x * length_x + length_y * length_y))
        side = (frame.x - x0) * (length_y / length) - (frame.y - y0) * (length_x / length)
        distance = np.maximum(distance, side)
    return distance


def union(*distances: Float64Array) -> Float64Array:
    """Return the distance from the nearest of several shapes."""
    nearest = distances[0]
    for distance in distances[1:]:
        nearest = np.minimum(nearest, distance)
    return nearest


def within(*distances: Float64Array) -> Float64Array:
    """Return the distance from what several shapes have in common."""
    farthest = distances[0]
    for distance in distances[1:]:
        farthest = np.maximum(farthest, distance)
    return farthest


def blended(first: Float64Array, second: Float64Array, width: float) -> Float64Array:
    """Return the distance from two shapes that flow into one another over `width`."""
    part = limited(0.5 + 0.5 * (second - first) / width)
    distance: Float64Array = second + (first - second) * part - width * part * (1.0 - part)
    return distance


def outline(distance: Float64Array, half_width: float) -> Float64Array:
    """Return the distance from a shape's edge, drawn as a line."""
    line: Float64Array = np.abs(distance) - half_width
    return line
