"""The built-in pictures of things, and the model that was trained on others of their kind."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from importlib import resources

import numpy as np
import pytest

from tinysim.benchmark import BENCHMARKS
from tinysim.builtin.objects import CLASSES, NAME, SIDE_PIXELS, TEST_INPUTS, make_sample
from tinysim.builtin.sample import Sample
from tinysim.datasets.labels import Entry, format_labels
from tinysim.model.tflite_reader import parse_model
from tinysim.training.evaluate import accuracy, litert_outputs

# numpy 1.26.4 and 2.4.6 both gave it.
TEST_SET_SHA256 = "ad0fd953e4d97b17ef4148f1f06b601cd379ca774bf5e0e140f1930cf32e4138"


@pytest.fixture(scope="module")
def test_set() -> list[Sample]:
    return [make_sample("test", number) for number in range(TEST_INPUTS)]


def pixels(samples: list[Sample]) -> np.ndarray:
    return np.stack([np.frombuffer(sample.content, np.uint8) for sample in samples]).astype(np.float64)


def test_the_bytes_are_the_same_everywhere(test_set: list[Sample]) -> None:
    digest = hashlib.sha256()
    for sample in test_set:
        digest.update(sample.name.encode() + b"\n" + sample.content)
    assert digest.hexdigest() == TEST_SET_SHA256


def test_pictures_have_the_official_size_and_names_that_label_files_take(test_set: list[Sample]) -> None:
    assert NAME == "tinysim-ic"
    for number, sample in enumerate(test_set):
        assert len(sample.content) == BENCHMARKS["ic"].file_bytes == 3 * SIDE_PIXELS * SIDE_PIXELS
        kind = CLASSES[sample.label]
        assert sample.name == f"tinysim_ic_{number:06}_{kind}_{sample.label}.bin"
    text = format_labels(tuple(Entry(sample.name, len(CLASSES), sample.label) for sample in test_set))
    assert all(re.fullmatch(r"[\w.\-]+\.bin,10,\d", line) for line in text.splitlines())


def test_classes_are_balanced_and_mixed(test_set: list[Sample]) -> None:
    assert len(CLASSES) == BENCHMARKS["ic"].classes
    labels = [sample.label for sample in test_set]
    assert Counter(labels) == dict.fromkeys(range(10), 20)
    assert len(set(labels[:20])) >= 6
    assert labels != sorted(labels)


def test_no_picture_stands_twice_and_training_has_others(test_set: list[Sample]) -> None:
    training = [make_sample("training", number) for number in range(20)]
    assert [sample.label for sample in training] == list(range(10)) * 2
    assert len({sample.content for sample in test_set + training}) == len(test_set) + len(training)


def test_a_picture_depends_on_its_number_alone(test_set: list[Sample]) -> None:
    assert make_sample("test", 117) == test_set[117]


def test_pictures_have_light_and_shade(test_set: list[Sample]) -> None:
    values = pixels(test_set)
    assert (values.std(axis=1) > 8).all(), "a picture is almost one colour"
    assert 80 < values.mean() < 160


def test_neither_place_nor_colour_gives_the_class_away(test_set: list[Sample]) -> None:
    training = [make_sample("training", number) for number in range(400)]
    labels = np.array([sample.label for sample in test_set])
    training_labels = np.array([sample.label for sample in training])
    seen, known = pixels(test_set), pixels(training)
    colours = [values.reshape(len(values), -1, 3).mean(axis=1) for values in (seen, known)]
    for inputs, examples, limit in ((seen, known, 0.45), (colours[0], colours[1], 0.25)):
        centroids = np.stack([examples[training_labels == label].mean(axis=0) for label in range(10)])
        distances = ((inputs[:, None] - centroids) ** 2).sum(axis=2)
        assert (distances.argmin(axis=1) == labels).mean() < limit


@pytest.fixture(scope="module")
def model() -> bytes:
    return resources.files("tinysim").joinpath("builtin/models/ic.tflite").read_bytes()


def test_the_model_meets_the_closed_target_with_a_margin(model: bytes, test_set: list[Sample]) -> None:
    inputs = (pixels(test_set) - 128).astype(np.int8)
    outputs = litert_outputs(model, inputs)
    assert accuracy(outputs, np.array([sample.label for sample in test_set])) >= 0.90


def test_the_model_has_the_operators_of_the_reference(model: bytes) -> None:
    operators = [operator.kind for operator in parse_model(model).operators]
    assert operators == [
        *("CONV_2D", "CONV_2D", "CONV_2D", "ADD"),
        *("CONV_2D", "CONV_2D", "CONV_2D", "ADD"),
        *("CONV_2D", "CONV_2D", "CONV_2D", "ADD"),
        *("AVERAGE_POOL_2D", "RESHAPE", "FULLY_CONNECTED", "SOFTMAX"),
    ]
