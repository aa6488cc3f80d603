"""The built-in pictures with and without a person, and the model that was trained on others of their kind."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from importlib import resources

import numpy as np
import pytest

from tinysim.benchmark import BENCHMARKS
from tinysim.builtin.persons import CLASSES, NAME, SIZE, TEST_INPUTS, make_sample
from tinysim.builtin.sample import Sample
from tinysim.datasets.labels import Entry, format_labels
from tinysim.model.tflite_reader import parse_model
from tinysim.training.evaluate import accuracy, litert_outputs, nearest_centroid_accuracy

# numpy 1.26.4 and 2.4.6 both gave it.
TEST_SET_SHA256 = "89750e426007e9b7d06051656f215b1dcf2c115e3e5e4229663deb1e264e8b87"


@pytest.fixture(scope="module")
def test_set() -> list[Sample]:
    return [make_sample("test", number) for number in range(TEST_INPUTS)]


def pixels(samples: list[Sample]) -> np.ndarray:
    return np.stack([np.frombuffer(sample.content, np.uint8) for sample in samples]).reshape(
        -1, SIZE, SIZE, 3
    )


def labels(samples: list[Sample]) -> np.ndarray:
    return np.array([sample.label for sample in samples])


def test_the_bytes_are_the_same_everywhere(test_set: list[Sample]) -> None:
    digest = hashlib.sha256()
    for sample in test_set:
        digest.update(sample.name.encode() + b"\0" + sample.content)
    assert digest.hexdigest() == TEST_SET_SHA256


def test_pictures_have_the_official_size_and_names_that_label_files_take(test_set: list[Sample]) -> None:
    assert NAME == "tinysim-vww"
    for number, sample in enumerate(test_set):
        assert len(sample.content) == BENCHMARKS["vww"].file_bytes == 3 * SIZE * SIZE
        kind = CLASSES[sample.label].replace(" ", "_")
        assert sample.name == f"tinysim_vww_{number:06}_{kind}_{sample.label}.bin"
    text = format_labels(tuple(Entry(sample.name, len(CLASSES), sample.label) for sample in test_set))
    assert all(re.fullmatch(r"[\w.\-]+\.bin,2,[01]", line) for line in text.splitlines())


def test_classes_are_balanced_and_mixed(test_set: list[Sample]) -> None:
    assert len(CLASSES) == BENCHMARKS["vww"].classes
    assert Counter(sample.label for sample in test_set) == {0: 100, 1: 100}
    assert len({sample.label for sample in test_set[:10]}) == 2
    assert Counter(make_sample("training", number).label for number in range(10)) == {0: 5, 1: 5}


def test_no_picture_stands_twice_and_training_has_others(test_set: list[Sample]) -> None:
    training = [make_sample("training", number) for number in range(20)]
    assert len({sample.content for sample in test_set + training}) == len(test_set) + len(training)


def test_a_picture_depends_on_its_number_alone(test_set: list[Sample]) -> None:
    assert make_sample("test", 117) == test_set[117]


def test_pictures_have_light_and_shade(test_set: list[Sample]) -> None:
    values = pixels(test_set).astype(np.float64)
    assert (values.std(axis=(1, 2, 3)) > 8).all(), "a picture is almost one colour"
    assert 80 < values.mean() < 160


def test_neither_pixels_nor_colours_give_persons_away(test_set: list[Sample]) -> None:
    training = [make_sample("training", number) for number in range(400)]
    seen, known = pixels(test_set).astype(np.float32), pixels(training).astype(np.float32)
    for reduce in (
        lambda values: values,
        lambda values: values.mean(axis=(1, 2)),
        lambda values: values.std(axis=(1, 2)),
    ):
        score = nearest_centroid_accuracy(reduce(known), labels(training), reduce(seen), labels(test_set))
        assert score < 0.7


@pytest.fixture(scope="module")
def model() -> bytes:
    return (resources.files("tinysim.builtin") / "models" / "vww.tflite").read_bytes()


def test_the_model_has_the_operators_of_the_reference(model: bytes) -> None:
    pair = ["DEPTHWISE_CONV_2D", "CONV_2D"]
    operators = [operator.kind for operator in parse_model(model).operators]
    assert operators == ["CONV_2D", *13 * pair, "AVERAGE_POOL_2D", "RESHAPE", "FULLY_CONNECTED", "SOFTMAX"]
    assert len(operators) == 31


def test_the_model_meets_the_quality_target_by_the_reference_kernels(
    model: bytes, test_set: list[Sample]
) -> None:
    pytest.importorskip("ai_edge_litert")
    inputs = (pixels(test_set).astype(np.int16) - 128).astype(np.int8)
    assert accuracy(litert_outputs(model, inputs), labels(test_set)) >= 0.9
