"""No parameter of a timing model is idle: change any of them, and some microbenchmark takes other cycles."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Set
from typing import Any

import pytest

from tests.timing.microbenchmarks import Runner
from tests.timing.rules import BENCHES
from tinysim.board import load_board
from tinysim.timing import cores, cortex_m0plus, cortex_m4, cortex_m7, cortex_m33
from tinysim.timing.parameters import TimingParameters

MODULES = {
    "nucleo_g0b1re": cortex_m0plus,
    "nucleo_l4r5zi": cortex_m4,
    "nucleo_u575zi_q": cortex_m33,
    "nucleo_h7a3zi_q": cortex_m7,
}
# A name for the flags, and what cores.py hands on, which is changed there.
ELSEWHERE = ("_FLAGS", "PREDICTOR_ENTRIES")
Place = tuple[Any, ...]


def leaves(tree: Any, place: Place = ()) -> Iterator[tuple[Place, Any]]:
    if isinstance(tree, dict | list | tuple):
        entries = tree.items() if isinstance(tree, dict) else enumerate(tree)
        for key, entry in entries:
            yield from leaves(entry, (*place, key))
    elif place[-1] not in ("name", "memory", "fills"):
        yield place, tree


def replaced(tree: Any, place: Place, value: Any) -> Any:
    if not place:
        return value
    if isinstance(tree, dict):
        return {
            key: replaced(entry, place[1:], value) if key == place[0] else entry
            for key, entry in tree.items()
        }
    return [replaced(entry, place[1:], value) if key == place[0] else entry for key, entry in enumerate(tree)]


def other_values(place: Place, value: Any) -> list[Any]:
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, str):  # the cache before a memory
        return [None]
    if "register" in str(place[-1]):
        return [value + 4]
    return [value + 1, value * 2, value // 2]


def changed(timing: dict[str, Any], place: Place, value: Any) -> dict[str, Any]:
    """Return the table with another value, valid if possible, at one place."""
    for other in other_values(place, value):
        table = replaced(timing, place, other)
        try:
            TimingParameters.model_validate(table)
        except ValueError:
            continue
        return table
    raise AssertionError(f"no other value of {place} is valid")


def differs(runner: Runner, left_out: Set[str] = frozenset()) -> bool:
    """Tell whether some microbenchmark takes other cycles than it should; short ones are asked first."""
    rules = sorted(runner.bench.rules.items(), key=lambda item: item[1].cycles)
    return any(
        runner.cycles(name) != rule.cycles
        for name, rule in rules
        if not rule.deviation and name not in left_out
    )


def _parameters() -> Iterator[Any]:
    for board_id in BENCHES:
        for place, value in leaves(load_board(board_id).chip.timing):
            yield pytest.param(board_id, place, value, id=f"{board_id}-{'.'.join(map(str, place))}")


@pytest.mark.parametrize(("board_id", "place", "value"), list(_parameters()))
def test_every_parameter_of_a_board_matters(board_id, place, value):
    board = load_board(board_id)
    timing = changed(board.chip.timing, place, value)
    bench = BENCHES[board_id]
    changed_board = board.model_copy(update={"chip": board.chip.model_copy(update={"timing": timing})})
    assert differs(Runner(bench, changed_board), bench.of_core_alone)


def _constants() -> Iterator[tuple[str, str]]:
    for board_id, module in MODULES.items():
        for name, value in vars(module).items():
            if name.isupper() and name not in ELSEWHERE and isinstance(value, int):
                yield board_id, name


@pytest.mark.parametrize(("board_id", "name"), list(_constants()))
def test_every_constant_of_a_core_matters(monkeypatch, board_id, name):
    module = MODULES[board_id]
    monkeypatch.setattr(module, name, getattr(module, name) + 1)
    assert differs(Runner(BENCHES[board_id]))


@pytest.mark.parametrize(
    ("board_id", "change"),
    [
        ("nucleo_l4r5zi", {"unaligned_load_cycles": (2, 2)}),
        ("nucleo_l4r5zi", {"unaligned_load_cycles": (1, 3)}),
        ("nucleo_l4r5zi", {"overlaps_within_a_memory": False}),
        ("nucleo_u575zi_q", {"unaligned_load_cycles": (2, 2)}),
        ("nucleo_u575zi_q", {"unaligned_load_cycles": (1, 3)}),
        ("nucleo_u575zi_q", {"overlaps_within_a_memory": False}),
        ("nucleo_h7a3zi_q", {"unaligned_load_cycles": (4, 3)}),
        ("nucleo_h7a3zi_q", {"unaligned_load_cycles": (3, 4)}),
        ("nucleo_h7a3zi_q", {"predictor_entries": 128}),
    ],
)
def test_what_depends_on_the_past_of_a_core_matters(monkeypatch, board_id, change):
    name = load_board(board_id).chip.core.name
    core = cores.CORE_TIMINGS[name]
    monkeypatch.setitem(cores.CORE_TIMINGS, name, dataclasses.replace(core, **change))
    assert differs(Runner(BENCHES[board_id]))


@pytest.mark.parametrize("board_id", BENCHES)
def test_unchanged_nothing_differs(board_id):
    assert not differs(Runner(BENCHES[board_id]))
