from __future__ import annotations

import pytest

from tinysim.errors import GuestError
from tinysim.runner.performance import SingleInference
from tinysim.simulation.cycles_per_instruction import compare_instructions


def inference(instructions: int) -> SingleInference:
    return SingleInference(instructions, 2 * instructions, 1e-3)


@pytest.mark.parametrize("depends_on_time", [False, True])
def test_the_same_instructions_need_no_remark(depends_on_time: bool) -> None:
    assert compare_instructions(inference(1000), inference(1000), depends_on_time=depends_on_time) == ()


def test_a_run_without_a_counted_inference_is_not_compared() -> None:
    assert compare_instructions(inference(1000), None, depends_on_time=False) == ()
    assert compare_instructions(None, inference(1000), depends_on_time=False) == ()


@pytest.mark.parametrize("renode", [5_378_970, 5_378_890])
def test_a_few_interrupts_more_or_less_are_remarked_on(renode: int) -> None:
    (remark,) = compare_instructions(inference(5_378_891), inference(renode), depends_on_time=True)
    assert f"Renode executed {renode:,} instructions" in remark
    assert "the embedded engine 5,378,891" in remark


def test_firmware_that_does_not_depend_on_time_has_to_agree_to_the_instruction() -> None:
    with pytest.raises(GuestError, match="its cycles do not hold"):
        compare_instructions(inference(5_378_891), inference(5_378_892), depends_on_time=False)


@pytest.mark.parametrize("renode", [998_000, 1_002_000])
def test_another_run_is_no_matter_of_interrupts(renode: int) -> None:
    with pytest.raises(GuestError, match="its cycles do not hold"):
        compare_instructions(inference(1_000_000), inference(renode), depends_on_time=True)
