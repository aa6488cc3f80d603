"""The same state and input give the same run: from power-on, from a snapshot, and in whatever slices."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engines.guest import Guest, c_guest
from tests.engines.random_accesses import ENTRIES_MAX, Accesses, finish, start
from tinysim.engines import Stop

DEVICES = [
    *(0x4000_0000, 0x4000_0400, 0x4000_1000, 0x4000_2800, 0x4000_7C00, 0x4000_8000, 0x4002_0000),
    *(0x4002_0800, 0x4002_1000, 0x4002_3000, 0x4800_0000, 0x5006_0800, 0xE000_E000),
]
OFFSETS = st.integers(0, 0x10).map(lambda word: 4 * word)
ADDRESSES = st.one_of(
    st.builds(lambda base, offset: base + offset, st.sampled_from(DEVICES), OFFSETS),
    st.sampled_from([0xE000_1000, 0xE000_1004, 0xE000_EDFC, 0xE000_ED04, 0xE000_ED10, 0xE000_ED14]),
    st.builds(lambda offset: 0xE000_E100 + offset, st.integers(0, 0x200).map(lambda word: 4 * word)),
    st.builds(lambda word: 0x4200_0000 + 4 * word, st.integers(0, 0xFFFF)),
)
VALUES = st.one_of(
    st.integers(0, 0xFFFF_FFFF),
    st.integers(0, 300),
    st.sampled_from([1 << bit for bit in range(32)]),
    st.sampled_from([0x2D, 0xFF, 0xBF, 0x2000_00FF]),
)
ACCESSES = st.lists(
    st.tuples(st.builds(lambda address, kind: address | kind, ADDRESSES, st.integers(0, 3)), VALUES),
    max_size=ENTRIES_MAX,
)


@given(accesses=ACCESSES)
@settings(max_examples=60, deadline=None)
def test_two_runs_are_equal(accesses: Accesses):
    first, second = finish(start(accesses)), finish(start(accesses))
    assert first == second


@given(accesses=ACCESSES, slices=st.integers(2, 40))
@settings(max_examples=40, deadline=None)
def test_slices_make_no_difference_to_what_is_executed(accesses: Accesses, slices: int):
    whole = finish(start(accesses))
    guest = start(accesses)
    for number in range(1, slices):
        try:
            until = 20_000_000 * number // slices
            while guest.engine.run(until) is Stop.OUTPUT:
                guest.output += bytes(byte.value for byte in guest.engine.take_output())
            guest.output += bytes(byte.value for byte in guest.engine.take_output())
        except Exception:
            break
    rest = 20_000_000 - guest.engine.now().time_ns
    assert finish(guest, max(rest, 0) / 1e9) == whole


@given(accesses=ACCESSES, after_us=st.integers(0, 3000))
@settings(max_examples=60, deadline=None)
def test_a_restored_run_is_the_run_it_was(accesses: Accesses, after_us: int):
    guest = start(accesses)
    guest.engine.restore(guest.engine.snapshot())  # which forgets what is still on the line
    try:
        while guest.engine.run(after_us * 1000) is Stop.OUTPUT:
            guest.engine.take_output()
    except Exception:
        return
    guest.engine.take_output()
    guest.output = b""
    snapshot = guest.engine.snapshot()
    first = finish(guest)
    guest.output = b""
    guest.engine.restore(snapshot)
    assert finish(guest) == first


def test_restoring_forgets_what_is_on_the_line():
    guest = Guest(c_guest("echo"))
    guest.run(0.001)
    snapshot = guest.engine.snapshot()
    guest.engine.send(b"abc")
    assert guest.engine.run(1_000_000_000) is Stop.OUTPUT
    guest.engine.restore(snapshot)
    assert guest.engine.unsent() == 0
    assert not guest.engine.take_output()
    assert guest.run(0.1) is Stop.ASLEEP
    assert guest.output == b""


def test_a_snapshot_is_good_for_its_own_engine_only():
    first, second = Guest(c_guest("echo")), Guest(c_guest("echo"))
    with pytest.raises(ValueError, match="not one of this board"):
        second.engine.restore(first.engine.snapshot())


def test_a_snapshot_outlives_its_engine():
    guest = Guest(c_guest("echo"))
    snapshot = guest.engine.snapshot()
    guest.engine.close()
    del snapshot
