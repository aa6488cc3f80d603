"""A small colour picture while it is painted: shapes with light on them, grounds, and what a camera adds."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tinysim.builtin.arithmetic import Float64Array, Random, cosine, sine
from tinysim.builtin.drawing.shapes import Frame, picture_frame
from tinysim.builtin.painting import Colour, limited, smooth_step, smoothed

BLACK: Colour = (0.07, 0.07, 0.08)
WHITE: Colour = (0.96, 0.96, 0.94)

_OVERSAMPLING = 2


class Canvas:
    """A square picture of `side` pixels; painted in twice that resolution, with one light from a side.

    Its colours are from 0 to 1.
    """

    def __init__(self, side: int, random: Random) -> None:
        self.frame = picture_frame(side * _OVERSAMPLING)
        self._planes = np.zeros((3, *self.frame.x.shape))
        turns, height = random.uniform(0.02, 0.48), random.uniform(0.45, 0.8)
        level = float(np.sqrt(1.0 - height * height))
        # From the left, above or the right, and from in front.
        self._light = (float(cosine(turns)) * level, float(sine(turns)) * level, height)
        self._ambient = random.uniform(0.35, 0.65)

    def paint(
        self,
        frame: Frame,
        distance: Float64Array,
        colour: Colour,
        roundness: float = 0.12,
        opacity: float | Float64Array = 1.0,
        softness: float = 0.0,
        texture: Float64Array | None = None,
    ) -> None:
        """Paint the shape that is at `distance`, in `frame`'s units.

        Its edge bends away from the viewer over `roundness` and takes the light so; 0 is flat and unlit. Over
        `softness` the edge fades. `texture` brightens or darkens each pixel, by a factor.
        """
        width = max(frame.pixel, softness)
        cover = limited(0.5 - distance / width) * opacity
        shade: Float64Array | float = 1.0
        if roundness > 0:
            shade = self._shade(distance / frame.pixel, roundness / frame.pixel)
        if texture is not None:
            shade = shade * texture
        for plane, value in zip(self._planes, colour, strict=True):
            plane += (value * shade - plane) * cover

    def gradient(self, upper: Colour, lower: Colour, height: Float64Array) -> None:
        """Paint all over: `lower` where `height` is 0, `upper` where it is 1."""
        part = limited(height)
        for plane, high, low in zip(self._planes, upper, lower, strict=True):
            plane[:] = low + (high - low) * part

    def blur(self, passes: int) -> None:
        """Blur what is painted so far, by a kernel of 1, 2, 1 so many times in both directions."""
        for _ in range(passes):
            for plane in self._planes:
                plane[:] = smoothed(smoothed(plane, 1, 0.25), 0, 0.25)

    def photograph(self, random: Random) -> bytes:
        """Return what a cheap camera makes of the picture: height x width x RGB, one byte each.

        It is out of focus and exposed by chance, has a colour cast, and its sensor is noisy.
        """
        side = self._planes.shape[1] // _OVERSAMPLING
        blur = random.uniform(0.0, 0.22)
        gain, lift = random.uniform(0.78, 1.15), random.uniform(-0.04, 0.12)
        fade = random.uniform(0.0, 0.5) * random.uniform()
        sigma = random.uniform(0.005, 0.05)
        noise = random.normals(4, side, side) * sigma
        pixels = np.empty((side, side, 3), dtype=np.uint8)
        planes = [
            (p[0::2, 0::2] + p[0::2, 1::2] + p[1::2, 0::2] + p[1::2, 1::2]) * 0.25 for p in self._planes
        ]
        grey = (planes[0] + planes[1] * 2.0 + planes[2]) * 0.25
        for channel, plane in enumerate(planes):
            cast = random.uniform(0.88, 1.12)
            plane = plane + (grey - plane) * fade
            plane = smoothed(smoothed(plane, 1, blur), 0, blur)
            # Most of the noise is of brightness, common to the three channels.
            plane = plane * (gain * cast) + lift + noise[3] * 0.85 + noise[channel] * 0.5
            pixels[:, :, channel] = np.rint(limited(plane) * 255.0).astype(np.uint8)
        return pixels.tobytes()

    def _shade(self, distance: Float64Array, roundness: float) -> Float64Array:
        """Return the light on a shape that is bent at its edge, 1 where it faces the viewer."""
        tilt = limited(1.0 + distance / roundness)
        facing = np.sqrt(1.0 - tilt * tilt * 0.9)
        to_right = np.zeros_like(distance)
        to_right[:, 1:-1] = (distance[:, 2:] - distance[:, :-2]) * 0.5
        upwards = np.zeros_like(distance)
        upwards[1:-1] = (distance[:-2] - distance[2:]) * 0.5
        light_x, light_y, light_z = self._light
        lit = np.maximum((to_right * light_x + upwards * light_y) * tilt + facing * light_z, 0.0)
        shade: Float64Array = self._ambient + (1.0 - self._ambient) * lit / light_z
        return np.minimum(shade, 1.35)


def hue_colour(hue: float, saturation: float, value: float) -> Colour:
    """Return a colour by its hue (0 red, 1/3 green, 2/3 blue), saturation and brightness."""

    def channel(offset: float) -> float:
        position = (offset + hue * 6.0) % 6.0
        return value - value * saturation * max(0.0, min(position, 4.0 - position, 1.0))

    return channel(5.0), channel(3.0), channel(1.0)


def scaled(colour: Colour, factor: float) -> Colour:
    """Return a colour so many times as bright, at most white."""
    red, green, blue = (min(1.0, value * factor) for value in colour)
    return red, green, blue


def difference(first: Colour, second: Colour) -> float:
    """Return how far two colours are apart: 0 the same, 1 black and white."""
    red, green, blue = (abs(a - b) for a, b in zip(first, second, strict=True))
    # Added by hand: sum() rounds otherwise from Python 3.12 on.
    return 0.3 * red + 0.5 * green + 0.2 * blue


def cloudiness(random: Random, frame: Frame, cells: float, octaves: int = 3) -> Float64Array:
    """Return smooth noise between 0 and 1, `cells` over two units of the frame, each octave half as large."""
    total = np.zeros(frame.x.shape)
    weight, weights = 1.0, 0.0
    for _ in range(octaves):
        lattice = random.uniforms(16, 16)
        shift_x, shift_y = random.uniform(0, 16), random.uniform(0, 16)
        total = (
            total
            + _interpolated(lattice, frame.x * (cells / 2) + shift_x, frame.y * (cells / 2) + shift_y)
            * weight
        )
        weights += weight
        weight *= 0.5
        cells *= 2
    clouds: Float64Array = total / weights
    return clouds


def _interpolated(lattice: Float64Array, x: Float64Array, y: Float64Array) -> Float64Array:
    left, lower = np.floor(x), np.floor(y)
    part_x, part_y = smooth_step(x - left), smooth_step(y - lower)
    columns: npt.NDArray[np.int64] = left.astype(np.int64) % 16
    rows: npt.NDArray[np.int64] = lower.astype(np.int64) % 16
    next_columns, next_rows = (columns + 1) % 16, (rows + 1) % 16
    below = lattice[rows, columns] * (1.0 - part_x) + lattice[rows, next_columns] * part_x
    above = lattice[next_rows, columns] * (1.0 - part_x) + lattice[next_rows, next_columns] * part_x
    between: Float64Array = below * (1.0 - part_y) + above * part_y
    return between
