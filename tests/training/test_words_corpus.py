from __future__ import annotations

import shutil
import subprocess
import wave
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from tinysim.builtin.words import CLASSES, TEST_INPUTS, make_sample, shipped_labels
from tinysim.errors import UserError
from tinysim.features.mfcc import CLIP_SAMPLES, quantized_mfcc
from tinysim.training import words_corpus
from tinysim.training.kept import training_cache
from tinysim.training.words_corpus import Corpus, Utterance, main, synthesise, training_features, write_clip

SILENCE = CLASSES.index("Silence")
UNKNOWN = CLASSES.index("Unknown")

needs_synthesiser = pytest.mark.skipif(
    shutil.which(words_corpus.SYNTHESISER) is None, reason="eSpeak NG is not installed"
)


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Utterance]:
    """In place of the synthesiser a hum of its own for each voice; what it was asked for."""
    asked: list[Utterance] = []

    def hum(utterance: Utterance) -> np.ndarray:
        asked.append(utterance)
        times = np.arange(8000) / 16_000
        frequency_hz = 200 + 3 * utterance.pitch + 10 * len(utterance.text)
        return np.rint(20_000 * np.sin(2 * np.pi * frequency_hz * times)).astype(np.int16)

    monkeypatch.setattr(words_corpus, "synthesise", hum)
    monkeypatch.setenv("TINYSIM_CACHE", str(tmp_path))
    return asked


def test_a_clip_is_a_second_at_full_scale_and_the_same_every_time(
    said: list[Utterance], tmp_path: Path
) -> None:
    for split in ("test", "training"):
        for number in range(40):
            clip = Corpus(tmp_path / "speech").clip(split, number)
            assert clip.samples.shape == (CLIP_SAMPLES,)
            assert np.abs(clip.samples).max() == 1
            count = len(said)
            again = Corpus(tmp_path / "speech").clip(split, number)
            assert np.array_equal(clip.samples, again.samples)
            assert len(said) == count, "said again what was in the cache"


def test_the_splits_differ(said: list[Utterance], tmp_path: Path) -> None:
    corpus = Corpus(tmp_path / "speech")
    labels = {
        split: [corpus.clip(split, number).label for number in range(39)] for split in ("test", "training")
    }
    assert labels["test"] == list(shipped_labels()[:39])
    assert Counter(labels["training"]) == {label: 6 if label == UNKNOWN else 3 for label in range(12)}
    assert not set(words_corpus._VARIANTS) & set(words_corpus._TEST_VARIANTS)
    assert not set(words_corpus._OTHER_WORDS) & set(words_corpus._TEST_WORDS)
    assert not {*words_corpus._OTHER_WORDS, *words_corpus._TEST_WORDS} & set(CLASSES)


def test_training_never_hears_what_is_kept_for_the_test(said: list[Utterance], tmp_path: Path) -> None:
    corpus = Corpus(tmp_path / "speech")
    for number in range(130):
        corpus.clip("training", number)
    assert not {each.voice.split("+")[1] for each in said} & set(words_corpus._TEST_VARIANTS)
    assert not {each.text[:-1] for each in said} & set(words_corpus._TEST_WORDS)
    said.clear()
    for number in range(130):
        corpus.clip("test", number)
    new = [each.voice.split("+")[1] in words_corpus._TEST_VARIANTS for each in said]
    assert 0.25 < np.mean(new) < 0.55


def test_in_silence_nobody_is_asked_for_a_word_of_the_ten(said: list[Utterance], tmp_path: Path) -> None:
    corpus = Corpus(tmp_path / "speech")
    for number in (number for number, label in enumerate(shipped_labels()) if label == SILENCE):
        corpus.clip("test", number)
    assert said, "no babble"
    assert not {each.text[:-1] for each in said} & set(CLASSES)


def test_training_features_come_from_the_cache_until_the_recipe_changes(said: list[Utterance]) -> None:
    features, labels = training_features(26)
    assert features.shape == (26, 49, 10)
    assert features.dtype == np.int8
    assert Counter(labels.tolist())[UNKNOWN] == 4
    assert np.array_equal(
        features[3], quantized_mfcc(Corpus(training_cache() / "speech").clip("training", 3).samples)
    )
    said.clear()
    shutil.rmtree(training_cache() / "speech")
    again, _ = training_features(26)
    assert np.array_equal(features, again)
    assert not said


def test_a_missing_synthesiser_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match="install eSpeak NG") as caught:
        synthesise(Utterance("Go", "en-us", 150, 50))
    assert "\n" not in str(caught.value)
    monkeypatch.setenv("TINYSIM_CACHE", str(tmp_path / "empty"))
    result = CliRunner().invoke(main, ["--listen", str(tmp_path / "sound")])
    assert result.exit_code == 2
    assert result.output.count("\n") == 1


def test_a_failing_synthesiser_is_told_with_what_it_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(command: list[str], **_: object) -> None:
        raise subprocess.CalledProcessError(1, command, stderr=b"Error: no such voice\n")

    monkeypatch.setattr(subprocess, "run", fail)
    with pytest.raises(UserError, match="no such voice"):
        synthesise(Utterance("Go", "nobody", 150, 50))


def test_listening_gives_a_sound_file_of_each_class(said: list[Utterance], tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["--listen", str(tmp_path / "sound")])
    assert result.exit_code == 0, result.output
    files = sorted((tmp_path / "sound").iterdir())
    assert {file.stem.split("_")[1] for file in files} == set(CLASSES)
    with wave.open(str(files[0])) as sound:
        assert (sound.getnchannels(), sound.getframerate(), sound.getnframes()) == (1, 16_000, CLIP_SAMPLES)


def test_sound_files_hold_the_samples(tmp_path: Path) -> None:
    samples = np.linspace(-1, 1, CLIP_SAMPLES)
    write_clip(tmp_path / "ramp.wav", samples)
    with wave.open(str(tmp_path / "ramp.wav")) as sound:
        stored = np.frombuffer(sound.readframes(CLIP_SAMPLES), dtype="<i2")
    assert stored / 32767 == pytest.approx(0.9 * samples, abs=1e-4)


@needs_synthesiser
def test_the_synthesiser_says_a_word_at_the_rate_asked_for() -> None:
    slow, fast = (synthesise(Utterance("Seven.", "en-us+m3", speed, 50)) for speed in (100, 200))
    assert slow.dtype == np.int16
    assert np.abs(slow.astype(int)).max() > 3000
    assert len(fast) < 0.8 * len(slow)
    assert 0.3 < len(slow) / 16_000 < 3


@needs_synthesiser
def test_the_recipe_gives_what_is_shipped(tmp_path: Path) -> None:
    # Another version of the synthesiser or of numpy's transform may say it a little otherwise.
    for number in range(0, TEST_INPUTS, 51):
        clip = Corpus(tmp_path).clip("test", number)
        shipped = np.frombuffer(make_sample("test", number).content, dtype=np.int8).reshape(49, 10)
        difference = np.abs(quantized_mfcc(clip.samples).astype(int) - shipped)
        assert difference.mean() < 8
