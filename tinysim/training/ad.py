"""The recipe of the built-in anomaly detection model: the autoencoder on four faultless machines."""

from __future__ import annotations

import numpy as np
import torch

from tinysim.builtin import machines
from tinysim.builtin.arithmetic import Random
from tinysim.builtin.sample import Split
from tinysim.features.log_mel import BANDS, FRAMES, log_mel
from tinysim.model.graph import Int64Array
from tinysim.runner.metrics import anomaly_auc_eembc, anomaly_auc_mlcommons
from tinysim.training.architectures import ARCHITECTURES
from tinysim.training.evaluate import anomaly_scores, int8_outputs, mean_spectrum_distances, windows
from tinysim.training.float_network import Float32Array
from tinysim.training.loop import Options, fit, predict
from tinysim.training.networks import TrainableNetwork
from tinysim.training.quantize import quantize
from tinysim.training.recipe import TrainedModel, TrainingSettings

TRAINING_SOUNDS = 800
HELD_OUT_SOUNDS = 120
CALIBRATION_WINDOWS = 1000
# Neighbouring windows share four frames of five.
_TRAINING_STEP = 2


def train(settings: TrainingSettings) -> TrainedModel:
    """Train, quantize and score the model; first it makes the sounds, which takes a few minutes."""
    settings.report(f"{TRAINING_SOUNDS} training sounds are made")
    features = _features("training", TRAINING_SOUNDS)[0]
    test_features, test_labels = _features("test", machines.TEST_INPUTS)
    held_out, held_out_labels = _held_out()
    inputs = windows(features, _TRAINING_STEP).reshape(-1, *ARCHITECTURES["ad"].input_shape)
    options = Options(
        epochs=settings.epochs or 25,
        batch_size=256,
        learning_rate=3e-3,
        weight_decay=1e-4,
        seed=settings.seed,
        threads=settings.threads,
    )
    # Before the network is made: its first weights are random.
    torch.manual_seed(settings.seed)
    network = TrainableNetwork(ARCHITECTURES["ad"])
    fit(network, inputs, None, options, report=settings.report)
    model = quantize(network.fold(), inputs[:: len(inputs) // CALIBRATION_WINDOWS])

    def by_float(values: Float32Array) -> Float32Array:
        return predict(network, values)

    def by_int8(values: Float32Array) -> Float32Array:
        return int8_outputs(model, values)

    int8_scores = anomaly_scores(test_features, by_int8)
    scores = {
        "float": anomaly_auc_mlcommons(anomaly_scores(test_features, by_float), test_labels),
        "int8": anomaly_auc_mlcommons(int8_scores, test_labels),
        "int8, EEMBC's formula": anomaly_auc_eembc(int8_scores, test_labels),
        "baseline": anomaly_auc_mlcommons(mean_spectrum_distances(features, test_features), test_labels),
        "float, held out": anomaly_auc_mlcommons(anomaly_scores(held_out, by_float), held_out_labels),
        "int8, held out": anomaly_auc_mlcommons(anomaly_scores(held_out, by_int8), held_out_labels),
        "baseline, held out": anomaly_auc_mlcommons(
            mean_spectrum_distances(features, held_out), held_out_labels
        ),
    }
    return TrainedModel(model, scores)


def _features(split: Split, count: int) -> tuple[Float32Array, Int64Array]:
    samples = [machines.make_sample(split, number) for number in range(count)]
    features = [np.frombuffer(sample.content, "<f4").reshape(FRAMES, BANDS) for sample in samples]
    return np.stack(features).astype(np.float32), np.array([sample.label for sample in samples])


def _held_out() -> tuple[Float32Array, Int64Array]:
    """Return features and labels of sounds like those of the test set, but others and more."""
    features, labels = [], []
    half = HELD_OUT_SOUNDS // 2
    for number in range(HELD_OUT_SOUNDS):
        place = number // 2
        random = Random(machines.NAME, "held out", number)
        if number % 2:
            fault = machines.FAULTS[place % len(machines.FAULTS)]
            recording = machines.record(random, place % machines.MACHINES, fault, (place + 1) / half)
        else:
            recording = machines.record(random, place % machines.MACHINES)
        features.append(log_mel(recording.sound.astype(np.float64) / 32768.0))
        labels.append(number % 2)
    return np.stack(features), np.array(labels)
