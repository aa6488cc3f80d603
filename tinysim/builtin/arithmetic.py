"""Arithmetic that gives the same bits on every machine and with every numpy.

Addition, subtraction, multiplication, division, square root, rounding and comparison of float64 are exact by
IEEE 754, element by element; sums, library functions (sine, logarithm), FFT and BLAS are not the same
everywhere. Here are the functions that generators need, made of the former alone.
"""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt

Float64Array = npt.NDArray[np.float64]
UInt64Array = npt.NDArray[np.uint64]

# SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014, figure 15).
_GOLDEN_GAMMA = 0x9E3779B97F4A7C15
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)

_QUARTER_TURN = 1.5707963267948966
# Taylor's series of the sine in x = a quarter turn or less: 1/3!, 1/5!, ..., with alternating signs.
_SINE = (
    -1 / 6,
    1 / 120,
    -1 / 5040,
    1 / 362880,
    -1 / 39916800,
    1 / 6227020800,
    -1 / 1307674368000,
    1 / 355687428096000,
)
_LN_2 = 0.6931471805599453
_LOG10_OF_E = 0.4342944819032518


class Random:
    """Random numbers from a name: the same name gives the same numbers in the order of asking."""

    def __init__(self, *names: str | int) -> None:
        """Seed with `names`, for example a data set's name, a split and an input's number."""
        digest = hashlib.sha256("\0".join(str(name) for name in names).encode()).digest()
        self._state = int.from_bytes(digest[:8], "little")

    def bits(self, count: int) -> UInt64Array:
        """Return `count` words of 64 random bits."""
        steps = np.arange(1, count + 1, dtype=np.uint64)
        words = np.uint64(self._state) + steps * np.uint64(_GOLDEN_GAMMA)
        self._state = (self._state + count * _GOLDEN_GAMMA) % 2**64
        words = (words ^ (words >> np.uint64(30))) * _MIX_1
        words = (words ^ (words >> np.uint64(27))) * _MIX_2
        mixed: UInt64Array = words ^ (words >> np.uint64(31))
        return mixed

    def uniforms(self, *shape: int) -> Float64Array:
        """Return numbers from 0 to below 1, multiples of 2**-32."""
        words = self.bits(_size(shape)) >> np.uint64(32)
        fractions: Float64Array = words.astype(np.float64) / 2.0**32
        return fractions.reshape(shape)

    def normals(self, *shape: int) -> Float64Array:
        """Return nearly normal numbers of mean 0 and variance 1: sums of twelve uniform ones, within -6..6.

        The sums are of integers, and so exact.
        """
        words = (self.bits(12 * _size(shape)) >> np.uint64(32)).reshape(12, -1)
        sums = words.sum(axis=0, dtype=np.uint64)
        normals: Float64Array = sums.astype(np.float64) / 2.0**32 - 6.0
        return normals.reshape(shape)

    def uniform(self, low: float = 0.0, high: float = 1.0) -> float:
        """Return a number from `low` to below `high`."""
        return low + (high - low) * float(self.uniforms(1)[0])

    def normal(self) -> float:
        """Return one of `normals`."""
        return float(self.normals(1)[0])

    def integer(self, low: int, high: int) -> int:
        """Return a whole number from `low` to `high`, both included."""
        return low + int(self.bits(1)[0] >> np.uint64(1)) % (high - low + 1)

    def chance(self, probability: float) -> bool:
        """Return true with this probability."""
        return self.uniform() < probability

    def shuffled(self, count: int) -> list[int]:
        """Return the numbers below `count` in random order."""
        order = list(range(count))
        for last in range(count - 1, 0, -1):
            other = self.integer(0, last)
            order[last], order[other] = order[other], order[last]
        return order


def sine(turns: npt.ArrayLike) -> Float64Array:
    """Return the sine of angles in turns (1 is a full circle), within 5e-14 below a million turns."""
    angle = np.asarray(turns, dtype=np.float64)
    quarters = (angle - np.floor(angle)) * 4.0
    # To -1..1 quarters around 0, where the sine is odd: 1..3 is mirrored at 2, 3..4 is a turn less.
    quarters = np.where(quarters > 3.0, quarters - 4.0, np.where(quarters > 1.0, 2.0 - quarters, quarters))
    x = quarters * _QUARTER_TURN
    square = x * x
    result = np.full(x.shape, _SINE[-1])
    for coefficient in reversed(_SINE[:-1]):
        result = result * square + coefficient
    sines: Float64Array = x + x * square * result
    return sines


def cosine(turns: npt.ArrayLike) -> Float64Array:
    """Return the cosine of angles in turns."""
    return sine(np.asarray(turns, dtype=np.float64) + 0.25)


def exp2(exponent: npt.ArrayLike) -> Float64Array:
    """Return 2 to the power of numbers from -1000 to 1000, within 4e-15 of the result."""
    x = np.asarray(exponent, dtype=np.float64)
    whole = np.rint(x)
    rest = (x - whole) * _LN_2
    result = np.ones(x.shape)
    for divisor in range(16, 0, -1):
        result = result * rest / divisor + 1.0
    return np.ldexp(result, whole.astype(np.int32))


def exponential(x: npt.ArrayLike) -> Float64Array:
    """Return e to the power of numbers from -690 to 690."""
    return exp2(np.asarray(x, dtype=np.float64) / _LN_2)


def logarithm(x: npt.ArrayLike) -> Float64Array:
    """Return the natural logarithm of positive, normal numbers, within 4e-16 or one part in 1e15."""
    mantissa, exponent = np.frexp(np.asarray(x, dtype=np.float64))
    is_small = mantissa < 0.7071067811865476
    mantissa = np.where(is_small, mantissa * 2.0, mantissa)
    exponent = exponent - is_small
    # log m = 2 artanh((m - 1) / (m + 1)), a series in odd powers of a number below 0.172.
    ratio = (mantissa - 1.0) / (mantissa + 1.0)
    square = ratio * ratio
    series = np.full(ratio.shape, 1.0 / 23.0)
    for divisor in range(21, 0, -2):
        series = series * square + 1.0 / divisor
    logarithms: Float64Array = exponent * _LN_2 + 2.0 * ratio * series
    return logarithms


def log10(x: npt.ArrayLike) -> Float64Array:
    """Return the decimal logarithm of positive, normal numbers."""
    return logarithm(x) * _LOG10_OF_E


def _size(shape: tuple[int, ...]) -> int:
    size = 1
    for length in shape:
        size *= length
    return size
