"""Figures recomputed from published logs and score files, and from first principles."""

from __future__ import annotations

import csv
import json
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from tests.published import DATA, PUBLISHED, needs_published, published_files, short_name
from tests.results.reading import parse_commands
from tinysim.datasets.labels import read_labels
from tinysim.results.lines import parse_lines
from tinysim.results.summary import AccuracySummary, format_accuracy
from tinysim.runner import metrics
from tinysim.runner.replies import Kind, read_messages, read_result_values

ACCURACY_LOGS = [path for path in published_files("log.txt") if path.parent.name == "accuracy"]


@cache
def labels_of(model: str) -> dict[str, int]:
    return {entry.file: entry.label for entry in read_labels(DATA / "datasets" / model / "y_labels.csv")}


def published_values(log: Path) -> tuple[metrics.Floats, metrics.Labels]:
    values, labels = [], []
    for command, answer in parse_commands(parse_lines(log.read_text())):
        if command.cmd.startswith("bload"):
            model, file = command.cmd.replace("\\", "/").rstrip('"').split("/")[-2:]
            labels.append(labels_of(model)[file])
        for line in answer:
            for message in read_messages(line.text):
                if message.kind is Kind.RESULTS:
                    values.append(read_result_values(message.value))
    return np.array(values), np.array(labels)


@needs_published
@pytest.mark.parametrize("log", ACCURACY_LOGS, ids=short_name)
def test_published_eembc_figures_come_out_of_their_logs(log: Path) -> None:
    values, labels = published_values(log)
    summary = AccuracySummary(metrics.top1_percent(values, labels), metrics.auc_eembc(values, labels))
    printed = [line.text for line in parse_lines(format_accuracy(summary, 0.0))]
    assert printed == [line.text for line in parse_lines(log.with_name("results.txt").read_text())]


@needs_published
@pytest.mark.parametrize("benchmark", ["ic", "vww"])
def test_published_mlcommons_top1_comes_out_of_its_results(benchmark: str) -> None:
    folder = next(PUBLISHED.glob(f"v1.3/closed/*/results/*/{benchmark}/accuracy"))
    results = json.loads((folder / "results.json").read_text())
    values = np.array([result["infer"]["results"] for result in results])
    labels = np.array([int(result["class"]) for result in results])
    summary = (folder / "results.txt").read_text()
    assert f"Top 1% = {metrics.top1_percent(values, labels):.1f}" in summary


@needs_published
def test_the_published_anomaly_figures_come_out_of_the_reference_scores() -> None:
    scores_of = {}
    for path in (DATA / "ad01_reference_scores").glob("*.csv"):
        for name, score in csv.reader(path.read_text().splitlines()):
            scores_of[name.removesuffix(".wav")] = float(score)
    entries = read_labels(DATA / "datasets" / "ad01" / "y_labels.csv")
    scores = np.array([scores_of[entry.file.removesuffix("_hist_librosa.bin")] for entry in entries])
    labels = np.array([entry.label for entry in entries])
    assert metrics.anomaly_auc_eembc(scores, labels) == pytest.approx(0.8611, abs=5e-5)
    assert metrics.anomaly_top1_eembc(scores, labels) == pytest.approx(77.42, abs=5e-3)


def test_ties_go_to_the_lower_class() -> None:
    values = np.array([[0.5, 0.5], [0.5, 0.5]])
    assert metrics.top1_percent(values, np.array([0, 1])) == 50.0


def test_a_perfect_and_a_hopeless_detector() -> None:
    scores, labels = np.array([1.0, 2.0, 10.0, 11.0]), np.array([0, 0, 1, 1])
    assert metrics.anomaly_auc_eembc(scores, labels) == 1.0
    assert metrics.anomaly_top1_eembc(scores, labels) == 100.0
    assert metrics.anomaly_auc_mlcommons(-scores, labels) == 0.0


@given(
    arrays.arrays(np.int8, st.integers(2, 30)).map(lambda scores: scores / 4),
    st.randoms(use_true_random=False),
)
def test_the_exact_area_is_the_share_of_pairs_in_order(scores: metrics.Floats, random: object) -> None:
    positive = np.array([random.random() < 0.5 for _ in scores])  # type: ignore[attr-defined]
    pairs = [(a > b) + (a == b) / 2 for a in scores[positive] for b in scores[~positive]]
    if pairs:
        assert metrics.exact_area(scores, positive) == pytest.approx(np.mean(pairs))
    else:
        assert np.isnan(metrics.exact_area(scores, positive))
