"""Scores, on outputs and inputs whose scores are known."""

from __future__ import annotations

import numpy as np

from tinysim.training.evaluate import (
    accuracy,
    anomaly_scores,
    mean_spectrum_distances,
    nearest_centroid_accuracy,
    windows,
)


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


def test_windows_are_five_frames_one_after_the_other() -> None:
    features = np.arange(2 * 8 * 3, dtype=np.float32).reshape(2, 8, 3)
    cut = windows(features)
    assert cut.shape == (2, 4, 15)
    assert np.array_equal(cut[1, 2], np.arange(30, 45))
    assert np.array_equal(windows(features, 3), cut[:, ::3])


def test_an_anomaly_score_is_the_mean_square_of_what_the_network_misses() -> None:
    features = np.random.default_rng(1).normal(size=(3, 9, 4)).astype(np.float32)
    assert np.array_equal(anomaly_scores(features, lambda inputs: inputs), [0, 0, 0])
    assert np.allclose(anomaly_scores(features, lambda inputs: inputs + np.float32(3)), 9)
    # What stands in the middle is in five windows of five, what stands at the end in one.
    wrong = np.zeros((1, 9, 4), np.float32)
    wrong[0, 4], wrong[0, 8] = 2, 1
    assert np.allclose(anomaly_scores(wrong, np.zeros_like), (5 * 4 * 4 + 1 * 4) / (5 * 20))


def test_the_distance_of_mean_spectra_ignores_when_something_sounds() -> None:
    random = np.random.default_rng(2)
    training = random.normal(size=(50, 20, 6)).astype(np.float32)
    same, louder = training[:1, ::-1], training[:1] + np.float32(2)
    distances = mean_spectrum_distances(training, np.concatenate([training[:1], same, louder]))
    assert np.isclose(distances[0], distances[1])
    assert 3 < distances[2] < 5
