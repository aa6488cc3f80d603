"""People: a skeleton in a pose, dressed.

Lengths are in shares of a person's height, angles in turns from hanging down, forwards (or, from the front,
outwards) positive. Proportions are those of drawing manuals: hip at the middle, knee at a quarter, a head of
about an eighth. Heads are a little larger than life, for they are three pixels wide where a person is far
away.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tinysim.builtin.arithmetic import Random, cosine, sine
from tinysim.builtin.painting import Colour, Point, mixed
from tinysim.builtin.scenery.picture import Pen, one_of, scaled

SKINS: tuple[Colour, ...] = (
    (246, 210, 184),
    (232, 186, 152),
    (206, 152, 112),
    (168, 114, 78),
    (122, 80, 54),
    (88, 58, 42),
)
HAIRS: tuple[Colour, ...] = (
    (28, 22, 20),
    (58, 38, 26),
    (104, 66, 36),
    (196, 158, 92),
    (150, 72, 34),
    (176, 172, 168),
)
CLOTHES: tuple[Colour, ...] = (
    (196, 44, 44),
    (40, 74, 156),
    (36, 120, 70),
    (236, 200, 60),
    (230, 230, 226),
    (44, 44, 50),
    (128, 128, 132),
    (226, 128, 44),
    (122, 60, 132),
    (92, 170, 204),
    (214, 132, 156),
    (104, 104, 84),
    (30, 44, 76),
)
TROUSERS: tuple[Colour, ...] = (
    (40, 54, 92),
    (70, 92, 138),
    (38, 38, 42),
    (96, 92, 84),
    (140, 134, 112),
    (72, 68, 60),
    (180, 178, 170),
)

_SHOULDER, _HIP = 0.815, 0.52
_UPPER_ARM, _FOREARM, _THIGH, _SHIN = 0.17, 0.155, 0.245, 0.235


@dataclass(frozen=True)
class Pose:
    """Where the body is seen from, and its angles; the first of each pair is the nearer (or left) limb.

    `seat` is the height of what a person sits on, None for those who stand; `lean` bends the body forwards.
    """

    view: str
    lean: float
    thighs: Point
    shins: Point
    upper_arms: Point
    forearms: Point
    seat: float | None = None


def make_pose(random: Random, sits: bool) -> Pose:
    """Return a pose: standing, walking, running, waving, or sitting."""
    small = [0.02 * float(n) for n in random.normals(8)]
    kind = random.integer(0, 9)
    if sits:
        seat = random.uniform(0.25, 0.31)
        if random.chance(0.6):
            return Pose(
                "side",
                0.01 + 0.02 * abs(small[0]) * 30,
                (0.24 + small[1], 0.235 + small[2]),
                (0.0 + small[3], 0.03 + small[4]),
                (0.06 + small[5], 0.08 + small[6]),
                (0.16 + 2 * small[5], 0.2 + 2 * small[6]),
                seat,
            )
        return Pose(
            "front",
            small[0] * 0.4,
            (0.09 + small[1], 0.09 + small[2]),
            (0.0 + small[3] * 0.5, small[4] * 0.5),
            (0.045 + abs(small[5]), 0.045 + abs(small[6])),
            (-0.05, -0.05),
            seat,
        )
    if kind <= 3:
        swing = random.uniform(0.045, 0.085)
        return Pose(
            "side",
            0.008 + abs(small[0]) * 0.5,
            (swing, -swing * 0.8),
            (swing * 0.7, -swing * 1.6),
            (-swing * 1.1, swing * 1.2),
            (-swing * 0.6, swing * 1.2 + 0.05),
        )
    if kind == 4:
        return Pose("side", 0.035, (0.13, -0.07), (0.02, -0.24), (-0.14, 0.1), (0.08, 0.32))
    view = "back" if kind == 5 else "front"
    legs = (0.012 + abs(small[0]), 0.012 + abs(small[1]))
    shins = (legs[0] * 0.7, legs[1] * 0.6)
    hanging = 0.035 + abs(small[2]), 0.035 + abs(small[3])
    gesture = random.integer(0, 5)
    if gesture == 0:
        return Pose(
            view,
            small[4] * 0.3,
            legs,
            shins,
            (0.36 + small[2], hanging[1]),
            (0.47 + small[5], hanging[1] * 0.4),
        )
    if gesture == 1:
        return Pose(view, small[4] * 0.3, legs, shins, (0.3 + small[2], 0.3 + small[3]), (0.44, 0.44))
    if gesture == 2:
        return Pose(view, small[4] * 0.3, legs, shins, (0.12, 0.12), (-0.12, -0.12))
    if gesture == 3:
        return Pose(view, small[4] * 0.3, legs, shins, (0.03, 0.03), (-0.2, -0.22))
    return Pose(view, small[4] * 0.3, legs, shins, hanging, (hanging[0] * 0.3, hanging[1] * 0.3))


@dataclass(frozen=True)
class Clothes:
    """What a person wears, and the colours of skin and hair."""

    skin: Colour
    hair: Colour
    top: Colour
    bottom: Colour
    shoes: Colour
    style: str
    """Of the lower half: trousers, shorts, skirt or coat."""
    long_sleeves: bool
    hair_style: str
    """One of short, long, bun, bald, cap, hood."""
    stripes: bool
    bag: bool


def make_clothes(random: Random) -> Clothes:
    """Return clothes of random kinds and colours."""
    styles = ("trousers", "trousers", "trousers", "shorts", "skirt", "coat")
    hair_styles = ("short", "short", "short", "long", "long", "bun", "bald", "cap", "cap", "hood")
    return Clothes(
        skin=one_of(random, SKINS, 8.0),
        hair=one_of(random, HAIRS, 8.0),
        top=one_of(random, CLOTHES),
        bottom=one_of(random, TROUSERS if random.chance(0.7) else CLOTHES),
        shoes=one_of(random, ((36, 32, 30), (210, 208, 204), (110, 74, 46), (170, 50, 48))),
        style=styles[random.integer(0, len(styles) - 1)],
        long_sleeves=random.chance(0.55),
        hair_style=hair_styles[random.integer(0, len(hair_styles) - 1)],
        stripes=random.chance(0.15),
        bag=random.chance(0.2),
    )


def paint_figure(pen: Pen, height_m: float, pose: Pose, clothes: Clothes) -> tuple[Point, float]:
    """Paint a person with the feet at the pen's place; return the middle and radius of the head in pixels."""
    scale = pen.scale * height_m
    body = Pen(pen.picture, pen.x, pen.y, scale, pen.mirror, pen.haze, pen.hazy)
    if pose.seat is None:
        body.ground_shadow(0.28)
    if pose.view == "side":
        return _paint_side(body, pose, clothes)
    return _paint_front(body, pose, clothes)


