"""Spoken words for keyword spotting: synthesised by eSpeak NG, put into rooms with noise, cut to one second.

    python -m tinysim.training.words_corpus                    writes the features of the test set where they
    are shipped python -m tinysim.training.words_corpus --listen FOLDER    writes sound files, one a class

eSpeak NG (the program `espeak-ng`) is a tool of this recipe only: what it says becomes the features that are
committed as `tinysim/builtin/words.bin`, so nobody who runs the benchmark needs it.

Three words in ten of the test set are spoken by voices, and three unknown words in ten are words, that the
training set does not have.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray

from tinysim.builtin import words
from tinysim.builtin.sample import Split
from tinysim.builtin.words import CLASSES, FEATURES_FILE, TEST_INPUTS, shipped_labels
from tinysim.errors import UserError
from tinysim.features import mfcc
from tinysim.features.mfcc import CLIP_SAMPLES, SAMPLE_RATE_HZ, quantized_mfcc
from tinysim.training import acoustics
from tinysim.training.acoustics import (
    Samples,
    as_by_a_microphone,
    clatter,
    coloured_noise,
    hum,
    normalized,
    place_in_a_second,
    reverberate,
    root_mean_square,
    stretch,
)
from tinysim.training.kept import Arrays, kept_or_made, read_arrays, training_cache, write_arrays
from tinysim.training.wav import write_wav

SEED = 2026
SYNTHESISER = "espeak-ng"

_SPLITS: tuple[Split, ...] = ("test", "training")
_SILENCE = CLASSES.index("Silence")
_UNKNOWN = CLASSES.index("Unknown")
# All other words are one class: it takes more examples than a class of one word.
_TRAINING_LABELS = (*range(len(CLASSES)), _UNKNOWN)


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_ACCENTS = ("en-us", "en-gb", "en-gb-scotland", "en-029", "en-gb-x-rp", "en-gb-x-gbclan", "en-gb-x-gbcwmd")
_VARIANTS = _words(
    """
    m1 m2 m3 m4 m5 m7 f1 f2 f3 f5 croak whisper grandma Alex Alicia Andrea Andy Denis Diogo Gene Henrique
    Hugo Jacky Lee Marco Mario Michael Mike Nguyen RicishayMax2 Storm adam antonio aunty belinda benjamin
    boris caleb david ed edward gustave iven iven3 john klatt klatt3 klatt5 max michel norbert pablo paul
    quincy rob sandro steph steph3 victor
    """
)
_TEST_VARIANTS = _words(
    """
    m6 m8 f4 whisperf grandpa Annie AnxiousAndy Gene2 RicishayMax anika edward2 iven2 klatt2 klatt4 linda
    marcelo miguel pedro robert steph2 travis
    """
)

# The other words of Speech Commands, and more that begin, end or rhyme like one of the ten.
_OTHER_WORDS = _words(
    """
    Bed Bird Cat Dog Eight Five Four Happy House Marvin Nine One Seven Sheila Six Three Tree Two Wow Zero
    Backward Forward Follow Visual Ghost Gold Town Doubt Lift Best Light Ride Nose Soft Upper Cup Stock
    Top Guess Less John Want Window Table Paper Coffee Morning Water Ago Apple Bread Brother Bus Chair
    Clock Door Dust Eye Fire Fish Flag Game Glass Green Hand Horse Island Jump King Letter Lion Money Moon
    North Open Orange Pencil Queen Rain River Room School Ship Shop Sister Sky Snow Song South Spoon Stone
    Stand Summer Sun Thunder Tomorrow Under Voice Wall Wheel Wind Winter Year Yard Young Roll Rock Rice
    Love Line Dot
    """
)
_TEST_WORDS = _words(
    """
    Learn Street Music Lamp Road Mouse Step Rest Lawn Yellow Garden Night
    """
)


# Who learns in more noise than there will be understands better in less.
_SNR_DB = {"test": (12.0, 40.0), "training": (6.0, 40.0)}
# So many things said by others, over and over, are variety enough.
_BYSTANDERS = 400


@dataclass(frozen=True)
class Utterance:
    """What the synthesiser is asked for: speed in words a minute, pitch from 0 to 99 (50 is usual)."""

    text: str
    voice: str
    speed: int
    pitch: int


@dataclass(frozen=True)
class Clip:
    """One second at 16 kHz, largest magnitude 1, and the index in CLASSES of what it is."""

    samples: Samples
    label: int


class Corpus:
    """Clips by split and number: each from random numbers of its own, so that any can be made alone."""

    def __init__(self, cache: Path | None = None) -> None:
        """Keep what the synthesiser has said in the folder `cache`: by default this user's."""
        self._cache = cache or training_cache() / "speech"

    def clip(self, split: Split, number: int) -> Clip:
        """Make a clip. Raises UserError where eSpeak NG is missing or fails."""
        label = (
            shipped_labels()[number] if split == "test" else _TRAINING_LABELS[number % len(_TRAINING_LABELS)]
        )
        # What is said and how it sounds have generators of their own: a change of the room says the same.
        saying = np.random.default_rng([SEED, _SPLITS.index(split), number, 0])
        sounding = np.random.default_rng([SEED, _SPLITS.index(split), number, 1])
        if label == _SILENCE:
            samples = self._background(split, sounding, speech=False)
        else:
            speech = self._say(_choose_utterance(saying, split, _text(saying, split, label)))
            speech = place_in_a_second(sounding, stretch(speech, sounding.uniform(0.86, 1.16)))
            samples = as_by_a_microphone(sounding, reverberate(sounding, speech)[:CLIP_SAMPLES])
            noise = self._background(split, sounding, speech=True)
            ratio = 10 ** (sounding.uniform(*_SNR_DB[split]) / 20)
            samples = samples / root_mean_square(samples) + noise / ratio
            if sounding.random() < 0.1:
                limit = np.abs(samples).max() * sounding.uniform(0.3, 0.8)
                samples = np.clip(samples, -limit, limit)
        return Clip(samples / np.abs(samples).max(), label)

    def features(self, split: Split, count: int) -> tuple[NDArray[np.int8], NDArray[np.int64]]:
        """Return the first `count` inputs of a split, shape (count, 49, 10), and their labels."""
        clips = [self.clip(split, number) for number in range(count)]
        labels = np.array([clip.label for clip in clips], dtype=np.int64)
        return np.stack([quantized_mfcc(clip.samples) for clip in clips]), labels

    def _say(self, utterance: Utterance) -> Samples:
        """Return the utterance at 16 kHz without the silence around it."""
        key = hashlib.sha256(repr(utterance).encode()).hexdigest()[:24]
        path = self._cache / f"{key}.npz"
        kept = read_arrays(path)
        if kept is None:
            kept = {"spoken": synthesise(utterance)}
            write_arrays(path, kept)
        samples: Samples = kept["spoken"].astype(np.float64) / 32768
        loud = np.flatnonzero(np.abs(samples) > 0.01 * np.abs(samples).max())
        return samples[loud[0] : loud[-1] + 1]

    def _background(self, split: Split, random: np.random.Generator, *, speech: bool) -> Samples:
        """Return a second of noise of root mean square 1: one or more kinds, other people among them."""
        total: Samples = np.zeros(CLIP_SAMPLES)
        babble = random.random() < 0.25
        if babble:
            # Where nobody is to be heard, there are so many voices that no word is.
            voices = int(random.integers(2, 5)) if speech else 8
            total = total + normalized(self._babble(split, random, voices)) * random.uniform(0.4, 1.0)
        if not babble or random.random() < 0.7:
            total = total + coloured_noise(random) * random.uniform(0.3, 1.0)
        if random.random() < 0.3:
            total = total + hum(random) * random.uniform(0.2, 1.0)
        if random.random() < 0.2:
            total = total + clatter(random) * random.uniform(0.3, 1.0)
        return normalized(total)

    def _babble(self, split: Split, random: np.random.Generator, voices: int) -> Samples:
        total = np.zeros(CLIP_SAMPLES)
        for _ in range(voices):
            saying = np.random.default_rng([SEED, _SPLITS.index(split), int(random.integers(_BYSTANDERS)), 2])
            word = self._say(_choose_utterance(saying, split, _text(saying, split, _UNKNOWN)))[:CLIP_SAMPLES]
            distant = normalized(reverberate(random, word)[:CLIP_SAMPLES])
            around = np.roll(np.pad(distant, (0, CLIP_SAMPLES - len(distant))), random.integers(CLIP_SAMPLES))
            total += around * random.uniform(0.4, 1.0)
        return total


