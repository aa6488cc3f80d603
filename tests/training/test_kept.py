"""What takes long to make for a training is made once, until its code changes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tinysim.training.kept import Arrays, kept_or_made, training_cache


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TINYSIM_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "code.py"
    path.write_text("one")
    return path


def maker(value: int) -> Callable[[], Arrays]:
    return lambda: {"values": np.array([value]), "labels": np.array([value + 1], dtype=np.int8)}


def test_it_is_made_once_and_again_when_the_code_changes(source: Path) -> None:
    assert kept_or_made("a", [source], maker(1))["values"] == 1
    kept = kept_or_made("a", [source], maker(2))
    assert (kept["values"], kept["labels"], kept["labels"].dtype) == (1, 2, np.int8)
    assert kept_or_made("b", [source], maker(3))["values"] == 3
    source.write_text("two")
    assert kept_or_made("a", [source], maker(4))["values"] == 4


@pytest.mark.parametrize("length", [0, 1, 50, 200])
def test_what_is_not_whole_is_made_anew(source: Path, length: int) -> None:
    kept_or_made("a", [source], maker(1))
    (path,) = training_cache().iterdir()
    path.write_bytes(path.read_bytes()[:length])
    assert kept_or_made("a", [source], maker(2))["values"] == 2
    assert kept_or_made("a", [source], maker(3))["values"] == 2
    assert list(training_cache().iterdir()) == [path], "nothing else is left behind"


def test_without_a_cache_it_is_made_each_time(source: Path, cache: Path) -> None:
    cache.write_text("a file where a folder should be")
    assert kept_or_made("a", [source], maker(1))["values"] == 1
    assert kept_or_made("a", [source], maker(2))["values"] == 2
