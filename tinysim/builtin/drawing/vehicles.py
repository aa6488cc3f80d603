"""Planes, cars and ships."""

from __future__ import annotations

import numpy as np

from tinysim.builtin.drawing.canvas import BLACK, WHITE, hue_colour, scaled
from tinysim.builtin.drawing.scene import Scene
from tinysim.builtin.drawing.shapes import Frame, box, capsule, ellipse, polygon, union, within
from tinysim.builtin.painting import Colour, mixed


def paint_plane(scene: Scene) -> None:
    """Paint a plane from a side or from above."""
    body = scene.colour()
    wing = body if scene.coin() else scene.colour(body)
    dark = scaled(wing, 0.72)
    if scene.coin(0.55):
        _plane_from_a_side(scene, body, wing, dark)
    else:
        _plane_from_above(scene, body, wing, dark)


def _plane_from_a_side(scene: Scene, body: Colour, wing: Colour, dark: Colour) -> None:
    random, canvas = scene.random, scene.canvas
    frame = scene.thing(0.07, 0.75, 1.0)
    sweep, lift = random.uniform(0.25, 0.5), random.uniform(0.25, 0.45)
    hull = random.uniform(0.11, 0.16)
    far_wing = polygon(frame, (0.22, 0.0), (-0.15, 0.0), (-0.1 - sweep, lift), (0.02 - sweep, lift))
    canvas.paint(frame, far_wing, dark, 0.04)
    fin = polygon(frame, (-0.5, 0.06), (-0.92, 0.06), (-1.0, random.uniform(0.38, 0.55)), (-0.84, 0.45))
    canvas.paint(frame, fin, wing, 0.05)
    fuselage = capsule(frame, (-0.9, 0.05), (0.78, 0.0), hull * 0.35, hull)
    canvas.paint(frame, fuselage, body, 0.16)
    canvas.paint(frame, polygon(frame, (0.62, 0.1), (0.9, 0.04), (0.76, 0.0), (0.62, 0.02)), BLACK, 0)
    if scene.coin(0.7):
        windows = within(
            box(frame, 0.0, 0.04, 0.5, 0.022), 0.12 - np.abs(frame.x * 8.0 - np.rint(frame.x * 8.0)) * 0.3
        )
        canvas.paint(frame, windows, BLACK, 0)
    tail = polygon(frame, (-0.62, 0.06), (-0.85, 0.06), (-1.05, -0.06), (-0.93, -0.06))
    canvas.paint(frame, tail, dark, 0.03)
    near_wing = polygon(
        frame, (0.25, -0.02), (-0.18, -0.02), (-0.2 - sweep, -lift - 0.1), (-sweep, -lift - 0.1)
    )
    canvas.paint(frame, near_wing, wing, 0.05)
    if scene.coin(0.6):
        engine = capsule(frame, (-0.2, -0.2), (0.08, -0.2), 0.065)
        canvas.paint(frame, engine, scaled(body, 0.8), 0.07)


def _plane_from_above(scene: Scene, body: Colour, wing: Colour, dark: Colour) -> None:
    random, canvas = scene.random, scene.canvas
    frame = scene.thing(0.5, 0.75, 1.0)
    span, sweep = random.uniform(0.75, 0.98), random.uniform(0.0, 0.5)
    chord, tip = random.uniform(0.14, 0.24), random.uniform(0.05, 0.1)
    engines = random.integer(0, 2)
    for side in (-1.0, 1.0):
        leading, trailing = (0.22, 0.06 * side), (0.22 - 2 * chord, 0.06 * side)
        far, near = (0.1 - sweep - tip, span * side), (0.15 - sweep + tip * 0.5, span * side)
        canvas.paint(frame, polygon(frame, leading, trailing, far, near), wing, 0.06)
        tail = polygon(frame, (-0.6, 0), (-0.85, 0), (-0.95, 0.36 * side), (-0.85, 0.36 * side))
        canvas.paint(frame, tail, wing, 0.04)
        for pod in range(engines):
            y = side * span * (0.36 + 0.3 * pod)
            x = 0.2 - sweep * (0.36 + 0.3 * pod)
            canvas.paint(frame, capsule(frame, (x - 0.12, y), (x + 0.08, y), 0.06), scaled(body, 0.75), 0.06)
    hull = random.uniform(0.09, 0.14)
    canvas.paint(frame, capsule(frame, (-0.9, 0), (0.8, 0), hull * 0.45, hull), body, 0.14)
    canvas.paint(frame, capsule(frame, (-0.95, 0), (-0.68, 0), 0.03), dark, 0.03)
    canvas.paint(frame, within(ellipse(frame, 0.74, 0, 0.1, 0.07), 0.72 - frame.x), BLACK, 0)


