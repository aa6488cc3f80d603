"""Cups."""

from __future__ import annotations

import numpy as np

from tinysim.builtin.arithmetic import sine
from tinysim.builtin.drawing.canvas import WHITE, hue_colour, scaled
from tinysim.builtin.drawing.scene import Scene
from tinysim.builtin.drawing.shapes import ellipse, outline, polygon, union, within
from tinysim.builtin.painting import mixed


def paint_cup(scene: Scene) -> None:
    """Paint a cup with a handle, with or without a saucer, a pattern, steam."""
    random, canvas = scene.random, scene.canvas
    frame = scene.thing(0.03, 0.6, 0.95)
    glaze = scene.colour()
    drink = hue_colour(random.uniform(0.02, 0.12), random.uniform(0.4, 0.9), random.uniform(0.12, 0.5))
    base = -0.7
    top = random.uniform(0.25, 0.6)
    half, foot = random.uniform(0.5, 0.65), random.uniform(0.3, 0.62)
    foot = min(foot, half)
    squash = random.uniform(0.22, 0.36)
    scene.shadow(frame, base - 0.05, 0.8)
    if scene.coin(0.4):
        saucer = scaled(glaze, 0.9) if scene.coin() else scene.colour(glaze)
        canvas.paint(frame, ellipse(frame, -0.1, base - 0.02, 0.92, 0.22), saucer, 0.1)
        canvas.paint(frame, ellipse(frame, -0.1, base + 0.02, 0.6, 0.11), scaled(saucer, 0.8), 0.05)
    middle = (top + base) / 2 + 0.05
    size = random.uniform(0.26, 0.36)
    handle = outline(ellipse(frame, half - 0.05, middle, size + 0.05, size), random.uniform(0.06, 0.09))
    canvas.paint(frame, handle, glaze, 0.08)
    wall = polygon(frame, (-half, top), (half, top), (foot, base), (-foot, base))
    mug = union(wall, ellipse(frame, 0, base, foot, foot * squash * 0.7))
    canvas.paint(frame, mug, glaze, 0.4)
    pattern = random.integer(0, 3)
    if pattern == 1:
        stripe = np.abs(frame.y - middle + 0.1 - frame.x * frame.x * squash * 0.6) - random.uniform(
            0.05, 0.15
        )
        canvas.paint(frame, within(mug + 0.01, stripe), scene.colour(glaze), 0.4)
    elif pattern == 2:
        canvas.paint(frame, ellipse(frame, -0.05, middle - 0.08, 0.2), scene.colour(glaze), 0)
    rim = ellipse(frame, 0, top, half, half * squash)
    canvas.paint(frame, rim, mixed(glaze, WHITE, 0.35), 0.03)
    canvas.paint(frame, rim + 0.06, scaled(glaze, 0.5), 0)
    canvas.paint(frame, within(rim + 0.06, ellipse(frame, 0, top - 0.07, half, half * squash)), drink, 0)
    if scene.coin(0.35):
        for x in (-0.15, 0.15):
            steam = np.abs(frame.x - x - sine(frame.y * 1.3 + x) * 0.07) - 0.05
            steam = within(steam, top + 0.1 - frame.y, frame.y - top - 0.6)
            canvas.paint(frame, steam, WHITE, 0, 0.55, 0.12)
