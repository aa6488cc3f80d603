"""Houses."""

from __future__ import annotations

import numpy as np

from tinysim.builtin.arithmetic import sine
from tinysim.builtin.drawing.canvas import BLACK, WHITE, difference, scaled
from tinysim.builtin.drawing.scene import Scene
from tinysim.builtin.drawing.shapes import box, capsule, ellipse, polygon, within
from tinysim.builtin.painting import mixed


def paint_house(scene: Scene) -> None:
    """Paint a house with its gable or its eaves in front, or from a corner."""
    random, canvas = scene.random, scene.canvas
    frame = scene.thing(0.015, 0.7, 1.0)
    wall = scene.colour()
    roof = scene.colour(wall)
    trim = WHITE if difference(wall, WHITE) > 0.25 else scaled(wall, 0.4)
    glass = mixed((0.4, 0.55, 0.7), BLACK, random.uniform(0, 0.8)) if scene.coin(0.8) else (1.0, 0.9, 0.5)
    ground, eaves = -0.8, random.uniform(-0.1, 0.15)
    half = random.uniform(0.55, 0.82)
    ridge = eaves + random.uniform(0.5, 0.75)
    scene.shadow(frame, ground, half * 1.1)
    if scene.coin(0.6):
        x = random.uniform(0.15, 0.35) * (1 if scene.coin() else -1)
        canvas.paint(frame, box(frame, x, ridge - 0.12, 0.09, 0.25), scaled(roof, 0.7), 0.05)
    over = random.uniform(0.06, 0.16)
    style = random.integer(0, 2)
    if style == 0:  # The gable in front.
        gable = polygon(
            frame, (-half, ground), (-half, eaves), (0, ridge - 0.05), (half, eaves), (half, ground)
        )
        canvas.paint(frame, gable, wall, 0.05)
        drop = (ridge - eaves) * over / half
        for side in (-1.0, 1.0):
            beam = capsule(frame, (0, ridge), (side * (half + over), eaves - drop), 0.075)
            canvas.paint(frame, beam, roof, 0.06)
    elif style == 1:  # The eaves in front.
        front = box(frame, 0, (ground + eaves) / 2, half, (eaves - ground) / 2)
        canvas.paint(frame, front, wall, 0.05)
        slant = random.uniform(0.0, 0.3)
        tiles = polygon(
            frame, (-half - over, eaves), (half + over, eaves), (half - slant, ridge), (-half + slant, ridge)
        )
        rows = 1.0 - np.maximum(sine(frame.y * 5.0), 0.0) * 0.2
        canvas.paint(frame, tiles, roof, 0.05, texture=rows)
    else:  # From a corner.
        corner = random.uniform(-0.1, 0.15)
        top = (corner - half) / 2
        side_wall = polygon(frame, (corner, ground), (half, ground + 0.06), (half, eaves), (corner, eaves))
        canvas.paint(frame, side_wall, scaled(wall, 0.68), 0.04)
        tiles = polygon(
            frame, (corner, eaves - 0.03), (half + over, eaves - 0.03), (half - 0.1, ridge), (top, ridge)
        )
        canvas.paint(frame, tiles, roof, 0.05)
        gable = polygon(
            frame, (-half, ground), (-half, eaves), (top, ridge - 0.04), (corner, eaves), (corner, ground)
        )
        canvas.paint(frame, gable, wall, 0.04)
        for x, low in ((-half - over * 0.7, eaves - 0.1), (corner + 0.02, eaves - 0.04)):
            canvas.paint(frame, capsule(frame, (top, ridge), (x, low), 0.045), scaled(roof, 0.8), 0.04)
        window = box(frame, (corner + half) / 2, (ground + eaves) / 2 + 0.08, 0.11, 0.12)
        canvas.paint(frame, window - 0.035, trim, 0)
        canvas.paint(frame, window, glass, 0)
    width = half if style < 2 else half * 0.55
    middle = 0.0 if style < 2 else -half * 0.45
    door_x = middle + random.uniform(-0.45, 0.45) * width
    door = box(frame, door_x, ground + 0.22, 0.12, 0.23, 0.02)
    canvas.paint(frame, door - 0.03, trim, 0)
    canvas.paint(frame, door, scene.colour(wall), 0.04)
    for x in (middle - width * 0.6, middle + width * 0.6):
        if abs(x - door_x) < 0.26:
            continue
        window = box(frame, x, (ground + eaves) / 2 + 0.08, 0.12, 0.13)
        canvas.paint(frame, window - 0.035, trim, 0)
        canvas.paint(frame, window, glass, 0)
        bars = within(
            window, np.minimum(np.abs(frame.x - x), np.abs(frame.y - (ground + eaves) / 2 - 0.08)) - 0.015
        )
        canvas.paint(frame, bars, trim, 0)
    if style == 0:
        canvas.paint(frame, ellipse(frame, 0, eaves + 0.12, 0.11), glass, 0)
