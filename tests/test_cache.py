"""The cache, and what stands in for it where this user's cannot be written."""

from __future__ import annotations

import ctypes
import os
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tinysim import cache
from tinysim.errors import UserError

ROOT = Path(__file__).resolve().parent.parent
NOBODY = 65534

pytestmark = pytest.mark.skipif(not hasattr(os, "geteuid"), reason="this system has no numbers for users")


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A process that has said nothing yet, with folders of its own."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    monkeypatch.delenv("TINYSIM_CACHE", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    cache._remark.cache_clear()
    cache._new_private_folder.cache_clear()


@pytest.fixture
def private(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the cache is going to be when there is no home."""
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("HOME", str(tmp_path / "file" / "home"))
    return tmp_path / "temporary" / f"tinysim-{os.geteuid()}"


def test_it_is_this_user_s_and_is_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cache.find_cached("data") is None
    assert not (tmp_path / "home").exists()
    folder = cache.cache_folder()
    assert folder == cache.user_cache()
    assert folder.is_dir()
    assert folder.is_relative_to(tmp_path / "home")
    assert list(folder.iterdir()) == []
    (folder / "data").mkdir()
    assert cache.find_cached("data") == folder / "data"
    assert capsys.readouterr() == ("", "")


def test_the_variable_names_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TINYSIM_CACHE", str(tmp_path / "a b"))
    assert cache.cache_folder() == tmp_path / "a b"
    assert not (tmp_path / "home").exists()
    monkeypatch.setenv("TINYSIM_CACHE", "")
    assert cache.cache_folder().is_relative_to(tmp_path / "home")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TINYSIM_CACHE", "beside")
    assert cache.cache_folder() == tmp_path / "beside"
    assert capsys.readouterr() == ("", "")


def test_a_variable_that_names_no_folder_is_a_mistake(private: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TINYSIM_CACHE", os.environ["HOME"])
    with pytest.raises(
        UserError, match=r"^TINYSIM_CACHE is .*, which cannot be written \(.+\): name a folder"
    ):
        cache.cache_folder()
    assert cache.find_cached("data") is None
    assert not private.exists()


def test_without_a_home_it_is_a_private_folder_with_one_remark(
    private: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cache.cache_folder() == private
    assert stat.S_IMODE(private.stat().st_mode) == 0o700
    (private / "core").write_text("made")
    assert cache.cache_folder() == private
    assert cache.find_cached("core") == private / "core"
    out, error = capsys.readouterr()
    assert out == ""
    assert error.count("\n") == 1
    assert f"what is worth keeping goes into {private}; set TINYSIM_CACHE to a folder that lasts" in error


def test_what_the_private_folder_has_is_found_without_a_remark(
    private: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    private.mkdir(mode=0o700)
    (private / "core").write_text("made")
    assert cache.find_cached("core") == private / "core"
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("trap", ["open to others", "link", "file", "another user's"])
def test_a_folder_that_others_may_have_prepared_is_not_touched(
    private: Path, tmp_path: Path, trap: str, capsys: pytest.CaptureFixture[str]
) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir(mode=0o700)
    (theirs / "core").write_text("evil")
    if trap == "link":
        private.symlink_to(theirs)
    elif trap == "file":
        private.write_text("")
    else:
        theirs.rename(private)
        if trap == "open to others":
            private.chmod(0o777)
        elif os.geteuid() == 0:
            os.chown(private, NOBODY, NOBODY)
        else:
            pytest.skip("only root can give a folder to another user")
    before = private.lstat()
    assert cache.find_cached("core") is None
    folder = cache.cache_folder()
    assert folder != private
    assert folder.name.startswith(private.name + "-")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert list(folder.iterdir()) == []
    assert cache.cache_folder() == folder
    assert private.lstat() == before
    assert str(folder) in capsys.readouterr().err


@pytest.mark.parametrize("how", ["a path with ~", "an error"])
def test_a_home_that_nothing_names_is_no_folder_here(
    private: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    def without_home(*_: str, **__: bool) -> Path:
        if how == "an error":
            raise RuntimeError("could not determine the home directory")
        return Path("~/.cache/tinysim")

    monkeypatch.chdir(tmp_path)
    (tmp_path / "~" / ".cache" / "tinysim" / "core").mkdir(parents=True)
    monkeypatch.setattr(cache.platformdirs, "user_cache_path", without_home)
    assert cache.find_cached("core") is None
    assert cache.cache_folder() == private
    assert list((tmp_path / "~" / ".cache" / "tinysim").iterdir()) == [tmp_path / "~/.cache/tinysim/core"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user")
def test_a_user_without_an_entry_and_a_home_has_a_private_folder() -> None:
    number = 54321  # as `docker run --user` gives one
    script = (
        "import os, sys; sys.path.insert(0, sys.argv[1]); import tinysim.cache as cache\n"
        f"os.setgroups([]); os.setgid({number}); os.setuid({number}); del os.environ['HOME']\n"
        "assert cache.find_cached('core') is None; print(cache.cache_folder())"
    )
    command = [sys.executable, "-c", script, str(ROOT)]
    with tempfile.TemporaryDirectory(dir="/tmp") as everyone:  # pytest's own are closed to others
        Path(everyone).chmod(0o777)
        environment = {**os.environ, "TMPDIR": everyone}
        result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert result.returncode == 0, result.stderr
        assert result.stdout == f"{everyone}/tinysim-{number}\n"
    assert result.stderr.count("\n") == 1
    assert "this user has no home" in result.stderr


def test_where_nothing_can_be_written_one_line_says_so(
    private: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "file"))
    with pytest.raises(
        UserError, match=r"^there is no folder for a cache \([^\n]+\): set TINYSIM_CACHE[^\n]*$"
    ):
        cache.cache_folder()


PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH = 24, 1, 2  # linux/prctl.h, linux/capability.h


def obey_permissions() -> None:
    """Have root, too, write only what the permissions let it write, in the program that comes next."""
    if sys.platform == "linux":
        system = ctypes.CDLL(None)
        for capability in (CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH):
            system.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)


def run_restricted(program: str, home: Path, temporary: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-B", "-c", program],
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "HOME": str(home),
            "TMPDIR": str(temporary),
        },
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=obey_permissions,
    )


@pytest.fixture
def locked(tmp_path: Path) -> Iterator[Path]:
    """A folder that can only be read, also by what `run_restricted` runs."""
    folder = tmp_path / "locked"
    folder.mkdir(mode=0o555)
    tried = run_restricted(f"import os; os.mkdir({str(folder / 'new')!r})", folder, tmp_path)
    if tried.returncode == 0:
        pytest.skip("this user may write everywhere")
    yield folder
    folder.chmod(0o755)


LOAD = "from tinysim.engines.embedded.library import library_path; print(library_path())"


def test_without_a_home_the_native_core_is_compiled_once(locked: Path, tmp_path: Path) -> None:
    temporary = tmp_path / "temporary"
    first = run_restricted(LOAD, locked / "home", temporary)
    assert first.returncode == 0, first.stderr
    assert first.stderr.count("\n") == 1
    assert f"{locked}/home/.cache/tinysim cannot be written (Permission denied)" in first.stderr
    assert first.stdout.startswith(str(temporary / "tinysim-"))
    second = run_restricted(LOAD, locked / "home", temporary)
    assert (second.returncode, second.stdout, second.stderr) == (0, first.stdout, "")


def test_a_cache_that_can_only_be_read_is_good_enough(locked: Path, tmp_path: Path) -> None:
    temporary = tmp_path / "temporary"
    locked.chmod(0o755)
    made = run_restricted(LOAD, locked, temporary)
    assert (made.returncode, made.stderr) == (0, "")
    folders = [locked, *(path for path in locked.rglob("*") if path.is_dir())]
    for folder in folders:
        folder.chmod(0o555)
    try:
        read = run_restricted(LOAD, locked, temporary)
    finally:
        for folder in folders:
            folder.chmod(0o755)
    assert (read.returncode, read.stdout, read.stderr) == (0, made.stdout, "")
    assert list(temporary.iterdir()) == []
