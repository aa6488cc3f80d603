"""The recipe of the built-in image classification model: ResNet-8 on pictures of ten kinds of things."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from tinysim.builtin import objects
from tinysim.builtin.sample import Split
from tinysim.model.graph import Int64Array
from tinysim.training.architectures import ARCHITECTURES
from tinysim.training.augmentation import mirror, shift
from tinysim.training.evaluate import accuracy, int8_outputs, nearest_centroid_accuracy
from tinysim.training.float_network import Float32Array
from tinysim.training.kept import Arrays, kept_or_made
from tinysim.training.loop import Options, fit, predict
from tinysim.training.networks import TrainableNetwork
from tinysim.training.quantize import quantize
from tinysim.training.recipe import TrainedModel, TrainingSettings

TRAINING_PICTURES = 11000
VALIDATION_PICTURES = 1000
CALIBRATION_PICTURES = 500
_SHIFT_PIXELS = 3


def train(settings: TrainingSettings) -> TrainedModel:
    """Train, quantize and score the model; the first time, draw its training pictures (some minutes)."""
    settings.report(f"{TRAINING_PICTURES + VALIDATION_PICTURES} training pictures are drawn or read")
    pictures, labels = _training_pictures(TRAINING_PICTURES + VALIDATION_PICTURES)
    test_pictures, test_labels = _draw("test", objects.TEST_INPUTS)
    inputs, test_inputs = pictures.astype(np.float32), test_pictures.astype(np.float32)
    held_out, held_out_labels = inputs[TRAINING_PICTURES:], labels[TRAINING_PICTURES:]
    inputs, labels = inputs[:TRAINING_PICTURES], labels[:TRAINING_PICTURES]
    options = Options(
        epochs=settings.epochs or 16,
        learning_rate=6e-3,
        weight_decay=0.02,
        seed=settings.seed,
        threads=settings.threads,
    )
    # Before the network is made: its first weights are random.
    torch.manual_seed(settings.seed)
    network = TrainableNetwork(ARCHITECTURES["ic"])
    fit(
        network,
        inputs,
        labels,
        options,
        augment=_augment,
        validation=(held_out, held_out_labels),
        report=settings.report,
    )
    model = quantize(network.fold(), inputs[:CALIBRATION_PICTURES])
    scores = {
        "float": accuracy(predict(network, test_inputs), test_labels),
        "int8": accuracy(int8_outputs(model, test_inputs), test_labels),
        "baseline": nearest_centroid_accuracy(inputs, labels, test_inputs, test_labels),
        "float, held out": accuracy(predict(network, held_out), held_out_labels),
        "int8, held out": accuracy(int8_outputs(model, held_out), held_out_labels),
    }
    return TrainedModel(model, scores)


def _augment(pictures: Float32Array, random: np.random.Generator) -> Float32Array:
    """Mirror and shift each picture of a batch by chance."""
    mirror(pictures, random)
    shift(pictures, random, _SHIFT_PIXELS)
    return pictures


def _training_pictures(count: int) -> tuple[npt.NDArray[np.uint8], Int64Array]:
    """Return training pictures as `_draw` does, from the user's cache where they are there."""
    folder = Path(objects.__file__).parent
    modules = (folder / name for name in ("arithmetic.py", "painting.py", "objects.py"))
    sources = (*modules, *sorted(folder.glob("drawing/*.py")))

    def make() -> Arrays:
        pictures, labels = _draw("training", count)
        return {"pictures": pictures, "labels": labels}

    kept = kept_or_made(f"ic_{count}", sources, make)
    return kept["pictures"], kept["labels"]


def _draw(split: Split, count: int) -> tuple[npt.NDArray[np.uint8], Int64Array]:
    """Return the first `count` pictures of a split, [count, height, width, 3], and their labels, [count]."""
    samples = [objects.make_sample(split, number) for number in range(count)]
    pixels = np.stack([np.frombuffer(each.content, np.uint8) for each in samples])
    labels = np.array([each.label for each in samples], dtype=np.int64)
    return pixels.reshape(count, objects.SIDE_PIXELS, objects.SIDE_PIXELS, 3), labels