def _paint_side(pen: Pen, pose: Pose, clothes: Clothes) -> tuple[Point, float]:
    hip = (0.0, _hip_height(pose))
    up = _directions(pose.lean + 0.5, pose.lean * 0.5 + 0.5)
    chest = _along(hip, up[0], _SHOULDER - _HIP - 0.035)
    shoulder = _along(hip, up[0], _SHOULDER - _HIP)
    head = _along(_along(shoulder, up[0], 0.02), up[1], 0.105)
    head = (head[0] + 0.012, head[1])
    far = 0.8
    _paint_arm(pen, chest, pose.upper_arms[1], pose.forearms[1], clothes, far)
    _paint_leg(pen, hip, pose.thighs[1], pose.shins[1], clothes, far, 1)
    _paint_leg(pen, hip, pose.thighs[0], pose.shins[0], clothes, 1.0, 1)
    if clothes.style in ("skirt", "coat"):
        reach = 0.5 * (pose.thighs[0] + pose.thighs[1])
        hem = _along(hip, _directions(reach)[0], 0.2 if pose.seat is None else 0.16)
        colour = clothes.top if clothes.style == "coat" else clothes.bottom
        pen.limb(hip, hem, 0.062, colour, 0.085 if pose.seat is None else 0.06)
    if clothes.style != "coat":
        pen.limb(hip, _along(hip, up[0], 0.04), 0.062, clothes.bottom)
    pen.limb(_along(hip, up[0], 0.07), chest, 0.063, clothes.top, 0.074)
    _paint_stripes(pen, hip, chest, 0.07, clothes)
    pen.limb(shoulder, _along(shoulder, up[0], 0.05), 0.03, scaled(clothes.skin, 0.85))
    if clothes.bag:
        bag = _along(chest, up[0], -0.07)
        pen.limb(
            (bag[0] - 0.085, bag[1] - 0.06), (bag[0] - 0.08, bag[1] + 0.08), 0.05, scaled(clothes.bottom, 0.8)
        )
    _paint_head_side(pen, head, clothes)
    _paint_arm(pen, chest, pose.upper_arms[0], pose.forearms[0], clothes, 1.0)
    return pen.at(*head), 0.072 * pen.scale


