"""The exact transform against numpy's."""

import numpy as np
import pytest

from tinysim.features.fourier import real_transform


@pytest.mark.parametrize("length", [2**exponent for exponent in range(2, 13)])
def test_it_is_the_transform_that_numpy_has(length: int) -> None:
    frames = np.random.default_rng(length).normal(size=(7, length))
    frames[0] = 0
    frames[1] = np.arange(length) == 1
    frames[2] *= 1e6
    real, imaginary = real_transform(frames)
    expected = np.fft.rfft(frames)
    assert real.shape == imaginary.shape == expected.shape
    greatest = np.abs(expected).max(axis=1)
    error = np.abs(real + 1j * imaginary - expected).max(axis=1)
    assert (error <= 1e-12 * greatest).all()


def test_a_frame_alone_has_the_same_bits_as_among_others() -> None:
    frames = np.random.default_rng(1).normal(size=(9, 512))
    together, alone = real_transform(frames), real_transform(frames[4:5])
    assert np.array_equal(together[0][4], alone[0][0])
    assert np.array_equal(together[1][4], alone[1][0])


def test_frames_need_not_be_contiguous() -> None:
    frames = np.random.default_rng(2).normal(size=(64, 6))
    assert np.array_equal(real_transform(frames.T)[0], real_transform(np.ascontiguousarray(frames.T))[0])


@pytest.mark.parametrize("length", [0, 1, 2, 3, 6, 1000])
def test_other_lengths_are_refused(length: int) -> None:
    with pytest.raises(ValueError, match=f"frames of {length} samples; the length must be a power of two"):
        real_transform(np.zeros((3, length)))
