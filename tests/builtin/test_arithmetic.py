"""The generators' arithmetic, against the standard library's, and to the bit."""

import hashlib
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinysim.builtin.arithmetic import Random, cosine, exp2, exponential, log10, logarithm, sine


@given(st.floats(-1e6, 1e6))
def test_sine_and_cosine_are_those_of_the_library(turns):
    # The library is given the angle within one turn: a large one in radians would be rounded.
    angle = math.fmod(turns, 1.0) * 2 * math.pi
    assert float(sine(turns)) == pytest.approx(math.sin(angle), abs=1e-13)
    assert float(cosine(turns)) == pytest.approx(math.cos(angle), abs=1e-9)


@given(st.floats(-1000, 1000))
def test_powers_of_two_are_those_of_the_library(exponent):
    assert float(exp2(exponent)) == pytest.approx(2.0**exponent, rel=4e-15)
    assert float(exponential(exponent / 2)) == pytest.approx(math.exp(exponent / 2), rel=4e-13)


@given(st.floats(1e-300, 1e300))
def test_logarithms_are_those_of_the_library(number):
    assert float(logarithm(number)) == pytest.approx(math.log(number), rel=2e-15, abs=4e-16)
    assert float(log10(number)) == pytest.approx(math.log10(number), rel=2e-15, abs=4e-16)


def test_a_random_number_depends_on_the_names_and_on_nothing_else():
    assert np.array_equal(Random("a", 1).uniforms(2, 3), Random("a", 1).uniforms(2, 3))
    assert not np.array_equal(Random("a", 1).bits(4), Random("a", 2).bits(4))
    assert not np.array_equal(Random("a", 1).bits(4), Random("a1").bits(4))


def test_numbers_asked_for_together_are_those_asked_for_one_by_one():
    one_by_one = Random("x")
    assert [int(one_by_one.bits(1)[0]) for _ in range(5)] == Random("x").bits(5).tolist()


def test_distributions():
    random = Random("distributions")
    uniforms, normals = random.uniforms(20000), random.normals(20000)
    assert uniforms.min() >= 0
    assert uniforms.max() < 1
    assert uniforms.mean() == pytest.approx(0.5, abs=0.01)
    assert normals.mean() == pytest.approx(0, abs=0.03)
    assert normals.std() == pytest.approx(1, abs=0.03)
    whole = [random.integer(-2, 3) for _ in range(2000)]
    assert set(whole) == {-2, -1, 0, 1, 2, 3}
    assert sorted(random.shuffled(50)) == list(range(50))
    assert random.shuffled(50) != list(range(50))


def test_the_bits_are_the_same_everywhere():
    random = Random("everywhere")
    turns = random.uniforms(1000) * 100 - 50
    content = b"".join(
        np.ascontiguousarray(values, dtype="<f8").tobytes()
        for values in (
            random.normals(1000),
            sine(turns),
            cosine(turns),
            exp2(turns),
            log10(random.uniforms(1000) + 1e-9),
        )
    )
    assert hashlib.sha256(content).hexdigest() == (
        "0d94980370d6b88c3bcf36eceb35a4f980de631641976355dc10d0fc7206ad15"
    )
