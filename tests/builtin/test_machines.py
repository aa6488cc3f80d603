"""The built-in sounds of machines, and the model that was trained on others of their kind."""

from __future__ import annotations

from collections import Counter
from importlib import resources

import numpy as np
import pytest

from tinysim.benchmark import BENCHMARKS
from tinysim.builtin.arithmetic import Random
from tinysim.builtin.machines import (
    CLASSES,
    FAULTS,
    MACHINES,
    NAME,
    SAMPLES,
    TEST_INPUTS,
    Recording,
    as_sample,
    make_recording,
    make_sample,
    record,
)
from tinysim.builtin.sample import Sample
from tinysim.builtin.sets import samples_sha256
from tinysim.datasets.labels import Entry, format_labels
from tinysim.features.log_mel import RATE_HZ, SAMPLES_MIN
from tinysim.model.tflite_reader import parse_model
from tinysim.runner.metrics import anomaly_auc_eembc, anomaly_auc_mlcommons
from tinysim.training.evaluate import anomaly_scores, int8_outputs, mean_spectrum_distances

# numpy 1.26.4 and 2.4.6 both gave it.
TEST_SET_SHA256 = "44d89a0e57d1441639e14ac0542d9e130ecd29a1320e09a1ef075fc99355648f"


@pytest.fixture(scope="module")
def recordings() -> list[Recording]:
    return [make_recording("test", number) for number in range(TEST_INPUTS)]


@pytest.fixture(scope="module")
def test_set(recordings: list[Recording]) -> list[Sample]:
    return [as_sample(recording, number) for number, recording in enumerate(recordings)]


def features(samples: list[Sample]) -> np.ndarray:
    return np.stack([np.frombuffer(sample.content, "<f4").reshape(200, 128) for sample in samples])


def labels(samples: list[Sample]) -> np.ndarray:
    return np.array([sample.label for sample in samples])


def test_the_bytes_are_the_same_everywhere(test_set: list[Sample]) -> None:
    assert samples_sha256((sample.name, sample.content) for sample in test_set) == TEST_SET_SHA256


def test_files_have_the_official_size_and_names_that_label_files_take(
    test_set: list[Sample], recordings: list[Recording]
) -> None:
    assert NAME == "tinysim-ad"
    for number, (sample, recording) in enumerate(zip(test_set, recordings, strict=True)):
        assert len(sample.content) == BENCHMARKS["ad"].file_bytes
        suffix = f"_{recording.fault}" if recording.fault else ""
        assert sample.name == f"tinysim_ad_{CLASSES[sample.label]}_{number:06}{suffix}.bin"
        assert sample.label == (recording.fault is not None)
    rows = format_labels(tuple(Entry(each.name, 2, each.label, 2560, 512) for each in test_set)).splitlines()
    assert rows[0] == f"{test_set[0].name},2,{test_set[0].label},2560,512"


