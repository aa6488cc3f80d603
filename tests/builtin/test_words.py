from __future__ import annotations

import hashlib
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from tests.kernels.reference import reference_outputs
from tests.published import DATA, needs_data
from tinysim.builtin.words import CLASSES, FEATURES_FILE, INPUT_BYTES, NAME, TEST_INPUTS, make_sample
from tinysim.datasets.labels import Entry, format_labels, parse_labels, read_labels
from tinysim.features.mfcc import SCALE, ZERO_POINT
from tinysim.model.graph import Graph
from tinysim.model.tflite_reader import read_model

MODEL = FEATURES_FILE.parent / "models" / "kws.tflite"
SAMPLES = [make_sample("test", number) for number in range(TEST_INPUTS)]
LABELS = np.array([sample.label for sample in SAMPLES])
INPUTS = np.stack([np.frombuffer(sample.content, dtype=np.int8) for sample in SAMPLES])


def operators(graph: Graph) -> list[tuple[object, ...]]:
    """Kind, window, activation and output shape of each operator."""
    return [
        (
            each.kind,
            getattr(each, "window", None),
            getattr(each, "activation", None),
            graph.tensors[each.output].shape,
        )
        for each in graph.operators
    ]


def test_the_features_are_those_that_were_committed() -> None:
    content = b"".join(sample.content for sample in SAMPLES)
    assert content == FEATURES_FILE.read_bytes()
    assert (
        hashlib.sha256(content).hexdigest()
        == "f17bc5f32f66d8353f486a85e0b4dab75a51ac4710506ec937b77a0485b5a567"
    )


def test_every_class_has_as_many_inputs_in_no_order() -> None:
    assert len(CLASSES) == 12
    assert Counter(LABELS.tolist()) == dict.fromkeys(range(12), TEST_INPUTS // 12)
    assert len(set(LABELS[:24].tolist())) > 8
    # The runner measures throughput on the first five.
    assert len(set(LABELS[:5].tolist())) > 2


def test_names_are_the_sets_own_and_make_a_label_file() -> None:
    rows = tuple(Entry(sample.name, len(CLASSES), sample.label) for sample in SAMPLES)
    assert parse_labels(format_labels(rows), Path("y_labels.csv")) == rows
    assert len({row.file for row in rows}) == TEST_INPUTS
    for number, sample in enumerate(SAMPLES):
        assert (
            sample.name == f"{NAME.replace('-', '_')}_{number:06}_{CLASSES[sample.label]}_{sample.label}.bin"
        )


def test_inputs_are_of_the_official_size_and_distinct() -> None:
    assert {len(sample.content) for sample in SAMPLES} == {INPUT_BYTES}
    assert len({sample.content for sample in SAMPLES}) == TEST_INPUTS


def test_only_what_is_shipped_can_be_had() -> None:
    with pytest.raises(ValueError, match="ships no training inputs"):
        make_sample("training", 0)
    for number in (-1, TEST_INPUTS):
        with pytest.raises(IndexError):
            make_sample("test", number)


def test_the_task_is_no_matter_of_nearness_to_a_mean() -> None:
    # The means are of the test inputs themselves, so that the classifier has seen what it is asked.
    features = INPUTS.astype(np.float64)
    means = np.stack([features[label == LABELS].mean(axis=0) for label in range(12)])
    nearest = ((features[:, None] - means) ** 2).sum(axis=2).argmin(axis=1)
    assert 0.2 < np.mean(nearest == LABELS) < 0.6


@needs_data
def test_features_vary_as_those_of_the_official_files() -> None:
    folder = DATA / "datasets" / "kws01"
    rows = read_labels(folder / "y_labels.csv")
    official = np.stack([np.fromfile(folder / row.file, dtype=np.int8) for row in rows])
    deviations = [each.reshape(-1, 10).std(axis=0) for each in (official, INPUTS)]
    assert np.all(deviations[1] < 1.5 * deviations[0])
    assert np.all(deviations[1] > 0.4 * deviations[0])


@needs_data
def test_the_reference_network_understands_some_of_the_words() -> None:
    # It has learned from people: with coefficients in another order, scale or sign it would guess one in
    # twelve.
    outputs = reference_outputs((DATA / "models" / "kws_ref_model.tflite").read_bytes(), INPUTS)
    assert np.mean(outputs.argmax(axis=1) == LABELS) > 0.3


def test_our_network_meets_the_quality_target() -> None:
    outputs = reference_outputs(MODEL.read_bytes(), INPUTS)
    right = outputs.argmax(axis=1) == LABELS
    assert 0.9 <= right.mean() <= 0.99
    assert min(right[label == LABELS].mean() for label in range(12)) > 0.7


def test_our_network_has_the_thirteen_operators() -> None:
    ours = read_model(MODEL)
    assert [each.kind for each in ours.operators] == [
        "CONV_2D",
        *["DEPTHWISE_CONV_2D", "CONV_2D"] * 4,
        "AVERAGE_POOL_2D",
        "RESHAPE",
        "FULLY_CONNECTED",
        "SOFTMAX",
    ]
    quantization = ours.tensors[ours.input].quantization
    assert quantization is not None
    # What the files were quantized with, or they would mean something else to it.
    assert (quantization.scale, quantization.zero_point) == (np.float32(SCALE), ZERO_POINT)


@needs_data
def test_our_networks_operators_are_the_references() -> None:
    ours, reference = (read_model(path) for path in (MODEL, DATA / "models" / "kws_ref_model.tflite"))
    assert operators(ours) == operators(reference)
