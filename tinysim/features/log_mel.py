"""The front end of ad01: the log-mel spectrogram of a machine's sound.

As mlcommons/tiny, benchmark/training/anomaly_detection/common.py (file_to_vector_array) with baseline.yaml,
and the librosa 0.6 that it names: `librosa.feature.melspectrogram` with n_fft 1024, hop_length 512, n_mels
128, power 2. In arithmetic that has the same bits on every machine.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from tinysim.builtin.arithmetic import Float64Array, cosine, exponential, log10, logarithm
from tinysim.features.fourier import real_transform

Float32Array = npt.NDArray[np.float32]

RATE_HZ = 16000
FRAMES = 200
BANDS = 128
WINDOW_SAMPLES = 1024
HOP_SAMPLES = 512
FIRST_FRAME = 50
SAMPLES_MIN = (FIRST_FRAME + FRAMES - 1) * HOP_SAMPLES + WINDOW_SAMPLES // 2
"""Where the last frame that is kept ends: 8 s."""

# sys.float_info.epsilon of the reference.
_SILENCE = 2.0**-52


def log_mel(sound: Float64Array) -> Float32Array:
    """Return features [FRAMES, BANDS] in dB of at least SAMPLES_MIN samples at RATE_HZ, full scale being 1.

    librosa centres its frames, so frame k lies around sample k * HOP_SAMPLES. It pads at the ends of the
    sound, but the frames that are kept do not reach them. Raises ValueError for a shorter sound.
    """
    if sound.shape[0] < SAMPLES_MIN:
        raise ValueError(f"{sound.shape[0]} samples; there must be {SAMPLES_MIN}")
    starts = (FIRST_FRAME + np.arange(FRAMES)) * HOP_SAMPLES - WINDOW_SAMPLES // 2
    frames = sound[starts[:, np.newaxis] + np.arange(WINDOW_SAMPLES)]
    real, imaginary = real_transform(frames * _hann())
    power = real * real + imaginary * imaginary
    first_bins, weights = mel_filters()
    energies: Float64Array = np.zeros((FRAMES, BANDS))
    for step in range(weights.shape[1]):
        energies = energies + power[:, first_bins + step] * weights[:, step]
    # 20 / power * log10, and power is 2.
    return (10.0 * log10(energies + _SILENCE)).astype(np.float32)


@lru_cache(maxsize=1)
def mel_filters() -> tuple[npt.NDArray[np.int64], Float64Array]:
    """Return the triangles of Slaney's mel bands, as librosa.filters.mel: area-normalised, from 0 to 8000 Hz.

    Of each band the first bin of the transform and the weights [BANDS, widest band] from there on.
    """
    # M. Slaney, "Auditory Toolbox", 1998: linear below 1000 Hz, 15 mels; above, 27 mels for a factor of 6.4.
    highest = 15.0 + 27.0 * float(logarithm(RATE_HZ / 2 / 1000.0)) / float(logarithm(6.4))
    mels = np.arange(BANDS + 2) * highest / (BANDS + 1)
    steps = exponential((mels - 15.0) * float(logarithm(6.4)) / 27.0)
    edges_hz = np.where(mels < 15.0, mels * (200.0 / 3.0), 1000.0 * steps)
    bins_hz = np.arange(WINDOW_SAMPLES // 2 + 1) * (RATE_HZ / WINDOW_SAMPLES)
    low, centre, high = (edges_hz[first : BANDS + first, np.newaxis] for first in range(3))
    rising = (bins_hz - low) / (centre - low)
    falling = (high - bins_hz) / (high - centre)
    triangles = np.maximum(0.0, np.minimum(rising, falling)) * (2.0 / (high - low))
    is_inside = triangles > 0.0
    widest = int(is_inside.sum(axis=1).max())
    first_bins = np.minimum(is_inside.argmax(axis=1), len(bins_hz) - widest)
    return first_bins, triangles[
        np.arange(BANDS)[:, np.newaxis], first_bins[:, np.newaxis] + np.arange(widest)
    ]


@lru_cache(maxsize=1)
def _hann() -> Float64Array:
    """Return the periodic Hann window."""
    return 0.5 - 0.5 * cosine(np.arange(WINDOW_SAMPLES) / WINDOW_SAMPLES)
