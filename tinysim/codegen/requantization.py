"""Finds integer parameters with which the kernels' cheap rescaling equals LiteRT's, and proves it.

The kernels turn an accumulator `a` (carrying `fraction_bits` extra bits) into an output with

    y = saturate_to_int8((((a * multiplier) >> 32) + rounding) >> shift)

which is one SMMLA, a shift and an SSAT; or, in layers that must round negative ties away from zero, with

    x = (a * multiplier + 2**31) >> 32
    y = saturate_to_int8((x + (x >> 31) + rounding) >> shift)

(the middle term only where the shift is not zero) and a clamp. The reference rounds twice (convolutions) or
in double precision (fully connected layers). Reference and kernel are both monotone in `a`, so they agree on
every accumulator a layer can reach if and only if each of the at most 255 steps from one output value to the
next lies at the same accumulator. That is checked, channel by channel, before parameters are handed out: no
rounding rule is taken on trust.

Some factors have no such parameters. The double nearest to 1.15 is a little less, and a product of it that
would be a tie, such as 11.5 or 126.5, is rounded to the tie or to just below it, as its 53 bits happen to
fall; no multiplier rounds some ties up and others down. Nor are 31 bits enough for every factor where
accumulators have nearly as many. A fully connected layer then looks such a channel's outputs up among the
steps themselves.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from enum import Enum

import numpy as np
import numpy.typing as npt

from tinysim.model.graph import Float64Array, Int64Array
from tinysim.model.quantization import (
    multiply_by_quantized_multiplier,
    quantize_multiplier,
    round_half_away,
)

_FRACTION_BITS_LIMIT = 8  # weights widened to int16 must keep room for int8 times 2**fraction_bits
_INT32_LIMIT = 2**31
_NUDGES = (0, 1, -1, 2, -2)  # a tie that rounds the other way is often cured by the next multiplier


@dataclass(frozen=True, eq=False)
class AccumulatorRange:
    """What the accumulators of a layer can become, one entry an output channel.

    `lowest` and `highest` are reached by some input; `partial` bounds the size of every partial sum.
    """

    lowest: Int64Array
    highest: Int64Array
    partial: Int64Array


class Rounding(Enum):
    """How the kernels round: `enum rounding` of firmware/kernels/requantization.h."""

    ONCE = "ROUND_ONCE"
    TIES_AWAY = "ROUND_TIES_AWAY"
    GENERAL = "ROUND_GENERAL"


@dataclass(frozen=True)
class OutputRange:
    """The output's zero point and what the fused activation lets through."""

    zero_point: int
    minimum: int
    maximum: int


@dataclass(frozen=True, eq=False)
class Requantization:
    """The kernels' parameters of one layer; arrays have one entry an output channel.

    A channel that is `constant` over all inputs takes its value from `roundings` alone and needs no bias. One
    whose entry of `tables` is not negative has its steps in that row of `steps`, the least accumulators,
    without fraction bits, that give each output value above the least; its other parameters are zero.
    """

    fraction_bits: int
    rounding: Rounding
    multipliers: Int64Array
    roundings: Int64Array
    shifts: Int64Array
    constant: npt.NDArray[np.bool_]
    tables: Int64Array
    steps: Int64Array

    @property
    def by_steps(self) -> npt.NDArray[np.bool_]:
        """Tell of each channel whether its outputs are looked up among steps."""
        return np.asarray(self.tables >= 0)

    def apply(self, accumulators: Int64Array, output: OutputRange) -> Int64Array:
        """Return what the kernels make of accumulators [channels, n]."""
        shifts = np.maximum(self.shifts, 0)[:, None]
        multiplied = accumulators
        if self.rounding is Rounding.GENERAL:
            multiplied = accumulators << (1 + np.maximum(-self.shifts, 0)[:, None])
        product = (multiplied << self.fraction_bits) * self.multipliers[:, None]
        if self.rounding is Rounding.ONCE:
            high = product >> 32
        else:
            high = (product + 2**31) >> 32
            high = high + np.where(shifts > 0, high >> 31, 0)
        rescaled = (high + self.roundings[:, None]) >> shifts
        for channel in np.flatnonzero(self.by_steps):
            reached = np.searchsorted(self.steps[self.tables[channel]], accumulators[channel], side="right")
            rescaled[channel] = output.minimum + reached
        return np.asarray(np.clip(rescaled, output.minimum, output.maximum), dtype=np.int64)


