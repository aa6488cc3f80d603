"""Processes end with what started them: by Ctrl-C, by an error, and by the parent's death."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from tinysim.errors import GuestError
from tinysim.processes import ProcessEnded, worker

LIMIT_S = 600
"""Host time after which a test gives up; none should come near it, however busy the host is."""

PARENT = """
import sys
from tests.processes.test_workers import answer
from tinysim.processes import worker

with worker(answer) as process:
    process.send("pid")
    print(process.receive(), flush=True)
    process.receive()
"""

IMPORTING = """
import multiprocessing, threading

if multiprocessing.current_process().name != "MainProcess":
    print("importing", flush=True)
    threading.Event().wait()

def answer(connection):
    pass
"""

PARENT_OF_ONE_THAT_IMPORTS = """
from slow_to_import import answer
from tinysim.processes import worker

try:
    with worker(answer) as process:
        process.receive()
except KeyboardInterrupt:
    print("interrupted")
"""


def answer(connection: Connection) -> None:
    while True:
        question = connection.recv()
        if question == "pid":
            connection.send(os.getpid())
        elif question == "error":
            raise GuestError("the guest is unwell")
        elif question == "end":
            os._exit(3)


def parent(program: str, *folders: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, [Path.cwd(), *folders]))},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def eventually(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + LIMIT_S
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.05)
    return False


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_it_answers_and_ends_with_the_block() -> None:
    with worker(answer) as process:
        process.send("pid")
        pid = process.receive()
        assert is_alive(pid)
    assert not is_alive(pid)


def test_its_error_is_the_parent_s() -> None:
    with worker(answer) as process:
        process.send("error")
        with pytest.raises(GuestError, match="the guest is unwell"):
            process.receive()


def test_its_end_is_noticed() -> None:
    with worker(answer) as process:
        process.send("end")
        with pytest.raises(ProcessEnded):
            process.receive()


@pytest.mark.parametrize("times", [1, 3])
def test_ctrl_c_on_a_terminal_is_the_parent_s_alone_from_the_first(times: int, tmp_path: Path) -> None:
    """The process is still importing when the signal comes."""
    (tmp_path / "slow_to_import.py").write_text(IMPORTING)
    process = parent(PARENT_OF_ONE_THAT_IMPORTS, tmp_path)
    assert process.stdout is not None
    assert process.stdout.readline() == "importing\n"
    for _ in range(times):
        os.killpg(process.pid, signal.SIGINT)
        time.sleep(0.02)  # as a person does: signals that come at once are one
    output, error = process.communicate(timeout=LIMIT_S)
    if times == 1:
        assert (output, error) == ("interrupted\n", "")
    assert "slow_to_import" not in error


def test_it_does_not_outlive_a_parent_that_was_killed() -> None:
    process = parent(PARENT)
    assert process.stdout is not None
    pid = int(process.stdout.readline())
    process.kill()
    process.communicate(timeout=LIMIT_S)
    assert eventually(lambda: not is_alive(pid))
