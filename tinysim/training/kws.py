"""The recipe of the keyword-spotting model: the reference's DS-CNN on synthesised words."""

from __future__ import annotations

import numpy as np
import torch

from tinysim.builtin.words import TEST_INPUTS, make_sample, shipped_labels
from tinysim.features.mfcc import COEFFICIENTS, FRAMES, dequantize
from tinysim.model.graph import Int8Array
from tinysim.training.architectures import ARCHITECTURES
from tinysim.training.evaluate import accuracy, int8_outputs, nearest_centroid_accuracy
from tinysim.training.float_network import Float32Array
from tinysim.training.loop import Options, fit, predict
from tinysim.training.networks import TrainableNetwork
from tinysim.training.quantize import quantize
from tinysim.training.recipe import TrainedModel, TrainingSettings
from tinysim.training.words_corpus import training_features

TRAINING_INPUTS = 11_700
EPOCHS = 16
CALIBRATION_INPUTS = 700


def train(settings: TrainingSettings) -> TrainedModel:
    """Make the training words, train, quantize, and score on the built-in test set.

    Raises UserError where eSpeak NG is missing.
    """
    settings.report("making the training words; what is made is kept in the cache")
    features, labels = training_features(TRAINING_INPUTS)
    inputs = _real(features)
    samples = [make_sample("test", number) for number in range(TEST_INPUTS)]
    test_inputs = _real(np.stack([np.frombuffer(sample.content, dtype=np.int8) for sample in samples]))
    test_targets = np.array(shipped_labels(), dtype=np.int64)
    torch.manual_seed(settings.seed)
    network = TrainableNetwork(ARCHITECTURES["kws"], dropout=0.3)
    options = Options(
        epochs=settings.epochs or EPOCHS,
        learning_rate=4e-3,
        weight_decay=1e-3,
        label_smoothing=0.05,
        seed=settings.seed,
        threads=settings.threads,
    )
    fit(network, inputs, labels, options, augment=augment, report=settings.report)
    tflite = quantize(network.fold(), inputs[:CALIBRATION_INPUTS])
    return TrainedModel(
        tflite,
        {
            "float": accuracy(predict(network, test_inputs), test_targets),
            "int8": accuracy(int8_outputs(tflite, test_inputs), test_targets),
            "baseline": nearest_centroid_accuracy(inputs, labels, test_inputs, test_targets),
        },
    )


def augment(inputs: Float32Array, random: np.random.Generator) -> Float32Array:
    """Shift each input by up to two frames, make it louder or softer, and hide a few of its frames."""
    for features in inputs:
        features[:] = np.roll(features, random.integers(-2, 3), axis=0)
        features[:, 0] += random.normal(0, 2)
        if random.random() < 0.3:
            start = int(random.integers(FRAMES))
            features[start : start + int(random.integers(2, 7))] = features.mean(axis=0)
    return inputs


def _real(features: Int8Array) -> Float32Array:
    return dequantize(features).astype(np.float32).reshape(-1, FRAMES, COEFFICIENTS, 1)
