"""Animals that stand or sit about."""

from __future__ import annotations

from tinysim.builtin.arithmetic import Random
from tinysim.builtin.painting import Colour
from tinysim.builtin.scenery.materials import DARK, FURS
from tinysim.builtin.scenery.picture import Pen, one_of, scaled


def dog(pen: Pen, random: Random) -> None:
    """Paint a dog from its side."""
    colour = one_of(random, FURS)
    _quadruped(pen, random, colour, 0.3, 0.5, 0.2, False)


def cat(pen: Pen, random: Random) -> None:
    """Paint a cat, sitting or on its feet."""
    colour = one_of(random, FURS)
    if random.chance(0.5):
        _quadruped(pen, random, colour, 0.19, 0.3, 0.14, True)
        return
    pen.ground_shadow(0.25)
    pen.limb((-0.1, 0.05), (-0.3, 0.1), 0.03, colour, 0.02)
    pen.limb((0, 0.12), (0.02, 0.3), 0.13, colour, 0.08)
    for x in (0.04, 0.1):
        pen.limb((x, 0.2), (x, 0.03), 0.03, colour)
    pen.blob(0.04, 0.42, 0.09, 0.08, colour)
    for side in (-1, 1):
        x = 0.04 + side * 0.055
        pen.polygon(((x - 0.035, 0.46), (x + 0.035, 0.46), (x + side * 0.015, 0.55)), colour)
        pen.blob(0.04 + side * 0.035, 0.43, 0.014, 0.014, (200, 210, 90))


def horse(pen: Pen, random: Random) -> None:
    """Paint a horse from its side."""
    colour = one_of(random, FURS)
    pen.ground_shadow(1.0)
    for x, reach in ((-0.6, -0.08), (-0.45, 0.06), (0.5, 0.08), (0.62, -0.04)):
        pen.limb((x, 0.95), (x + reach, 0.5), 0.1, scaled(colour, 0.9), 0.055)
        pen.limb((x + reach, 0.5), (x + reach, 0.05), 0.05, scaled(colour, 0.75), 0.06)
    pen.limb((-0.55, 1.2), (0.5, 1.22), 0.33, colour, 0.3)
    pen.limb((0.6, 1.35), (0.98, 1.85), 0.2, colour, 0.13)
    pen.limb((0.98, 1.92), (1.3, 1.62), 0.13, colour, 0.08)
    pen.limb((0.55, 1.6), (0.92, 2.05), 0.06, scaled(colour, 0.4))
    pen.limb((-0.88, 1.3), (-1.0, 0.7), 0.07, scaled(colour, 0.4), 0.04)


def bird(pen: Pen, random: Random) -> None:
    """Paint a large bird on two legs."""
    colour = one_of(random, ((230, 230, 226), (60, 58, 60), (150, 140, 130), (214, 132, 156)))
    pen.ground_shadow(0.3)
    for x in (-0.03, 0.05):
        pen.limb((x, 0), (x, 0.35), 0.014, (210, 130, 60))
    pen.limb((-0.2, 0.48), (0.1, 0.5), 0.11, colour, 0.14)
    pen.limb((-0.2, 0.48), (-0.38, 0.42), 0.07, scaled(colour, 0.8), 0.02)
    pen.limb((0.16, 0.55), (0.2, 0.85), 0.045, colour)
    pen.blob(0.22, 0.9, 0.07, 0.06, colour)
    pen.limb((0.26, 0.9), (0.38, 0.87), 0.02, (226, 150, 50), 0.01)


def _quadruped(
    pen: Pen, random: Random, colour: Colour, half: float, height: float, head: float, is_cat: bool
) -> None:
    """Paint an animal on four legs; `half` its body's length, `height` its back's, in metres."""
    pen.ground_shadow(half + 0.1)
    body = height * 0.24
    back = height - body
    dark = scaled(colour, 0.85)
    for x, reach in ((-half, -0.05), (-half * 0.75, 0.06), (half * 0.7, 0.06), (half * 0.9, -0.03)):
        pen.limb((x, back), (x + reach, 0.03), body * 0.4, dark, body * 0.3)
    pen.limb((-half, back), (half, back), body, colour, body * 1.15)
    tail = 0.1 + 0.1 * random.normal()
    pen.limb(
        (-half - 0.05, back + 0.05), (-half - 0.22, back + 0.15 + tail), body * 0.28, colour, body * 0.15
    )
    pen.limb((half, back + 0.02), (half + 0.12, height + 0.08), body * 0.8, colour, body * 0.6)
    x, y = half + 0.16, height + 0.12
    pen.blob(x, y, head * 0.62, head * 0.55, colour)
    if is_cat:
        for ear in (-0.04, 0.04):
            pen.polygon(((x + ear - 0.03, y + 0.05), (x + ear + 0.03, y + 0.05), (x + ear, y + 0.13)), colour)
        return
    pen.limb((x, y - 0.02), (x + head * 0.8, y - 0.05), head * 0.32, colour, head * 0.22)
    pen.blob(x + head * 0.98, y - 0.03, 0.025, 0.022, DARK)
    pen.limb((x - 0.04, y + 0.05), (x - 0.09, y - 0.07), 0.04, dark)
