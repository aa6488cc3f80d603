"""The recipe of the image classification model, but for the training itself."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

from tinysim.builtin.objects import make_sample
from tinysim.training import ic


def test_pictures_are_mirrored_and_shifted_and_nothing_else() -> None:
    rows, columns = np.mgrid[0:32, 0:32]
    picture = np.stack([rows, columns, rows + columns], axis=2).astype(np.float32)
    batch = ic._augment(np.stack([picture] * 200), np.random.default_rng(1))
    assert batch.shape == (200, 32, 32, 3)
    seen = set()
    for changed in batch:
        assert np.array_equal(changed[:, :, 2], changed[:, :, 0] + changed[:, :, 1])
        down = int(changed[16, 16, 0]) - 16
        mirrored = changed[16, 20, 1] < changed[16, 12, 1]
        right = int(changed[16, 16, 1]) - (15 if mirrored else 16)
        expected = np.clip(rows + down, 0, 31)
        assert np.array_equal(changed[:, :, 0], expected)
        seen.add((mirrored, down, right))
    assert {mirrored for mirrored, _, _ in seen} == {True, False}
    assert {down for _, down, _ in seen} == {right for _, _, right in seen} == set(range(-3, 4))


def test_training_pictures_are_drawn_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TINYSIM_CACHE", str(tmp_path))
    pictures, labels = ic._training_pictures(12)
    assert labels.tolist() == [*range(10), 0, 1]
    assert pictures[3].tobytes() == make_sample("training", 3).content
    monkeypatch.setattr(ic, "_draw", lambda *_: pytest.fail("they were drawn again"))
    assert np.array_equal(ic._training_pictures(12)[0], pictures)
