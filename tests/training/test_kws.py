"""The recipe of the keyword-spotting model. Needs torch."""

from __future__ import annotations

import numpy as np
import pytest

from tinysim.model.tflite_reader import parse_model
from tinysim.training.recipe import TrainingSettings

pytest.importorskip("torch", reason="torch is not installed (pip install -e '.[training]')")

from tinysim.training import kws


def test_augmentation_moves_and_hides_but_makes_nothing_up() -> None:
    random = np.random.default_rng(1)
    # Each frame is known by its number, in all coefficients but the zeroth, whose level may change.
    inputs = np.broadcast_to(np.arange(49, dtype=np.float32)[:, None, None], (64, 49, 10, 1)).copy()
    changed = kws.augment(inputs, random)
    assert changed.shape == (64, 49, 10, 1)
    shifts = set()
    for features in changed[..., 0]:
        levels = features[:, 0] - features[:, 1]
        assert levels == pytest.approx(levels[0], abs=1e-4)
        shown = [frame for frame in range(49) if features[frame, 1] != pytest.approx(24, abs=1e-3)]
        assert len(shown) >= 42
        moved = {int(frame - features[frame, 1]) % 49 for frame in shown}
        assert len(moved) == 1
        shifts |= moved
    assert shifts == {47, 48, 0, 1, 2}


def test_the_recipe_ends_in_the_references_operators_and_scores(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(2)
    features = random.integers(-128, 128, (128, 49, 10)).astype(np.int8)
    labels = random.integers(0, 12, 128)
    monkeypatch.setattr(kws, "training_features", lambda count: (features, labels))
    lines: list[str] = []
    model = kws.train(TrainingSettings(epochs=1, report=lines.append))
    assert len(parse_model(model.tflite).operators) == 13
    assert list(model.scores) == ["float", "int8", "baseline"]
    assert all(0 <= score <= 1 for score in model.scores.values())
    assert any("epoch 1/1" in line for line in lines)
