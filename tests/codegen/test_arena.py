"""No two buffers that live together overlap, and the arena is near the least possible."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tinysim.codegen.arena import ALIGNMENT_BYTES, Buffer, peak_bytes, plan_arena

STEPS = 12


@st.composite
def buffers(draw: st.DrawFn) -> list[Buffer]:
    made = []
    for key in range(draw(st.integers(1, 14))):
        first = draw(st.integers(0, STEPS - 1))
        made.append(Buffer(key, draw(st.integers(1, 5000)), first, draw(st.integers(first, STEPS - 1))))
    return made


@given(buffers())
def test_buffers_that_live_together_lie_apart(given_buffers: list[Buffer]) -> None:
    plan = plan_arena(given_buffers)
    for each in given_buffers:
        start = plan.offsets[each.key]
        assert start % ALIGNMENT_BYTES == 0
        assert 0 <= start <= plan.size_bytes - each.size_bytes
        for other in given_buffers:
            if each is not other and each.lives_with(other):
                other_start = plan.offsets[other.key]
                assert start + each.size_bytes <= other_start or other_start + other.size_bytes <= start


@given(buffers())
def test_same_buffers_same_plan(given_buffers: list[Buffer]) -> None:
    assert plan_arena(given_buffers) == plan_arena(list(reversed(given_buffers)))


def test_a_chain_needs_no_more_than_its_fullest_step() -> None:
    chain = [Buffer(i, 1000 + 300 * i, i, i + 1) for i in range(8)]
    assert plan_arena(chain).size_bytes == peak_bytes(chain, 9)


@given(buffers())
def test_never_below_the_peak(given_buffers: list[Buffer]) -> None:
    assert plan_arena(given_buffers).size_bytes >= peak_bytes(given_buffers, STEPS)
