"""Places: the country, a street, a room; with the ground in perspective, and without things or people."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tinysim.builtin.arithmetic import Float64Array, Random
from tinysim.builtin.painting import Colour, mixed
from tinysim.builtin.scenery.figure import CLOTHES
from tinysim.builtin.scenery.materials import DARK, GLASS, LEAVES, WOODS
from tinysim.builtin.scenery.picture import Pen, Picture, clouds, one_of, profile, scaled, varied
from tinysim.builtin.scenery.things import INDOORS, OUTDOORS, UPRIGHT_INDOORS, UPRIGHT_OUTDOORS, Thing

_SKIES: tuple[tuple[Colour, Colour], ...] = (
    ((92, 142, 208), (196, 218, 236)),
    ((120, 168, 222), (226, 234, 240)),
    ((150, 158, 168), (208, 212, 214)),
    ((106, 112, 122), (168, 172, 176)),
    ((84, 96, 150), (238, 206, 150)),
    ((30, 38, 66), (92, 94, 120)),
)
_GROUNDS: tuple[Colour, ...] = (
    (96, 132, 62),
    (124, 146, 78),
    (158, 154, 118),
    (204, 196, 158),
    (118, 116, 114),
    (142, 138, 134),
    (222, 226, 232),
)
_FACADES: tuple[Colour, ...] = (
    (146, 62, 58),
    (190, 184, 152),
    (214, 212, 202),
    (148, 148, 150),
    (182, 168, 92),
    (120, 128, 138),
    (168, 186, 168),
)
_WALLS: tuple[Colour, ...] = (
    (222, 212, 194),
    (196, 206, 198),
    (178, 194, 210),
    (196, 184, 206),
    (236, 232, 224),
    (138, 132, 148),
    (206, 196, 130),
    (128, 142, 132),
)


@dataclass(frozen=True)
class Surroundings:
    """What a place gives to what stands in it.

    The ground at `horizon` + h x camera height in metres has h pixels a metre. Nothing stands farther away
    than `least_scale` pixels a metre. `haze` is the colour of distance, `haziness` its share there.
    """

    horizon: float
    camera_m: float
    least_scale: float
    haze: Colour
    haziness: float
    things: tuple[Thing, ...]
    uprights: tuple[Thing, ...]

    def pen(self, picture: Picture, x: float, scale: float, mirror: int) -> Pen:
        """Return a pen at a place on the ground that is `scale` pixels a metre near."""
        hazy = self.haziness * self.least_scale / scale
        return Pen(picture, x, self.horizon + self.camera_m * scale, scale, mirror, self.haze, hazy)


def paint_country(picture: Picture, random: Random) -> Surroundings:
    """Paint sky, hills or a line of trees or a skyline, and open ground; perhaps with a road."""
    size = picture.size
    horizon, camera = random.uniform(26, 52), random.uniform(1.1, 2.2)
    high, low = _SKIES[random.integer(0, len(_SKIES) - 1)]
    high, low = varied(random, high, 8), varied(random, low, 8)
    rows = np.clip((np.arange(size) + 0.5) / horizon, 0.0, 1.0)[:, None, None]
    picture.fill(np.array(high) + (np.array(low) - np.array(high)) * rows)
    if random.chance(0.6):
        cover = clouds(random, size, 4) * 0.6 + clouds(random, size, 11) * 0.4
        picture.paint(
            _rows(0, size), np.clip((cover - 0.52) * 4.0, 0.0, 0.75), mixed(low, (250, 250, 250), 0.6)
        )
    ground = one_of(random, _GROUNDS, 8)
    _paint_distance(picture, random, horizon, low)
    near, far = scaled(ground, random.uniform(0.75, 0.95)), mixed(ground, low, 0.35)
    _paint_ground(picture, random, horizon, far, near)
    if random.chance(0.45):
        _paint_road(picture, random, horizon)
    return Surroundings(horizon, camera, 11.0, low, 0.35, OUTDOORS, UPRIGHT_OUTDOORS)


def paint_street(picture: Picture, random: Random) -> Surroundings:
    """Paint the front of a house, with windows and doors, and the pavement before it."""
    size = picture.size
    camera, scale = random.uniform(1.1, 1.9), random.uniform(13, 24)
    base = random.uniform(50, 72)
    horizon = base - camera * scale
    wall = one_of(random, _FACADES, 10)
    picture.fill(np.array(wall))
    _roughen(picture, random, 0, size, 0.07)
    kind = random.integer(0, 2)
    if kind == 0:
        _paint_bricks(picture, scale * 0.3, wall)
    elif kind == 1:
        for line in range(0, size, max(int(scale * 0.35), 3)):
            picture.block(0, line, size, line + 0.7, scaled(wall, 0.82))
    pen = Pen(picture, 0.0, base, scale)
    width = size / scale
    x = random.uniform(-0.6, 0.6)
    while x < width:
        if random.chance(0.3):
            _paint_door(pen, random, x + 0.1)
        elif random.chance(0.25):
            _paint_shop(pen, random, x + 0.1)
        else:
            _paint_window(pen, random, x + 0.1, random.uniform(0.8, 1.1))
        if random.chance(0.8):
            _paint_window(pen, random, x + 0.1, 3.3)
        x += random.uniform(1.5, 2.4)
    pavement = one_of(random, _GROUNDS[4:6], 12)
    _paint_ground(picture, random, base, scaled(pavement, 0.9), pavement)
    _paint_tiles(picture, base, horizon, random.uniform(0.8, 1.6), scaled(pavement, 0.8), lines=True)
    if random.chance(0.5):
        kerb = base + random.uniform(0.3, 0.55) * (size - base)
        _paint_ground(picture, random, kerb, (84, 84, 88), (70, 70, 74))
        picture.block(0, kerb, size, kerb + 1.6, (176, 174, 170))
    return Surroundings(horizon, camera, scale * 1.08, wall, 0.0, OUTDOORS, UPRIGHT_OUTDOORS)


def paint_room(picture: Picture, random: Random) -> Surroundings:
    """Paint a wall with what hangs on it, and the floor."""
    size = picture.size
    camera, scale = random.uniform(1.0, 1.8), random.uniform(15, 30)
    base = random.uniform(52, 78)
    horizon = base - camera * scale
    wall = one_of(random, _WALLS, 10)
    side = random.uniform(-0.25, 0.25)
    across = (1.0 + side * ((np.arange(size) + 0.5) / size - 0.5))[None, :, None]
    picture.fill(np.array(wall) * across * np.ones((size, 1, 1)))
    _paint_wallpaper(picture, random, wall, base)
    pen = Pen(picture, 0.0, base, scale)
    x = random.uniform(-0.5, 0.8)
    while x < size / scale:
        kind = random.integer(0, 5)
        if kind == 0:
            _paint_door(pen, random, x)
        elif kind <= 2:
            _paint_window(pen, random, x, random.uniform(0.8, 1.2), curtains=random.chance(0.6))
        elif kind == 3:
            _paint_frame(pen, random, x)
        elif kind == 4:
            clock = random.uniform(1.6, 2.2)
            pen.blob(x + 0.3, clock, 0.2, 0.2, one_of(random, (*WOODS, DARK)))
            pen.blob(x + 0.3, clock, 0.165, 0.165, (238, 236, 228))
            pen.limb((x + 0.3, clock), (x + 0.3, clock + 0.12), 0.012, DARK)
            pen.limb((x + 0.3, clock), (x + 0.38, clock - 0.04), 0.014, DARK)
        x += random.uniform(1.0, 1.9)
    floor = one_of(random, (*WOODS, (168, 160, 150), (120, 124, 130), *CLOTHES[:3], (206, 196, 182)), 12)
    _paint_ground(picture, random, base, scaled(floor, 0.85), floor)
    kind = random.integer(0, 3)
    if kind == 0:
        _paint_tiles(picture, base, horizon, random.uniform(0.9, 1.8), scaled(floor, 0.78), lines=False)
    elif kind == 1:
        _paint_tiles(picture, base, horizon, random.uniform(1.5, 3.0), scaled(floor, 0.85), lines=True)
    elif kind == 2:
        carpet = one_of(random, CLOTHES)
        left, right = random.uniform(-10, 40), random.uniform(60, 106)
        top, bottom = base + 5, random.uniform(size - 8, size + 20)
        picture.polygon(((left + 8, top), (right - 8, top), (right, bottom), (left, bottom)), carpet, 0.1)
    picture.block(0, base - 0.11 * scale, size, base, one_of(random, ((236, 234, 228), *WOODS)))
    return Surroundings(horizon, camera, scale * 1.08, wall, 0.0, INDOORS, UPRIGHT_INDOORS)


def _paint_distance(picture: Picture, random: Random, horizon: float, haze: Colour) -> None:
    size = picture.size
    kind = random.integer(0, 3)
    if kind == 0:
        for distance in (0.75, 0.5):
            colour = mixed(one_of(random, LEAVES), haze, distance)
            line = horizon - (profile(random, size, 4) * 12 + profile(random, size, 13) * 3) * (
                0.5 + distance
            )
            _paint_below(picture, line, colour)
    elif kind == 1:
        colour = mixed(one_of(random, LEAVES), haze, 0.35)
        line = horizon - 3 - profile(random, size, 9) * 7 - profile(random, size, 31) * 4
        _paint_below(picture, line, colour, 0.3)
    elif kind == 2:
        x = random.uniform(-12, 0)
        while x < size:
            width, height = random.uniform(7, 20), random.uniform(6, 24)
            colour = mixed(one_of(random, _FACADES), haze, random.uniform(0.3, 0.6))
            picture.block(x, horizon - height, x + width, horizon + 1, colour)
            for row in range(2, int(height) - 1, 4):
                for column in range(2, int(width) - 1, 3):
                    left, top = x + column, horizon - height + row
                    picture.block(left, top, left + 1.4, top + 2, scaled(colour, 0.7))
            x += width + random.uniform(0, 5)


def _paint_below(picture: Picture, line: Float64Array, colour: Colour, rough: float = 0.0) -> None:
    rows = np.arange(picture.size)[:, None] + 0.5
    picture.paint(_rows(0, picture.size), np.clip(rows - line[None, :] + 0.5, 0.0, 1.0), colour, rough)


def _paint_ground(picture: Picture, random: Random, top: float, far: Colour, near: Colour) -> None:
    size = picture.size
    share = np.clip((np.arange(size) + 0.5 - top) / (size - top), 0.0, 1.0)[:, None, None]
    colours = np.array(far) + (np.array(near) - np.array(far)) * share
    colours = (
        colours
        * (1.0 + 0.06 * (clouds(random, size, 6) - 0.5) + 0.1 * share[:, :, 0] * picture.grain)[:, :, None]
    )
    coverage = np.clip(np.arange(size) + 1.0 - top, 0.0, 1.0)[:, None] * np.ones((1, size))
    first = min(max(int(top) - 1, 0), size)
    box = _rows(first, size)
    picture.paint(box, coverage[first:], colours[first:])


def _paint_road(picture: Picture, random: Random, horizon: float) -> None:
    size = picture.size
    vanishing, middle = random.uniform(20, 76), random.uniform(10, 86)
    half = random.uniform(18, 42)
    road = one_of(random, ((98, 98, 102), (150, 148, 142), (172, 166, 132)), 8)
    picture.polygon(
        (
            (vanishing - 0.6, horizon),
            (vanishing + 0.6, horizon),
            (middle + half, size),
            (middle - half, size),
        ),
        road,
        0.08,
    )
    if random.chance(0.6):
        for start, end in ((0.12, 0.2), (0.3, 0.45), (0.62, 0.9)):
            corners = []
            for share, edge in ((start, -1), (start, 1), (end, 1), (end, -1)):
                x = vanishing + (middle - vanishing) * share + edge * half * 0.035 * share
                corners.append((x, horizon + (size - horizon) * share))
            picture.polygon(corners, (226, 224, 214))


def _paint_tiles(
    picture: Picture, top: float, horizon: float, pitch: float, colour: Colour, lines: bool
) -> None:
    """Paint squares on the ground, or the joints between them, in perspective."""
    size = picture.size
    first = min(max(int(top) + 1, 0), size)
    rows = np.arange(first, size)[:, None] + 0.5
    columns = np.arange(size)[None, :] + 0.5
    nearness = (rows - horizon) / 40.0
    across = (columns - size / 2) / (nearness * 14.0 * pitch)
    away = 3.2 / (nearness * pitch) * np.ones((1, size))
    if lines:
        share = np.maximum(across - np.floor(across), away - np.floor(away))
        coverage = np.where(share > 0.92, 0.8, 0.0)
    else:
        odd = np.floor(across) + np.floor(away)
        coverage = np.where(odd - 2.0 * np.floor(odd / 2.0) > 0.5, 0.85, 0.0)
    picture.paint(_rows(first, size), coverage, colour)


def _paint_bricks(picture: Picture, height: float, wall: Colour) -> None:
    size = picture.size
    rows, columns = np.arange(size)[:, None] + 0.5, np.arange(size)[None, :] + 0.5
    course = np.floor(rows / height)
    along = columns / (2.4 * height) + 0.5 * (course - 2.0 * np.floor(course / 2.0))
    joint = np.maximum(rows / height - course, along - np.floor(along) - 0.08)
    picture.paint(_rows(0, size), np.where(joint > 0.8, 0.7, 0.0), mixed(wall, (210, 204, 196), 0.4))


def _paint_wallpaper(picture: Picture, random: Random, wall: Colour, base: float) -> None:
    size = picture.size
    kind = random.integer(0, 3)
    if kind == 0:
        width = random.uniform(3, 9)
        stripe = mixed(wall, one_of(random, CLOTHES), 0.3)
        x = random.uniform(-width, 0)
        while x < size:
            picture.block(x, 0, x + width * 0.5, base, stripe)
            x += width
    elif kind == 1:
        panel = scaled(wall, random.uniform(0.7, 0.9))
        picture.block(0, base - random.uniform(14, 26), size, base, panel)
    elif kind == 2:
        _roughen(picture, random, 0, size, 0.05)


def _paint_window(pen: Pen, random: Random, x: float, low: float, curtains: bool = False) -> None:
    width, height = random.uniform(0.7, 1.1), random.uniform(0.9, 1.3)
    frame = one_of(random, ((236, 234, 228), *WOODS, (70, 74, 78)))
    pane = one_of(random, (GLASS, (170, 200, 226), (60, 70, 84), (236, 214, 150)))
    pen.block(x - 0.06, low - 0.06, x + width + 0.06, low + height + 0.06, frame)
    pen.block(x, low, x + width, low + height, pane)
    pen.polygon(
        ((x + 0.1, low), (x + 0.3, low), (x + width * 0.75, low + height), (x + width * 0.45, low + height)),
        scaled(pane, 1.15),
    )
    pen.block(x + width / 2 - 0.03, low, x + width / 2 + 0.03, low + height, frame)
    pen.block(x, low + height * 0.55, x + width, low + height * 0.55 + 0.05, frame)
    pen.block(x - 0.1, low - 0.12, x + width + 0.1, low - 0.05, scaled(frame, 0.9))
    if curtains:
        cloth = one_of(random, CLOTHES)
        for left in (x - 0.18, x + width - 0.06):
            for fold in range(3):
                start = left + fold * 0.08
                pen.block(
                    start, low - 0.25, start + 0.08, low + height + 0.15, scaled(cloth, 0.85 + 0.1 * fold)
                )


def _paint_door(pen: Pen, random: Random, x: float) -> None:
    colour = one_of(random, (*WOODS, *CLOTHES, (232, 228, 220)))
    pen.block(x - 0.08, 0, x + 1.0, 2.16, scaled(colour, 0.7))
    pen.block(x, 0, x + 0.92, 2.08, colour)
    for low, high in ((0.2, 0.9), (1.1, 1.9)):
        pen.block(x + 0.15, low, x + 0.77, high, scaled(colour, 0.84))
    pen.blob(x + 0.82, 1.0, 0.04, 0.04, (214, 190, 110))


def _paint_shop(pen: Pen, random: Random, x: float) -> None:
    awning = one_of(random, CLOTHES)
    width = random.uniform(1.3, 1.9)
    pen.block(x - 0.08, 0.4, x + width + 0.08, 2.4, (60, 56, 54))
    pen.block(x, 0.5, x + width, 2.0, one_of(random, (GLASS, (226, 206, 150), (70, 80, 92))))
    for item in range(random.integer(2, 5)):
        left = x + 0.1 + item * 0.28
        if left < x + width - 0.3:
            pen.block(left, 0.5, left + 0.2, random.uniform(0.7, 1.2), one_of(random, CLOTHES))
    for piece in range(6):
        left = x - 0.1 + (width + 0.2) * piece / 6
        pen.block(left, 2.0, left + (width + 0.2) / 6, 2.4, awning if piece % 2 else (238, 236, 230))


def _paint_frame(pen: Pen, random: Random, x: float) -> None:
    low, width, height = random.uniform(1.2, 1.6), random.uniform(0.4, 0.9), random.uniform(0.4, 0.8)
    pen.block(
        x - 0.05,
        low - 0.05,
        x + width + 0.05,
        low + height + 0.05,
        one_of(random, (*WOODS, DARK, (200, 170, 90))),
    )
    pen.block(x, low, x + width, low + height, one_of(random, (*CLOTHES, *_WALLS)))
    pen.block(x, low, x + width, low + height * random.uniform(0.3, 0.6), one_of(random, (*LEAVES, *CLOTHES)))
    if random.chance(0.5):
        pen.blob(
            x + width * random.uniform(0.3, 0.7), low + height * 0.65, 0.09, 0.09, one_of(random, CLOTHES)
        )


def _roughen(picture: Picture, random: Random, top: int, bottom: int, strength: float) -> None:
    stains = clouds(random, picture.size, 7) - 0.5
    factor = 1.0 + strength * (stains + 0.5 * picture.grain)
    picture.pixels[top:bottom] *= factor[top:bottom, :, None]


def _rows(top: int, bottom: int) -> tuple[slice, slice]:
    return slice(top, bottom), slice(None)
