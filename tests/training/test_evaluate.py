"""Scores, on outputs and inputs whose scores are known."""

from __future__ import annotations

import numpy as np

from tinysim.training.evaluate import accuracy, nearest_centroid_accuracy


def test_accuracy_takes_the_first_greatest() -> None:
    outputs = np.array([[1, 2, 0], [5, 5, 5], [0, 1, 1]], dtype=np.int8)
    assert accuracy(outputs, np.array([1, 0, 2])) == 2 / 3


def test_centroids_tell_clouds_apart_and_nothing_else() -> None:
    random = np.random.default_rng(1)
    labels = np.arange(300) % 3
    clouds = (random.normal(size=(300, 4, 5)) + 3 * labels[:, None, None]).astype(np.float32)
    assert nearest_centroid_accuracy(clouds[:150], labels[:150], clouds[150:], labels[150:]) > 0.95
    # Rings around one centre have one mean.
    angles = random.uniform(0, 2 * np.pi, 300)
    rings = ((1 + labels) * np.stack([np.cos(angles), np.sin(angles)])).T.astype(np.float32)
    assert nearest_centroid_accuracy(rings[:150], labels[:150], rings[150:], labels[150:]) < 0.6
