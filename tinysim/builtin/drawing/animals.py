"""Birds, cats and fish."""

from __future__ import annotations

import numpy as np

from tinysim.builtin.arithmetic import sine
from tinysim.builtin.drawing.canvas import BLACK, WHITE, difference, hue_colour, scaled
from tinysim.builtin.drawing.scene import Scene
from tinysim.builtin.drawing.shapes import blended, capsule, ellipse, outline, polygon, union, within
from tinysim.builtin.painting import Colour, mixed


def paint_bird(scene: Scene) -> None:
    """Paint a bird: on its feet, in flight, or gliding."""
    random, canvas = scene.random, scene.canvas
    body = scene.colour()
    wing = scaled(body, random.uniform(0.55, 0.8)) if scene.coin(0.6) else scene.colour(body)
    belly = mixed(body, WHITE, random.uniform(0.0, 0.8))
    beak = hue_colour(random.uniform(0.02, 0.14), random.uniform(0.5, 1.0), random.uniform(0.5, 1.0))
    kind = random.uniform()
    if kind < 0.2:
        _gull(scene, body, wing, beak)
        return
    if kind < 0.45:
        _bird_in_flight(scene, body, wing, beak)
        return
    frame = scene.thing(0.03)
    ground = random.uniform(-0.92, -0.85)
    if scene.coin(0.4):
        perch = capsule(frame, (-1.6, ground - 0.02), (1.6, ground + random.uniform(-0.05, 0.1)), 0.05)
        canvas.paint(frame, perch, hue_colour(0.07, 0.5, 0.35), 0.06)
    steep = random.uniform(0.05, 0.4)
    for x in (-0.08, 0.1):
        canvas.paint(frame, capsule(frame, (x, -0.35), (x + 0.03, ground), 0.028), scaled(beak, 0.8), 0.02)
        canvas.paint(frame, capsule(frame, (x, ground), (x + 0.14, ground), 0.025), scaled(beak, 0.8), 0.02)
    tail = polygon(frame, (-0.3, 0.0), (-0.35, -0.25), (-1.0, -0.25 - steep), (-0.98, -0.05 - steep))
    canvas.paint(frame, tail, wing, 0.05)
    head_x, head_y = 0.42, random.uniform(0.38, 0.62)
    size = random.uniform(0.2, 0.27)
    length = random.uniform(0.2, 0.4)
    bill = polygon(
        frame,
        (head_x + 0.12, head_y + 0.1),
        (head_x + 0.12, head_y - 0.1),
        (head_x + size + length, head_y - 0.03),
    )
    canvas.paint(frame, bill, beak, 0.04)
    torso = capsule(frame, (-0.25, -0.15 - steep * 0.3), (0.2, 0.02), random.uniform(0.22, 0.3), 0.33)
    neck = capsule(frame, (0.2, 0.1), (head_x, head_y), 0.25, size)
    bird = blended(torso, neck, 0.1)
    canvas.paint(frame, bird, body, 0.25)
    breast = within(bird + 0.04, ellipse(frame, 0.28, -0.16, 0.3, 0.3))
    canvas.paint(frame, breast, belly, 0.15)
    folded = frame.placed(-0.15, -0.08, 0.04 + steep * 0.1)
    canvas.paint(folded, within(ellipse(folded, 0, 0, 0.5, 0.2), folded.x - 0.38), wing, 0.1)
    canvas.paint(frame, ellipse(frame, head_x + 0.07, head_y + 0.05, 0.055), BLACK, 0)
    if scene.coin(0.2):
        crest = polygon(
            frame, (head_x - 0.1, head_y + 0.1), (head_x + 0.1, head_y + 0.15), (head_x - 0.25, head_y + 0.5)
        )
        canvas.paint(frame, crest, body, 0.05)


def _gull(scene: Scene, body: Colour, wing: Colour, beak: Colour) -> None:
    """Paint a bird that glides, seen from in front: both wings spread."""
    random, canvas = scene.random, scene.canvas
    frame = scene.thing(0.07, 0.75, 1.0)
    bow, tip_y = random.uniform(0.25, 0.45), random.uniform(-0.2, 0.3)
    wide = random.uniform(0.11, 0.16)
    for side in (-1.0, 1.0):
        inner = capsule(frame, (side * 0.1, 0.0), (side * 0.45, bow), wide * 1.2, wide)
        outer = capsule(frame, (side * 0.45, bow), (side * 0.98, tip_y), wide, 0.025)
        canvas.paint(frame, union(inner, outer), wing, 0.1)
        canvas.paint(
            frame, capsule(frame, (side * 0.75, (bow + tip_y) / 2), (side * 0.98, tip_y), 0.035), BLACK, 0
        )
    tail = polygon(frame, (-0.06, -0.1), (0.1, -0.1), (-0.02, -0.55), (-0.3, -0.5))
    canvas.paint(frame, tail, scaled(wing, 0.8), 0.05)
    torso = capsule(frame, (-0.04, -0.16), (0.08, 0.08), 0.15, 0.18)
    canvas.paint(frame, blended(torso, ellipse(frame, 0.16, 0.24, 0.14), 0.1), body, 0.2)
    canvas.paint(frame, polygon(frame, (0.24, 0.3), (0.24, 0.16), (0.46, 0.17)), beak, 0.03)
    canvas.paint(frame, ellipse(frame, 0.2, 0.27, 0.04), BLACK, 0)