class Rescaling(ABC):
    """How the reference turns accumulators into outputs, before it adds the zero point."""

    def __init__(self, factors: Float64Array) -> None:
        fixed = [quantize_multiplier(float(factor)) for factor in factors]
        self.factors = factors
        self.multipliers = np.array([each.multiplier for each in fixed], dtype=np.int64)
        self.shifts = np.array([each.shift for each in fixed], dtype=np.int64)
        self.left_shifts = np.maximum(self.shifts, 0)

    @abstractmethod
    def __call__(self, accumulators: Int64Array) -> Int64Array:
        """Return the rescaled values of accumulators [channels, n]."""

    @abstractmethod
    def rounding(self, fraction_bits: int) -> Int64Array:
        """Return, in units of accumulator * multiplier >> 32, what rounding adds before the last shift."""


def _half(shifts: Int64Array) -> Int64Array:
    return np.where(shifts > 0, np.left_shift(1, np.maximum(shifts, 1) - 1), 0)


class DoubleRounding(Rescaling):
    """Convolutions: in fixed point, rounded after the multiplication and after the shift."""

    def __call__(self, accumulators: Int64Array) -> Int64Array:
        """Return the rescaled values of accumulators [channels, n]."""
        return multiply_by_quantized_multiplier(accumulators, self.multipliers[:, None], self.shifts[:, None])

    def rounding(self, fraction_bits: int) -> Int64Array:
        """Return half of the product's last place plus half of the result's."""
        first = _half(fraction_bits - 1 - self.left_shifts)
        second: Int64Array = np.where(self.shifts < 0, _half(fraction_bits - 1 - self.shifts), 0)
        return first + second


class DoublePrecision(Rescaling):
    """FULLY_CONNECTED: in double precision, rounded once, ties away from zero.

    LiteRT 2.3, internal/reference/integer_ops/fully_connected.h.
    """

    def __call__(self, accumulators: Int64Array) -> Int64Array:
        """Return the rescaled values of accumulators [channels, n]."""
        return round_half_away(accumulators * self.factors[:, None])

    def rounding(self, fraction_bits: int) -> Int64Array:
        """Return half of the result's last place."""
        return _half(fraction_bits - 1 - self.shifts)


def find_requantization(
    rescaling: Rescaling, accumulators: AccumulatorRange, output: OutputRange, *, by_steps: bool = False
) -> Requantization | None:
    """Return parameters that equal `rescaling` on every reachable accumulator, or None if none are found.

    With `by_steps`, channels without any are looked up among their steps, and None means that accumulators or
    rescaled values do not fit 32 bits.
    """
    if np.any(np.maximum(accumulators.partial, 1) * rescaling.factors >= _INT32_LIMIT):
        return None
    steps = _Steps.of(rescaling, accumulators, output)
    # Two fraction bits are one below the reference's first rounding.
    fraction_bits = {
        Rounding.ONCE: 2 + int(rescaling.left_shifts.max()),
        Rounding.TIES_AWAY: 1,
        Rounding.GENERAL: 0,
    }
    candidates = []
    for rounding, bits in fraction_bits.items():
        if bits > _FRACTION_BITS_LIMIT:
            continue
        candidate, proven = _search(steps, rescaling, rounding, bits)
        if np.all(proven):
            return candidate
        candidates.append((candidate, proven))
    # No position of a step, not even that of one beyond the range, may exceed 32 bits.
    if not by_steps or np.any(accumulators.partial >= _INT32_LIMIT - 1):
        return None
    candidate, proven = max(candidates, key=lambda each: np.count_nonzero(each[1]))
    looked_up = _with_steps(candidate, ~proven, rescaling, accumulators, output)
    return looked_up if np.all(steps.same_in(looked_up)) else None


