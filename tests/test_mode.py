"""The table of modes, and what goes by it."""

from __future__ import annotations

from tinysim.conformance.figures import SUMMARY_CHECKS
from tinysim.mode import ACCURACY, MODES, PERFORMANCE, choices, chosen
from tinysim.simulation.modes import FROM_ONE_STATE, IN_ONE_SESSION, RUN_MODES


def test_a_choice_is_all_or_one() -> None:
    modes = (PERFORMANCE, ACCURACY)
    assert choices(modes) == ["all", "performance", "accuracy"]
    assert chosen("all", modes) == modes
    assert chosen("accuracy", modes) == (ACCURACY,)


def test_every_mode_s_summary_is_checked() -> None:
    assert SUMMARY_CHECKS.keys() == MODES.keys()


def test_what_is_run_is_in_the_table_and_made_in_one_way() -> None:
    assert set(RUN_MODES) <= set(MODES.values())
    assert not IN_ONE_SESSION.keys() & FROM_ONE_STATE.keys()
    # Nothing is complete that cannot be run.
    assert {mode for mode in MODES.values() if mode.is_required} <= set(RUN_MODES)
