"""Things that stand about in the open, and what could as well stand in a room."""

from __future__ import annotations

from tinysim.builtin.arithmetic import Random
from tinysim.builtin.painting import Colour, Point, edges, mixed
from tinysim.builtin.scenery.figure import CLOTHES
from tinysim.builtin.scenery.materials import DARK, GLASS, LEAVES, METALS, WOODS
from tinysim.builtin.scenery.picture import Pen, one_of, scaled, varied


def tree(pen: Pen, random: Random) -> None:
    """Paint a tree with a crown of several bunches, or a fir."""
    bark, leaves = one_of(random, WOODS), one_of(random, LEAVES)
    height = random.uniform(2.6, 5.0)
    pen.ground_shadow(0.9)
    lean = 0.1 * random.normal()
    if random.chance(0.25):
        pen.limb((0, 0), (lean, height * 0.4), 0.1, bark, rough=0.25)
        for level in range(4):
            low = 0.5 + level * (height - 0.6) / 4.5
            width = (1.15 - level * 0.24) * height / 4
            pen.polygon(
                ((-width, low), (width, low), (lean, low + height * 0.36)), varied(random, leaves, 6), 0.4
            )
        return
    pen.limb((0, 0), (lean, height * 0.62), random.uniform(0.08, 0.17), bark, 0.07, rough=0.25)
    for side in (-1, 1):
        pen.limb((lean * 0.6, height * 0.45), (lean + side * 0.5, height * 0.66), 0.05, bark)
    spread = random.uniform(0.55, 0.9)
    for _ in range(random.integer(5, 8)):
        x, y = lean + spread * random.normal() * 0.6, height * 0.76 + 0.4 * random.normal()
        pen.blob(
            x,
            y,
            spread * random.uniform(0.6, 0.9),
            spread * random.uniform(0.5, 0.75),
            varied(random, leaves, 9),
            0.45,
        )


def bush(pen: Pen, random: Random) -> None:
    """Paint a round bush, in flower at times."""
    leaves = one_of(random, LEAVES)
    pen.ground_shadow(0.8)
    for _ in range(random.integer(3, 6)):
        x = 0.4 * random.normal()
        pen.blob(
            x,
            random.uniform(0.25, 0.6),
            random.uniform(0.3, 0.5),
            random.uniform(0.25, 0.42),
            varied(random, leaves, 9),
            0.45,
        )
    if random.chance(0.3):
        flower = one_of(random, CLOTHES)
        for x, y in zip(random.normals(7), random.uniforms(7), strict=True):
            pen.blob(0.35 * float(x), 0.2 + 0.6 * float(y), 0.05, 0.05, flower)


def lamp_post(pen: Pen, random: Random) -> None:
    """Paint a street lamp."""
    metal = one_of(random, METALS)
    height = random.uniform(2.8, 4.2)
    glow: Colour = (255, 240, 190) if random.chance(0.5) else (210, 214, 210)
    pen.ground_shadow(0.3)
    pen.limb((0, 0), (0, 0.5), 0.08, metal)
    pen.limb((0, 0), (0, height), 0.045, metal)
    if random.chance(0.5):
        pen.blob(0, height + 0.12, 0.16, 0.18, glow)
        pen.limb((-0.12, height + 0.3), (0.12, height + 0.3), 0.03, metal)
    else:
        pen.limb((0, height), (0.7, height + 0.15), 0.04, metal)
        pen.blob(0.75, height + 0.1, 0.2, 0.07, glow)


def sign(pen: Pen, random: Random) -> None:
    """Paint a road sign: a disc, a triangle or a plate on a pole."""
    pen.ground_shadow(0.25)
    height = random.uniform(1.5, 2.3)
    pen.limb((0, 0), (0, height + 0.1), 0.035, one_of(random, METALS))
    colour = one_of(random, ((196, 36, 36), (30, 80, 160), (236, 200, 60), (230, 230, 226)))
    kind = random.integer(0, 2)
    if kind == 0:
        pen.blob(0, height, 0.25, 0.25, colour)
        pen.blob(0, height, 0.17, 0.17, (236, 236, 232))
    elif kind == 1:
        pen.polygon(((-0.3, height - 0.2), (0.3, height - 0.2), (0, height + 0.3)), colour)
        pen.polygon(((-0.18, height - 0.13), (0.18, height - 0.13), (0, height + 0.17)), (240, 240, 232))
    else:
        pen.block(-0.28, height - 0.2, 0.28, height + 0.22, colour)
        for row in (0.08, -0.04):
            pen.block(-0.2, height + row, 0.16, height + row + 0.05, scaled(colour, 0.45))


