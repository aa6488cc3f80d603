"""Works in processes of their own: what one of them does, the others do not notice."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass
from typing import Any

import pytest

from tinysim.errors import GuestError
from tinysim.processes import FinishedJob, Report, job, run_jobs


class Odd(Exception):
    """What can be pickled and not be unpickled."""

    def __init__(self, one: int, two: int) -> None:
        super().__init__(f"{one} and {two}")


@dataclass(frozen=True)
class Work:
    kind: str

    def __call__(self, report: Report) -> Any:
        report(os.getpid())
        if self.kind == "guest":
            raise GuestError("the guest faulted")
        if self.kind == "bug":
            raise ZeroDivisionError("oops")
        if self.kind == "crash":
            os.kill(os.getpid(), signal.SIGSEGV)
        if self.kind == "odd":
            raise Odd(1, 2)
        if self.kind == "parent":
            with job(Work("child")) as child:
                for content in child.reports(to_the_end=True):
                    report(*content)
        if self.kind == "child":
            time.sleep(300)
        return self.kind


def outcomes(*kinds: str, at_once: int = 2) -> tuple[dict[int, FinishedJob], set[int]]:
    processes: set[int] = set()
    done = run_jobs([Work(kind) for kind in kinds], at_once, lambda _job, content: processes.add(content[0]))
    return {finished.number: finished for finished in done}, processes


@pytest.mark.parametrize("at_once", [1, 2])
def test_one_that_fails_or_crashes_stops_no_other(at_once: int) -> None:
    done, processes = outcomes("good", "crash", "guest", "bug", "fine", "odd", at_once=at_once)
    assert done[0].result == "good"
    assert done[4].result == "fine"
    assert done[2].error == "the guest faulted"
    assert done[3].error == "ZeroDivisionError: oops"
    assert done[1].error == f"its process ended with exit code {-signal.SIGSEGV}"
    assert done[5].error == "Odd: 1 and 2"
    assert len(processes) == 6
    assert os.getpid() not in processes


def test_processes_end_with_whoever_waits_for_them_and_so_do_theirs() -> None:
    reports: list[int] = []

    def stop(_job: int, content: tuple[Any, ...]) -> None:
        reports.append(content[0])
        if len(reports) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(run_jobs([Work("parent")], 1, stop))
    assert len(set(reports)) == 2
    for process in reports:
        with pytest.raises(ProcessLookupError):
            os.kill(process, 0)


def test_what_a_job_reports_comes_before_its_result_and_its_error_is_the_parent_s() -> None:
    with job(Work("good")) as good:
        assert len(list(good.reports(to_the_end=True))) == 1
        assert (good.is_done, good.result) == (True, "good")
        assert list(good.reports()) == []
    with job(Work("guest")) as guest, pytest.raises(GuestError, match="the guest faulted"):
        list(guest.reports(to_the_end=True))


def test_an_error_of_who_hears_the_reports_is_no_job_s() -> None:
    def stop(_job: int, _content: tuple[Any, ...]) -> None:
        raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"):
        list(run_jobs([Work("good")], 1, stop))


def test_nothing_to_do_is_done() -> None:
    assert list(run_jobs([], 2, lambda _job, _content: None)) == []