def _paint_head_side(pen: Pen, head: Point, clothes: Clothes) -> None:
    x, y = head
    skin, hair = clothes.skin, clothes.hair
    if clothes.hair_style == "long":
        pen.limb((x - 0.03, y + 0.01), (x - 0.045, y - 0.11), 0.05, hair, 0.04)
    if clothes.hair_style == "hood":
        pen.blob(x - 0.012, y + 0.004, 0.078, 0.088, scaled(clothes.top, 0.9))
    if clothes.hair_style == "bun":
        pen.blob(x - 0.07, y + 0.04, 0.034, 0.034, hair)
    pen.blob(x, y, 0.062, 0.074, skin)
    pen.blob(x + 0.058, y - 0.012, 0.014, 0.013, skin)
    pen.blob(x + 0.04, y + 0.012, 0.01, 0.01, (36, 26, 24))
    pen.blob(x - 0.012, y - 0.008, 0.014, 0.02, scaled(skin, 0.86))
    if clothes.hair_style in ("short", "long", "bun"):
        pen.blob(x - 0.018, y + 0.038, 0.058, 0.046, hair)
        pen.blob(x - 0.04, y + 0.005, 0.032, 0.05, hair)
    elif clothes.hair_style == "cap":
        pen.blob(x - 0.006, y + 0.042, 0.064, 0.042, clothes.bottom)
        pen.limb((x + 0.03, y + 0.03), (x + 0.095, y + 0.026), 0.012, scaled(clothes.bottom, 0.8))