def hydrant(pen: Pen, random: Random) -> None:
    """Paint a fire hydrant."""
    colour = one_of(random, ((200, 44, 36), (236, 190, 50), (40, 90, 160), (190, 190, 184)))
    pen.ground_shadow(0.3)
    pen.limb((0, 0.08), (0, 0.55), 0.13, colour)
    pen.limb((-0.19, 0.05), (0.19, 0.05), 0.05, scaled(colour, 0.8))
    pen.limb((-0.2, 0.45), (0.2, 0.45), 0.06, scaled(colour, 0.85))
    pen.blob(0, 0.64, 0.14, 0.12, colour)
    pen.blob(0, 0.77, 0.04, 0.05, scaled(colour, 0.8))


def car(pen: Pen, random: Random) -> None:
    """Paint a car from its side."""
    colour = one_of(random, CLOTHES)
    glass = varied(random, GLASS)
    pen.ground_shadow(2.1)
    high = random.uniform(0.0, 0.25)
    roof = 1.4 + high
    pen.polygon(((-1.25, 0.85), (1.05, 0.85), (0.62, roof), (-0.95, roof)), scaled(colour, 0.95))
    pen.polygon(((-1.12, 0.88), (-0.08, 0.88), (-0.08, roof - 0.08), (-0.86, roof - 0.08)), glass)
    pen.polygon(((0.02, 0.88), (0.92, 0.88), (0.58, roof - 0.08), (0.02, roof - 0.08)), glass)
    pen.limb((-1.75, 0.66), (1.8, 0.58), 0.27, colour, 0.24)
    pen.block(-1.9, 0.3, 1.95, 0.6, scaled(colour, 0.85))
    pen.limb((-0.05, 0.4), (-0.05, 0.85), 0.012, scaled(colour, 0.55))
    pen.blob(1.95, 0.62, 0.07, 0.07, (250, 244, 210))
    pen.blob(-1.96, 0.66, 0.05, 0.07, (170, 30, 26))
    for x in (-1.2, 1.2):
        pen.blob(x, 0.32, 0.33, 0.33, DARK)
        pen.blob(x, 0.32, 0.17, 0.17, (150, 152, 156))


def bicycle(pen: Pen, random: Random) -> None:
    """Paint a bicycle that leans on its stand."""
    colour = one_of(random, CLOTHES)
    pen.ground_shadow(0.8)
    for x in (-0.5, 0.5):
        _ring(pen, (x, 0.33), 0.32, 0.03, DARK)
    saddle, pedals, head = (-0.22, 0.85), (-0.08, 0.3), (0.36, 0.82)
    for start, end in (
        (pedals, saddle),
        (pedals, head),
        ((-0.18, 0.72), head),
        (pedals, (-0.5, 0.33)),
        (head, (0.5, 0.33)),
    ):
        pen.limb(start, end, 0.026, colour)
    pen.limb((-0.32, 0.87), (-0.12, 0.88), 0.04, DARK)
    pen.limb(head, (0.33, 1.0), 0.02, DARK)
    pen.limb((0.33, 1.0), (0.48, 1.02), 0.022, DARK)


def litter_bin(pen: Pen, random: Random) -> None:
    """Paint a dustbin."""
    colour = one_of(random, (*METALS, (40, 110, 60), (30, 70, 130), (196, 120, 40)))
    height = random.uniform(0.75, 1.1)
    pen.ground_shadow(0.45)
    pen.polygon(((-0.24, 0.04), (0.24, 0.04), (0.3, height), (-0.3, height)), colour, 0.1)
    pen.limb((-0.3, height + 0.02), (0.3, height + 0.02), 0.05, scaled(colour, 0.7))
    for x in (-0.12, 0.0, 0.12):
        pen.limb((x, 0.15), (x * 1.2, height - 0.12), 0.012, scaled(colour, 0.75))


