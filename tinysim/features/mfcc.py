"""The keyword-spotting front end: one second of sound to 49 frames of 10 mel-frequency cepstral coefficients.

It follows the reference (mlcommons/tiny, benchmark/training/keyword_spotting, `get_dataset.py` and
`quantize.py`), which builds it from `tf.signal`: `stft`, `linear_to_mel_weight_matrix`,
`mfccs_from_log_mel_spectrograms`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

SAMPLE_RATE_HZ = 16_000
CLIP_SAMPLES = 16_000
FRAMES = 49
COEFFICIENTS = 10

SCALE = 0.5847029089927673
"""Scale of the reference model's input tensor; with ZERO_POINT that of the official kws01 files."""
ZERO_POINT = 83

_FRAME_SAMPLES = 480
_STEP_SAMPLES = 320
_TRANSFORM_SAMPLES = 512
_BINS = _TRANSFORM_SAMPLES // 2 + 1
_MEL_BANDS = 40
_LOWEST_HZ = 20.0
_HIGHEST_HZ = 4000.0
_LOG_OFFSET = 1e-6


def quantized_mfcc(clip: ArrayLike) -> NDArray[np.int8]:
    """Return what the files of kws01 hold: int8 of shape (49, 10), frame by frame.

    `clip` is one second at 16 kHz, of any amplitude. Raises ValueError for another length.
    """
    return quantize(mfcc(normalize(clip)))


def normalize(clip: ArrayLike) -> NDArray[np.float64]:
    """Return the clip divided by its largest value: not magnitude, as in the reference.

    So a deep trough may go below -1. A clip that is nowhere above zero has no such value and is returned
    as it is.
    """
    samples = np.asarray(clip, dtype=np.float64)
    largest = float(np.max(samples))
    return samples / largest if largest > 0 else samples


def mfcc(clip: ArrayLike) -> NDArray[np.float64]:
    """Return the coefficients of a clip, shape (49, 10): the first ten of 40, the zeroth included.

    A frame is 30 ms under a periodic Hann window, every 20 ms, without padding; the last 160 samples of the
    second belong to no frame. Raises ValueError where the clip is not of shape (16000,).
    """
    samples = np.asarray(clip, dtype=np.float64)
    if samples.shape != (CLIP_SAMPLES,):
        raise ValueError(f"a clip has shape ({CLIP_SAMPLES},), not {samples.shape}")
    frames = np.lib.stride_tricks.sliding_window_view(samples, _FRAME_SAMPLES)[::_STEP_SAMPLES]
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(_FRAME_SAMPLES) / _FRAME_SAMPLES)
    magnitudes = np.abs(np.fft.rfft(frames * window, n=_TRANSFORM_SAMPLES, axis=1))
    log_mel: NDArray[np.float64] = np.log(magnitudes @ mel_weights() + _LOG_OFFSET)
    return cepstrum(log_mel)


def mel_weights() -> NDArray[np.float64]:
    """Return the weight of each of 257 bins in each of 40 mel bands, shape (257, 40).

    Triangles between 20 and 4000 Hz, linear in mel and of height 1 (HTK's scale, 1127 ln(1 + f / 700), no
    area normalisation); the bin at 0 Hz takes no part.
    """
    bins = _mel(np.linspace(0.0, SAMPLE_RATE_HZ / 2, _BINS))[:, np.newaxis]
    lowest, highest = _mel(np.array([_LOWEST_HZ, _HIGHEST_HZ]))
    edges = np.linspace(lowest, highest, _MEL_BANDS + 2)
    lower, centre, upper = edges[:-2], edges[1:-1], edges[2:]
    rising = (bins - lower) / (centre - lower)
    falling = (upper - bins) / (upper - centre)
    weights: NDArray[np.float64] = np.maximum(0.0, np.minimum(rising, falling))
    weights[0] = 0.0
    return weights


def cepstrum(log_mel: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the first ten coefficients of each row's DCT-II, by `tf.signal`'s scaling: sqrt(2 / N) for all.

    The transform would be orthonormal with sqrt(1 / N) for the zeroth; TensorFlow follows HTK here.
    """
    bands = log_mel.shape[-1]
    phase = np.pi / bands * np.outer(np.arange(bands) + 0.5, np.arange(COEFFICIENTS))
    coefficients: NDArray[np.float64] = log_mel @ np.cos(phase) * np.sqrt(2.0 / bands)
    return coefficients


def quantize(coefficients: NDArray[np.float64]) -> NDArray[np.int8]:
    """Return the int8 form: divided by SCALE, ZERO_POINT added, cut towards zero (not rounded), clamped."""
    shifted = np.trunc(coefficients / SCALE + ZERO_POINT)
    return np.clip(shifted, -128, 127).astype(np.int8)


def dequantize(features: NDArray[np.int8]) -> NDArray[np.float64]:
    """Return the coefficients that int8 features stand for."""
    return (features.astype(np.float64) - ZERO_POINT) * SCALE


def _mel(frequency_hz: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    mel: NDArray[np.float64] = 1127.0 * np.log1p(frequency_hz / 700.0)
    return mel