def _paint_front(pen: Pen, pose: Pose, clothes: Clothes) -> tuple[Point, float]:
    hip_height = _hip_height(pose)
    up = _directions(pose.lean + 0.5)[0]
    shoulder = _along((0.0, hip_height), up, _SHOULDER - _HIP)
    head = _along(shoulder, up, 0.118)
    from_back = pose.view == "back"
    if clothes.hair_style == "long" and not from_back:
        pen.limb((head[0], head[1] + 0.01), (head[0], head[1] - 0.1), 0.07, clothes.hair, 0.075)
    if clothes.hair_style == "hood":
        pen.blob(head[0], head[1], 0.078, 0.088, scaled(clothes.top, 0.85))
    for side, thigh, shin in ((-1, pose.thighs[0], pose.shins[0]), (1, pose.thighs[1], pose.shins[1])):
        joint = (side * 0.052, hip_height)
        if pose.seat is None:
            _paint_leg(pen, joint, side * thigh, side * shin, clothes, 1.0 if side < 0 else 0.94, 0)
        else:
            _paint_seated_leg(pen, joint, side * thigh, side * shin, clothes)
    if clothes.style in ("skirt", "coat") and pose.seat is None:
        colour = clothes.top if clothes.style == "coat" else clothes.bottom
        drop = 0.2
        pen.polygon(
            (
                (-0.082, hip_height + 0.05),
                (0.082, hip_height + 0.05),
                (0.115, hip_height - drop),
                (-0.115, hip_height - drop),
            ),
            colour,
        )
    waist = (0.0, hip_height)
    chest = _along(waist, up, 0.2)
    if clothes.style != "coat":
        pen.limb((-0.022, hip_height + 0.01), (0.022, hip_height + 0.01), 0.06, clothes.bottom)
    pen.limb(_along(waist, up, 0.075), chest, 0.078, clothes.top, 0.098)
    pen.limb((chest[0] - 0.075, chest[1] + 0.065), (chest[0] + 0.075, chest[1] + 0.065), 0.036, clothes.top)
    _paint_stripes(pen, waist, chest, 0.09, clothes)
    if clothes.style == "coat" and not from_back:
        pen.limb(waist, chest, 0.008, scaled(clothes.top, 0.6))
    pen.limb(
        (shoulder[0], shoulder[1] + 0.005), _along(shoulder, up, 0.06), 0.034, scaled(clothes.skin, 0.82)
    )
    if clothes.bag:
        if from_back:
            pen.limb(_along(waist, up, 0.08), _along(waist, up, 0.19), 0.075, scaled(clothes.bottom, 0.85))
        else:
            pen.limb(
                (chest[0] - 0.08, chest[1] + 0.07),
                (0.09, hip_height + 0.01),
                0.01,
                scaled(clothes.bottom, 0.6),
            )
    for side, upper, fore in (
        (-1, pose.upper_arms[0], pose.forearms[0]),
        (1, pose.upper_arms[1], pose.forearms[1]),
    ):
        joint = (shoulder[0] + side * 0.105, shoulder[1] - 0.03)
        _paint_arm(pen, joint, side * upper, side * fore, clothes, 1.0 if side < 0 else 0.93)
    _paint_head_front(pen, head, clothes, from_back)
    return pen.at(*head), 0.072 * pen.scale


def _paint_head_front(pen: Pen, head: Point, clothes: Clothes, from_back: bool) -> None:
    x, y = head
    skin, hair = clothes.skin, clothes.hair
    if clothes.hair_style == "bun":
        pen.blob(x, y + 0.08, 0.035, 0.032, hair)
    for side in (-1, 1):
        pen.blob(x + side * 0.06, y - 0.006, 0.013, 0.02, scaled(skin, 0.88))
    pen.blob(x, y, 0.06, 0.074, skin)
    if from_back:
        if clothes.hair_style == "cap":
            pen.blob(x, y + 0.02, 0.064, 0.06, clothes.bottom)
        elif clothes.hair_style == "hood":
            pen.blob(x, y, 0.076, 0.084, scaled(clothes.top, 0.9))
        elif clothes.hair_style == "long":
            pen.limb((x, y + 0.012), (x, y - 0.1), 0.066, hair, 0.07)
        elif clothes.hair_style != "bald":
            pen.blob(x, y + 0.012, 0.063, 0.068, hair)
        return
    if clothes.hair_style == "cap":
        pen.blob(x, y + 0.046, 0.066, 0.04, clothes.bottom)
        pen.limb((x - 0.05, y + 0.026), (x + 0.05, y + 0.026), 0.012, scaled(clothes.bottom, 0.75))
    elif clothes.hair_style in ("short", "long", "bun"):
        pen.blob(x, y + 0.05, 0.06, 0.034, hair)
        for side in (-1, 1):
            pen.blob(x + side * 0.052, y + 0.026, 0.016, 0.034, hair)
    dark = (34, 24, 22)
    for side in (-1, 1):
        pen.blob(x + side * 0.024, y + 0.006, 0.0095, 0.0085, dark)
        pen.limb((x + side * 0.013, y + 0.024), (x + side * 0.034, y + 0.025), 0.004, mixed(hair, skin, 0.3))
    pen.limb((x, y + 0.002), (x, y - 0.014), 0.006, scaled(skin, 0.82))
    pen.limb((x - 0.02, y - 0.036), (x + 0.02, y - 0.036), 0.006, mixed((150, 50, 48), skin, 0.35))