def bench(pen: Pen, random: Random) -> None:
    """Paint a park bench."""
    wood, metal = one_of(random, WOODS), one_of(random, METALS)
    pen.ground_shadow(0.9)
    for x in (-0.65, 0.65):
        pen.limb((x, 0), (x, 0.45), 0.035, metal)
        pen.limb((x, 0.45), (x, 0.9), 0.03, metal)
    for y in (0.6, 0.73, 0.86):
        pen.block(-0.8, y, 0.8, y + 0.09, wood, 0.12)
    pen.block(-0.82, 0.4, 0.82, 0.49, scaled(wood, 1.1), 0.12)


def cone(pen: Pen, random: Random) -> None:
    """Paint a traffic cone."""
    colour = varied(random, (232, 98, 34))
    pen.ground_shadow(0.3)
    pen.block(-0.22, 0.0, 0.22, 0.06, scaled(colour, 0.7))
    pen.polygon(((-0.16, 0.06), (0.16, 0.06), (0.03, 0.72), (-0.03, 0.72)), colour)
    pen.polygon(((-0.115, 0.26), (0.115, 0.26), (0.08, 0.42), (-0.08, 0.42)), (238, 238, 232))


def barrel(pen: Pen, random: Random) -> None:
    """Paint a barrel, standing."""
    colour = one_of(random, (*WOODS, *CLOTHES))
    pen.ground_shadow(0.42)
    pen.limb((0, 0.25), (0, 0.68), 0.29, colour, rough=0.12)
    pen.block(-0.27, 0.0, 0.27, 0.3, colour, 0.12)
    for y in (0.22, 0.66):
        pen.block(-0.3, y, 0.3, y + 0.06, scaled(colour, 0.6))
    pen.blob(0, 0.92, 0.26, 0.08, scaled(colour, 0.8))


def crate(pen: Pen, random: Random) -> None:
    """Paint a stack of boxes."""
    pen.ground_shadow(0.5)
    base = 0.0
    for _ in range(random.integer(1, 3)):
        colour = one_of(random, (*WOODS, *CLOTHES))
        half, height, x = random.uniform(0.2, 0.4), random.uniform(0.3, 0.55), 0.06 * random.normal()
        pen.block(x - half, base, x + half, base + height, colour, 0.15)
        pen.polygon(
            (
                (x - half, base + height),
                (x + half, base + height),
                (x + half * 0.8, base + height + 0.08),
                (x - half * 0.8, base + height + 0.08),
            ),
            scaled(colour, 1.15),
        )
        if random.chance(0.5):
            pen.block(x - 0.03, base, x + 0.03, base + height, scaled(colour, 0.75))
        base += height


def snowman(pen: Pen, random: Random) -> None:
    """Paint a snowman: balls of snow, with a hat, a scarf and arms of twigs."""
    snow, wood = varied(random, (232, 236, 244), 6), one_of(random, WOODS)
    pen.ground_shadow(0.6)
    for side in (-1, 1):
        pen.limb((side * 0.3, 1.0), (side * 0.72, 1.2 + 0.15 * random.normal()), 0.022, wood)
    pen.blob(0, 0.38, 0.46, 0.42, snow, 0.05)
    pen.blob(0, 0.95, 0.34, 0.32, snow, 0.05)
    pen.blob(0, 1.4, 0.24, 0.23, snow, 0.05)
    if random.chance(0.6):
        pen.limb((-0.2, 1.2), (0.2, 1.2), 0.06, one_of(random, CLOTHES))
    for y in (0.8, 0.98, 1.12):
        pen.blob(0.02, y, 0.028, 0.028, DARK)
    for side in (-1, 1):
        pen.blob(side * 0.08, 1.44, 0.028, 0.028, DARK)
    pen.limb((0, 1.38), (0.16, 1.36), 0.035, (230, 120, 40), 0.01)
    if random.chance(0.6):
        hat = one_of(random, CLOTHES)
        pen.block(-0.17, 1.58, 0.17, 1.86, hat)
        pen.limb((-0.27, 1.58), (0.27, 1.58), 0.03, hat)