def paint_car(scene: Scene) -> None:
    """Paint a car from a side or from in front."""
    frame = scene.thing(0.025)
    body = scene.colour()
    glass = mixed((0.55, 0.7, 0.8), BLACK, scene.random.uniform(0.2, 0.8))
    if scene.coin(0.72):
        _car_from_a_side(scene, frame, body, glass)
    else:
        _car_from_in_front(scene, frame, body, glass)


def _car_from_a_side(scene: Scene, frame: Frame, body: Colour, glass: Colour) -> None:
    random, canvas = scene.random, scene.canvas
    base = -0.5
    scene.shadow(frame, base - 0.08, 0.95)
    wheel, bonnet = random.uniform(0.17, 0.23), random.uniform(0.02, 0.12)
    roof = random.uniform(0.38, 0.52)
    rear = random.uniform(-0.95, -0.55)
    front = random.uniform(0.15, 0.4)
    if scene.coin(0.25):  # A van.
        rear, front, roof = -0.95, random.uniform(0.55, 0.75), random.uniform(0.5, 0.62)
    roof_rear, roof_front = rear + random.uniform(0.02, 0.25), front - random.uniform(0.2, 0.35)
    cabin = polygon(
        frame, (rear, bonnet - 0.05), (roof_rear, roof), (roof_front, roof), (front, bonnet - 0.05)
    )
    lower = box(frame, 0, (base + bonnet) / 2, 0.97, (bonnet - base) / 2, 0.14)
    canvas.paint(frame, union(cabin - 0.02, lower), body, 0.14)
    pillar = random.uniform(-0.3, 0.05)
    window = within(cabin + 0.08, bonnet - frame.y, 0.035 - np.abs(frame.x - pillar))
    canvas.paint(frame, window, glass, 0)
    canvas.paint(frame, capsule(frame, (pillar - 0.1, -0.1), (pillar - 0.02, -0.1), 0.02), BLACK, 0)
    canvas.paint(frame, box(frame, 0.91, bonnet - 0.14, 0.06, 0.055, 0.03), (1.0, 0.95, 0.7), 0)
    canvas.paint(frame, box(frame, -0.93, bonnet - 0.14, 0.04, 0.055, 0.02), (0.8, 0.1, 0.1), 0)
    for x in (-0.56, 0.56):
        canvas.paint(frame, ellipse(frame, x, base, wheel + 0.045), scaled(body, 0.3), 0)
        canvas.paint(frame, ellipse(frame, x, base - 0.02, wheel), BLACK, 0.08)
        canvas.paint(frame, ellipse(frame, x, base - 0.02, wheel * 0.5), (0.72, 0.72, 0.74), 0.05)


def _car_from_in_front(scene: Scene, frame: Frame, body: Colour, glass: Colour) -> None:
    random, canvas = scene.random, scene.canvas
    scene.shadow(frame, -0.72, 0.85)
    width, roof = random.uniform(0.68, 0.85), random.uniform(0.5, 0.7)
    for side in (-1, 1):
        canvas.paint(frame, box(frame, side * (width - 0.14), -0.6, 0.13, 0.2, 0.05), BLACK, 0.05)
        canvas.paint(frame, box(frame, side * (width + 0.02), 0.13, 0.1, 0.06, 0.03), scaled(body, 0.8), 0.04)
    cabin = polygon(frame, (-width, 0), (-width * 0.72, roof), (width * 0.72, roof), (width, 0))
    hull = box(frame, 0, -0.25, width, 0.36, 0.12)
    canvas.paint(frame, union(cabin - 0.03, hull), body, 0.14)
    canvas.paint(frame, within(cabin + 0.09, 0.08 - frame.y), glass, 0)
    grille = box(frame, 0, -0.3, width * 0.42, 0.1, 0.03)
    canvas.paint(frame, grille, BLACK if scene.coin(0.7) else (0.7, 0.7, 0.72), 0.03)
    canvas.paint(frame, box(frame, 0, -0.5, width * 0.9, 0.05, 0.03), scaled(body, 0.5), 0)
    for side in (-1, 1):
        lamp = ellipse(frame, side * width * 0.73, -0.22, 0.15, random.uniform(0.09, 0.15))
        canvas.paint(frame, lamp - 0.03, scaled(body, 0.4), 0)
        canvas.paint(frame, lamp, (1.0, 0.97, 0.8), 0.05)


