from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.published import DATA, needs_data
from tinysim.datasets.labels import read_labels
from tinysim.features.mfcc import (
    CLIP_SAMPLES,
    SCALE,
    ZERO_POINT,
    cepstrum,
    dequantize,
    mel_weights,
    mfcc,
    normalize,
    quantize,
    quantized_mfcc,
)

BAND_EDGES_MEL = np.linspace(
    2595 * math.log10(1 + 20 / 700), 2595 * math.log10(1 + 4000 / 700), 42
)  # the mel formula's other usual form


def noise(seed: int, exponent: float = 0.0) -> NDArray[np.float64]:
    """White noise, or with `exponent` 0.5 pink."""
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(CLIP_SAMPLES))
    frequency = np.maximum(np.arange(len(spectrum)), 20.0)
    return np.fft.irfft(spectrum * frequency**-exponent, CLIP_SAMPLES)


def tone(frequency_hz: float) -> NDArray[np.float64]:
    return np.sin(2 * np.pi * frequency_hz * np.arange(CLIP_SAMPLES) / 16_000)


def test_a_clip_gives_what_the_definitions_give_term_by_term() -> None:
    clip = normalize(noise(1) + 3 * tone(700))
    weights = mel_weights()
    for frame in (0, 17, 48):
        magnitudes = []
        for k in range(257):
            turns = k * np.arange(480) / 512
            window = np.sin(np.pi * np.arange(480) / 480) ** 2
            piece = clip[320 * frame : 320 * frame + 480] * window
            real, imaginary = (math.fsum(piece * part(2 * np.pi * turns)) for part in (np.cos, np.sin))
            magnitudes.append(math.hypot(real, imaginary))
        log_mel = [math.log(math.fsum(magnitudes * weights[:, band]) + 1e-6) for band in range(40)]
        for k, coefficient in enumerate(mfcc(clip)[frame]):
            terms = (log_mel[n] * math.cos(math.pi / 40 * (n + 0.5) * k) for n in range(40))
            assert coefficient == pytest.approx(math.sqrt(2 / 40) * math.fsum(terms), abs=1e-9)


def test_mel_bands_are_triangles_of_height_one_that_share_every_bin_between_them() -> None:
    weights = mel_weights()
    assert weights.shape == (257, 40)
    frequency_hz = np.arange(257) * 31.25
    mel = 2595 * np.log10(1 + frequency_hz / 700)
    for band in range(40):
        lower, centre, upper = BAND_EDGES_MEL[band : band + 3]
        inside = (mel > lower) & (mel < upper)
        # 2595 log10 and 1127 ln are the same formula to 5 digits.
        nearness = 1 - np.abs(mel - centre) / (centre - lower)
        assert weights[inside, band] == pytest.approx(nearness[inside], abs=2e-3)
        assert not weights[~inside, band].any()
    between = (mel >= BAND_EDGES_MEL[1]) & (mel <= BAND_EDGES_MEL[-2])
    assert weights[between].sum(axis=1) == pytest.approx(1)
    assert not weights[0].any()
    assert not weights[frequency_hz >= 4000].any()


@pytest.mark.parametrize("frequency_hz", [300, 1000, 2500, 3500])
def test_the_loudest_band_of_a_tone_is_the_one_around_it(frequency_hz: float) -> None:
    # All 40 coefficients would give the bands back; ten give them smoothed, and the peak stays where it is.
    coefficients = mfcc(tone(frequency_hz))[20]
    bands = np.arange(40) + 0.5
    smooth = sum(c * np.cos(np.pi / 40 * bands * k) for k, c in enumerate(coefficients) if k)
    centre_mel = BAND_EDGES_MEL[1 + int(np.argmax(smooth))]
    assert abs(centre_mel - 2595 * math.log10(1 + frequency_hz / 700)) < 2.5 * np.diff(BAND_EDGES_MEL)[0]


