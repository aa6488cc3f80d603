"""Shapes against distances found by hand and by search, and what a canvas makes of them."""

from __future__ import annotations

import colorsys
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinysim.builtin.arithmetic import Random
from tinysim.builtin.drawing import shapes
from tinysim.builtin.drawing.canvas import Canvas, cloudiness, difference, hue_colour
from tinysim.builtin.drawing.shapes import Frame, picture_frame

places = st.floats(-3, 3)


def at(x: float, y: float) -> Frame:
    return Frame(np.array([[x]]), np.array([[y]]), 0.1)


def to_segment(x: float, y: float, start: tuple[float, float], end: tuple[float, float]) -> float:
    steps = np.linspace(0, 1, 2001)
    along_x, along_y = start[0] + steps * (end[0] - start[0]), start[1] + steps * (end[1] - start[1])
    return float(np.hypot(x - along_x, y - along_y).min())


@given(places, places)
def test_distances_from_round_shapes(x: float, y: float) -> None:
    assert shapes.ellipse(at(x, y), 0.5, -0.5, 0.8)[0, 0] == pytest.approx(math.hypot(x - 0.5, y + 0.5) - 0.8)
    expected = to_segment(x, y, (-1, 0.5), (1, -0.5)) - 0.2
    assert shapes.capsule(at(x, y), (-1, 0.5), (1, -0.5), 0.2)[0, 0] == pytest.approx(expected, abs=2e-3)


@given(places, places)
def test_distances_from_a_box(x: float, y: float) -> None:
    corners = [(-1, -0.5), (1, -0.5), (1, 0.5), (-1, 0.5)]
    nearest = min(to_segment(x, y, *edge) for edge in zip(corners, corners[1:] + corners[:1], strict=True))
    inside = abs(x) < 1 and abs(y) < 0.5
    expected = -nearest if inside else nearest
    assert shapes.box(at(x, y), 0, 0, 1, 0.5)[0, 0] == pytest.approx(expected, abs=2e-3)
    # A polygon's distance is exact inside, and of the right sign outside, whichever way its corners go.
    for order in (corners, corners[::-1]):
        distance = shapes.polygon(at(x, y), *order)[0, 0]
        assert distance == pytest.approx(expected, abs=2e-3) if inside else distance >= 0


@given(places, places, st.floats(0.2, 2), st.floats(0.2, 2))
def test_an_ellipse_is_negative_exactly_inside(x: float, y: float, radius_x: float, radius_y: float) -> None:
    level = (x / radius_x) ** 2 + (y / radius_y) ** 2 - 1
    distance = float(shapes.ellipse(at(x, y), 0, 0, radius_x, radius_y)[0, 0])
    assert abs(level) < 1e-9 or (distance < 0) == (level < 0)


@given(places, places, st.floats(0, 1), st.floats(0.3, 3), st.booleans())
def test_a_frame_that_is_placed_keeps_shapes_as_they_are(
    x: float, y: float, turns: float, scale: float, mirrored: bool
) -> None:
    placed = at(x, y).placed(0.3, -0.2, turns, scale, mirrored)
    distance = shapes.ellipse(placed, 0, 0, 1)[0, 0] * scale
    assert distance == pytest.approx(math.hypot(x - 0.3, y + 0.2) - scale, abs=1e-9)
    assert placed.pixel == pytest.approx(0.1 / scale)


@given(st.floats(0, 0.999), st.floats(0, 1), st.floats(0, 1))
def test_colours_by_hue_are_those_of_the_library(hue: float, saturation: float, value: float) -> None:
    assert hue_colour(hue, saturation, value) == pytest.approx(colorsys.hsv_to_rgb(hue, saturation, value))


def test_black_and_white_are_as_far_apart_as_colours_get() -> None:
    assert difference((0, 0, 0), (1, 1, 1)) == pytest.approx(1)
    assert difference((0.2, 0.4, 0.6), (0.2, 0.4, 0.6)) == 0


def test_a_disc_covers_its_area_and_nothing_else() -> None:
    canvas = Canvas(32, Random("disc"))
    frame = canvas.frame
    canvas.paint(frame, shapes.ellipse(frame, 0, 0, 0.5), (1.0, 1.0, 1.0), roundness=0)
    covered = canvas._planes.mean()
    assert covered == pytest.approx(math.pi * 0.25 / 4, rel=0.01)
    assert set(canvas._planes[:, 0, 0]) == {0.0}


def test_light_comes_from_above() -> None:
    frame = picture_frame(64)
    upper = frame.y > 0
    for number in range(10):
        canvas = Canvas(32, Random("light", number))
        canvas.paint(frame, shapes.ellipse(frame, 0, 0, 0.8), (0.5, 0.5, 0.5), roundness=0.8)
        assert canvas._planes[:, upper].mean() > canvas._planes[:, ~upper].mean()


def test_clouds_are_smooth_and_between_0_and_1() -> None:
    clouds = cloudiness(Random("clouds"), picture_frame(128), 3)
    assert clouds.min() >= 0
    assert clouds.max() <= 1
    assert clouds.std() > 0.05
    assert np.abs(np.diff(clouds, axis=0)).max() < 0.25
