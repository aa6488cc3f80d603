"""The parameters that are handed out equal the reference on every accumulator, tried one by one."""

from __future__ import annotations

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

factors = st.one_of(
    st.floats(1e-5, 4.0),
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
    found = find_requantization(rescaling, accumulators, output)
    every = np.arange(centre - reach, centre + reach + 1, dtype=np.int64)[None, :].repeat(channels, axis=0)
    if found is None:
        # Refused rather than wrong: factors such as 1.15, whose products in double precision fall on a tie.
        products = every * np.array(factor)[:, None]
        assert kind is DoublePrecision
        assert np.any(np.abs(products - np.floor(products) - 0.5) < 1e-9)
        return
    expected = np.clip(rescaling(every) + output.zero_point, output.minimum, output.maximum)
    assert np.array_equal(found.apply(every, output), expected)


def ranges(reach: int) -> AccumulatorRange:
    return AccumulatorRange(np.array([-reach]), np.array([reach]), np.array([reach]))


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
    assert find_requantization(kind(np.array([1e-7])), ranges(2**31), OutputRange(0, -128, 127)) is None
