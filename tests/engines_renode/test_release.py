"""`make renode` against a publisher on this machine."""

from __future__ import annotations

import hashlib
import importlib.util
import io
import platform
import socket
import sys
import tarfile
import threading
import venv
import zipfile
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinysim import download
from tinysim.download import unpack_tar_gz
from tinysim.engines.renode import release as renode_release
from tinysim.engines.renode.__main__ import main
from tinysim.engines.renode.release import (
    PYRENODE3,
    RELEASES,
    RenodeRelease,
    install_pyrenode3,
    install_renode,
    installed_renode,
    release_for_this_machine,
    renode_version,
)
from tinysim.errors import UserError

LAUNCHER = "renode_portable/renode"
PROGRAM = b'#!/bin/sh\necho "Renode v9.8.7.6"\n'

Member = tuple[tarfile.TarInfo, bytes]


def file(name: str, content: bytes = b"", mode: int = 0o644) -> Member:
    info = tarfile.TarInfo(name)
    info.size, info.mode = len(content), mode
    return info, content


def link(name: str, target: str, kind: bytes = tarfile.SYMTYPE) -> Member:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info, b""


def archive_of(*members: Member) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for info, content in members:
            tar.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


GOOD = archive_of(file(LAUNCHER, PROGRAM, 0o755), file("renode_portable/scripts/a.resc", b"start"))


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def served(tmp_path: Path) -> Path:
    folder = tmp_path / "served"
    folder.mkdir()
    (folder / "renode.tar.gz").write_bytes(GOOD)
    return folder


@pytest.fixture
def address(served: Path) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(QuietHandler, directory=str(served)))
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    monkeypatch.setenv("TINYSIM_CACHE", str(folder))
    return folder


def release(address: str, archive: bytes = GOOD) -> RenodeRelease:
    return RenodeRelease(f"{address}/renode.tar.gz", hashlib.sha256(archive).hexdigest(), LAUNCHER)


def test_the_release_is_checked_unpacked_and_starts(address: str, tmp_path: Path) -> None:
    launcher = install_renode(release(address), tmp_path / "renode")
    assert launcher == tmp_path / "renode" / LAUNCHER
    assert (tmp_path / "renode/renode_portable/scripts/a.resc").read_bytes() == b"start"
    assert renode_version(launcher) == "9.8.7.6"


def test_another_archive_under_the_same_name_is_refused(address: str, served: Path, tmp_path: Path) -> None:
    (served / "renode.tar.gz").write_bytes(archive_of(file(LAUNCHER, b"#!/bin/sh\nrm -rf /\n", 0o755)))
    with pytest.raises(UserError, match=r"not what was published: \d+ bytes, checksum differs"):
        install_renode(release(address), tmp_path / "renode")
    assert not (tmp_path / "renode").exists()


@pytest.mark.parametrize(
    "bad",
    [
        file("../outside", b"evil"),
        file("/tmp/tinysim-outside", b"evil"),
        link("renode_portable/lib", "../../.."),
        link("renode_portable/passwd", "/etc/passwd"),
        link("renode_portable/passwd", "../../outside", tarfile.LNKTYPE),
        link("renode_portable/device", "", tarfile.CHRTYPE),
    ],
    ids=["parent", "absolute", "link-out", "link-absolute", "hard-link-out", "device"],
)
def test_what_leads_out_of_the_folder_is_refused_and_leaves_nothing(
    address: str, served: Path, tmp_path: Path, bad: Member
) -> None:
    archive = archive_of(file(LAUNCHER, PROGRAM, 0o755), bad)
    (served / "renode.tar.gz").write_bytes(archive)
    outside = tmp_path / "outside"
    if bad[0].name.startswith("/"):
        # An absolute name loses its slash and stays inside.
        install_renode(release(address, archive), tmp_path / "renode")
        assert not Path(bad[0].name).exists()
        return
    with pytest.raises(UserError, match="reaches out of its folder"):
        install_renode(release(address, archive), tmp_path / "renode")
    assert not outside.exists()
    assert not (tmp_path / "renode").exists()


@pytest.mark.parametrize(
    ("archive", "message"),
    [
        (GOOD[:-20], r"not a whole \.tar\.gz archive"),
        (b"<html>Sign in</html>", r"not a whole \.tar\.gz archive"),
        (archive_of(file("renode_portable/README", b"read me")), "has no program renode_portable/renode"),
        (archive_of(file(LAUNCHER, PROGRAM)), "has no program"),
    ],
    ids=["broken-off", "no-archive", "no-program", "not-executable"],
)
def test_an_archive_without_what_it_should_hold_is_refused(
    address: str, served: Path, tmp_path: Path, archive: bytes, message: str
) -> None:
    (served / "renode.tar.gz").write_bytes(archive)
    with pytest.raises(UserError, match=message):
        install_renode(release(address, archive), tmp_path / "renode")
    assert not (tmp_path / "renode").exists()


