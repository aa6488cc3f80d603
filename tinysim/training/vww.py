"""The recipe of the built-in visual wake words model: MobileNetV1 0.25 on drawn pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import torch
from torch import nn
from torch.nn import functional

from tinysim.builtin import persons
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

TRAINING_PICTURES = 7000
VALIDATION_PICTURES = 400
CALIBRATION_PICTURES = 300
EPOCHS_OF_PARTS, EPOCHS = 8, 10
"""First come parts of the pictures, then whole ones."""
_SHIFT_PIXELS = 4
_PART_PIXELS = 48

Pictures = npt.NDArray[np.uint8]


def train(settings: TrainingSettings) -> TrainedModel:
    """Train, quantize and score the model; the first time, draw its training pictures (some minutes)."""
    settings.report(f"{TRAINING_PICTURES + VALIDATION_PICTURES} training pictures are drawn or read")
    pictures, labels = _training_pictures(TRAINING_PICTURES + VALIDATION_PICTURES)
    test_pictures, test_labels = _draw("test", persons.TEST_INPUTS)
    test_inputs, held_out = _scaled(test_pictures[..., :3]), _scaled(pictures[TRAINING_PICTURES:, ..., :3])
    held_out_labels = labels[TRAINING_PICTURES:]
    pictures, labels = pictures[:TRAINING_PICTURES], labels[:TRAINING_PICTURES]
    torch.manual_seed(settings.seed)
    network = TrainableNetwork(ARCHITECTURES["vww"])
    guide = _Guide(network)
    for augment, epochs, learning_rate in (
        (guide.crop, settings.epochs or EPOCHS_OF_PARTS, 3e-2),
        (guide.shift, settings.epochs or EPOCHS, 2e-2),
    ):
        fit(
            network,
            # As bytes, which take a quarter of the memory: the guide makes real values of each batch.
            cast(Float32Array, pictures),
            labels,
            Options(
                epochs=epochs,
                batch_size=32,
                learning_rate=learning_rate,
                weight_decay=0.02,
                seed=settings.seed,
                threads=settings.threads,
            ),
            augment=augment,
            loss=guide.loss,
            validation=(held_out, held_out_labels),
            report=settings.report,
        )
    model = quantize(network.fold(), _scaled(pictures[:CALIBRATION_PICTURES, ..., :3]))
    # Some are enough for the means of the classes.
    few = _scaled(pictures[:2000, ..., :3])
    scores = {
        "float": accuracy(predict(network, test_inputs), test_labels),
        "int8": accuracy(int8_outputs(model, test_inputs), test_labels),
        "baseline": nearest_centroid_accuracy(few, labels[: len(few)], test_inputs, test_labels),
        "float, held out": accuracy(predict(network, held_out), held_out_labels),
        "int8, held out": accuracy(int8_outputs(model, held_out), held_out_labels),
    }
    return TrainedModel(model, scores)


class _Guide:
    """Shows a network, while it trains, where the person is.

    From labels alone, thousands of pictures do not tell such a small network that the few pixels of a figure
    are what matters: for many epochs it learns nothing. So two layers inside are asked, through a convolution
    of 1x1 that is thrown away after the training, for the share of each of their positions that a person
    covers.
    """

    _CONVOLUTIONS = (10, 22)
    """Of the layers: the last of 12x12x64 and of 6x6x128."""
    _SHARE_GAIN = 3.0
    """A third of a position's pixels is a person for certain."""

    def __init__(self, network: TrainableNetwork) -> None:
        self._network = network
        self._maps: list[Any] = []
        self._where: Any = None
        self._heads = nn.ModuleList()
        for index in self._CONVOLUTIONS:
            self._heads.append(nn.Conv2d(network.architecture.shapes[index + 1][-1], 1, 1))
            network.norms[index].register_forward_hook(self._keep)
        # So that the optimizer finds the parameters.
        network.add_module("guide", self._heads)

    def crop(self, pictures: Float32Array, random: np.random.Generator) -> Float32Array:
        """Return a part of each picture, (48, 48, 3): around a person if there is one, else anywhere.

        That takes a quarter of the time of a whole picture, and more of what one sees matters.
        """
        side = pictures.shape[1]
        parts = np.empty((len(pictures), _PART_PIXELS, _PART_PIXELS, 4), dtype=np.float32)
        for part, picture in zip(parts, pictures, strict=True):
            middle = random.integers(0, side, 2)
            pixels = np.argwhere(picture[:, :, 3])
            if len(pixels):
                middle = pixels[random.integers(len(pixels))] + random.integers(
                    -_SHIFT_PIXELS, _SHIFT_PIXELS, 2
                )
            top, left = np.clip(middle - _PART_PIXELS // 2, 0, side - _PART_PIXELS)
            part[:] = picture[top : top + _PART_PIXELS, left : left + _PART_PIXELS]
        return self._mirrored(parts, random)

    def shift(self, pictures: Float32Array, random: np.random.Generator) -> Float32Array:
        """Return each picture, (96, 96, 3), shifted by chance."""
        shift(pictures, random, _SHIFT_PIXELS)
        return self._mirrored(pictures, random)

    def loss(self, outputs: Any, labels: Any) -> Any:
        """Return the mean loss of a batch: of the class, and of where the person is."""
        total = functional.cross_entropy(outputs, labels)
        for head, values in zip(self._heads, self._maps, strict=True):
            share = functional.adaptive_avg_pool2d(self._where, values.shape[-2:])
            wanted = (share * self._SHARE_GAIN).clamp(max=1.0)
            total = total + functional.binary_cross_entropy_with_logits(head(values), wanted)
        self._maps.clear()
        return total

    def _mirrored(self, pictures: Float32Array, random: np.random.Generator) -> Float32Array:
        """Mirror some pictures, keep the plane that tells persons for the loss, scale colours to 0 to 1."""
        mirror(pictures, random)
        scaled = _scaled(pictures)
        self._where = torch.from_numpy(np.ascontiguousarray(scaled[:, None, :, :, 3]))
        return scaled[..., :3]

    def _keep(self, module: Any, inputs: Any, values: Any) -> None:
        if self._network.training:
            self._maps.append(functional.relu(values))


def _scaled(pictures: npt.NDArray[np.generic]) -> Float32Array:
    """Return pixels from 0 to 1, which is what the reference model's input scale makes of bytes."""
    return pictures.astype(np.float32) / np.float32(255)


def _training_pictures(count: int) -> tuple[Pictures, Int64Array]:
    """Return training pictures as `_draw` does, from the user's cache where they are there."""
    folder = Path(persons.__file__).parent
    modules = (folder / name for name in ("arithmetic.py", "painting.py", "persons.py"))
    sources = (*modules, *sorted(folder.glob("scenery/*.py")))

    def make() -> Arrays:
        pictures, labels = _draw("training", count)
        return {"pictures": pictures, "labels": labels}

    kept = kept_or_made(f"vww_{count}", sources, make)
    return kept["pictures"], kept["labels"]


def _draw(split: Split, count: int) -> tuple[Pictures, Int64Array]:
    """Return the first `count` pictures of a split, and their labels, [count].

    Pictures are [count, 96, 96, 4]: red, green, blue, and 255 where a person shows.
    """
    pictures = np.empty((count, persons.SIZE, persons.SIZE, 4), dtype=np.uint8)
    for number in range(count):
        pixels, shows_person = persons.draw(split, number)
        pictures[number, :, :, :3] = pixels
        pictures[number, :, :, 3] = shows_person * np.uint8(255)
    return pictures, np.array([persons.label_of(split, number) for number in range(count)], dtype=np.int64)
