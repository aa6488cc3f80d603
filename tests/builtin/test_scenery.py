"""The shapes that pictures are drawn of."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinysim.builtin.arithmetic import Random
from tinysim.builtin.persons import SIZE, draw, label_of
from tinysim.builtin.scenery.figure import make_clothes, make_pose, paint_figure
from tinysim.builtin.scenery.picture import Light, Pen, Picture, blurred, clouds
from tinysim.builtin.scenery.places import paint_country, paint_room, paint_street
from tinysim.builtin.scenery.things import INDOORS, OUTDOORS, UPRIGHT_INDOORS, UPRIGHT_OUTDOORS

WHITE = (255.0, 255.0, 255.0)


def black(size: int = 40) -> Picture:
    return Picture(size, Light(side=0.0, contrast=0.0, shadow=0.0), np.zeros((size, size)))


def area(picture: Picture) -> float:
    return float(picture.pixels[:, :, 0].sum()) / 255


def test_shapes_have_their_areas() -> None:
    picture = black()
    picture.block(3.25, 4.5, 11.75, 20.25, WHITE)
    assert area(picture) == pytest.approx(8.5 * 15.75, rel=1e-9)
    picture = black()
    picture.blob((20, 20), (12, 12), WHITE)
    assert area(picture) == pytest.approx(np.pi * 144, rel=0.02)
    picture = black()
    picture.limb((10, 10), (30, 25), (4, 4), WHITE)
    assert area(picture) == pytest.approx(25 * 8 + np.pi * 16, rel=0.02)
    for corners in (((5, 5), (33, 9), (20, 30)), ((20, 30), (33, 9), (5, 5))):
        picture = black()
        picture.polygon(corners, WHITE)
        assert area(picture) == pytest.approx(0.5 * abs(28 * 25 - 15 * 4), rel=0.02)


def test_a_thin_rod_is_faint_and_not_lost() -> None:
    picture = black()
    picture.limb((5, 20.5), (35, 20.5), (0.1, 0.1), WHITE)
    assert area(picture) == pytest.approx(30 * 0.2, rel=0.5)


@given(
    st.floats(-200, 300), st.floats(-200, 300), st.floats(0.01, 150), st.floats(0.01, 150), st.floats(-2, 2)
)
def test_shapes_anywhere_stay_between_the_colours(
    x: float, y: float, rx: float, ry: float, turn: float
) -> None:
    picture = black(24)
    picture.blob((x, y), (rx, ry), WHITE, turn=turn)
    picture.limb((x, y), (y, x), (rx, ry), WHITE)
    picture.block(x, y, x + rx, y + ry, WHITE)
    picture.polygon(((x, y), (x + rx, y), (x, y + ry)), WHITE)
    picture.shade((x, y), (rx, ry), 0.5)
    assert np.isfinite(picture.pixels).all()
    assert picture.pixels.min() >= 0
    assert picture.pixels.max() <= 255 + 1e-9


def test_what_covers_a_subject_is_seen_in_its_place() -> None:
    picture = black()
    picture.painting = 1
    picture.block(10, 10, 30, 30, WHITE)
    assert np.count_nonzero(picture.seen == 1) == 400
    picture.painting = 0
    picture.block(10, 10, 30, 20, WHITE)
    assert np.count_nonzero(picture.seen == 1) == 200


def test_blur_and_clouds_keep_their_range() -> None:
    heights = clouds(Random("clouds"), 32, 5)
    assert heights.min() >= 0
    assert heights.max() <= 1
    flat = np.full((8, 8, 3), 7.0)
    assert np.array_equal(blurred(flat), flat)
    spot = np.zeros((9, 9, 3))
    spot[4, 4] = 16.0
    assert blurred(spot).sum() == pytest.approx(48)


def test_every_thing_leaves_marks_in_every_place() -> None:
    things = dict.fromkeys((*OUTDOORS, *INDOORS, *UPRIGHT_OUTDOORS, *UPRIGHT_INDOORS))
    for paint_place in (paint_country, paint_street, paint_room):
        for number, thing in enumerate(things):
            random = Random("things", number)
            picture = black(SIZE)
            place = paint_place(picture, random)
            before = picture.pixels.copy()
            thing(place.pen(picture, 48, 30.0, -1), random)
            assert np.count_nonzero(np.abs(picture.pixels - before).max(axis=2) > 8) > 30, thing


@pytest.mark.parametrize("sits", [False, True])
def test_a_figure_is_as_tall_as_it_should_be(sits: bool) -> None:
    for number in range(40):
        random = Random("figures", number)
        picture = black(SIZE)
        pose = make_pose(random, sits)
        (x, y), radius = paint_figure(Pen(picture, 48, 90, 40), 1.7, pose, make_clothes(random))
        rows = np.flatnonzero((picture.pixels.max(axis=2) > 8).any(axis=1))
        assert 86 <= rows.max() <= 95
        assert (0.6 if sits else 0.8) * 68 <= 90 - rows.min() <= 1.2 * 68
        assert rows.min() - 2 <= y <= 48
        assert abs(x - 48) < 20
        assert 3 < radius < 8


def test_a_person_shows_where_there_is_one_and_nowhere_else() -> None:
    for number in range(40):
        _, shows_person = draw("training", number)
        if label_of("training", number):
            assert np.count_nonzero(shows_person) >= 150
        else:
            assert not shows_person.any()
