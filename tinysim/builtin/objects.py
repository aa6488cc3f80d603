"""Pictures of ten kinds of things, 32x32 pixels in colour: the built-in data set of image classification.

Everything about a picture but its kind is left to chance: which sort of ship or tree, from which side, how
large and where, in which colours and light, before what, behind what, and how well it is photographed.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from tinysim.builtin.arithmetic import Random
from tinysim.builtin.drawing.animals import paint_bird, paint_cat, paint_fish
from tinysim.builtin.drawing.buildings import paint_house
from tinysim.builtin.drawing.crockery import paint_cup
from tinysim.builtin.drawing.plants import paint_flower, paint_tree
from tinysim.builtin.drawing.scene import Scene
from tinysim.builtin.drawing.vehicles import paint_car, paint_plane, paint_ship
from tinysim.builtin.sample import Sample, Split

NAME = "tinysim-ic"
TEST_INPUTS = 200
SIDE_PIXELS = 32

_PAINTERS: dict[str, Callable[[Scene], None]] = {
    "plane": paint_plane,
    "car": paint_car,
    "bird": paint_bird,
    "cat": paint_cat,
    "fish": paint_fish,
    "flower": paint_flower,
    "ship": paint_ship,
    "tree": paint_tree,
    "house": paint_house,
    "cup": paint_cup,
}
CLASSES = tuple(_PAINTERS)


def make_sample(split: Split, number: int) -> Sample:
    """Return a picture of the built-in set: SIDE_PIXELS rows of as many pixels of red, green, blue bytes.

    The test set's TEST_INPUTS are in random order, as many of each class; of training samples there are as
    many as wanted, class by class in turn.
    """
    place = _test_order()[number] if split == "test" else number
    label = place % len(CLASSES)
    scene = Scene(SIDE_PIXELS, Random(NAME, split, number))
    _PAINTERS[CLASSES[label]](scene)
    scene.occlude()
    name = f"tinysim_ic_{number:06}_{CLASSES[label]}_{label}.bin"
    return Sample(name, label, scene.canvas.photograph(scene.random))


@cache
def _test_order() -> list[int]:
    return Random(NAME, "test", "order").shuffled(TEST_INPUTS)
