"""Every rule of the timing models as a loop on the embedded engine, against cycles counted by hand."""

from __future__ import annotations

import functools

import pytest

from tests.timing.microbenchmarks import Runner
from tests.timing.rules import BENCHES


@functools.cache
def runner(board_id: str) -> Runner:
    return Runner(BENCHES[board_id])


def _parameters():
    for board_id, bench in BENCHES.items():
        for name, rule in bench.rules.items():
            marks = [pytest.mark.xfail(reason=rule.deviation, strict=True)] if rule.deviation else []
            yield pytest.param(board_id, name, marks=marks)


@pytest.mark.parametrize(("board_id", "name"), list(_parameters()))
def test_a_round_takes_what_the_rule_says(board_id, name):
    assert runner(board_id).cycles(name) == BENCHES[board_id].rules[name].cycles
