"""Throughput as the official runner computes it, from a few inferences, on devices in Python."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.fake_device import BYTE_NS, INSTRUCTIONS_PER_INFERENCE, FakePort, FakeTarget, Mischief
from tinysim.benchmark import BENCHMARKS
from tinysim.board import load_board
from tinysim.errors import GuestError
from tinysim.replicate import measurement
from tinysim.replicate.measurement import Plan, run_performance

INFERENCE_S = 0.00135
LAP_LINE_BYTES = len("m-lap-us-5000000\r\n")


@dataclass(frozen=True)
class Boards:
    """Makes devices in Python in place of simulated boards, whatever image is asked for."""

    lap_scale: float = 1.0
    inference_s: float = INFERENCE_S
    mischief: Mischief | None = None
    model: str = "kws01"

    def __call__(self, *_arguments: Any) -> Boards.Factory:
        return Boards.Factory(self)

    @dataclass(frozen=True)
    class Factory:
        boards: Boards

        def __call__(self) -> FakeTarget:
            port = FakePort(
                inference_s=self.boards.inference_s,
                lap_scale=self.boards.lap_scale,
                mischief=self.boards.mischief,
                model=self.boards.model,
            )
            return FakeTarget(port)


def plan(
    *, iterations: int | None = 2000, in_full: bool = False, model: str | None = None, inputs: int = 3
) -> Plan:
    return Plan(
        load_board("nucleo_l4r5zi"),
        BENCHMARKS["kws"],
        "embedded",
        Path("image.bin"),
        tuple(bytes([number]) * 490 for number in range(inputs)),
        iterations,
        in_full,
        model,
    )


@pytest.fixture
def boards(monkeypatch: pytest.MonkeyPatch) -> Any:
    def install(given: Boards) -> None:
        monkeypatch.setattr(measurement, "timed_board", lambda *_: (given(), None))

    return install


def test_a_window_s_first_line_counts_once_and_not_with_every_inference(boards: Any) -> None:
    boards(Boards())
    performance = run_performance(plan())
    # Between the time stamps: the first one's line goes out, then the inferences.
    window_s = 2000 * INFERENCE_S + LAP_LINE_BYTES * BYTE_NS / 1e9
    assert performance.latency_ms == pytest.approx(window_s / 2000 * 1e3, rel=1e-4)
    assert performance.iterations == 2000
    assert performance.inference.instructions == INSTRUCTIONS_PER_INFERENCE
    assert performance.inference.time_s == pytest.approx(INFERENCE_S)


@pytest.mark.parametrize("iterations", [10, 100, 2000, 5000])
def test_a_few_inferences_tell_the_same_as_all(boards: Any, iterations: int) -> None:
    boards(Boards())
    short = run_performance(plan(iterations=iterations))
    full = run_performance(plan(iterations=iterations, in_full=True))
    assert short.throughput_inf_per_s == pytest.approx(full.throughput_inf_per_s, rel=1e-4)


def test_few_inferences_are_run(boards: Any) -> None:
    counts: list[int] = []

    def count(command: str, lines: list[bytes]) -> list[bytes]:
        if command.startswith("infer "):
            counts.append(int(command.split()[1]))
        return lines

    boards(Boards(inference_s=0.06, mischief=count))
    run_performance(plan(iterations=200))
    assert counts == [1, 4, 5, 10, 5, 5, 5]
    counts.clear()
    run_performance(plan(iterations=200, in_full=True, inputs=2))
    assert counts == [1, 4, 5, 200, 200]


def test_a_window_that_would_take_for_ever_is_not_run_in_full(boards: Any) -> None:
    boards(Boards(inference_s=0.06))
    performance = run_performance(plan(iterations=10**9, in_full=True))
    assert performance.latency_ms == pytest.approx(60, rel=1e-4)


def test_without_a_published_number_windows_are_as_long_as_rules_want(boards: Any) -> None:
    boards(Boards(inference_s=0.1))
    assert run_performance(plan(iterations=None)).iterations == 105


def test_a_device_whose_clock_is_off_is_taken_at_its_word(boards: Any) -> None:
    boards(Boards(lap_scale=1.08))
    performance = run_performance(plan())
    assert performance.clock_ratio == pytest.approx(1.08, rel=1e-3)
    assert performance.latency_ms == pytest.approx(1.08 * INFERENCE_S * 1e3, rel=2e-3)


def test_a_clock_within_its_steps_is_not_off(boards: Any) -> None:
    boards(Boards(lap_scale=1.004))
    assert run_performance(plan()).clock_ratio == 1


def test_firmware_of_another_benchmark_is_refused_unless_published_so(boards: Any) -> None:
    boards(Boards(model="ic01"))
    with pytest.raises(GuestError, match="says that its model is 'ic01'"):
        run_performance(plan())
    boards(Boards(model="my_kws"))
    assert run_performance(plan(model="MY_KWS")).throughput_inf_per_s > 0


def test_firmware_that_computes_nothing_is_refused(boards: Any) -> None:
    boards(Boards(inference_s=0.0))
    with pytest.raises(GuestError, match="took no time"):
        run_performance(plan())


def test_a_board_without_a_banner_is_asked_for_its_name(boards: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    class Silent(FakePort):
        def __init__(self, **settings: Any) -> None:
            super().__init__(**settings)
            self.state.arrived.clear()

    monkeypatch.setattr("tests.replicate.test_measurement.FakePort", Silent)
    boards(Boards())
    assert run_performance(plan()).latency_ms == pytest.approx(INFERENCE_S * 1e3, rel=2e-3)