def paint_ship(scene: Scene) -> None:
    """Paint a ship on water: under sail, or with chimneys or a load."""
    frame = scene.thing(0.03, 0.65, 1.0)
    hull = scene.colour()
    level = scene.random.uniform(-0.62, -0.5)
    if scene.coin(0.4):
        _sailing_ship(scene, frame, hull)
    else:
        _motor_ship(scene, frame, hull)
    scene.water(frame, level)


def _sailing_ship(scene: Scene, frame: Frame, hull: Colour) -> None:
    random, canvas = scene.random, scene.canvas
    deck = random.uniform(-0.42, -0.36)
    sail = scene.colour() if scene.coin(0.6) else WHITE
    mast = random.uniform(-0.1, 0.15)
    top = random.uniform(0.8, 0.98)
    canvas.paint(frame, capsule(frame, (mast, deck), (mast, top), 0.03), hue_colour(0.07, 0.5, 0.4), 0.03)
    main = polygon(frame, (mast - 0.05, top - 0.05), (mast - 0.05, deck + 0.12), (-0.78, deck + 0.14))
    jib = polygon(frame, (mast + 0.05, top - 0.15), (mast + 0.05, deck + 0.1), (0.78, deck + 0.08))
    canvas.paint(frame, main, sail, 0.2)
    canvas.paint(frame, jib, sail if scene.coin() else scene.colour(sail), 0.2)
    boat = polygon(frame, (-0.85, deck), (0.95, deck + 0.05), (0.62, -0.8), (-0.65, -0.8))
    canvas.paint(frame, boat, hull, 0.1)
    canvas.paint(frame, within(boat, np.abs(frame.y - deck + 0.07) - 0.025), scene.colour(hull), 0)


def _motor_ship(scene: Scene, frame: Frame, hull: Colour) -> None:
    random, canvas = scene.random, scene.canvas
    deck = random.uniform(-0.3, -0.2)
    upper = WHITE if scene.coin(0.5) else scene.colour(hull)
    freighter = scene.coin(0.35)
    middle = random.uniform(-0.6, -0.4) if freighter else random.uniform(-0.25, 0.05)
    funnel = random.uniform(0.3, 0.6)
    width = 0.24 if freighter else random.uniform(0.42, 0.58)
    chimneys = 1 if freighter else random.integer(1, 3)
    band = scene.colour(upper)
    for chimney in range(chimneys):
        x = middle + (chimney - (chimneys - 1) / 2) * 0.3
        pipe = polygon(
            frame, (x - 0.1, deck), (x + 0.1, deck), (x + 0.06, funnel + 0.15), (x - 0.12, funnel + 0.15)
        )
        canvas.paint(frame, pipe, band, 0.07)
        canvas.paint(frame, within(pipe, funnel + 0.05 - frame.y), BLACK, 0)
    if scene.coin(0.4):
        for puff in range(4):
            x, y = middle - 0.12 * puff * puff * 0.5, funnel + 0.25 + 0.1 * puff
            canvas.paint(frame, ellipse(frame, x, y, 0.08 + 0.04 * puff), (0.75, 0.75, 0.75), 0.1, 0.6, 0.1)
    for storey in range(2):
        half = width * (1 - 0.25 * storey)
        room = box(frame, middle, deck + 0.12 + 0.22 * storey, half, 0.13)
        canvas.paint(frame, room, upper, 0.06)
        columns = np.abs(frame.x * 6.0 - np.rint(frame.x * 6.0)) * 0.4 - 0.1
        windows = within(room + 0.06, np.abs(frame.y - deck - 0.14 - 0.22 * storey) - 0.045, columns)
        canvas.paint(frame, windows, (0.15, 0.2, 0.3), 0)
    if freighter:
        for stack in range(3):
            x = -0.12 + 0.3 * stack
            for row in range(random.integer(1, 2)):
                crate = box(frame, x, deck + 0.09 + 0.17 * row, 0.13, 0.08)
                canvas.paint(frame, crate, scene.colour(), 0.03)
    else:
        canvas.paint(frame, capsule(frame, (0.55, deck), (0.55, funnel), 0.025), BLACK, 0.03)
    boat = polygon(frame, (-0.9, deck + 0.04), (0.98, deck + 0.1), (0.75, -0.85), (-0.78, -0.85))
    canvas.paint(frame, boat, hull, 0.12)
    if scene.coin():
        canvas.paint(frame, within(boat, np.abs(frame.y - deck + 0.05) - 0.03), WHITE, 0)