def test_an_archive_that_unpacks_without_end_is_stopped(
    address: str, served: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = archive_of(file(LAUNCHER, bytes(4 << 20), 0o755))
    (served / "renode.tar.gz").write_bytes(archive)
    monkeypatch.setattr(renode_release, "UNPACKED_BYTES_MAX", 1 << 20)
    with pytest.raises(UserError, match="unpacks to more than it may"):
        install_renode(release(address, archive), tmp_path / "renode")
    assert not (tmp_path / "renode").exists()


@given(
    position=st.integers(0, len(GOOD) - 1),
    value=st.integers(0, 255),
)
@settings(max_examples=60, deadline=None)
def test_a_damaged_archive_never_ends_in_anything_but_a_clear_line(
    tmp_path_factory: pytest.TempPathFactory, position: int, value: int
) -> None:
    folder = tmp_path_factory.mktemp("damaged")
    damaged = GOOD[:position] + bytes([value]) + GOOD[position + 1 :]
    try:
        unpack_tar_gz(damaged, folder, 1 << 20, "damaged.tar.gz")
    except UserError as error:
        assert "damaged.tar.gz" in str(error)


def test_a_program_that_does_not_start_is_quoted(tmp_path: Path) -> None:
    program = tmp_path / "renode"
    program.write_text('#!/bin/sh\necho "Couldn\'t find a valid ICU package" >&2\nexit 134\n')
    program.chmod(0o755)
    with pytest.raises(UserError, match=r"does not start \(Couldn't find a valid ICU package\)"):
        renode_version(program)
    program.chmod(0o644)
    with pytest.raises(UserError, match="does not start: Permission denied"):
        renode_version(program)


def test_without_a_network_there_is_one_line_that_says_what_is_needed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # Port 9 of this machine: nobody listens there.
    monkeypatch.setattr(renode_release, "release_for_this_machine", lambda: release("http://127.0.0.1:9"))
    assert main() == 2
    error = capsys.readouterr().err
    assert error.startswith("make renode: cannot fetch http://127.0.0.1:9/renode.tar.gz: ")
    assert "need github.com and pypi.org once" in error
    assert error.count("\n") == 1


def test_a_publisher_that_falls_silent_is_given_up(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(download, "TIMEOUT_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with pytest.raises(UserError, match=r"cannot fetch .*timed out"):
            install_renode(release(f"http://127.0.0.1:{port}"), tmp_path / "renode")


def test_a_machine_that_no_release_is_for_hears_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    with pytest.raises(UserError, match=r"no Renode for .* on riscv64: install it from https://renode\.io"):
        release_for_this_machine()
    assert installed_renode() is None


def test_every_release_is_pinned_by_version_and_checksum() -> None:
    for pinned in RELEASES.values():
        assert pinned.url.startswith("https://github.com/renode/renode/releases/download/v1.16.1/")
        assert len(bytes.fromhex(pinned.sha256)) == 32
    assert len(PYRENODE3.rpartition("@")[2]) == 40


@pytest.fixture(scope="module")
def fresh_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python environment of its own, with the pip of this one."""
    folder = tmp_path_factory.mktemp("fresh")
    venv.EnvBuilder(system_site_packages=False, with_pip=False, symlinks=True).create(folder)
    pip = importlib.util.find_spec("pip")
    assert pip is not None
    assert pip.origin is not None
    site = next(folder.glob("lib/python*/site-packages"))
    (site / "pip").symlink_to(Path(pip.origin).parent, target_is_directory=True)
    return folder / "bin" / "python"


def wheel(folder: Path) -> Path:
    path = folder / "pyrenode3-0.1-py3-none-any.whl"
    info = "pyrenode3-0.1.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("pyrenode3/__init__.py", "")
        archive.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: pyrenode3\nVersion: 0.1\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    return path


def test_everything_is_installed_once_and_found_afterwards(
    address: str,
    served: Path,
    own_cache: Path,
    fresh_python: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    requirement = f"pyrenode3 @ {address}/{wheel(served).name}"
    monkeypatch.setitem(RELEASES, platform.machine(), release(address))
    monkeypatch.setattr(
        renode_release, "install_pyrenode3", lambda: install_pyrenode3(requirement, fresh_python)
    )
    monkeypatch.setattr(sys, "platform", "linux")
    assert main() == 0
    out = capsys.readouterr().out
    assert release(address).sha256 in out
    launcher = own_cache / "renode" / renode_release.RENODE_VERSION / LAUNCHER
    assert f"export PYRENODE_BIN={launcher} PYRENODE_RUNTIME=coreclr" in out
    assert installed_renode() == launcher
    assert list(fresh_python.parent.parent.glob("lib/python*/site-packages/pyrenode3/__init__.py"))

    (served / "renode.tar.gz").unlink()
    assert main() == 0
    assert "fetching" not in capsys.readouterr().out


def test_pip_s_own_reason_is_passed_on(fresh_python: Path, tmp_path: Path) -> None:
    missing = f"pyrenode3 @ git+file://{tmp_path}/nothing.git@{'0' * 40}"
    with pytest.raises(
        UserError, match=r"pip cannot install .*(not.*repository|does not exist|git)"
    ) as caught:
        install_pyrenode3(missing, fresh_python)
    assert "\n" not in str(caught.value)
