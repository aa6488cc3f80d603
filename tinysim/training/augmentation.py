"""What the recipes of pictures do to a picture by chance, so that a network does not learn it by heart."""

from __future__ import annotations

import numpy as np

from tinysim.training.float_network import Float32Array


def mirror(pictures: Float32Array, random: np.random.Generator) -> None:
    """Mirror half of the pictures [n, height, width, channels], in place."""
    mirrored = random.random(len(pictures)) < 0.5
    pictures[mirrored] = pictures[mirrored, :, ::-1]


def shift(pictures: Float32Array, random: np.random.Generator, pixels: int) -> None:
    """Shift square pictures by up to `pixels` each, in place; what that uncovers has the border's colours."""
    side = pictures.shape[1]
    wide = np.pad(pictures, ((0, 0), (pixels, pixels), (pixels, pixels), (0, 0)), mode="edge")
    corners = random.integers(0, 2 * pixels + 1, (len(pictures), 2))
    for picture, source, (top, left) in zip(pictures, wide, corners, strict=True):
        picture[:] = source[top : top + side, left : left + side]
