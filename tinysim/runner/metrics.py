"""Accuracy figures, as the official runners compute them.

Both agree on Top-1. EEMBC's AUC takes 101 fixed thresholds, MLCommons' is exact, and the two differ: 0.99 and
0.995 for the same keyword-spotting run. Values are used as the device printed them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Labels = NDArray[np.int64]

_THRESHOLDS = np.arange(101) / 100


def top1_percent(values: Floats, labels: Labels) -> float:
    """Return the share of inputs whose largest value is at the label, in percent; ties go to the lower class.

    `values` is (inputs, classes), `labels` (inputs,).
    """
    return float(100 * np.mean(np.argmax(values, axis=1) == labels))


def auc_eembc(values: Floats, labels: Labels) -> float:
    """Return EEMBC's AUC: the mean over classes of the area under 101 points of the ROC curve.

    `values` is (inputs, classes). Values are neither clipped nor normalised: logits give a distorted figure,
    as they do in published results. A class that no input belongs to is left out.
    """
    areas = [
        _area_under_101_points(values[:, label], labels == label, _THRESHOLDS)
        for label in range(values.shape[1])
        if 0 < np.count_nonzero(labels == label) < len(labels)
    ]
    return float(np.mean(areas)) if areas else float("nan")


def anomaly_auc_eembc(scores: Floats, labels: Labels) -> float:
    """Return EEMBC's AUC of anomaly scores (files,): 101 thresholds from the lowest to the highest score.

    NaN where all files are of one kind.
    """
    if not 0 < np.count_nonzero(labels == 1) < len(labels):
        return float("nan")
    return _area_under_101_points(scores, labels == 1, _thresholds_of(scores))


def anomaly_auc_mlcommons(scores: Floats, labels: Labels) -> float:
    """Return MLCommons' AUC of anomaly scores (files,): the exact area."""
    return exact_area(scores, labels == 1)


def anomaly_top1_eembc(scores: Floats, labels: Labels) -> float:
    """Return EEMBC's "Top-1" of anomaly scores (files,): the best accuracy of 100 thresholds, in percent."""
    thresholds = _thresholds_of(scores)[:100]
    return float(max(100 * np.mean((scores > threshold) == (labels == 1)) for threshold in thresholds))


def exact_area(scores: Floats, is_positive: NDArray[np.bool_]) -> float:
    """Return the ROC area: the share of pairs in which the positive scores higher, ties counting half.

    Both arrays are (inputs,); NaN where all inputs are of one kind.
    """
    positives, negatives = scores[is_positive], np.sort(scores[~is_positive])
    if len(positives) == 0 or len(negatives) == 0:
        return float("nan")
    below = np.searchsorted(negatives, positives, side="left")
    not_above = np.searchsorted(negatives, positives, side="right")
    return float((below + not_above).sum() / 2 / (len(positives) * len(negatives)))


def _thresholds_of(scores: Floats) -> Floats:
    low, high = float(np.min(scores)), float(np.max(scores))
    return low + _THRESHOLDS * (high - low)


def _area_under_101_points(scores: Floats, is_positive: NDArray[np.bool_], thresholds: Floats) -> float:
    above = scores[:, np.newaxis] > thresholds
    true_rate = above[is_positive].mean(axis=0)
    false_rate = above[~is_positive].mean(axis=0)
    true_rate[0] = false_rate[0] = 1.0
    return float(np.sum((true_rate[:-1] + true_rate[1:]) / 2 * (false_rate[:-1] - false_rate[1:])))
