"""`tinysim data prepare` and `data list`, on a small made-up source."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.datasets.test_prepare_toyadmos import RECORDINGS
from tinysim.benchmark import BENCHMARKS
from tinysim.cli import main
from tinysim.datasets.dataset import open_dataset

NAME = next(iter(RECORDINGS)).removesuffix(".wav")


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of recordings as the publisher's, and a list that asks for one of them."""
    folder = tmp_path / "ToyCar/test"
    folder.mkdir(parents=True)
    for name, content in RECORDINGS.items():
        (folder / name).write_bytes(content)
    (tmp_path / "list.csv").write_text(f"{NAME}_hist_librosa.bin,2,0,2560,512\n")
    monkeypatch.setenv("TINYSIM_DATA", str(tmp_path / "data"))
    monkeypatch.setattr("tinysim.datasets.choice.cache_data_folder", lambda: tmp_path / "cache")
    return tmp_path


def prepare(source: Path, labels: str = "list.csv") -> int:
    return main(["data", "prepare", "ad01", str(source / "ToyCar"), "--labels", str(source / labels)])


def test_a_data_set_is_made_and_found(source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert prepare(source) == 0
    place = source / "data/datasets/ad01"
    assert f"ad01 is in {place}." in capsys.readouterr().out
    dataset = open_dataset(BENCHMARKS["ad"], place)
    dataset.check_files()
    assert dataset.benchmark.file_bytes == 102400
    assert main(["data", "list"]) == 0
    out = capsys.readouterr().out
    assert f"  --  TINYSIM_DATA  own data, 1 inputs in {place}; but no model ad01_int8.tflite" in out
    assert "  ok  built-in      tinysim-ad, " in out


def test_a_source_that_lacks_an_input_leaves_what_was_there(
    source: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert prepare(source) == 0
    place = source / "data/datasets/ad01"
    before = {path.name: path.read_bytes() for path in place.iterdir()}
    (source / "longer.csv").write_text(
        f"{NAME}_hist_librosa.bin,2,0,2560,512\nnormal_id_09_99999999_hist_librosa.bin,2,0,2560,512\n"
    )
    capsys.readouterr()
    assert prepare(source, "longer.csv") == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "normal_id_09_99999999" in error
    assert {path.name: path.read_bytes() for path in place.iterdir()} == before


@pytest.mark.parametrize("name", ["ic01", "vww01", "ad01"])
def test_a_source_that_is_nothing_is_one_line(
    source: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (source / "junk").write_bytes(b"neither archive nor folder")
    arguments = ["data", "prepare", name, str(source / "junk"), "--labels", str(source / "list.csv")]
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert error.startswith("tinysim: ")
    assert error.count("\n") == 1
    assert not (source / "data/datasets" / name).exists()
