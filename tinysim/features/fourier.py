"""The discrete Fourier transform of real frames, with the same bits on every machine.

numpy's own has other bits with other versions and processors. This one is made of elementwise additions and
multiplications in a fixed order, which IEEE 754 defines exactly.
"""

from __future__ import annotations

import numpy as np

from tinysim.builtin.arithmetic import Float64Array, cosine, sine


def real_transform(frames: Float64Array) -> tuple[Float64Array, Float64Array]:
    """Return real and imaginary parts, [frames, length / 2 + 1], of the transforms of [frames, length].

    As numpy.fft.rfft gives, within 1e-12 of the greatest of a frame. Raises ValueError where the length is
    not a power of two of at least 4.
    """
    length = frames.shape[1]
    if length < 4 or length & (length - 1):
        raise ValueError(f"frames of {length} samples; the length must be a power of two of at least 4")
    half = length // 2
    # Even samples as the real parts and odd ones as the imaginary parts of half as many complex numbers.
    # Frames are the last axis here, so that every operation runs along whole rows.
    real, imaginary = _complex_transform(
        np.ascontiguousarray(frames[:, 0::2].T), np.ascontiguousarray(frames[:, 1::2].T)
    )
    # Z[k] = E[k] + i O[k], with the transforms of even and odd samples, which are symmetric: X[k] = E[k] +
    # w^k O[k].
    mirrored = np.concatenate([[0], np.arange(half - 1, 0, -1)])
    even_real = (real + real[mirrored]) * 0.5
    even_imaginary = (imaginary - imaginary[mirrored]) * 0.5
    odd_real = (imaginary + imaginary[mirrored]) * 0.5
    odd_imaginary = (real[mirrored] - real) * 0.5
    turns = np.arange(half)[:, np.newaxis] / length
    c, s = cosine(turns), sine(turns)
    result_real = np.empty((half + 1, len(frames)))
    result_imaginary = np.empty((half + 1, len(frames)))
    result_real[:half] = even_real + (c * odd_real + s * odd_imaginary)
    result_imaginary[:half] = even_imaginary + (c * odd_imaginary - s * odd_real)
    result_real[half] = even_real[0] - odd_real[0]
    result_imaginary[half] = 0.0
    return result_real.T, result_imaginary.T


def _complex_transform(real: Float64Array, imaginary: Float64Array) -> tuple[Float64Array, Float64Array]:
    """Transform along the first axis, [length, frames]: Stockham's radix-2 form, whose result is in order."""
    length, frames = real.shape
    done = 1
    while done < length:
        half = length // done // 2
        real, imaginary = real.reshape(2, half, done, frames), imaginary.reshape(2, half, done, frames)
        turns = np.arange(half)[:, np.newaxis, np.newaxis] / (2 * half)
        c, s = cosine(turns), sine(turns)
        difference_real = real[0] - real[1]
        difference_imaginary = imaginary[0] - imaginary[1]
        next_real = np.empty((half, 2, done, frames))
        next_imaginary = np.empty((half, 2, done, frames))
        np.add(real[0], real[1], out=next_real[:, 0])
        np.add(imaginary[0], imaginary[1], out=next_imaginary[:, 0])
        next_real[:, 1] = difference_real * c + difference_imaginary * s
        next_imaginary[:, 1] = difference_imaginary * c - difference_real * s
        real, imaginary = next_real, next_imaginary
        done *= 2
    return real.reshape(length, frames), imaginary.reshape(length, frames)