def _bird_in_flight(scene: Scene, body: Colour, wing: Colour, beak: Colour) -> None:
    """Paint a bird that flaps its wings, seen from a side."""
    random, canvas = scene.random, scene.canvas
    frame = scene.thing(0.06, 0.75, 1.0)
    raised = random.uniform(0.75, 1.0)
    back = random.uniform(0.15, 0.5)
    far = polygon(frame, (0.4, 0.05), (0.05, 0.05), (0.05, 0.45), (0.35 - back * 0.4, raised * 0.95))
    canvas.paint(frame, far - 0.02, scaled(wing, 0.65), 0.05)
    for tilt in (-0.12, 0.0, 0.12):
        feather = capsule(frame, (-0.4, -0.05), (-0.92, -0.1 + tilt), 0.07, 0.05)
        canvas.paint(frame, feather, scaled(wing, 0.85), 0.05)
    canvas.paint(frame, polygon(frame, (0.7, 0.22), (0.7, 0.06), (1.0, 0.1)), beak, 0.04)
    torso = capsule(frame, (-0.4, -0.06), (0.25, 0.0), 0.1, 0.22)
    canvas.paint(frame, blended(torso, ellipse(frame, 0.56, 0.13, 0.18), 0.15), body, 0.2)
    canvas.paint(frame, ellipse(frame, 0.62, 0.17, 0.05), BLACK, 0)
    arm = polygon(frame, (0.25, 0.05), (-0.3, 0.02), (-0.4, 0.42), (0.12, 0.5))
    hand = polygon(frame, (0.12, 0.48), (-0.4, 0.4), (-0.35 - back, raised), (-0.1 - back * 0.6, raised))
    canvas.paint(frame, union(arm, hand) - 0.02, wing, 0.06)
    edge = union(
        capsule(frame, (-0.3, 0.04), (-0.4, 0.42), 0.03),
        capsule(frame, (-0.4, 0.42), (-0.33 - back, raised), 0.03),
    )
    canvas.paint(frame, edge, scaled(wing, 0.6), 0)


def paint_cat(scene: Scene) -> None:
    """Paint a cat: its face, or all of it, sitting."""
    random, canvas = scene.random, scene.canvas
    fur = scene.colour()
    light = mixed(fur, WHITE, random.uniform(0.3, 0.9))
    dark = scaled(fur, random.uniform(0.4, 0.7))
    striped = scene.coin(0.45)
    if scene.coin(0.4):  # All of it, sitting.
        whole = scene.thing(0.02, 0.75, 1.0)
        scene.shadow(whole, -0.9, 0.6)
        tip_y = random.uniform(-0.5, 0.1)
        tail = union(
            capsule(whole, (0.3, -0.8), (0.72, -0.7), 0.09),
            capsule(whole, (0.72, -0.7), (0.78, tip_y), 0.09, 0.07),
        )
        canvas.paint(whole, tail, dark if striped else fur, 0.09)
        torso = blended(ellipse(whole, 0, -0.55, 0.48, 0.4), ellipse(whole, 0, -0.15, 0.32, 0.4), 0.2)
        canvas.paint(whole, torso, fur, 0.25)
        canvas.paint(whole, ellipse(whole, 0, -0.3, 0.17, 0.3), light, 0.1, 0.8, 0.1)
        for x in (-0.17, 0.17):
            canvas.paint(whole, capsule(whole, (x, -0.35), (x, -0.82), 0.1, 0.12), scaled(fur, 0.93), 0.08)
        frame = whole.placed(random.uniform(-0.06, 0.06), 0.42, random.uniform(-0.04, 0.04), 0.53)
    else:
        frame = scene.thing(0.06, 0.65, 0.98)
        canvas.paint(frame, capsule(frame, (0, -0.4), (0, -1.8), 0.5, 0.75), scaled(fur, 0.85), 0.3)
    width, spread = random.uniform(0.72, 0.85), random.uniform(0.62, 0.78)
    height = random.uniform(0.8, 1.0)
    for side in (-1.0, 1.0):
        root, inner, top = (side * 0.75, 0.05), (side * 0.15, 0.45), (side * spread, height)
        ear = polygon(frame, root, inner, top)
        canvas.paint(frame, ear - 0.03, dark if scene.coin(0.3) else fur, 0.08)
        canvas.paint(frame, polygon(frame, root, inner, top) + 0.1, mixed(light, (0.9, 0.5, 0.5), 0.6), 0.05)
    head = ellipse(frame, 0, -0.1, width, random.uniform(0.62, 0.72))
    texture = None
    if striped:
        bands = sine(np.abs(frame.x) * 2.2 - frame.y * 0.4 + 0.1)
        texture = 1.0 - np.maximum(bands, 0.0) * np.minimum(np.maximum(frame.y * 3.0 + 0.4, 0.0), 1.0) * 0.5
    canvas.paint(frame, head, fur, 0.3, texture=texture)
    for side in (-1.0, 1.0):
        canvas.paint(frame, ellipse(frame, side * 0.18, -0.4, 0.24, 0.19), light, 0.15)
    iris = hue_colour(random.uniform(0.1, 0.55), random.uniform(0.5, 0.9), random.uniform(0.7, 1.0))
    opened = random.uniform(0.1, 0.19)
    for side in (-1.0, 1.0):
        eye = ellipse(frame, side * 0.34, 0.0, 0.19, opened)
        canvas.paint(frame, eye - 0.04, BLACK, 0)
        canvas.paint(frame, eye, iris, 0)
        canvas.paint(
            frame, within(eye, ellipse(frame, side * 0.34, 0.0, random.uniform(0.04, 0.1), 0.2)), BLACK, 0
        )
        for lower in (-0.06, 0.06):
            whisker = capsule(frame, (side * 0.3, -0.38 + lower), (side * 1.05, -0.34 + 3 * lower), 0.018)
            canvas.paint(frame, whisker, WHITE if difference(fur, WHITE) > 0.4 else BLACK, 0, 0.8)
    nose = polygon(frame, (-0.12, -0.2), (0.12, -0.2), (0, -0.34))
    canvas.paint(frame, nose - 0.02, (0.85, 0.45, 0.5) if scene.coin() else BLACK, 0)
    canvas.paint(frame, capsule(frame, (0, -0.34), (0, -0.46), 0.025), BLACK, 0)


