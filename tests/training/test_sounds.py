"""Sounds of the built-in machines as files to listen to."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from tinysim.builtin.arithmetic import Random
from tinysim.builtin.machines import MACHINES, Recording, record
from tinysim.datasets.prepare.toyadmos import read_recording
from tinysim.training import sounds


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> list[Recording]:
    recordings = [record(Random("few"), 0), record(Random("few"), 1, "rattle", 0.4)] * (MACHINES // 2)
    monkeypatch.setattr(sounds, "examples", lambda: recordings)
    return recordings


def test_sounds_and_their_picture_are_written(tmp_path: Path, few: list[Recording]) -> None:
    result = CliRunner().invoke(sounds.main, [str(tmp_path / "sounds")])
    assert result.exit_code == 0, result.output
    files = {path.name: path.read_bytes() for path in (tmp_path / "sounds").iterdir()}
    assert set(files) == {"machine_0_normal.wav", "machine_1_rattle_0.4.wav", "spectrograms.png"}
    for name, recording in zip(("machine_0_normal.wav", "machine_1_rattle_0.4.wav"), few, strict=False):
        assert np.array_equal(read_recording(files[name]) * 32768, recording.sound)
    assert files["spectrograms.png"].startswith(b"\x89PNG")


def test_a_folder_that_cannot_be_is_one_clear_line(tmp_path: Path, few: list[Recording]) -> None:
    (tmp_path / "file").write_text("")
    result = CliRunner().invoke(sounds.main, [str(tmp_path / "file")])
    assert result.exit_code == 2
    assert result.output.startswith(f"tinysim: cannot write to {tmp_path / 'file'}: ")
    assert result.output.count("\n") == 1