def training_features(count: int) -> tuple[NDArray[np.int8], NDArray[np.int64]]:
    """Return training inputs, int8 of shape (count, 49, 10), and their labels, from the cache if there.

    Raises UserError where eSpeak NG is missing or fails.
    """
    sources = (Path(module.__file__ or "") for module in (words, mfcc, acoustics, sys.modules[__name__]))

    def make() -> Arrays:
        features, labels = Corpus().features("training", count)
        return {"features": features, "labels": labels}

    kept = kept_or_made(f"kws_{count}", sources, make)
    return kept["features"], kept["labels"]


def synthesise(utterance: Utterance) -> NDArray[np.int16]:
    """Return what eSpeak NG says, at 16 kHz. Raises UserError where it is missing or fails."""
    command = [SYNTHESISER, "-v", utterance.voice, "-s", str(utterance.speed), "-p", str(utterance.pitch)]
    try:
        process = subprocess.run([*command, "--stdout", utterance.text], capture_output=True, check=True)
    except FileNotFoundError:
        raise UserError(f"the recipe needs the program {SYNTHESISER}; install eSpeak NG") from None
    except subprocess.CalledProcessError as error:
        message = error.stderr.decode(errors="replace").strip()
        raise UserError(f"{' '.join(command)} failed: {message}") from error
    # To a pipe, it writes a header of 44 bytes with a length that it does not know yet.
    header, sound = process.stdout[:44], process.stdout[44:]
    rate_hz = int.from_bytes(header[24:28], "little")
    samples = np.frombuffer(sound, dtype="<i2").astype(np.float64)
    resampled = stretch(samples, SAMPLE_RATE_HZ / rate_hz)
    return np.clip(np.rint(resampled), -32768, 32767).astype(np.int16)


