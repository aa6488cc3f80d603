from __future__ import annotations

import os
import re
import select
from pathlib import Path

import pytest
import serial

from tinysim.errors import UserError
from tinysim.shell.pseudo_terminal import pseudo_terminal

LIMIT_S = 600
"""Host time after which a test gives up; none should come near it, however busy the host is."""


def receive(line: int, count: int) -> bytes:
    """Read `count` bytes from a descriptor that does not block: the system passes them on in its time."""
    received = b""
    while len(received) < count:
        readable, _, _ = select.select([line], [], [], LIMIT_S)
        assert readable, received
        received += os.read(line, count - len(received))
    return received


def test_a_serial_program_opens_it_by_its_name(tmp_path: Path) -> None:
    path = tmp_path / "board"
    with pseudo_terminal(path) as line:
        assert path.is_symlink()
        for _ in range(2):  # programs come and go
            with serial.Serial(str(path), 921600, timeout=LIMIT_S) as port:
                port.write(bytes(range(256)))
                assert receive(line, 256) == bytes(range(256))
                os.write(line, bytes(range(256)))
                assert port.read(256) == bytes(range(256))
    assert not os.path.lexists(path)


def test_what_the_board_said_before_waits_for_whoever_looks_first(tmp_path: Path) -> None:
    said = bytes(index % 251 for index in range(5000))
    with pseudo_terminal(tmp_path / "board", said), (tmp_path / "board").open("rb", buffering=0) as reader:
        found = b""
        while len(found) < 2048:
            found += reader.read(4096)
        assert found == said[-2048:]


def test_it_echoes_nothing_and_does_not_block(tmp_path: Path) -> None:
    with pseudo_terminal(tmp_path / "board") as line, (tmp_path / "board").open("rb", buffering=0) as reader:
        os.write(line, b"from the board\r\n")
        assert reader.readline() == b"from the board\r\n"  # an echo would be there by now
        with pytest.raises(BlockingIOError):
            os.read(line, 1)


def test_a_link_to_a_terminal_that_is_gone_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "board"
    path.symlink_to("/dev/pts/999999")
    with pseudo_terminal(path):
        assert os.readlink(path) != "/dev/pts/999999"
    assert not os.path.lexists(path)


def test_a_link_to_the_number_that_is_now_ours_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "board"
    ours, theirs = os.openpty()
    path.symlink_to(os.ttyname(theirs))
    os.close(ours)
    os.close(theirs)
    with pseudo_terminal(path):
        assert path.is_symlink()
    assert not os.path.lexists(path)


def test_nothing_else_is_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "board"
    with pseudo_terminal(path):
        target = os.readlink(path)
        with (
            pytest.raises(UserError, match=re.escape(f"links to {target}, which is in use")),
            pseudo_terminal(path),
        ):
            pass
        assert os.readlink(path) == target

    path.write_text("precious")
    with pytest.raises(UserError, match="is not a link to a pseudo terminal"), pseudo_terminal(path):
        pass
    assert path.read_text() == "precious"

    path.unlink()
    path.symlink_to(tmp_path / "nowhere")
    with (
        pytest.raises(UserError, match=r"links to .*nowhere, not to a pseudo terminal"),
        pseudo_terminal(path),
    ):
        pass
    assert path.is_symlink()

    with pytest.raises(UserError, match="cannot make the link"), pseudo_terminal(tmp_path / "no" / "folder"):
        pass


def test_a_signal_that_comes_as_soon_as_the_link_is_there_leaves_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "board"
    symlink_to = Path.symlink_to

    def make_and_be_ended(link: Path, target: str) -> None:
        symlink_to(link, target)
        raise SystemExit

    monkeypatch.setattr(Path, "symlink_to", make_and_be_ended)
    with pytest.raises(SystemExit), pseudo_terminal(path):
        pass
    assert not os.path.lexists(path)


def test_a_link_that_somebody_replaced_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "board"
    with pseudo_terminal(path):
        path.unlink()
        path.write_text("mine now")
    assert path.read_text() == "mine now"
