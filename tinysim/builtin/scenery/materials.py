"""Colours of what things are made of.

Coats, crates and cars have the colours of people's clothes; the tones of skin are people's alone.
"""

from __future__ import annotations

from tinysim.builtin.painting import Colour

WOODS: tuple[Colour, ...] = ((140, 124, 88), (98, 90, 68), (184, 172, 132), (70, 66, 56))
FURS: tuple[Colour, ...] = ((38, 36, 38), (116, 112, 112), (222, 220, 212), (160, 148, 112), (72, 66, 58))
LEAVES: tuple[Colour, ...] = ((58, 104, 48), (84, 128, 56), (40, 82, 52), (124, 138, 60), (170, 150, 40))
METALS: tuple[Colour, ...] = ((70, 74, 78), (120, 124, 128), (44, 60, 52), (168, 170, 170))
GLASS: Colour = (86, 110, 128)
DARK: Colour = (30, 30, 32)