def write_clip(path: Path, samples: Samples) -> None:
    """Write a clip as a sound file to listen to."""
    write_wav(path, np.rint(samples * 0.9 * 32767).astype(np.int16), SAMPLE_RATE_HZ)


def _text(random: np.random.Generator, split: Split, label: int) -> str:
    if label != _UNKNOWN:
        word = CLASSES[label]
    elif split == "test" and random.random() < 0.3:
        word = str(random.choice(_TEST_WORDS))
    else:
        word = str(random.choice(_OTHER_WORDS))
    # The mark decides the melody.
    return word + str(random.choice([".", ".", "!", "?", ","]))


def _choose_utterance(random: np.random.Generator, split: Split, text: str) -> Utterance:
    new = split == "test" and random.random() < 0.3
    accent = random.choice(_ACCENTS)
    variant = random.choice(_TEST_VARIANTS if new else _VARIANTS)
    speed = int(random.integers(95, 211))
    return Utterance(text, f"{accent}+{variant}", speed, int(random.integers(15, 76)))


@click.command()
@click.option(
    "--listen",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write a sound file of each class into this folder instead.",
)
def main(listen: Path | None) -> None:
    """Make the built-in keyword-spotting test set, and write its features where they are shipped."""
    try:
        if listen is None:
            features, _ = Corpus().features("test", TEST_INPUTS)
            FEATURES_FILE.write_bytes(features.tobytes())
            return
        listen.mkdir(parents=True, exist_ok=True)
        for label, name in enumerate(CLASSES):
            number = shipped_labels().index(label)
            write_clip(listen / f"{number:06}_{name}.wav", Corpus().clip("test", number).samples)
    except UserError as error:
        click.echo(f"tinysim: {error}", err=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