def paint_fish(scene: Scene) -> None:
    """Paint a fish from a side, plain, banded, or with a stripe or a pale belly."""
    random, canvas = scene.random, scene.canvas
    frame = scene.thing(0.08)
    body = scene.colour()
    second = scene.colour(body)
    fin = second if scene.coin() else scaled(body, random.uniform(0.6, 0.85))
    height = random.uniform(0.26, 0.5)
    fork, spread = random.uniform(0.0, 0.2), random.uniform(0.28, 0.48)
    for side in (-1.0, 1.0):
        lobe = polygon(
            frame, (-0.5, 0.06 * side), (-0.55, -0.06 * side), (-0.98, spread * side), (-0.9 + fork, 0.0)
        )
        canvas.paint(frame, lobe - 0.02, fin, 0.06)
    back = polygon(
        frame, (0.3, height * 0.8), (-0.35, height * 0.6), (-0.3, height + random.uniform(0.08, 0.25))
    )
    canvas.paint(frame, back - 0.02, fin, 0.05)
    below = polygon(
        frame, (0.0, -height * 0.8), (-0.35, -height * 0.6), (-0.35, -height - random.uniform(0.05, 0.2))
    )
    canvas.paint(frame, below - 0.02, fin, 0.05)
    # The body is a lens: what two circles have in common.
    half = 0.78
    radius = (half * half + height * height) / (2 * height)
    upper, lower = (
        ellipse(frame, 0.15, height - radius, radius),
        ellipse(frame, 0.15, radius - height, radius),
    )
    fish = union(within(upper, lower), within(ellipse(frame, 0.35, 0, 0.5, height * 0.92), frame.x - 0.9))
    pattern = random.integer(0, 3)
    canvas.paint(frame, fish, body, 0.28)
    if pattern == 1:
        bands = sine(frame.x * random.uniform(1.5, 2.6) + random.uniform()) * 0.1
        canvas.paint(frame, within(fish + 0.02, bands - 0.02, frame.x - 0.4), second, 0, 0.85)
    elif pattern == 2:
        canvas.paint(frame, within(fish + 0.02, np.abs(frame.y) - 0.08, frame.x - 0.45), second, 0, 0.85)
    elif pattern == 3:
        canvas.paint(frame, within(fish + 0.02, frame.y + height * 0.2), mixed(body, WHITE, 0.6), 0, 0.8, 0.1)
    gill = within(outline(ellipse(frame, 0.72, 0, 0.3, height), 0.025), frame.x - 0.6, fish + 0.05)
    canvas.paint(frame, gill, scaled(body, 0.45), 0)
    side_fin = frame.placed(0.22, -height * 0.25, random.uniform(-0.1, 0.1))
    canvas.paint(
        side_fin, polygon(side_fin, (0.1, 0), (-0.22, 0.12), (-0.22, -0.14)), scaled(fin, 0.85), 0.05
    )
    canvas.paint(frame, ellipse(frame, 0.62, height * 0.22, 0.1), WHITE, 0)
    canvas.paint(frame, ellipse(frame, 0.64, height * 0.22, 0.055), BLACK, 0)
    canvas.paint(frame, capsule(frame, (0.95, -0.04), (0.8, -0.09), 0.022), scaled(body, 0.35), 0)
    if scene.coin(0.4):
        for _ in range(random.integer(2, 4)):
            bubble = ellipse(
                scene.whole, random.uniform(-0.9, 0.9), random.uniform(0.2, 0.95), random.uniform(0.05, 0.1)
            )
            canvas.paint(scene.whole, outline(bubble, 0.02), WHITE, 0, 0.7)