@dataclass(frozen=True, eq=False)
class _Steps:
    """For each channel and output value v in (minimum, maximum]: the least accumulator that gives >= v."""

    accumulators: AccumulatorRange
    output: OutputRange
    values: Int64Array
    positions: Int64Array

    @staticmethod
    def of(rescaling: Rescaling, accumulators: AccumulatorRange, output: OutputRange) -> _Steps:
        values = np.arange(output.minimum + 1, output.maximum + 1, dtype=np.int64)[None, :]
        shape = (len(accumulators.lowest), values.shape[1])
        low = np.broadcast_to(accumulators.lowest[:, None], shape).copy()
        high = np.broadcast_to(accumulators.highest[:, None] + 1, shape).copy()
        while np.any(low < high):
            middle = (low + high) >> 1
            reached = np.where(low < high, rescaling(middle) + output.zero_point >= values, True)
            high = np.where(reached & (low < high), middle, high)
            low = np.where(reached, low, middle + 1)
        return _Steps(accumulators, output, values, low)

    @property
    def constant(self) -> npt.NDArray[np.bool_]:
        """Tell of each channel whether its output never changes."""
        within = (self.positions > self.accumulators.lowest[:, None]) & (
            self.positions <= self.accumulators.highest[:, None]
        )
        return np.asarray(~np.any(within, axis=1))

    @property
    def lowest_outputs(self) -> Int64Array:
        """Return the output of each channel's lowest accumulator."""
        passed = self.positions <= self.accumulators.lowest[:, None]
        return np.asarray(self.output.minimum + passed.sum(axis=1), dtype=np.int64)

    def same_in(self, candidate: Requantization) -> npt.NDArray[np.bool_]:
        """Tell, channel by channel, whether every step lies where the candidate has it."""
        lowest, highest = self.accumulators.lowest[:, None], self.accumulators.highest[:, None]
        at = candidate.apply(np.minimum(self.positions, highest), self.output)
        before = candidate.apply(np.maximum(self.positions - 1, lowest), self.output)
        reached = (at >= self.values) | (self.positions > highest)
        not_before = (before < self.values) | (self.positions <= lowest)
        return np.asarray(np.all(reached & not_before, axis=1))


def _search(
    steps: _Steps, rescaling: Rescaling, rounding: Rounding, fraction_bits: int
) -> tuple[Requantization, npt.NDArray[np.bool_]]:
    """Return parameters of this form, and which channels' are proven; those of the others are zero."""
    constant = steps.constant
    shifts = max(fraction_bits - 1, 0) - rescaling.shifts
    left = fraction_bits + (1 + rescaling.left_shifts if rounding is Rounding.GENERAL else 0)
    usable = (steps.accumulators.partial < _INT32_LIMIT >> left) & (shifts <= 31)
    if rounding is not Rounding.GENERAL:
        usable &= shifts >= 0
    usable &= ~constant
    partial = np.where(usable, steps.accumulators.partial, 0)
    multipliers = np.where(usable, rescaling.multipliers, 0)
    shifts = np.where(usable, shifts, 0)
    added = rescaling.rounding(fraction_bits) if rounding is Rounding.ONCE else _half(shifts)
    added = added + (steps.output.zero_point << np.maximum(shifts, 0))
    largest = ((partial << left) * multipliers >> 32) + 2
    usable &= np.abs(added) + largest < _INT32_LIMIT
    roundings = np.where(constant, steps.lowest_outputs, added)
    chosen = multipliers
    proven = constant
    for nudge in _NUDGES:
        nudged = np.where(usable, np.clip(multipliers + nudge, 0, _INT32_LIMIT - 1), 0)
        candidate = _rescaled(fraction_bits, rounding, nudged, roundings, shifts, constant)
        same = usable & steps.same_in(candidate)
        chosen = np.where(same & ~proven, nudged, chosen)
        proven = proven | same
        if np.all(proven):
            break
    multipliers, roundings, shifts = (np.where(proven, each, 0) for each in (chosen, roundings, shifts))
    return _rescaled(fraction_bits, rounding, multipliers, roundings, shifts, constant), proven


def _rescaled(
    fraction_bits: int,
    rounding: Rounding,
    multipliers: Int64Array,
    roundings: Int64Array,
    shifts: Int64Array,
    constant: npt.NDArray[np.bool_],
) -> Requantization:
    """Return parameters that look nothing up."""
    tables, steps = np.full(len(multipliers), -1, dtype=np.int64), np.zeros((0, 0), dtype=np.int64)
    return Requantization(fraction_bits, rounding, multipliers, roundings, shifts, constant, tables, steps)


def _with_steps(
    candidate: Requantization,
    channels: npt.NDArray[np.bool_],
    rescaling: Rescaling,
    accumulators: AccumulatorRange,
    output: OutputRange,
) -> Requantization:
    """Return the candidate with some channels looked up; those of the same factor share a table."""
    factors, table = np.unique(rescaling.factors[channels], return_inverse=True)
    reach = np.zeros(len(factors), dtype=np.int64)
    np.maximum.at(reach, table, accumulators.partial[channels])
    steps = _Steps.of(type(rescaling)(factors), AccumulatorRange(-reach, reach, reach), output)
    tables = candidate.tables.copy()
    tables[channels] = table
    return replace(candidate, tables=tables, steps=steps.positions)
