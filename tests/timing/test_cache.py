"""The native cache against a model of a few lines, on any sequence of addresses."""

from __future__ import annotations

from collections import OrderedDict

from hypothesis import given
from hypothesis import strategies as st

from tests.timing.machine import timing_library


class Model:
    """The lines of each set in order of use, each with the parts that were read."""

    def __init__(self, lines: int, ways: int, line_bytes: int, part_bytes: int, whole: bool) -> None:
        self.sets, self.ways = lines // ways, ways
        self.line_bytes, self.part_bytes, self.whole = line_bytes, part_bytes, whole
        self.content: list[OrderedDict[int, set[int]]] = [OrderedDict() for _ in range(self.sets)]

    def access(self, address: int) -> bool:
        line, part = address // self.line_bytes, address // self.part_bytes
        lines = self.content[line % self.sets]
        if line not in lines:
            if len(lines) == self.ways:
                lines.popitem(last=False)
            lines[line] = set()
        lines.move_to_end(line)
        hit = part in lines[line] or (self.whole and bool(lines[line]))
        lines[line].add(part)
        return hit

    def holds(self, address: int) -> bool:
        line, part = address // self.line_bytes, address // self.part_bytes
        lines = self.content[line % self.sets]
        if line not in lines or (part not in lines[line] and not self.whole):
            return False
        lines.move_to_end(line)
        return True


@given(
    steps=st.lists(st.tuples(st.integers(0, 4095) | st.integers(0, 2**32 - 1), st.booleans()), max_size=300),
    shape=st.sampled_from([(1, 1), (2, 2), (8, 8), (32, 32), (64, 4), (512, 2), (512, 4), (128, 2)]),
    whole=st.booleans(),
)
def test_the_least_recently_used_line_of_a_set_is_replaced(steps, shape, whole):
    lines, ways = shape
    ffi, native = timing_library()
    cache = ffi.new("struct cache *")
    native.cache_reset(cache, lines, ways, 32, 8, whole)
    model = Model(lines, ways, 32, 8, whole)
    for address, only_looks in steps:
        if only_looks:
            assert native.cache_holds(cache, address, address) == model.holds(address)
        else:
            assert native.cache_access(cache, address) == model.access(address)


@given(
    branches=st.lists(
        st.tuples(st.integers(0, 40).map(lambda n: 0x0800_0000 + 2 * n), st.integers(0, 3)), max_size=200
    )
)
def test_a_branch_that_always_goes_one_way_is_foreseen_from_the_second_time(branches):
    """Whatever other branches do that do not share its entry."""
    ffi, native = timing_library()
    predictor = ffi.new("struct predictor *")
    native.predictor_reset(predictor, 64)
    steady, target = 0x0800_00FE, 0x0800_1000
    for seen, (branch, choice) in enumerate([(0x0800_0000, 0), *branches]):
        native.predictor_foresees(predictor, branch, branch + 2 + 16 * choice, choice > 0)
        foreseen = native.predictor_foresees(predictor, steady, target, True)
        assert foreseen == (seen > 0)


def test_a_loop_is_foreseen_wrongly_only_at_its_end():
    ffi, native = timing_library()
    predictor = ffi.new("struct predictor *")
    native.predictor_reset(predictor, 64)
    rounds = ([True] * 9 + [False]) * 3
    foreseen = [native.predictor_foresees(predictor, 0x100, 0x80, taken) for taken in rounds]
    # At first nothing is known of it; afterwards only leaving the loop surprises.
    assert [place for place, right in enumerate(foreseen) if not right] == [0, 9, 19, 29]
