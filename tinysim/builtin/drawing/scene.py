"""What is around a thing: its ground, its colours, what stands before it."""

from __future__ import annotations

from tinysim.builtin.arithmetic import Random, sine
from tinysim.builtin.drawing.canvas import BLACK, WHITE, Canvas, cloudiness, difference, hue_colour, scaled
from tinysim.builtin.drawing.shapes import Frame, box, capsule, ellipse, polygon
from tinysim.builtin.painting import Colour, mixed


class Scene:
    """A canvas with a ground and the frame of the thing that is going to be painted on it, from -1 to 1."""

    def __init__(self, side: int, random: Random) -> None:
        self.random = random
        self.canvas = Canvas(side, random)
        self.whole = self.canvas.frame
        self._grounds: list[Colour] = []
        self._paint_ground()
        self._clutter()
        self.canvas.blur(random.integer(0, 6))

    def thing(self, turn: float, scale_min: float = 0.66, scale_max: float = 1.0) -> Frame:
        """Return the frame of the thing: turned by up to `turn` turns either way, mirrored by chance."""
        random = self.random
        scale = random.uniform(scale_min, scale_max)
        room = 1.12 - scale
        x, y = random.uniform(-room, room), random.uniform(-room, room)
        turns = random.uniform(-turn, turn)
        return self.whole.placed(x, y, turns, scale, random.chance(0.5)).placed(
            0, 0, 0, random.uniform(0.93, 1.07)
        )

    def colour(self, *others: Colour) -> Colour:
        """Return a colour that can be told from the ground and from `others`."""
        best, best_distance = WHITE, -1.0
        for _ in range(12):
            colour = any_colour(self.random)
            distance = min(difference(colour, other) for other in (*self._grounds, *others))
            if distance > 0.27:
                return colour
            if distance > best_distance:
                best, best_distance = colour, distance
        return best

    def coin(self, probability: float = 0.5) -> bool:
        """Return true with this probability."""
        return self.random.chance(probability)

    def shadow(self, frame: Frame, y: float, half_width: float) -> None:
        """Paint the shadow of something that stands at `y`."""
        shape = ellipse(frame, self.random.uniform(-0.15, 0.15), y, half_width, 0.13)
        self.canvas.paint(frame, shape, BLACK, 0, 0.55, 0.16)

    def occlude(self) -> None:
        """Paint something in front of the thing, in some pictures."""
        if not self.coin(0.3):
            return
        random, canvas = self.random, self.canvas
        colour = any_colour(random)
        kind = random.integer(0, 3)
        if kind == 0:  # A post.
            x = random.uniform(-0.9, 0.9)
            post = box(
                self.whole.placed(x, 0, random.uniform(-0.02, 0.02)), 0, 0, random.uniform(0.04, 0.1), 2
            )
            canvas.paint(self.whole, post, colour, 0.1)
        elif kind == 1:  # A twig or wire.
            start, end = (-1.2, random.uniform(-1, 1)), (1.2, random.uniform(-1, 1))
            canvas.paint(
                self.whole, capsule(self.whole, start, end, random.uniform(0.02, 0.05)), colour, 0.05
            )
        elif kind == 2:  # Something close, at a corner.
            x, y = (random.uniform(0.85, 1.2) * (1 if self.coin() else -1) for _ in range(2))
            shape = ellipse(self.whole, x, y, random.uniform(0.4, 0.75), random.uniform(0.4, 0.75))
            canvas.paint(self.whole, shape, colour, 0.5, softness=0.15)
        else:  # Grass or a fence at the bottom.
            top = -random.uniform(0.6, 0.85)
            for _ in range(random.integer(4, 9)):
                x, lean = random.uniform(-1, 1), random.uniform(-0.2, 0.2)
                blade = capsule(self.whole, (x, -1.1), (x + lean, top + random.uniform(0, 0.3)), 0.06, 0.02)
                canvas.paint(self.whole, blade, scaled(colour, random.uniform(0.7, 1.1)), 0.05)

    def water(self, frame: Frame, level: float) -> None:
        """Paint water from `level` down, with waves, over whatever is there."""
        random = self.random
        colour = hue_colour(random.uniform(0.45, 0.65), random.uniform(0.25, 0.8), random.uniform(0.3, 0.75))
        waves = sine(frame.x * random.uniform(0.6, 2.0) + random.uniform()) * random.uniform(0.01, 0.04)
        ripples = cloudiness(random, Frame(frame.x * 0.5, frame.y * 2.0, 0), 4) * 0.7 + 0.65
        self.canvas.paint(
            frame, frame.y - level - waves, colour, 0, random.uniform(0.75, 1.0), texture=ripples
        )

    def _paint_ground(self) -> None:
        random, canvas, whole = self.random, self.canvas, self.whole
        kind = random.integer(0, 5)
        first = _ground_colour(random)
        second = mixed(first, _ground_colour(random), random.uniform(0.2, 0.8))
        slope = whole.placed(0, 0, random.uniform(-0.03, 0.03))
        self._grounds = [first, second]
        if kind in (0, 1, 2):  # Sky, or a wall, above a ground of some kind.
            sky = hue_colour(
                random.uniform(0.52, 0.64), random.uniform(0.05, 0.6), random.uniform(0.55, 0.98)
            )
            upper = sky if kind != 2 else second
            pale = mixed(upper, WHITE, random.uniform(0, 0.6))
            canvas.gradient(upper, pale, slope.y * 0.5 + 0.5)
            if kind == 0:
                clouds = cloudiness(random, whole, random.uniform(2, 4))
                canvas.paint(
                    whole, 0.55 - clouds, WHITE, 0, random.uniform(0.3, 0.9), random.uniform(0.1, 0.4)
                )
            level = random.uniform(-1.3, 0.2)
            texture = cloudiness(random, whole, random.uniform(3, 12)) * 0.6 + 0.7
            canvas.paint(whole, slope.y - level, first, 0, 1, 0.05, texture)
            self._grounds = [mixed(upper, pale, 0.5), first]
        elif kind == 3:  # Something rough or leafy that fills the picture.
            spots = cloudiness(random, whole, random.uniform(2, 8))
            canvas.gradient(first, second, spots * 2.0 - 0.5)
        elif kind == 4:  # Stripes or tiles.
            turned = whole.placed(0, 0, random.uniform(0, 0.5))
            bands = sine(turned.x * random.uniform(0.5, 2.5) + random.uniform())
            if self.coin():
                bands = bands * sine(turned.y * random.uniform(0.5, 2.5) + random.uniform())
            canvas.gradient(first, second, bands * random.uniform(0.5, 3.0) + 0.5)
        else:  # A plain wall, lighter towards one side.
            turned = whole.placed(0, 0, random.uniform())
            canvas.gradient(first, second, turned.x * 0.5 + 0.5)

    def _clutter(self) -> None:
        random = self.random
        for _ in range(random.integer(0, 4)):
            place = self.whole.placed(
                random.uniform(-1, 1), random.uniform(-1, 1), random.uniform(), random.uniform(0.12, 0.4)
            )
            kind = random.integer(0, 3)
            if kind == 0:
                shape = ellipse(place, 0, 0, 1, random.uniform(0.4, 1))
            elif kind == 1:
                shape = box(place, 0, 0, 1, random.uniform(0.2, 1), 0.1)
            elif kind == 2:
                shape = polygon(place, (-1, -0.8), (1, -0.8), (random.uniform(-1, 1), 0.9))
            else:
                shape = capsule(place, (-1.5, 0), (1.5, 0), random.uniform(0.1, 0.3))
            colour = mixed(self._grounds[random.integer(0, 1)], any_colour(random), random.uniform(0.2, 0.6))
            self.canvas.paint(place, shape, colour, random.uniform(0, 0.5))


def any_colour(random: Random) -> Colour:
    """Return a colour of any hue; each fourth is almost grey."""
    if random.chance(0.25):
        return hue_colour(random.uniform(), random.uniform(0, 0.15), random.uniform(0.1, 0.98))
    return hue_colour(random.uniform(), random.uniform(0.25, 0.95), random.uniform(0.3, 0.98))


def _ground_colour(random: Random) -> Colour:
    return hue_colour(random.uniform(), random.uniform(0.05, 0.55), random.uniform(0.2, 0.95))
