"""The built-in keyword-spotting set: twelve classes of synthesised speech, as features that are shipped.

What a front end makes of sound needs logarithms and Fourier transforms, so these inputs are not made on the
user's machine: `words.bin` holds them one after another, 490 bytes each in the form of kws01 (49 frames of 10
coefficients, int8). `tinysim.training.words_corpus` has made them.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from tinysim.builtin.arithmetic import Random
from tinysim.builtin.sample import Sample, Split

NAME = "tinysim-kws"
CLASSES = ("Down", "Go", "Left", "No", "Off", "On", "Right", "Stop", "Up", "Yes", "Silence", "Unknown")
TEST_INPUTS = 408
FEATURES_FILE = Path(__file__).with_name("words.bin")
INPUT_BYTES = 490


def make_sample(split: Split, number: int) -> Sample:
    """Return input `number` of the set, from 0 to TEST_INPUTS - 1.

    Raises ValueError for the training split, which is not shipped, and IndexError for another number.
    """
    if split != "test":
        raise ValueError(f"{NAME} ships no training inputs: tinysim.training.words_corpus makes them")
    if not 0 <= number < TEST_INPUTS:
        raise IndexError(f"{NAME} has inputs 0 to {TEST_INPUTS - 1}, not {number}")
    label = shipped_labels()[number]
    content = _features()[number * INPUT_BYTES : (number + 1) * INPUT_BYTES]
    return Sample(f"tinysim_kws_{number:06}_{CLASSES[label]}_{label}.bin", label, content)


@cache
def shipped_labels() -> tuple[int, ...]:
    """Return the class of every input: as many of each, in random order."""
    return tuple(number % len(CLASSES) for number in Random(NAME, "order").shuffled(TEST_INPUTS))


@cache
def _features() -> bytes:
    return FEATURES_FILE.read_bytes()
