"""What a core's pipeline says of a block of code."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from capstone import CsInsn


@dataclass(frozen=True)
class BlockCost:
    """Cycles of a block where memory answers at once.

    `cycles_before[i]` are the cycles spent before instruction i, the last entry those of the whole block.
    `leaving` are added where its last instruction branches away, `entered` where the block is branched to,
    `mispredicted`, on a core that predicts branches, where it foresaw wrongly how the block goes on.
    `overlapped` are the places of loads and stores that save a cycle by overlapping with the load before,
    which they do only where both go to the same memory.

    `again` are the cycles of the block where it was executed just before and branched to itself; `joined`
    where its first instruction is issued together with the last of a block straight before it, which
    `leaves_slot` free. None: as otherwise.
    """

    cycles_before: tuple[int, ...]
    leaving: int = 0
    entered: int = 0
    mispredicted: int = 0
    overlapped: frozenset[int] = frozenset()
    again: int | None = None
    joined: int | None = None
    leaves_slot: bool = False

    @property
    def cycles(self) -> int:
        """The cycles of the whole block."""
        return self.cycles_before[-1]


Pipeline = Callable[[int, Sequence[CsInsn]], BlockCost]
"""Costs the block of instructions (disassembled with details) at an address."""