def test_normal_and_anomalous_are_balanced_and_mixed(test_set: list[Sample]) -> None:
    assert len(CLASSES) == BENCHMARKS["ad"].classes
    found = labels(test_set)
    assert Counter(found.tolist()) == {0: TEST_INPUTS // 2, 1: TEST_INPUTS // 2}
    assert 0 < found[:5].sum() < 5, "the performance run sees both"
    assert np.count_nonzero(np.diff(found)) > TEST_INPUTS // 4


def test_every_machine_has_every_fault_and_severities_are_graded(recordings: list[Recording]) -> None:
    anomalies = [each for each in recordings if each.fault is not None]
    assert {(each.machine, each.fault) for each in anomalies} == {
        (machine, fault) for machine in range(MACHINES) for fault in FAULTS
    }
    severities = sorted(each.severity for each in anomalies)
    assert severities[0] <= 0.1
    assert severities[-1] == 1
    assert np.diff(severities).max() <= 0.11
    normal = [each for each in recordings if each.fault is None]
    assert Counter(each.machine for each in normal) == dict.fromkeys(range(MACHINES), TEST_INPUTS // 8)
    assert {each.severity for each in normal} == {0.0}


def test_training_has_other_sounds_and_no_fault(test_set: list[Sample]) -> None:
    recordings = [make_recording("training", number) for number in range(8)]
    training = [as_sample(recording, number) for number, recording in enumerate(recordings)]
    assert {sample.label for sample in training} == {0}
    assert len({each.content for each in test_set + training}) == len(test_set) + len(training)
    assert Counter(each.machine for each in recordings) == dict.fromkeys(range(MACHINES), 2)


def test_a_sound_depends_on_its_number_alone(test_set: list[Sample]) -> None:
    assert make_sample("test", 17) == test_set[17]


def test_sounds_are_recorded_as_one_would(recordings: list[Recording]) -> None:
    for recording in recordings:
        assert recording.sound.dtype == np.int16
        assert recording.sound.shape == (SAMPLES,)
        peak = np.abs(recording.sound.astype(np.int64)).max()
        assert 0.02 * 32768 < peak < 0.98 * 32768, "too soft, or clipped"
    assert SAMPLES / RATE_HZ == 10
    assert SAMPLES >= SAMPLES_MIN


def test_features_are_in_the_range_of_the_official_ones(test_set: list[Sample]) -> None:
    # normal_id_01_00000000 of ToyADMOS: from -67 to 2 dB, -28 on average.
    values = features(test_set)
    assert np.isfinite(values).all()
    assert -70 < values.min() < -40
    assert 0 < values.max() < 25
    assert -35 < values.mean() < -15


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_changes_nothing_but_its_own_and_grows_with_its_severity(fault: str) -> None:
    sound = record(Random("one"), 2).sound.astype(np.float64)
    powers = []
    for severity in (0.05, 0.4, 1.0):
        difference = record(Random("one"), 2, fault, severity).sound - sound  # type: ignore[arg-type]
        powers.append(np.mean(difference**2) / np.mean(sound**2))
    assert 0 < powers[0] < 0.6
    assert powers[0] * 2 < powers[1] < powers[2] / 2
    # Hardly audible to plain: within the loudness of the machine, and above it or not far below.
    assert powers[2] > 0.2


def test_a_bearing_strikes_at_its_own_rate() -> None:
    sound = record(Random("one"), 3).sound.astype(np.float64)
    bursts = np.abs(record(Random("one"), 3, "bearing", 1.0).sound - sound)
    envelope = bursts[: 10 * RATE_HZ // 16 * 16].reshape(-1, 16).mean(axis=1)
    spectrum = np.abs(np.fft.rfft(envelope - envelope.mean()))
    strongest_hz = spectrum[300:2500].argmax() / 10 + 30
    # 3 to 5 a turn, at some 44 to 47 turns a second.
    assert 3 * 40 < strongest_hz < 5 * 50


@pytest.fixture(scope="module")
def model() -> bytes:
    return resources.files("tinysim").joinpath("builtin/models/ad.tflite").read_bytes()


def test_the_model_meets_the_closed_target_with_a_margin(model: bytes, test_set: list[Sample]) -> None:
    scores = anomaly_scores(features(test_set), lambda inputs: int8_outputs(model, inputs))
    for auc in (anomaly_auc_mlcommons, anomaly_auc_eembc):
        assert 0.88 <= auc(scores, labels(test_set)) <= 0.99


def test_the_mean_spectrum_does_not_tell(test_set: list[Sample]) -> None:
    training = [make_sample("training", number) for number in range(24)]
    scores = mean_spectrum_distances(features(training), features(test_set))
    assert anomaly_auc_mlcommons(scores, labels(test_set)) < 0.8


def test_the_model_has_the_operators_of_the_reference(model: bytes) -> None:
    graph = parse_model(model)
    assert [operator.kind for operator in graph.operators] == ["FULLY_CONNECTED"] * 10
    assert [graph.tensors[operator.output].shape[-1] for operator in graph.operators] == [
        *(128, 128, 128, 128, 8),
        *(128, 128, 128, 128, 640),
    ]
