"""ad01's front end against the reference's formulas in numpy's functions, and against an official input."""

import csv
import sys

import numpy as np
import pytest

from tests.published import DATA
from tinysim.features.log_mel import BANDS, FRAMES, RATE_HZ, SAMPLES_MIN, log_mel, mel_filters
from tinysim.training.evaluate import anomaly_scores, int8_outputs


def slaney_bands() -> np.ndarray:
    """librosa.filters.mel(16000, 1024, 128) [128, 513], by its documentation."""

    def mel(hz: float) -> float:
        return 3 * hz / 200 if hz < 1000 else 15 + 27 * np.log(hz / 1000) / np.log(6.4)

    grid = np.linspace(0, mel(8000), 130)
    edges = [200 / 3 * each if each < 15 else 1000 * 6.4 ** ((each - 15) / 27) for each in grid]
    bands = np.zeros((128, 513))
    for band, (low, centre, high) in enumerate(zip(edges, edges[1:], edges[2:], strict=False)):
        for index in range(513):
            hz = index * 16000 / 1024
            rising, falling = (hz - low) / (centre - low), (high - hz) / (high - centre)
            bands[band, index] = max(0.0, min(rising, falling)) * 2 / (high - low)
    return bands


def reference_features(sound: np.ndarray) -> np.ndarray:
    """What common.py of mlcommons/tiny computes, with the frames centred and the ends mirrored."""
    padded = np.pad(sound, 512, mode="reflect")
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(1024) / 1024)
    frames = np.stack([padded[start : start + 1024] * window for start in range(0, len(padded) - 1023, 512)])
    power = np.abs(np.fft.rfft(frames)) ** 2
    return (20 / 2.0 * np.log10(power @ slaney_bands().T + sys.float_info.epsilon))[50:250]


def made_up_sound(samples: int) -> np.ndarray:
    random = np.random.default_rng(5)
    time_s = np.arange(samples) / RATE_HZ
    sound = 0.1 * np.sin(2 * np.pi * (200 + 300 * time_s) * time_s) + 0.01 * random.normal(size=samples)
    return sound * np.linspace(0, 1, samples) ** 4


@pytest.mark.parametrize("samples", [SAMPLES_MIN, 11 * RATE_HZ])
def test_features_are_those_of_the_reference(samples: int) -> None:
    sound = made_up_sound(samples)
    features = log_mel(sound)
    assert features.dtype == np.float32
    assert features.shape == (FRAMES, BANDS)
    assert np.abs(features - reference_features(sound)).max() < 1e-5


def test_bands_are_those_of_slaney() -> None:
    first_bins, weights = mel_filters()
    bands = np.zeros((BANDS, 513))
    for band, first in enumerate(first_bins):
        bands[band, first : first + weights.shape[1]] = weights[band]
    assert np.abs(bands - slaney_bands()).max() < 1e-15


def test_silence_is_the_reference_s_least_number() -> None:
    assert np.allclose(log_mel(np.zeros(SAMPLES_MIN)), 10 * np.log10(sys.float_info.epsilon))


def test_only_what_the_kept_frames_cover_counts() -> None:
    sound = made_up_sound(SAMPLES_MIN + 1000)
    changed = sound.copy()
    changed[: 49 * 512 + 1] = 0.5
    changed[SAMPLES_MIN:] = 0.5
    assert np.array_equal(log_mel(changed), log_mel(sound))


def test_a_sound_that_is_too_short_is_refused() -> None:
    with pytest.raises(ValueError, match=r"127999 samples; there must be 128000"):
        log_mel(np.zeros(SAMPLES_MIN - 1))


OFFICIAL = DATA / "datasets" / "ad01" / "normal_id_01_00000000_hist_librosa.bin"
"""An official input. Its recording may not be passed on, but what the reference made of it is published."""
SCORES = DATA / "ad01_reference_scores" / "id_01.csv"
MODEL = DATA / "models" / "ad01_int8.tflite"


@pytest.mark.skipif(not OFFICIAL.is_file() or not SCORES.is_file(), reason="TINYSIM_DATA has no ad01")
def test_features_of_this_form_get_the_published_score() -> None:
    with SCORES.open(newline="") as file:
        published = float(dict(csv.reader(file))["normal_id_01_00000000.wav"])
    features = np.fromfile(OFFICIAL, "<f4").reshape(1, FRAMES, BANDS)
    model = MODEL.read_bytes()

    def score(values: np.ndarray) -> float:
        return float(anomaly_scores(values, lambda inputs: int8_outputs(model, inputs))[0])

    # The published score is of the float model; int8 is off by 0.005 here.
    assert score(features) == pytest.approx(published, abs=0.05)
    # Another order, scale or offset is another score.
    band_major = np.ascontiguousarray(features.reshape(1, BANDS, FRAMES).transpose(0, 2, 1))
    for wrong in (band_major, features[:, :, ::-1], features * np.float32(0.5), features + np.float32(3)):
        assert abs(score(wrong) - published) > 0.2
