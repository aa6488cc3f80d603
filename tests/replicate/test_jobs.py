"""Works in processes of their own: what one of them does, the others do not notice."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tinysim.errors import GuestError
from tinysim.replicate.jobs import Outcome, Report, run_jobs


@dataclass(frozen=True)
class Work:
    kind: str
    place: Path | None = None

    def __call__(self, report: Report) -> Any:
        report(os.getpid())
        if self.kind == "guest":
            raise GuestError("the guest faulted")
        if self.kind == "bug":
            raise ZeroDivisionError("oops")
        if self.kind == "crash":
            os.kill(os.getpid(), signal.SIGSEGV)
        if self.kind == "wait":
            assert self.place is not None
            (self.place / str(os.getpid())).touch()
            time.sleep(300)
        return self.kind


def outcomes(*kinds: str, at_once: int = 2) -> tuple[dict[int, Outcome], set[int]]:
    processes: set[int] = set()
    done = run_jobs([Work(kind) for kind in kinds], at_once, lambda _job, content: processes.add(content[0]))
    return {outcome.job: outcome for outcome in done}, processes


@pytest.mark.parametrize("at_once", [1, 2])
def test_one_that_fails_or_crashes_stops_no_other(at_once: int) -> None:
    done, processes = outcomes("good", "crash", "guest", "bug", "fine", at_once=at_once)
    assert done[0].result == "good"
    assert done[4].result == "fine"
    assert done[2].error == "the guest faulted"
    assert done[3].error == "ZeroDivisionError: oops"
    assert done[1].error == f"its process ended with exit code {-signal.SIGSEGV}"
    assert len(processes) == 5
    assert os.getpid() not in processes


def test_processes_end_with_whoever_waits_for_them(tmp_path: Path) -> None:
    reports: list[int] = []

    def stop(_job: int, content: tuple[Any, ...]) -> None:
        reports.append(content[0])
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(run_jobs([Work("wait", tmp_path)], 1, stop))
    [process] = reports
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)


def test_nothing_to_do_is_done() -> None:
    assert list(run_jobs([], 2, lambda _job, _content: None)) == []
