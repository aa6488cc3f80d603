"""Values that can be worked out when a block is entered: sums of what is known, and computations on them."""

from __future__ import annotations

import enum
from dataclasses import dataclass

_WORD_MASK = 0xFFFF_FFFF


@dataclass(frozen=True)
class Term:
    """A register at entry, or what entry `loaded` of the block's list brought, shifted left by `shift`."""

    register: int | None = None
    loaded: int | None = None
    shift: int = 0


@dataclass(frozen=True)
class Sum:
    """At most two terms and a constant, modulo 2^32."""

    terms: tuple[Term, ...]
    constant: int

    def plus(self, other: Sum) -> Sum | None:
        """Add two sums, or return None where the result has more than two terms."""
        terms = self.terms + other.terms
        return Sum(terms, (self.constant + other.constant) & _WORD_MASK) if len(terms) <= 2 else None

    def shifted(self, shift: int) -> Sum | None:
        """Shift left, or return None where a term would be shifted by more than 31."""
        if any(term.shift + shift > 31 for term in self.terms):
            return None
        terms = tuple(Term(term.register, term.loaded, term.shift + shift) for term in self.terms)
        return Sum(terms, (self.constant << shift) & _WORD_MASK)


class Operation(enum.Enum):
    """What is done with two sums, by its name in native/timing.h."""

    ACCESS = "TIMING_ACCESS"
    PEEK = "TIMING_PEEK"
    ADD = "TIMING_ADD"
    SUBTRACT = "TIMING_SUBTRACT"
    MULTIPLY = "TIMING_MULTIPLY"
    AND = "TIMING_AND"
    OR = "TIMING_OR"
    EXCLUSIVE_OR = "TIMING_EXCLUSIVE_OR"
    SHIFT_LEFT = "TIMING_SHIFT_LEFT"
    SHIFT_RIGHT = "TIMING_SHIFT_RIGHT"
    SHIFT_RIGHT_SIGNED = "TIMING_SHIFT_RIGHT_SIGNED"
    ROTATE_RIGHT = "TIMING_ROTATE_RIGHT"


@dataclass(frozen=True)
class Computation:
    """The word that an operation makes of two sums; PEEK reads memory at the first."""

    operation: Operation
    left: Sum
    right: Sum


def constant(value: int) -> Sum:
    """Return the sum that is just `value`."""
    return Sum((), value & _WORD_MASK)


def entry(number: int) -> Sum:
    """Return the sum that is what entry `number` of the block's list brought."""
    return Sum((Term(loaded=number),), 0)