def _paint_leg(
    pen: Pen, hip: Point, thigh: float, shin: float, clothes: Clothes, light: float, foot: int
) -> None:
    """Paint a leg; `foot` is 1 to point it forwards, 0 to show it from the front."""
    bones = _directions(thigh, shin)
    knee = _along(hip, bones[0], _THIGH)
    ankle = _along(knee, bones[1], _SHIN)
    bare = clothes.style in ("shorts", "skirt")
    cloth = scaled(clothes.bottom, light)
    toe = _along(ankle, (bones[1][0] - foot * bones[1][1], bones[1][1] + foot * bones[1][0]), 0.055)
    toe = toe if foot else (ankle[0] + 0.008 * (1 if hip[0] > 0 else -1), ankle[1] - 0.018)
    pen.limb(
        knee,
        ankle,
        0.04 if bare else 0.044,
        scaled(clothes.skin, light) if bare else cloth,
        0.026 if bare else 0.034,
    )
    pen.limb(
        (ankle[0], ankle[1] - 0.005), (toe[0], toe[1] - 0.005), 0.028, scaled(clothes.shoes, light), 0.022
    )
    pen.limb(hip, knee, 0.058, cloth, 0.046)


def _paint_seated_leg(pen: Pen, hip: Point, thigh: float, shin: float, clothes: Clothes) -> None:
    """Paint a leg of somebody who sits face on: the thigh comes towards the viewer, and so is short."""
    bones = _directions(thigh, shin)
    knee = (hip[0] + 0.6 * _THIGH * bones[0][0], hip[1] - 0.03)
    ankle = _along(knee, bones[1], min(_SHIN, knee[1] - 0.03))
    bare = clothes.style in ("shorts", "skirt")
    pen.limb(knee, ankle, 0.045, clothes.skin if bare else scaled(clothes.bottom, 0.9), 0.032)
    pen.limb(ankle, (ankle[0], ankle[1] - 0.02), 0.03, clothes.shoes)
    pen.limb(hip, knee, 0.06, clothes.bottom, 0.056)


def _paint_arm(pen: Pen, shoulder: Point, upper: float, fore: float, clothes: Clothes, light: float) -> None:
    bones = _directions(upper, fore)
    elbow = _along(shoulder, bones[0], _UPPER_ARM)
    wrist = _along(elbow, bones[1], _FOREARM)
    sleeve = scaled(clothes.top, light * 0.92)
    skin = scaled(clothes.skin, light)
    pen.limb(elbow, wrist, 0.03, sleeve if clothes.long_sleeves else skin, 0.024)
    pen.limb(shoulder, elbow, 0.04, sleeve, 0.032)
    pen.blob(*_along(wrist, bones[1], 0.025), 0.026, 0.028, skin)


def _paint_stripes(pen: Pen, low: Point, high: Point, half_width: float, clothes: Clothes) -> None:
    if not clothes.stripes:
        return
    for share in (0.25, 0.6, 0.95):
        x, y = low[0] + (high[0] - low[0]) * share, low[1] + (high[1] - low[1]) * share
        pen.limb(
            (x - half_width * 0.85, y),
            (x + half_width * 0.85, y),
            0.014,
            mixed(clothes.top, (240, 240, 236), 0.75),
        )


def _hip_height(pose: Pose) -> float:
    """Return how high the hip is, so that the lower foot, or the seat, is where it should be."""
    if pose.seat is not None:
        return pose.seat + 0.05
    bones = _directions(*pose.thighs, *pose.shins)
    reaches = [-_THIGH * bones[leg][1] - _SHIN * bones[leg + 2][1] for leg in (0, 1)]
    return max(reaches) + 0.025


def _directions(*turns: float) -> list[Point]:
    """Return the directions of bones at these angles."""
    angles = np.array(turns)
    return [(float(x), -float(y)) for x, y in zip(sine(angles), cosine(angles), strict=True)]


def _along(start: Point, direction: Point, length: float) -> Point:
    return start[0] + direction[0] * length, start[1] + direction[1] * length
