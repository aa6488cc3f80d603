"""A guest that fails, a Renode that fails, and no Renode at all."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from tests.engines_renode.conftest import MakeEngine
from tests.engines_renode.guests import ECHO, build_guest
from tinysim.board import Board
from tinysim.engines import Stop
from tinysim.engines.renode import RenodeEngine, find_installation
from tinysim.engines.renode import engine as engine_module
from tinysim.engines.renode.installation import PLACE_VARIABLES
from tinysim.errors import GuestFault, TinysimError, UserError

SECOND_NS = 1_000_000_000


def test_a_fault_handler_that_hangs_is_reported(make_engine: MakeEngine) -> None:
    engine = make_engine("movs r3, #42\n udf #0\n hang: nop\n b hang", handler="hang")
    with pytest.raises(GuestFault, match=r"UsageFault|HardFault") as caught:
        engine.run(SECOND_NS)
    assert "r3 0000002a" in str(caught.value)
    assert "at 0x0800040" in str(caught.value)


def test_execution_where_no_code_is(make_engine: MakeEngine) -> None:
    engine = make_engine("ldr r0, =0x70000001\n bx r0\n .pool")
    with pytest.raises(GuestFault, match=r"stopped for good.*0x70000000"):
        engine.run(SECOND_NS)
    with pytest.raises(GuestFault, match="stopped for good"):
        engine.run(2 * SECOND_NS)


def test_an_access_where_nothing_is_stands_in_the_whereabouts(make_engine: MakeEngine) -> None:
    engine = make_engine("ldr r0, =0x70000000\n ldr r1, [r0]\n wfi\n .pool")
    assert engine.run(SECOND_NS) is Stop.ASLEEP
    assert "non existing peripheral at 0x70000000" in engine.whereabouts()


def test_a_board_that_never_stops_talking_does_not_hold_the_run_up(make_engine: MakeEngine) -> None:
    engine = make_engine(
        """
        ldr r4, =UART_BASE
        ldr r0, =UART_BRR
        str r0, [r4, #0x0C]
        movs r0, #0x0D
        str r0, [r4]
        movs r2, #0x80
        movs r1, #'a'
        talk:
        ldr r0, [r4, #0x1C]
        tst r0, r2
        beq talk
        str r1, [r4, #0x28]
        b talk
        .pool
        """
    )
    assert engine.run(5_000_000) is Stop.OUTPUT
    assert engine.now().time_ns == 5_000_000
    output = engine.take_output()
    assert {byte.value for byte in output} == {ord("a")}
    assert len(output) == 57  # 5 ms at 86.8 us each


def test_a_renode_that_dies_is_an_error_with_its_last_words(make_engine: MakeEngine) -> None:
    engine = make_engine(ECHO, handler="handler")
    assert engine._process is not None
    os.kill(engine._process.pid, signal.SIGKILL)
    with pytest.raises(TinysimError, match="signal 9"):
        engine.run(SECOND_NS)


def test_a_renode_that_hangs_is_given_up(make_engine: MakeEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = make_engine(ECHO, handler="handler")
    process = engine._process
    assert process is not None
    os.kill(process.pid, signal.SIGSTOP)
    monkeypatch.setattr(engine_module, "ANSWER_LIMIT_S", 0.5)
    with pytest.raises(TinysimError, match=r"did not answer within 0\.5 s"):
        engine.run(SECOND_NS)
    assert process.poll() is not None


def test_a_platform_that_renode_refuses(make_engine: MakeEngine, board: Board, tmp_path: Path) -> None:
    folder = tmp_path / board.id
    folder.mkdir()
    (folder / f"{board.id}.repl").write_text("cpu: CPU.NoSuchCore @ sysbus\n")
    broken = board.model_copy(update={"folder": folder})
    image = build_guest(board, "b .", tmp_path, "")
    with pytest.raises(TinysimError, match=r"Renode refused.*LoadPlatformDescription"):
        RenodeEngine(broken, image)


def test_closing_ends_the_process(make_engine: MakeEngine) -> None:
    engine = make_engine(ECHO, handler="handler")
    process = engine._process
    assert process is not None
    engine.close()
    assert process.poll() == 0
    engine.close()


@pytest.fixture
def no_variables(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in (*PLACE_VARIABLES, "PYRENODE_RUNTIME"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


def pretend_pyrenode3(monkeypatch: pytest.MonkeyPatch, installed: bool) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: object() if installed else None)


def test_without_pyrenode3_one_line_says_what_to_do(
    no_variables: pytest.MonkeyPatch, board: Board, tmp_path: Path
) -> None:
    pretend_pyrenode3(no_variables, installed=False)
    image = build_guest(board, "b .", tmp_path, "")
    with pytest.raises(UserError, match=r"^[^\n]*pyrenode3 is not installed[^\n]*make renode[^\n]*$"):
        RenodeEngine(board, image)


def test_without_renode(no_variables: pytest.MonkeyPatch) -> None:
    pretend_pyrenode3(no_variables, installed=True)
    no_variables.setenv("PATH", "")
    assert "Renode is not installed" in str(find_installation())


def test_a_place_that_does_not_exist(no_variables: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pretend_pyrenode3(no_variables, installed=True)
    no_variables.setenv("PYRENODE_BIN", str(tmp_path / "nowhere"))
    assert "does not exist" in str(find_installation())


def test_two_places(no_variables: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pretend_pyrenode3(no_variables, installed=True)
    no_variables.setenv("PYRENODE_BIN", str(tmp_path))
    no_variables.setenv("PYRENODE_PKG", str(tmp_path))
    assert "unset all but one" in str(find_installation())


def test_what_is_found_is_named(no_variables: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pretend_pyrenode3(no_variables, installed=True)
    no_variables.setenv("PYRENODE_BIN", str(tmp_path))
    found = find_installation()
    assert not isinstance(found, str)
    assert (found.renode.path, found.renode.found_by) == (tmp_path, "PYRENODE_BIN")
