"""A picture that shapes are painted on, and a pen that paints in metres at a place in it.

Positions in pixels: x to the right, y downwards, from the picture's upper left corner; the middle of the
first pixel is at 0.5, 0.5. Edges are smooth: a pixel's share is taken from its distance to the shape's edge.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tinysim.builtin.arithmetic import Float64Array, Random, cosine, sine
from tinysim.builtin.painting import Colour, Point, edges, limited, mixed, smooth_step, smoothed, turning

Box = tuple[slice, slice]
"""Rows and columns."""


@dataclass(frozen=True)
class Light:
    """Where light comes from: `side` from -1 (left) to 1 (right), `contrast` of its sides from 0 to 1."""

    side: float
    contrast: float
    shadow: float


class Picture:
    """Pixels, and colours, from 0 to 255, float64 of (size, size, 3), and what one sees in each.

    `seen`, uint8 of (size, size), has what `painting` was when a pixel was last covered by half or more.
    """

    def __init__(self, size: int, light: Light, grain: Float64Array) -> None:
        """Make a black picture; `grain` (size, size), about -1 to 1, is the roughness of rough surfaces."""
        self.size = size
        self.light = light
        self.grain = grain
        self.pixels = np.zeros((size, size, 3))
        self.seen = np.zeros((size, size), dtype=np.uint8)
        self.painting = 0
        self._middles = np.arange(size, dtype=np.float64) + 0.5

    def fill(self, colours: Float64Array) -> None:
        """Paint everything; `colours` is (3), (size, 1, 3) or (size, size, 3)."""
        self.pixels[:] = colours

    def paint(
        self, box: Box, coverage: Float64Array, colour: Colour | Float64Array, rough: float = 0.0
    ) -> None:
        """Lay a colour over the pixels of a box; `coverage` has a share from 0 to 1 for each."""
        paint = np.array(colour, dtype=np.float64)
        if rough:
            paint = paint * (1.0 + rough * self.grain[box][:, :, None])
        pixels = self.pixels[box]
        pixels += (paint - pixels) * coverage[:, :, None]
        self.seen[box][coverage >= 0.5] = self.painting

    def darken(self, box: Box, coverage: Float64Array) -> None:
        """Multiply the pixels of a box with 1 - coverage, as a shadow does."""
        self.pixels[box] *= 1.0 - coverage[:, :, None]

    def box(
        self, left: float, top: float, right: float, bottom: float
    ) -> tuple[Box, Float64Array, Float64Array]:
        """Return the pixels that these limits touch, and their middles: (1, columns) and (rows, 1)."""
        rows = slice(self._limit(math.floor(top) - 1), self._limit(math.ceil(bottom) + 1))
        columns = slice(self._limit(math.floor(left) - 1), self._limit(math.ceil(right) + 1))
        x: Float64Array = self._middles[None, columns]
        y: Float64Array = self._middles[rows, None]
        return (rows, columns), x, y

    def limb(
        self, start: Point, end: Point, radii: tuple[float, float], colour: Colour, rough: float = 0.0
    ) -> None:
        """Paint a round rod from `start` to `end`, with a radius at each, lit from the side."""
        (x0, y0), (x1, y1), (r0, r1) = start, end, radii
        box, x, y = self.box(
            min(x0 - r0, x1 - r1), min(y0 - r0, y1 - r1), max(x0 + r0, x1 + r1), max(y0 + r0, y1 + r1)
        )
        dx, dy = x1 - x0, y1 - y0
        along = limited(((x - x0) * dx + (y - y0) * dy) / max(dx * dx + dy * dy, 1e-9))
        across_x, across_y = x - x0 - along * dx, y - y0 - along * dy
        radius = r0 + along * (r1 - r0)
        distance = np.sqrt(across_x * across_x + across_y * across_y)
        # Rods thinner than a pixel: a pixel's share is at most the rod's width.
        coverage = limited(radius + 0.5 - distance) * np.minimum(2.0 * radius, 1.0)
        lit = (across_x * self.light.side - across_y * 0.5) / np.maximum(radius, 0.5)
        self.paint(box, coverage, self._lit(colour, lit), rough)

    def blob(
        self, middle: Point, radii: tuple[float, float], colour: Colour, rough: float = 0.0, turn: float = 0.0
    ) -> None:
        """Paint an ellipse, turned by `turn` of a full circle, lit like a ball."""
        (x0, y0), (rx, ry) = middle, radii
        box, u, v = self._turned(x0, y0, max(rx, ry), turn)
        relative = np.sqrt((u / rx) * (u / rx) + (v / ry) * (v / ry))
        coverage = limited((1.0 - relative) * min(rx, ry) + 0.5) * min(2.0 * min(rx, ry), 1.0)
        lit = (u / rx) * self.light.side - (v / ry) * 0.5
        self.paint(box, coverage, self._lit(colour, lit), rough)

    def shade(self, middle: Point, radii: tuple[float, float], strength: float) -> None:
        """Darken an ellipse with a soft edge."""
        (x0, y0), (rx, ry) = middle, radii
        box, u, v = self._turned(x0, y0, max(rx, ry), 0.0)
        relative = np.sqrt((u / rx) * (u / rx) + (v / ry) * (v / ry))
        self.darken(box, limited(1.6 - 1.6 * relative) * strength)

    def block(
        self, left: float, top: float, right: float, bottom: float, colour: Colour, rough: float = 0.0
    ) -> None:
        """Paint an upright rectangle."""
        box, x, y = self.box(left, top, right, bottom)
        columns = limited(np.minimum(x + 0.5, right) - np.maximum(x - 0.5, left))
        rows = limited(np.minimum(y + 0.5, bottom) - np.maximum(y - 0.5, top))
        self.paint(box, rows * columns, colour, rough)

    def polygon(self, corners: Sequence[Point], colour: Colour, rough: float = 0.0) -> None:
        """Paint a convex polygon."""
        xs, ys = [x for x, _ in corners], [y for _, y in corners]
        box, x, y = self.box(min(xs), min(ys), max(xs), max(ys))
        side = turning(corners)
        outside = np.full((y.shape[0], x.shape[1]), -1e9)
        for (x0, y0), (x1, y1) in edges(corners):
            dx, dy = x1 - x0, y1 - y0
            length = math.sqrt(dx * dx + dy * dy)
            if length > 0:
                outside = np.maximum(outside, ((x - x0) * dy - (y - y0) * dx) * (side / length))
        self.paint(box, limited(0.5 - outside), colour, rough)

    def _turned(
        self, x0: float, y0: float, reach: float, turn: float
    ) -> tuple[Box, Float64Array, Float64Array]:
        box, x, y = self.box(x0 - reach, y0 - reach, x0 + reach, y0 + reach)
        if turn == 0.0:
            return box, x - x0, y - y0
        along, across = float(cosine(turn)), float(sine(turn))
        return box, (x - x0) * along + (y - y0) * across, (y - y0) * along - (x - x0) * across

    def _lit(self, colour: Colour, lit: Float64Array) -> Float64Array:
        share = 1.0 + self.light.contrast * np.minimum(np.maximum(lit, -1.0), 1.0)
        lit_colours: Float64Array = share[:, :, None] * np.array(colour)
        return lit_colours

    def _limit(self, position: int) -> int:
        return min(max(position, 0), self.size)


@dataclass(frozen=True)
class Pen:
    """Paints in metres, x to the right and y upwards from a place on the ground at `x`, `y` in pixels.

    `scale` is in pixels a metre; `mirror` is -1 to swap left and right. With distance, colours go towards
    `haze`, by the share `hazy`.
    """

    picture: Picture
    x: float
    y: float
    scale: float
    mirror: int = 1
    haze: Colour = (0.0, 0.0, 0.0)
    hazy: float = 0.0

    def at(self, x: float, y: float) -> Point:
        """Return a point in pixels."""
        return self.x + self.mirror * x * self.scale, self.y - y * self.scale

    def limb(
        self,
        start: Point,
        end: Point,
        radius: float,
        colour: Colour,
        end_radius: float | None = None,
        rough: float = 0.0,
    ) -> None:
        """Paint a round rod; `end_radius` is `radius` by default."""
        radii = (radius * self.scale, (radius if end_radius is None else end_radius) * self.scale)
        self.picture.limb(self.at(*start), self.at(*end), radii, self._hazed(colour), rough)

    def blob(
        self, x: float, y: float, rx: float, ry: float, colour: Colour, rough: float = 0.0, turn: float = 0.0
    ) -> None:
        """Paint an ellipse; `turn` is against the clock."""
        radii = (rx * self.scale, ry * self.scale)
        self.picture.blob(self.at(x, y), radii, self._hazed(colour), rough, -turn * self.mirror)

    def block(
        self, left: float, bottom: float, right: float, top: float, colour: Colour, rough: float = 0.0
    ) -> None:
        """Paint an upright rectangle."""
        (x0, y0), (x1, y1) = self.at(left, bottom), self.at(right, top)
        self.picture.block(min(x0, x1), y1, max(x0, x1), y0, self._hazed(colour), rough)

    def polygon(self, corners: Sequence[Point], colour: Colour, rough: float = 0.0) -> None:
        """Paint a convex polygon."""
        self.picture.polygon([self.at(*corner) for corner in corners], self._hazed(colour), rough)

    def ground_shadow(self, width: float) -> None:
        """Darken the ground below a thing, longer on the side away from the light."""
        light = self.picture.light
        length = width * self.scale * (0.5 + 0.5 * light.shadow)
        x = self.x - light.side * light.shadow * width * self.scale * 0.6
        self.picture.shade(
            (x, self.y), (length + 0.5, 0.22 * width * self.scale + 0.6), 0.25 + 0.35 * light.shadow
        )

    def _hazed(self, colour: Colour) -> Colour:
        return mixed(colour, self.haze, self.hazy)


def scaled(colour: Colour, factor: float) -> Colour:
    """Return a colour that is lighter or darker by a factor."""
    return colour[0] * factor, colour[1] * factor, colour[2] * factor


def varied(random: Random, colour: Colour, spread: float = 14.0) -> Colour:
    """Return a colour near another."""
    r, g, b = (
        min(max(c + spread * float(n), 0.0), 255.0) for c, n in zip(colour, random.normals(3), strict=True)
    )
    return r, g, b


def one_of(random: Random, colours: Sequence[Colour], spread: float = 14.0) -> Colour:
    """Return a colour near one of several."""
    return varied(random, colours[random.integer(0, len(colours) - 1)], spread)


def clouds(random: Random, size: int, cells: int) -> Float64Array:
    """Return smooth random heights from 0 to 1, (size, size), with `cells` bumps along a side."""
    grid = random.uniforms(cells + 1, cells + 1)
    below, share = _between(size, cells)
    rows = grid[below] + (grid[below + 1] - grid[below]) * share[:, None]
    heights: Float64Array = rows[:, below] + (rows[:, below + 1] - rows[:, below]) * share[None, :]
    return heights


def profile(random: Random, size: int, cells: int) -> Float64Array:
    """Return a smooth random line from 0 to 1, (size), with `cells` bumps."""
    grid = random.uniforms(cells + 1)
    below, share = _between(size, cells)
    line: Float64Array = grid[below] + (grid[below + 1] - grid[below]) * share
    return line


def blurred(pixels: Float64Array) -> Float64Array:
    """Return the pixels, (rows, columns, 3), smoothed with 1/4, 1/2, 1/4 in both directions."""
    return smoothed(smoothed(pixels, 0, 0.25), 1, 0.25)


def _between(size: int, cells: int) -> tuple[npt.NDArray[np.int64], Float64Array]:
    position = (np.arange(size) + 0.5) * (cells / size)
    below = np.floor(position).astype(np.int64)
    return below, smooth_step(position - below)
