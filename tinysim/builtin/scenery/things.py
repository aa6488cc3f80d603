"""Things that stand about: which there are in a place, each drawn in metres where it stands."""

from __future__ import annotations

from collections.abc import Callable

from tinysim.builtin.arithmetic import Random
from tinysim.builtin.scenery.animals import bird, cat, dog, horse
from tinysim.builtin.scenery.furniture import (
    armchair,
    box_seat,
    chair,
    coat_stand,
    floor_lamp,
    plant,
    shelf,
    table,
    vase,
)
from tinysim.builtin.scenery.outdoors import (
    ball,
    balloons,
    barrel,
    bench,
    bicycle,
    bush,
    car,
    cone,
    crate,
    fence,
    hydrant,
    lamp_post,
    litter_bin,
    sign,
    snowman,
    tree,
    umbrella,
    wash,
)
from tinysim.builtin.scenery.picture import Pen

Thing = Callable[[Pen, Random], None]

OUTDOORS: tuple[Thing, ...] = (
    tree,
    tree,
    bush,
    lamp_post,
    sign,
    hydrant,
    car,
    car,
    bicycle,
    litter_bin,
    bench,
    cone,
    barrel,
    crate,
    snowman,
    dog,
    horse,
    bird,
    wash,
    umbrella,
    fence,
    box_seat,
    ball,
)
INDOORS: tuple[Thing, ...] = (
    coat_stand,
    vase,
    plant,
    chair,
    armchair,
    table,
    floor_lamp,
    shelf,
    crate,
    cat,
    dog,
    balloons,
    ball,
)
UPRIGHT_OUTDOORS: tuple[Thing, ...] = (
    tree, lamp_post, sign, hydrant, snowman, horse, dog, bird, wash, umbrella, crate, barrel, litter_bin,
    bicycle, cone,
)  # fmt: skip
"""What stands where a person would."""
UPRIGHT_INDOORS: tuple[Thing, ...] = (
    coat_stand, coat_stand, vase, plant, floor_lamp, balloons, crate, chair, cat, dog, shelf,
)  # fmt: skip
