"""The built-in set in the forms of vww01: pictures with and without a person, drawn, not photographed.

A picture shows a place, things in it and a subject among them: a person, or a thing where a person would
stand. Things may hide a part of it. Both kinds of picture come about in the same way, so that nothing but the
figure tells them apart.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tinysim.builtin.arithmetic import Float64Array, Random
from tinysim.builtin.painting import Point
from tinysim.builtin.sample import Sample, Split
from tinysim.builtin.scenery.figure import make_clothes, make_pose, paint_figure
from tinysim.builtin.scenery.furniture import armchair, box_seat, chair
from tinysim.builtin.scenery.outdoors import bench
from tinysim.builtin.scenery.picture import Light, Pen, Picture, blurred, clouds
from tinysim.builtin.scenery.places import Surroundings, paint_country, paint_room, paint_street
from tinysim.builtin.scenery.things import Thing

NAME = "tinysim-vww"
CLASSES = ("no person", "person")
TEST_INPUTS = 200

SIZE = 96
"""Of a picture, in pixels."""

# What is seen in a pixel: the place or a thing, the first subject, another one.
_THING, _FIRST, _OTHER = 0, 1, 2

_FAR_SCALE, _MIDDLE_SCALE, _NEAR_SCALE = 18.0, 30.0, 72.0
"""In pixels a metre, of subjects."""
_LEAST_SHOWN_PX = 150
_LEAST_SHOWN_SHARE = 0.65
"""Of what would show of a subject without the things in front of it."""


def make_sample(split: Split, number: int) -> Sample:
    """Return a picture: 96 rows of 96 pixels of red, green and blue, a byte each."""
    label = label_of(split, number)
    kind = ("no_person", "person")[label]
    pixels, _ = draw(split, number)
    return Sample(f"tinysim_vww_{number:06d}_{kind}_{label}.bin", label, pixels.tobytes())


def label_of(split: Split, number: int) -> int:
    """Return 1 where a picture has a person, else 0."""
    if split == "test":
        return Random(NAME, split, "labels").shuffled(TEST_INPUTS)[number] % 2
    return number % 2


def draw(split: Split, number: int) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.bool_]]:
    """Return the pixels of a picture, (96, 96, 3), and which of them show a person, (96, 96).

    It is drawn anew while too little of the subject shows.
    """
    has_person = label_of(split, number) == 1
    attempt = 0
    while True:
        random = Random(NAME, split, number, attempt)
        picture = _composed(random, has_person)
        if picture is not None:
            shows_person = (picture.seen != _THING) if has_person else np.zeros((SIZE, SIZE), dtype=np.bool_)
            return _photographed(random, picture.pixels), shows_person
        attempt += 1


def _composed(random: Random, has_person: bool) -> Picture | None:
    """Return a place with things and subjects, the farthest first; None if the first hardly shows."""
    light = Light(random.uniform(-0.9, 0.9), random.uniform(0.1, 0.32), random.uniform(0.1, 0.9))
    grain = random.uniforms(SIZE, SIZE) * 1.2 + clouds(random, SIZE, 24) * 0.8 - 1.0
    picture = Picture(SIZE, light, grain)
    kind = random.integer(0, 9)
    place = (paint_country if kind <= 3 else paint_street if kind <= 5 else paint_room)(picture, random)

    # Scale, place across the picture, and what it is: a thing, or None for a subject.
    items: list[tuple[float, float, Thing | None]] = [
        (_subject_scale(random, place), random.uniform(12, 84), None)
    ]
    for _ in range(int(random.chance(0.2)) + int(random.chance(0.06))):
        items.append((_subject_scale(random, place), random.uniform(-6, 102), None))
    for _ in range(random.integer(1, 4)):
        thing = place.things[random.integer(0, len(place.things) - 1)]
        items.append((_thing_scale(random, place), random.uniform(-6, 102), thing))

    first, alone = items[0], 0
    head: tuple[Point, float] | None = None
    for item in sorted(items, key=lambda item: item[0]):
        scale, x, kind_of_thing = item
        pen = place.pen(picture, x, scale, 1 if random.chance(0.5) else -1)
        subject = _FIRST if item is first else _OTHER
        if kind_of_thing is not None:
            picture.painting = _THING
            kind_of_thing(pen, random)
        elif has_person:
            painted = _paint_person(pen, random, subject)
            head = painted if item is first else head
        else:
            picture.painting = subject
            place.uprights[random.integer(0, len(place.uprights) - 1)](pen, random)
        if item is first:
            alone = int(np.count_nonzero(picture.seen == _FIRST))
    shown = int(np.count_nonzero(picture.seen == _FIRST))
    if shown < _LEAST_SHOWN_PX or shown < _LEAST_SHOWN_SHARE * alone:
        return None
    if head is not None and not _shows_first(picture, *head):
        return None
    return picture


def _subject_scale(random: Random, place: Surroundings) -> float:
    """Return how near a subject stands: now and then far away, mostly at any distance or at any size."""
    if random.chance(0.1):
        return max(place.least_scale, random.uniform(_FAR_SCALE, _MIDDLE_SCALE))
    farthest = max(place.least_scale, _MIDDLE_SCALE)
    if random.chance(0.5):
        return 1.0 / random.uniform(1.0 / _NEAR_SCALE, 1.0 / farthest)
    return random.uniform(farthest, _NEAR_SCALE)


def _thing_scale(random: Random, place: Surroundings) -> float:
    """Return how near a thing stands: more of them far away than near."""
    return 1.0 / random.uniform(1.0 / 56.0, 1.0 / place.least_scale)


def _paint_person(pen: Pen, random: Random, subject: int) -> tuple[Point, float]:
    """Paint somebody, with a seat if need be; return the middle and radius of the head in pixels."""
    sits = random.chance(0.25)
    pose, clothes = make_pose(random, sits), make_clothes(random)
    height_m = random.uniform(1.5, 1.9) if sits or random.chance(0.85) else random.uniform(1.0, 1.4)
    if sits:
        seats = (chair, box_seat) if pose.view == "side" else (bench, armchair, box_seat)
        pen.picture.painting = _THING
        seats[random.integer(0, len(seats) - 1)](pen, random)
    pen.picture.painting = subject
    return paint_figure(pen, height_m, pose, clothes)


def _shows_first(picture: Picture, middle: Point, radius: float) -> bool:
    """Say whether half of a square around a point is of the first subject, and inside of the picture."""
    (x, y), half = middle, 0.6 * radius
    if not (0 <= x < SIZE and 0 <= y < SIZE):
        return False
    box, _, _ = picture.box(x - half, y - half, x + half, y + half)
    part = picture.seen[box]
    return int(np.count_nonzero(part == _FIRST)) * 2 >= part.size


def _photographed(random: Random, pixels: Float64Array) -> npt.NDArray[np.uint8]:
    """Return pixels as a cheap camera gives them: exposure, tint, falling light, blur and noise."""
    position = (np.arange(SIZE) + 0.5) / SIZE - 0.5
    tilt = random.uniform(-0.3, 0.3), random.uniform(-0.3, 0.3)
    fall = 1.0 + tilt[0] * position[None, :] + tilt[1] * position[:, None]
    fall = fall * (
        1.0
        - random.uniform(0.0, 0.5)
        * (position[None, :] * position[None, :] + position[:, None] * position[:, None])
    )
    tint = random.uniform(0.85, 1.15) * (1.0 + 0.02 * random.normals(3))
    lifted, contrast = random.uniform(0.0, 16.0), random.uniform(0.82, 1.0)
    pixels = np.clip(pixels * fall[:, :, None] * tint, 0.0, 255.0) * contrast + lifted
    for _ in range((0, 0, 1)[random.integer(0, 2)]):
        pixels = blurred(pixels)
    noise = random.uniforms(SIZE, SIZE, 3) + random.uniforms(SIZE, SIZE, 3) - 1.0
    pixels = pixels + random.uniform(2.0, 13.0) * noise
    return np.clip(np.rint(pixels), 0.0, 255.0).astype(np.uint8)
