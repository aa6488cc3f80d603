"""Flowers and trees."""

from __future__ import annotations

from tinysim.builtin.arithmetic import cosine, sine
from tinysim.builtin.drawing.canvas import cloudiness, difference, hue_colour, scaled
from tinysim.builtin.drawing.scene import Scene
from tinysim.builtin.drawing.shapes import Frame, box, capsule, ellipse, polygon, union


def paint_flower(scene: Scene) -> None:
    """Paint a flower on its stalk: with petals all around, or a tulip."""
    random, canvas = scene.random, scene.canvas
    frame = scene.thing(0.05, 0.65, 1.0)
    petal_colour = scene.colour()
    green = hue_colour(random.uniform(0.22, 0.42), random.uniform(0.4, 0.8), random.uniform(0.25, 0.65))
    sway = random.uniform(-0.25, 0.25)
    bloom_y = random.uniform(0.2, 0.4)
    bend = (sway * 0.3, -0.4)
    stalk = union(
        capsule(frame, (sway, -1.3), bend, 0.05), capsule(frame, bend, (0, bloom_y - 0.1), 0.05, 0.045)
    )
    canvas.paint(frame, stalk, green, 0.06)
    tulip = scene.coin(0.25)
    for side in (-1.0, 1.0):
        if not scene.coin(0.75):
            continue
        turns = 0.25 - side * random.uniform(0.05, 0.2)
        leaf = frame.placed(bend[0], random.uniform(-0.75, -0.5), turns)
        canvas.paint(leaf, ellipse(leaf, 0.3, 0, 0.32, random.uniform(0.08, 0.13)), scaled(green, 1.15), 0.1)
    if tulip:
        bloom = frame.placed(0, bloom_y, random.uniform(-0.04, 0.04), random.uniform(0.95, 1.2))
        for side in (-1.0, 1.0):
            outer = bloom.placed(side * 0.2, 0.05, -side * 0.02)
            canvas.paint(outer, ellipse(outer, 0, 0, 0.22, 0.42), scaled(petal_colour, 0.78), 0.12)
        canvas.paint(bloom, ellipse(bloom, 0, -0.03, 0.23, 0.4), petal_colour, 0.15)
        canvas.paint(bloom, capsule(bloom, (-0.14, -0.25), (0.14, -0.25), 0.14), petal_colour, 0.12)
        return
    count = random.integer(5, 9)
    slim = random.uniform(0.75, 1.0) * 1.15 / count
    reach = random.uniform(0.5, 0.62)
    tilt = frame.placed(0, bloom_y, random.uniform())
    squash = random.uniform(0.75, 1.0)
    tilt = Frame(tilt.x, tilt.y / squash, tilt.pixel)
    shades = (petal_colour, scaled(petal_colour, 0.84))
    for petal in range(count):
        arm = tilt.placed(0, 0, petal / count)
        canvas.paint(arm, ellipse(arm, reach * 0.58, 0, reach * 0.45, slim * 0.95), shades[petal % 2], 0.09)
    centre = scene.colour(petal_colour) if scene.coin(0.4) else hue_colour(0.13, 0.9, 0.95)
    if difference(centre, petal_colour) < 0.2:
        centre = scaled(petal_colour, 0.35)
    canvas.paint(tilt, ellipse(tilt, 0, 0, random.uniform(0.16, 0.24)), centre, 0.15)


def paint_tree(scene: Scene) -> None:
    """Paint a tree: a broad one, a conifer, a slim one, or a palm."""
    random, canvas = scene.random, scene.canvas
    frame = scene.thing(0.02, 0.7, 1.0)
    bark = hue_colour(random.uniform(0.03, 0.12), random.uniform(0.2, 0.6), random.uniform(0.2, 0.5))
    leaves = scene.colour()
    if scene.coin(0.5):
        leaves = hue_colour(random.uniform(0.17, 0.4), random.uniform(0.4, 0.9), random.uniform(0.25, 0.7))
    kind = random.integer(0, 9)
    scene.shadow(frame, -0.93, 0.55)
    leafage = cloudiness(random, frame, 9, 2) * 0.9 + 0.55
    thick = random.uniform(0.07, 0.13)
    if kind <= 4:  # A broad crown.
        canvas.paint(frame, capsule(frame, (0, -0.92), (0, 0.1), thick, thick * 0.7), bark, 0.1)
        for side in (-1.0, 1.0):
            canvas.paint(frame, capsule(frame, (0, -0.35), (side * 0.35, 0.1), thick * 0.5), bark, 0.05)
        crown = ellipse(frame, 0, 0.38, 0.5, 0.48)
        for _ in range(random.integer(5, 8)):
            turns = random.uniform()
            x, y = float(cosine(turns)) * 0.45, 0.35 + float(sine(turns)) * 0.36
            crown = union(crown, ellipse(frame, x, y, random.uniform(0.2, 0.33)))
        canvas.paint(frame, crown, leaves, 0.4, texture=leafage)
    elif kind <= 7:  # A conifer.
        canvas.paint(frame, box(frame, 0, -0.8, thick, 0.2), bark, 0.1)
        storeys, width = random.integer(3, 4), random.uniform(0.45, 0.7)
        for storey in range(storeys):
            part = storey / storeys
            low, half = -0.65 + part * 1.25, width * (1 - part * 0.75)
            branch = polygon(frame, (-half, low), (half, low), (0, min(1.0, low + 0.75)))
            canvas.paint(frame, branch - 0.02, leaves, 0.12, texture=leafage)
    elif kind == 8:  # A slim one.
        canvas.paint(frame, box(frame, 0, -0.75, thick * 0.8, 0.25), bark, 0.1)
        canvas.paint(
            frame, ellipse(frame, 0, 0.15, random.uniform(0.25, 0.36), 0.82), leaves, 0.3, texture=leafage
        )
    else:  # A palm.
        lean = random.uniform(-0.2, 0.2)
        canvas.paint(frame, capsule(frame, (lean, -0.95), (0, 0.4), thick, thick * 0.6), bark, 0.1)
        for leaf in range(6):
            turns = (leaf - 0.25) / 9
            x, y = float(cosine(turns)) * 0.42, float(sine(turns)) * 0.3
            rib = union(
                capsule(frame, (0, 0.42), (x, 0.47 + y), 0.03, 0.06),
                capsule(frame, (x, 0.47 + y), (x * 2.0, 0.15 + y * 1.2), 0.06, 0.02),
            )
            canvas.paint(frame, rib, scaled(leaves, 0.75 + 0.15 * (leaf % 3)), 0.05)
