"""`python -m tinysim.training`."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import pytest
from click.testing import CliRunner

from tinysim.training.__main__ import main
from tinysim.training.recipe import TrainedModel, TrainingSettings


@pytest.fixture
def recipe(monkeypatch: pytest.MonkeyPatch) -> list[TrainingSettings]:
    """A recipe that is quickly done; the settings that it got."""
    asked: list[TrainingSettings] = []

    def train(settings: TrainingSettings) -> TrainedModel:
        asked.append(settings)
        settings.report("epoch 1/1")
        return TrainedModel(b"a model", {"float": 0.95, "int8": 0.9375})

    module = ModuleType("tinysim.training.kws")
    module.train = train  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "tinysim.training.kws", module)
    return asked


def test_writes_the_model_and_says_what_it_scores(recipe: list[TrainingSettings], tmp_path: Path) -> None:
    path = tmp_path / "new" / "kws.tflite"
    result = CliRunner().invoke(main, ["kws", "--epochs", "3", "--seed", "7", "--out", str(path)])
    assert result.exit_code == 0
    assert path.read_bytes() == b"a model"
    assert result.output.splitlines() == ["epoch 1/1", "float: 0.9500", "int8: 0.9375", f"{path}: 7 bytes"]
    assert (recipe[0].epochs, recipe[0].seed, recipe[0].threads) == (3, 7, 1)


def test_a_place_that_cannot_be_written_is_found_before_the_training(
    recipe: list[TrainingSettings], tmp_path: Path
) -> None:
    (tmp_path / "file").write_bytes(b"")
    result = CliRunner().invoke(main, ["kws", "--out", str(tmp_path / "file" / "kws.tflite")])
    assert result.exit_code == 2
    assert "cannot write the model" in result.output
    assert recipe == []


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refuse(name: str) -> ModuleType:
        raise ModuleNotFoundError("No module named 'torch'", name="torch")

    monkeypatch.setattr("importlib.import_module", refuse)
    result = CliRunner().invoke(main, ["ic", "--out", str(tmp_path / "ic.tflite")])
    assert result.exit_code == 2
    assert "needs the package torch: in a clone of tinysim, pip install -e '.[training]'" in result.output
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_benchmark_is_refused() -> None:
    assert CliRunner().invoke(main, ["sww"]).exit_code == 2
