"""`tinysim doctor` on machines with this and that, and with nothing."""

from __future__ import annotations

import importlib.util
import io
import json
import sys
import tarfile
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.renode_here import needs_renode
from tinysim.benchmark import CLASSIC
from tinysim.cli import main
from tinysim.engines.renode import Installation, find_installation
from tinysim.engines.renode.installation import PLACE_VARIABLES

Sections = Mapping[str, Mapping[str, tuple[bool, str]]]


def on_path(monkeypatch: pytest.MonkeyPatch, program: Path | None) -> None:
    """Have `program`, or no, `renode` on PATH; what else is there stays."""
    which = SimpleNamespace(which=lambda name: None if program is None else str(program))
    monkeypatch.setattr("tinysim.engines.renode.installation.shutil", which)


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """A machine without Renode, pyrenode3 and data, whatever this one has."""
    for name in (*PLACE_VARIABLES, "PYRENODE_RUNTIME", "TINYSIM_DATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("tinysim.engines.renode.installation.installed_renode", lambda: None)
    monkeypatch.setattr("tinysim.engines.renode.installation._PACKAGED", tmp_path / "opt")
    on_path(monkeypatch, None)
    real = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *rest: None if name == "pyrenode3" else real(name, *rest)
    )
    monkeypatch.setattr("tinysim.datasets.choice.cache_data_folder", lambda: tmp_path / "cache")
    return monkeypatch


@pytest.fixture
def pyrenode3(bare: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """The same with a pyrenode3 that must not be imported."""
    package = tmp_path / "site" / "pyrenode3"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("raise SystemExit('pyrenode3 was imported')\n")
    spec = importlib.util.spec_from_file_location("pyrenode3", package / "__init__.py")
    real = importlib.util.find_spec
    bare.setattr(
        importlib.util, "find_spec", lambda name, *rest: spec if name == "pyrenode3" else real(name, *rest)
    )
    return bare


def fake_renode(folder: Path, version: str = "1.16.1.1", *, script: str | None = None) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / "renode"
    program.write_text(script or f"#!/bin/sh\necho 'Renode v{version}'\necho '  build: x'\n")
    program.chmod(0o755)
    return program


def examine(capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, Any], Sections]:
    code = main(["doctor", "--json"])
    report = json.loads(capsys.readouterr().out)
    sections = {
        section: {finding["name"]: (finding["found"], finding["text"]) for finding in findings}
        for section, findings in report["sections"].items()
    }
    return code, report, sections


@pytest.mark.usefixtures("bare")
def test_a_machine_with_nothing_but_pip_runs_the_embedded_engine(capsys: pytest.CaptureFixture[str]) -> None:
    code, report, sections = examine(capsys)
    assert code == 0
    assert (report["auto"], report["embedded_is_usable"]) == ("embedded", True)
    assert "pyrenode3 is not installed" in report["auto_reason"]
    assert "make renode" in report["auto_reason"]
    found, text = sections["engines"]["embedded engine"]
    assert found
    assert int(text.split()[2]) > 0, text
    assert sections["compilers"]["TOOLCHAIN=zig"][0]
    assert sections["tinysim"]["unicorn"] == (True, "2.1.4")
    for benchmark in CLASSIC:
        found, text = sections["data"][benchmark]
        assert found
        assert text.startswith(f"built-in: tinysim-{benchmark}, ")


@pytest.mark.usefixtures("bare")
def test_people_read_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor"]) == 0
    out = capsys.readouterr().out
    assert "\n  ok  embedded engine  works: ran " in out
    assert "\n  --  Renode           Renode is not installed: run `make renode`" in out
    assert out.splitlines()[-1].startswith("auto is embedded: Renode cannot be used: ")


