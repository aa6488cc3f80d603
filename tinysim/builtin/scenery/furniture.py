"""Things that stand in rooms."""

from __future__ import annotations

from tinysim.builtin.arithmetic import Random
from tinysim.builtin.painting import Point
from tinysim.builtin.scenery.figure import CLOTHES
from tinysim.builtin.scenery.materials import LEAVES, METALS, WOODS
from tinysim.builtin.scenery.picture import Pen, one_of, scaled, varied


def coat_stand(pen: Pen, random: Random) -> None:
    """Paint a stand with a coat on it, and a hat at times."""
    wood, coat = one_of(random, WOODS), one_of(random, CLOTHES)
    pen.ground_shadow(0.35)
    for side in (-1, 1):
        pen.limb((0, 0.2), (side * 0.28, 0.02), 0.025, wood)
        pen.limb((0, 1.6), (side * 0.2, 1.75), 0.02, wood)
    pen.limb((0, 0.05), (0, 1.82), 0.03, wood)
    pen.polygon(((-0.24, 0.7), (0.24, 0.7), (0.15, 1.5), (-0.15, 1.5)), coat)
    for side in (-1, 1):
        pen.limb((side * 0.16, 1.45), (side * 0.23, 0.9), 0.06, scaled(coat, 0.88))
    if random.chance(0.4):
        hat = one_of(random, CLOTHES)
        pen.blob(0, 1.86, 0.13, 0.09, hat)
        pen.limb((-0.2, 1.8), (0.2, 1.8), 0.02, hat)


def vase(pen: Pen, random: Random) -> None:
    """Paint a tall jar, with or without twigs."""
    colour = one_of(random, CLOTHES)
    pen.ground_shadow(0.3)
    if random.chance(0.6):
        leaf = one_of(random, (*LEAVES, *CLOTHES))
        for x, y in zip(random.normals(6), random.uniforms(6), strict=True):
            tip: Point = (0.2 * float(x), 0.95 + 0.4 * float(y))
            pen.limb((0, 0.7), tip, 0.015, (80, 100, 60))
            pen.blob(*tip, 0.06, 0.06, leaf)
    pen.limb((0, 0.18), (0, 0.4), 0.14, colour, 0.19)
    pen.limb((0, 0.5), (0, 0.74), 0.12, colour, 0.08)
    pen.limb((-0.08, 0.76), (0.08, 0.76), 0.025, scaled(colour, 0.8))
    pen.block(-0.1, 0.0, 0.1, 0.12, scaled(colour, 0.9))


def plant(pen: Pen, random: Random) -> None:
    """Paint a house plant in a pot."""
    pot, leaf = one_of(random, CLOTHES), one_of(random, LEAVES)
    height = random.uniform(0.8, 1.6)
    pen.ground_shadow(0.35)
    for x, y in zip(random.normals(9), random.uniforms(9), strict=True):
        tip = (0.3 * float(x), 0.45 + (height - 0.45) * float(y))
        pen.limb((0, 0.3), tip, 0.03, scaled(leaf, 0.8), 0.02)
        pen.blob(*tip, 0.14, 0.08, varied(random, leaf, 8), turn=0.12 * float(x))
    pen.polygon(((-0.14, 0), (0.14, 0), (0.2, 0.36), (-0.2, 0.36)), pot)
    pen.limb((-0.2, 0.36), (0.2, 0.36), 0.035, scaled(pot, 1.05))


def chair(pen: Pen, random: Random) -> None:
    """Paint a chair from its side."""
    wood = one_of(random, (*WOODS, *CLOTHES))
    pen.ground_shadow(0.4)
    pen.limb((-0.2, 0.45), (-0.25, 0.98), 0.035, wood)
    pen.limb((-0.19, 0.45), (-0.23, 0.0), 0.03, scaled(wood, 0.85))
    pen.limb((0.2, 0.43), (0.22, 0.0), 0.03, scaled(wood, 0.85))
    pen.limb((-0.2, 0.46), (0.22, 0.46), 0.045, wood)


def armchair(pen: Pen, random: Random) -> None:
    """Paint an armchair or a sofa from the front."""
    colour = one_of(random, CLOTHES)
    half = random.uniform(0.4, 1.0)
    pen.ground_shadow(half + 0.2)
    pen.limb((-half + 0.1, 0.75), (half - 0.1, 0.75), 0.2, scaled(colour, 0.9))
    pen.block(-half, 0.1, half, 0.75, scaled(colour, 0.85), 0.06)
    pen.limb((-half + 0.1, 0.42), (half - 0.1, 0.42), 0.1, scaled(colour, 1.12))
    for side in (-1, 1):
        pen.limb((side * half, 0.15), (side * half, 0.55), 0.13, colour)


def box_seat(pen: Pen, random: Random) -> None:
    """Paint a block or a wall that one can sit on."""
    colour = one_of(random, (*WOODS, (150, 148, 144), (190, 182, 170)))
    half = random.uniform(0.22, 0.6)
    pen.ground_shadow(half + 0.1)
    pen.block(-half, 0, half, 0.47, colour, 0.15)
    pen.block(-half, 0.42, half, 0.48, scaled(colour, 1.15), 0.1)


def table(pen: Pen, random: Random) -> None:
    """Paint a table with things on it."""
    wood = one_of(random, WOODS)
    half = random.uniform(0.45, 0.9)
    pen.ground_shadow(half + 0.1)
    for side in (-1, 1):
        pen.limb((side * (half - 0.08), 0.0), (side * (half - 0.08), 0.7), 0.035, scaled(wood, 0.8))
    for _ in range(random.integer(0, 3)):
        x, colour = random.uniform(-half + 0.15, half - 0.15), one_of(random, CLOTHES)
        kind = random.integer(0, 2)
        if kind == 0:
            pen.limb((x, 0.8), (x, 0.98), 0.05, colour, 0.03)
        elif kind == 1:
            pen.block(x - 0.16, 0.75, x + 0.16, 1.02, colour)
            pen.block(x - 0.13, 0.78, x + 0.13, 0.99, scaled(colour, 0.4))
        else:
            pen.blob(x, 0.83, 0.09, 0.09, colour)
    pen.block(-half, 0.7, half, 0.77, wood, 0.15)


def floor_lamp(pen: Pen, random: Random) -> None:
    """Paint a floor lamp with a shade."""
    shade = one_of(random, ((240, 224, 180), *CLOTHES))
    pen.ground_shadow(0.3)
    pen.blob(0, 0.03, 0.18, 0.04, (50, 48, 46))
    pen.limb((0, 0.03), (0, 1.4), 0.025, one_of(random, METALS))
    pen.polygon(((-0.26, 1.3), (0.26, 1.3), (0.15, 1.68), (-0.15, 1.68)), shade)


def shelf(pen: Pen, random: Random) -> None:
    """Paint a bookcase."""
    wood = one_of(random, WOODS)
    half, height = random.uniform(0.35, 0.6), random.uniform(1.2, 2.0)
    pen.ground_shadow(half + 0.15)
    pen.block(-half, 0, half, height, wood, 0.12)
    boards = 4
    for board in range(boards):
        low = 0.05 + board * (height - 0.05) / boards
        high = low + (height - 0.05) / boards - 0.06
        pen.block(-half + 0.05, low, half - 0.05, high, scaled(wood, 0.4))
        x = -half + 0.06
        while x < half - 0.14:
            width = random.uniform(0.05, 0.12)
            if random.chance(0.85):
                pen.block(
                    x, low, x + width, low + (high - low) * random.uniform(0.6, 0.95), one_of(random, CLOTHES)
                )
            x += width + 0.005