def wash(pen: Pen, random: Random) -> None:
    """Paint clothes on a line: shirts and trousers that nobody is in."""
    pole = one_of(random, METALS)
    for x in (-1.2, 1.2):
        pen.limb((x, 0), (x, 1.75), 0.03, pole)
    pen.limb((-1.2, 1.7), (1.2, 1.7), 0.012, (200, 200, 196))
    for x in (-0.75, 0.05, 0.78):
        x += 0.05 * random.normal()
        colour = one_of(random, CLOTHES)
        if random.chance(0.55):
            pen.polygon(((x - 0.2, 1.0), (x + 0.2, 1.0), (x + 0.19, 1.7), (x - 0.19, 1.7)), colour)
            for side in (-1, 1):
                pen.limb((x + side * 0.18, 1.63), (x + side * 0.33, 1.3), 0.075, scaled(colour, 0.9))
        else:
            for side in (-1, 1):
                pen.limb((x + side * 0.1, 1.62), (x + side * 0.12, 0.85), 0.085, colour)


def balloons(pen: Pen, random: Random) -> None:
    """Paint balloons on strings, tied to a weight."""
    pen.ground_shadow(0.15)
    pen.block(-0.07, 0, 0.07, 0.12, one_of(random, CLOTHES))
    for _ in range(random.integer(1, 4)):
        x, y = 0.25 * random.normal(), random.uniform(1.2, 1.9)
        pen.limb((0, 0.1), (x, y - 0.2), 0.008, (200, 200, 200))
        pen.blob(x, y, 0.15, 0.18, one_of(random, CLOTHES))


def ball(pen: Pen, random: Random) -> None:
    """Paint a ball."""
    colour = one_of(random, CLOTHES)
    radius = random.uniform(0.12, 0.35)
    pen.ground_shadow(radius + 0.05)
    pen.blob(0, radius, radius, radius, colour)
    pen.limb(
        (-radius * 0.7, radius),
        (radius * 0.7, radius * 1.1),
        radius * 0.12,
        mixed(colour, (240, 240, 240), 0.7),
    )


def umbrella(pen: Pen, random: Random) -> None:
    """Paint a sunshade on a pole."""
    colour = one_of(random, CLOTHES)
    pen.ground_shadow(0.9)
    pen.limb((0, 0), (0, 2.2), 0.03, (190, 186, 176))
    for piece in range(6):
        left, right = -1.0 + piece / 3.0, -1.0 + (piece + 1) / 3.0
        tone = colour if piece % 2 else mixed(colour, (240, 240, 236), 0.75)
        pen.polygon(((left, 1.85), (right, 1.85), (right * 0.1, 2.35), (left * 0.1, 2.35)), tone)


def fence(pen: Pen, random: Random) -> None:
    """Paint a piece of fence."""
    wood = one_of(random, (*WOODS, (220, 220, 214)))
    for y in (0.3, 0.7):
        pen.block(-1.2, y, 1.2, y + 0.08, scaled(wood, 0.85))
    for post in range(9):
        x = -1.2 + post * 0.3
        pen.block(x - 0.06, 0, x + 0.06, 0.95, wood, 0.12)


def _ring(pen: Pen, middle: Point, radius: float, thickness: float, colour: Colour) -> None:
    corners = [
        (middle[0] + radius * x, middle[1] + radius * y)
        for x, y in (
            (1.0, 0.0), (0.866, 0.5), (0.5, 0.866), (0.0, 1.0), (-0.5, 0.866), (-0.866, 0.5),
            (-1.0, 0.0), (-0.866, -0.5), (-0.5, -0.866), (0.0, -1.0), (0.5, -0.866), (0.866, -0.5),
        )
    ]  # fmt: skip
    for start, end in edges(corners):
        pen.limb(start, end, thickness, colour)
