"""The built-in sets on the disk: the bytes they should have, whole or not at all."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from tinysim.benchmark import BENCHMARKS
from tinysim.builtin import sets
from tinysim.builtin.sets import BUILTIN_SETS, BuiltinSet, generated
from tinysim.datasets.dataset import open_dataset
from tinysim.errors import TinysimError

ALL = pytest.mark.parametrize("builtin", BUILTIN_SETS.values(), ids=lambda builtin: builtin.name)
KWS = BUILTIN_SETS["kws01"]


@ALL
def test_a_set_has_the_official_forms(builtin: BuiltinSet, tmp_path: Path) -> None:
    progress: list[tuple[int, int]] = []
    folder = generated(builtin, lambda done, total: progress.append((done, total)), tmp_path)
    assert progress[-1] == (builtin.input_count, builtin.input_count)
    dataset = open_dataset(BENCHMARKS[builtin.benchmark], folder)
    assert (dataset.kind, dataset.name) == ("built-in", builtin.name)
    assert dataset.class_names == builtin.classes
    dataset.check_files()
    assert dataset.benchmark.result_values == BENCHMARKS[builtin.benchmark].result_values
    names = {path.name for path in folder.iterdir()}
    assert names == {"y_labels.csv", "classes.txt", *(entry.file for entry in dataset.entries)}


def test_what_is_there_is_used_and_what_is_damaged_is_made_anew(tmp_path: Path) -> None:
    folder = generated(KWS, None, tmp_path)
    first = next(folder.glob("*.bin"))
    content, made = first.read_bytes(), first.stat().st_mtime_ns
    generated(KWS, lambda *_: pytest.fail("it was made once more"), tmp_path)
    assert first.stat().st_mtime_ns == made
    for damage in (b"", content[:-1] + bytes([content[-1] ^ 1])):
        first.write_bytes(damage)
        generated(KWS, None, tmp_path)
        assert first.read_bytes() == content
    (folder / "y_labels.csv").write_text("")
    generated(KWS, None, tmp_path)
    assert (folder / "y_labels.csv").read_text()


def test_a_machine_that_makes_other_bytes_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sets, "samples_sha256", lambda _contents: "0" * 64)
    with pytest.raises(TinysimError, match="tinysim-kws comes out different on this machine"):
        generated(KWS, None, tmp_path)
    assert not (tmp_path / KWS.name).exists()


def test_a_full_disk_leaves_nothing_half_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "somewhere")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space left"):
            generated(KWS, None, tmp_path)
    assert list(tmp_path.iterdir()) == []
    generated(KWS, None, tmp_path)
