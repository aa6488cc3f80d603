"""What cannot be written is found before a run, and what takes long is said."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.said import without_steps
from tinysim.atomic import check_file, check_folder, check_replaceable
from tinysim.cli import main
from tinysim.cli.progress import say
from tinysim.errors import UserError

Check = Callable[[Path], None]
CHECKS = [check_file, check_folder, check_replaceable]


def entries(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*"))


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("name", ["new", "one/two/three", "there/new", "a 'b' $c/[d]"])
def test_what_can_be_written_leaves_no_trace(tmp_path: Path, check: Check, name: str) -> None:
    (tmp_path / "there").mkdir()
    before = entries(tmp_path)
    check(tmp_path / name)
    assert entries(tmp_path) == before


@pytest.mark.parametrize("check", CHECKS)
def test_a_relative_path_is_looked_for_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, check: Check
) -> None:
    monkeypatch.chdir(tmp_path)
    check(Path("new"))
    check(Path("one/two"))
    assert entries(tmp_path) == []


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("name", ["file/new", "file/one/two", "dangling/new"])
def test_what_lies_below_a_file_or_nothing_is_refused(tmp_path: Path, check: Check, name: str) -> None:
    (tmp_path / "file").write_text("precious")
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    before = entries(tmp_path)
    with pytest.raises(UserError, match=r"^cannot write [^\n]*; choose another place$"):
        check(tmp_path / name)
    assert entries(tmp_path) == before


def test_a_folder_is_no_file_and_a_file_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("precious")
    check_file(tmp_path / "file")
    check_replaceable(tmp_path)
    check_folder(tmp_path)
    with pytest.raises(UserError, match="is a folder: name a file"):
        check_file(tmp_path)
    for check in (check_folder, check_replaceable):
        with pytest.raises(UserError, match="is not a folder: choose another place"):
            check(tmp_path / "file")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    check_file(tmp_path / "pipe")
    check_file(Path(os.devnull))


def test_behind_a_link_it_is_the_folder_itself_that_counts(tmp_path: Path) -> None:
    (tmp_path / "tree").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "tree")
    check_replaceable(tmp_path / "link")
    check_folder(tmp_path / "link")


def test_a_full_file_system_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(**_arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tempfile.TemporaryFile", full)
    with pytest.raises(UserError, match=r"cannot write .*: No space left on device; choose another place"):
        check_file(tmp_path / "rows.csv")


@pytest.mark.parametrize("option", ["--out", "--json", "--build"])
@pytest.mark.parametrize("where", ["file", "file/below"])
def test_sim_finds_it_before_anything_is_done(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    option: str,
    where: str,
) -> None:
    (tmp_path / "file").write_text("precious")
    (tmp_path / "folder").mkdir()
    place = tmp_path / ("folder" if (option, where) == ("--json", "file") else where)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys.modules["tinysim.cli.sim"], "_choose", lambda *_: pytest.fail("it has begun"))
    assert main(["sim", "kws", option, str(place)]) == 2
    error = capsys.readouterr().err
    assert error.startswith("tinysim: ")
    assert str(place) in error
    assert error.count("\n") == 1
    assert (tmp_path / "file").read_text() == "precious"


def test_pull_finds_it_before_anything_is_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("precious")
    monkeypatch.setenv("TINYSIM_DATA", str(tmp_path / "file" / "data"))
    monkeypatch.setattr(sys.modules["tinysim.cli.data"], "pull", lambda *_, **__: pytest.fail("it has begun"))
    assert main(["data", "pull"]) == 2
    assert capsys.readouterr().err.startswith(f"tinysim: cannot write {tmp_path / 'file' / 'data'}: ")


def test_a_step_is_a_line_as_it_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    say("running [red] on /dev/ttyACM0 ...")
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "running [red] on /dev/ttyACM0 ...\n")
    assert without_steps(said.err + "tinysim: no\n") == "tinysim: no\n"