def test_no_sound_at_all_is_the_floor_of_the_logarithm() -> None:
    features = mfcc(np.zeros(CLIP_SAMPLES))
    assert features[:, 0] == pytest.approx(math.log(1e-6) * 40 * math.sqrt(2 / 40))
    assert features[:, 1:] == pytest.approx(0, abs=1e-9)
    quantized = quantized_mfcc(np.zeros(CLIP_SAMPLES))
    assert (quantized[:, 0] == -128).all()
    assert set(np.unique(quantized[:, 1:])) <= {82, 83}  # cut from a hair below 83, or from 83


def test_coefficients_are_those_of_an_orthonormal_transform_but_for_the_zeroth() -> None:
    log_mel = np.random.default_rng(2).standard_normal((40, 40))
    coefficients = cepstrum(log_mel)
    bands = np.arange(40) + 0.5
    basis = np.array([np.cos(np.pi / 40 * bands * k) for k in range(10)])
    basis /= np.sqrt((basis**2).sum(axis=1, keepdims=True))
    expected = log_mel @ basis.T
    assert coefficients[:, 1:] == pytest.approx(expected[:, 1:])
    assert coefficients[:, 0] == pytest.approx(math.sqrt(2) * expected[:, 0])


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([2.0**k for k in range(-12, 13)]))
def test_loudness_of_the_clip_makes_no_difference(seed: int, gain: float) -> None:
    assert np.array_equal(quantized_mfcc(noise(seed)), quantized_mfcc(noise(seed) * gain))


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 20))
def test_frames_follow_time(seed: int, frames: int) -> None:
    clip = noise(seed)
    later = np.roll(clip, 320 * frames)
    assert mfcc(later)[frames:48] == pytest.approx(mfcc(clip)[: 48 - frames], abs=1e-9)


def test_clips_are_divided_by_their_largest_value_not_magnitude() -> None:
    clip = np.zeros(CLIP_SAMPLES)
    clip[:2] = 0.25, -0.5
    assert normalize(clip)[:2].tolist() == [1, -2]
    assert normalize(-np.ones(4)).tolist() == [-1] * 4


@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=20))
def test_quantization_cuts_towards_zero_and_saturates(values: list[float]) -> None:
    quantized = quantize(np.array(values))
    for value, byte in zip(values, quantized.tolist(), strict=True):
        assert byte == max(-128, min(127, int(value / SCALE + ZERO_POINT)))


@given(st.lists(st.integers(-128, 127), min_size=1, max_size=20))
def test_dequantized_features_stand_within_their_step(values: list[int]) -> None:
    features = dequantize(np.array(values, dtype=np.int8))
    towards_more = features + 0.5 * SCALE * np.sign(np.array(values))
    assert quantize(towards_more).tolist() == values


@pytest.mark.parametrize("shape", [(15_999,), (16_001,), (1, 16_000), (0,)])
def test_a_clip_of_another_length_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"shape \(16000,\)"):
        mfcc(np.zeros(shape))


@needs_data
def test_noise_looks_as_it_does_in_the_official_files() -> None:
    folder = DATA / "datasets" / "kws01"
    silent = [
        np.fromfile(folder / entry.file, dtype=np.int8).reshape(49, 10)
        for entry in read_labels(folder / "y_labels.csv")
        if entry.label == 10
    ]
    official = dequantize(np.stack(silent))
    ours = dequantize(
        np.stack([quantized_mfcc(noise(seed, exponent)) for seed in range(10) for exponent in (0.0, 0.5)])
    )
    # By another scale of the zeroth coefficient, or the power in place of the magnitude, it is another
    # number.
    assert ours[..., 0].mean() == pytest.approx(official[..., 0].mean(), abs=4)
    # Every other coefficient of noise is near 0, the higher the less it varies, in our files as in theirs.
    deviation = np.stack([each.std(axis=(0, 1))[1:] for each in (official, ours)])
    assert np.abs(official.mean(axis=(0, 1))[1:]).max() < 2.5
    assert np.abs(ours.mean(axis=(0, 1))[1:]).max() < 2.5
    assert (deviation[:, 0] > deviation[:, -1]).all()
    assert deviation[1, 3:] == pytest.approx(deviation[0, 3:], rel=0.5)
