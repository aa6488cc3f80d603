"""The parameters that are handed out equal the reference on every accumulator, tried one by one."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinysim.codegen.requantization import (
    AccumulatorRange,
    DoublePrecision,
    DoubleRounding,
    OutputRange,
    Rescaling,
    Rounding,
    find_requantization,
)

# Doubles whose products fall on ties or just below them, as their last bits happen to fall.
TIES = (0.29, 0.35, 0.58, 0.7, 1.15, 1.38, 2.3)

factors = st.one_of(
    st.floats(1e-5, 4.0),
    st.sampled_from(TIES),
    st.integers(1, 400).map(lambda hundredths: hundredths / 100),
    st.integers(-14, 2).map(lambda power: 2.0**power),
    st.sampled_from([1e-9, 0.75, 3.0]),
)


@st.composite
def output_ranges(draw: st.DrawFn) -> OutputRange:
    zero_point = draw(st.integers(-128, 127))
    minimum = draw(st.sampled_from([-128, zero_point]))
    return OutputRange(zero_point, minimum, draw(st.integers(minimum, 127)))


@settings(max_examples=150, deadline=None)
@given(
    kind=st.sampled_from([DoubleRounding, DoublePrecision]),
    factor=st.lists(factors, min_size=1, max_size=4),
    centre=st.integers(-3000, 3000),
    output=output_ranges(),
)
def test_equal_on_every_accumulator(
    kind: type[Rescaling], factor: list[float], centre: int, output: OutputRange
) -> None:
    rescaling = kind(np.array(factor))
    channels = len(factor)
    reach = 20_000
    lowest, highest = np.full(channels, centre - reach), np.full(channels, centre + reach)
    accumulators = AccumulatorRange(lowest, highest, np.maximum(abs(lowest), abs(highest)))
    found = find_requantization(rescaling, accumulators, output, by_steps=kind is DoublePrecision)
    assert found is not None
    every = np.arange(centre - reach, centre + reach + 1, dtype=np.int64)[None, :].repeat(channels, axis=0)
    expected = np.clip(rescaling(every) + output.zero_point, output.minimum, output.maximum)
    assert np.array_equal(found.apply(every, output), expected)


def rounded(value: Fraction) -> int:
    """To the nearest integer, ties away from zero."""
    nearest = (abs(value) + Fraction(1, 2)).__floor__()
    return nearest if value >= 0 else -nearest


@pytest.mark.parametrize("zero_point", [-128, 0, 127])
@pytest.mark.parametrize("factor", TIES)
def test_factors_with_ties(factor: float, zero_point: int) -> None:
    """Against the definition: the product as IEEE 754 rounds it, then C's round()."""
    output = OutputRange(zero_point, -128, 127)
    found = find_requantization(DoublePrecision(np.array([factor])), ranges(2000), output, by_steps=True)
    assert found is not None
    every = np.arange(-2000, 2001, dtype=np.int64)
    expected = [
        max(-128, min(127, rounded(Fraction(float(each) * factor)) + zero_point)) for each in every.tolist()
    ]
    assert found.apply(every[None, :], output)[0].tolist() == expected
    products = [Fraction(float(each) * factor) for each in every.tolist()]
    # Else this would not be about ties.
    assert any(each % 1 == Fraction(1, 2) for each in products)


def test_one_channel_with_ties_leaves_the_others_alone() -> None:
    factors, reach = np.array([0.0123, 1.15, 0.02, 1.15]), np.array([10_000, 500, 10_000, 900])
    output = OutputRange(3, -128, 127)
    accumulators = AccumulatorRange(-reach, reach, reach)
    assert find_requantization(DoublePrecision(factors), accumulators, output) is None
    found = find_requantization(DoublePrecision(factors), accumulators, output, by_steps=True)
    assert found is not None
    assert found.tables.tolist() == [-1, 0, -1, 0]
    assert found.steps.shape == (1, 255)
    plain = find_requantization(DoublePrecision(factors[[0, 2]]), ranges(10_000, 10_000), output)
    assert plain is not None
    assert found.multipliers[[0, 2]].tolist() == plain.multipliers.tolist()


@settings(max_examples=150, deadline=None)
@given(
    kind=st.sampled_from([DoubleRounding, DoublePrecision]),
    factor=st.floats(1e-9, 1.0),
    reach=st.sampled_from([2**31 - 2, 2**31 - 3, 2**30, 2**29, 2**24]),
    output=output_ranges(),
    seed=st.integers(0, 2**32),
)
def test_equal_up_to_the_ends_of_32_bits(
    kind: type[Rescaling], factor: float, reach: int, output: OutputRange, seed: int
) -> None:
    rescaling = kind(np.array([factor]))
    found = find_requantization(rescaling, ranges(reach), output, by_steps=True)
    assert found is not None
    random = np.random.default_rng(seed)
    # All around each step, the ends, and anywhere.
    ties = (np.arange(-256, 257) + 0.5) / factor
    near = (ties[:, None] + np.arange(-3, 4)).astype(np.int64).reshape(-1)
    some = np.concatenate(
        [near, [-reach, -reach + 1, reach - 1, reach], random.integers(-reach, reach, 1000)]
    )
    some = some[np.abs(some) <= reach][None, :]
    expected = np.clip(rescaling(some) + output.zero_point, output.minimum, output.maximum)
    assert np.array_equal(found.apply(some, output), expected)


def ranges(*reach: int) -> AccumulatorRange:
    highest = np.array(reach)
    return AccumulatorRange(-highest, highest, highest)


def test_a_clamped_layer_rounds_once() -> None:
    found = find_requantization(
        DoubleRounding(np.array([0.0123])), ranges(100_000), OutputRange(-128, -128, 127)
    )
    assert found is not None
    assert found.rounding is Rounding.ONCE


def test_negative_outputs_round_ties_away() -> None:
    found = find_requantization(
        DoubleRounding(np.array([2.0**-7])), ranges(100_000), OutputRange(0, -128, 127)
    )
    assert found is not None
    assert found.rounding is Rounding.TIES_AWAY


def test_a_factor_above_one_beside_a_small_one() -> None:
    reach = np.array([1000, 1000])
    found = find_requantization(
        DoubleRounding(np.array([3.0, 2.0**-6])),
        AccumulatorRange(-reach, reach, reach),
        OutputRange(0, -128, 127),
    )
    assert found is not None
    assert found.rounding is Rounding.GENERAL


def test_a_channel_that_never_changes_needs_no_range() -> None:
    """Trained networks have channels of zero weights, a huge bias and a tiny scale."""
    bias = np.array([-(2**30)])
    found = find_requantization(
        DoubleRounding(np.array([1e-8])), AccumulatorRange(bias, bias, abs(bias)), OutputRange(3, -128, 127)
    )
    assert found is not None
    assert found.constant.tolist() == [True]
    assert found.roundings.tolist() == [3 - 11]


@pytest.mark.parametrize("kind", [DoubleRounding, DoublePrecision])
def test_sums_beyond_32_bits_are_refused(kind: type[Rescaling]) -> None:
    rescaling, output = kind(np.array([1e-7])), OutputRange(0, -128, 127)
    for by_steps in (False, True):
        assert find_requantization(rescaling, ranges(2**31), output, by_steps=by_steps) is None