def test_a_machine_that_cannot_run_the_embedded_engine_fails(
    bare: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    compiler = tmp_path / "cc"
    compiler.write_text("#!/bin/sh\necho no >&2; exit 1\n")
    compiler.chmod(0o755)
    bare.setattr(
        "tinysim.engines.embedded.library.compile_command", lambda output, **_: [str(compiler), str(output)]
    )
    from tinysim.engines.embedded import library

    library.load_library.cache_clear()
    bare.setenv("TINYSIM_CACHE", str(tmp_path / "cache"))
    try:
        code, report, sections = examine(capsys)
    finally:
        library.load_library.cache_clear()
    assert code == 1
    assert report["auto"] is None
    assert sections["engines"]["embedded engine"] == (False, "the native core does not compile: no")


def test_data_is_found_where_the_variable_says(
    bare: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "data" / "datasets" / "kws01"
    folder.mkdir(parents=True)
    (folder / "y_labels.csv").write_text("a.bin,12,1\n")
    bare.setenv("TINYSIM_DATA", str(tmp_path / "data"))
    _, _, sections = examine(capsys)
    assert sections["data"]["folder"] == (True, f"{tmp_path / 'data'} (TINYSIM_DATA)")
    assert sections["data"]["kws"][1].startswith("built-in: ")
    (folder / "a.bin").write_bytes(bytes(490))
    models = tmp_path / "data" / "models"
    models.mkdir()
    (models / "kws_ref_model.tflite").write_bytes(b"TFL3")
    _, _, sections = examine(capsys)
    assert sections["data"]["kws"] == (True, f"TINYSIM_DATA: own data, 1 inputs in {folder}")


def test_renode_and_pyrenode3_are_found_without_loading_them(
    pyrenode3: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    program = fake_renode(tmp_path / "portable")
    pyrenode3.setenv("PYRENODE_BIN", str(program))
    code, report, sections = examine(capsys)
    assert code == 0
    assert report["auto"] == "renode"
    assert sections["engines"]["Renode"] == (True, f"1.16.1.1, {program}, found by PYRENODE_BIN")
    assert sections["engines"]["Renode engine"] == (True, f"{program} by PYRENODE_BIN, on coreclr")
    assert str(tmp_path / "site" / "pyrenode3") in sections["engines"]["pyrenode3"][1]
    assert "pyrenode3" not in sys.modules


def test_another_version_is_noted(
    bare: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bare.setenv("PYRENODE_BUILD_DIR", str(fake_renode(tmp_path / "src", "1.15.3.7").parent))
    _, report, sections = examine(capsys)
    assert report["auto"] == "embedded"
    found, text = sections["engines"]["Renode"]
    assert found
    assert text.endswith("found by PYRENODE_BUILD_DIR; tinysim is tested with 1.16.1")


def test_a_renode_that_does_not_start_is_quoted(
    bare: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script = "#!/bin/sh\necho 'mono not found' >&2\nexit 1\n"
    bare.setenv("PYRENODE_BIN", str(fake_renode(tmp_path / "portable", script=script)))
    code, _, sections = examine(capsys)
    assert code == 0
    found, text = sections["engines"]["Renode"]
    assert not found
    assert text.endswith("does not start (mono not found)")


def package_of(folder: Path, info: bytes | None) -> Path:
    path = folder / "renode.pkg.tar.xz"
    with tarfile.open(path, "w:xz") as tar:
        if info is not None:
            member = tarfile.TarInfo(".PKGINFO")
            member.size = len(info)
            tar.addfile(member, io.BytesIO(info))
    return path


@pytest.mark.parametrize(
    ("info", "expected"),
    [
        (b"pkgname = renode\npkgver = 1.16.1-1\n", (True, "1.16.1-1, ")),
        (b"pkgname = renode\n", (False, "")),
        (None, (True, "of unknown version, ")),
    ],
)
def test_a_package_s_version_is_read_from_it(
    bare: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    info: bytes | None,
    expected: tuple[bool, str],
) -> None:
    bare.setenv("PYRENODE_PKG", str(package_of(tmp_path, info)))
    _, _, sections = examine(capsys)
    found, text = sections["engines"]["Renode"]
    assert found is expected[0]
    assert text.startswith(expected[1])


def test_a_file_that_is_no_package_is_named(
    bare: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "renode.pkg.tar.xz"
    path.write_bytes(b"<html>")
    bare.setenv("PYRENODE_PKG", str(path))
    _, _, sections = examine(capsys)
    assert "it is no package of Renode" in sections["engines"]["Renode"][1]


def test_the_release_that_make_renode_installed_is_used_as_it_needs(
    pyrenode3: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = fake_renode(tmp_path / "cache")
    pyrenode3.setattr("tinysim.engines.renode.installation.installed_renode", lambda: program)
    found = find_installation()
    assert isinstance(found, Installation)
    assert found.environment == {"PYRENODE_BIN": str(program), "PYRENODE_RUNTIME": "coreclr"}


def test_a_portable_release_on_path_is_named_to_pyrenode3(
    pyrenode3: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = fake_renode(tmp_path / "portable")
    on_path(pyrenode3, program)
    assert "takes a `renode` on PATH only from" in str(find_installation())
    (program.parent / "libcoreclr.so").write_bytes(b"")
    found = find_installation()
    assert isinstance(found, Installation)
    assert found.environment == {"PYRENODE_BIN": str(program), "PYRENODE_RUNTIME": "coreclr"}


def test_an_installed_package_on_path_is_taken_as_pyrenode3_takes_it(
    pyrenode3: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "opt").mkdir()
    on_path(pyrenode3, fake_renode(tmp_path / "bin"))
    found = find_installation()
    assert isinstance(found, Installation)
    assert found.environment == {"PYRENODE_RUNTIME": "mono"}


@pytest.mark.parametrize(
    ("runtime", "message"),
    [("mono", "runs only on coreclr: unset PYRENODE_RUNTIME"), ("wine", "PYRENODE_RUNTIME is 'wine'")],
)
def test_a_runtime_that_cannot_be_is_refused(
    pyrenode3: pytest.MonkeyPatch, tmp_path: Path, runtime: str, message: str
) -> None:
    pyrenode3.setenv("PYRENODE_BIN", str(fake_renode(tmp_path / "portable")))
    pyrenode3.setenv("PYRENODE_RUNTIME", runtime)
    assert message in str(find_installation())


@needs_renode
def test_this_machine_s_renode_is_found(capsys: pytest.CaptureFixture[str]) -> None:
    code, report, sections = examine(capsys)
    assert code == 0
    assert report["auto"] == "renode"
    for name in ("Renode", "pyrenode3", "Renode engine"):
        assert sections["engines"][name][0], sections["engines"][name]
    assert "pyrenode3" not in sys.modules
