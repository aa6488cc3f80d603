"""Draws what is in the built-in sets: `python -m tinysim.training.pictures docs/pictures`.

Contact sheets of the pictures, and spectrograms of the sounds as the networks get them.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Literal

import click
import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from tinysim.builtin.sample import Sample
from tinysim.builtin.sets import BUILTIN_SETS, BuiltinSet
from tinysim.features.mfcc import COEFFICIENTS, FRAMES, dequantize
from tinysim.training.sounds import draw as draw_sounds
from tinysim.training.sounds import examples

_MEL_BANDS = 40
_COLUMNS = {"kws": 6, "ic": 12, "vww": 8}
_DOTS_PER_INCH = 100


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
def main(folder: Path) -> None:
    """Write a picture of each built-in set to FOLDER."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        words, pictures, persons = (BUILTIN_SETS[name] for name in ("kws01", "ic01", "vww01"))
        _save(_sheet(words, _spectrum, rows_a_class=1), folder / "kws.jpg")
        _save(_sheet(pictures, _picture, rows_a_class=1), folder / "ic.jpg")
        _save(_sheet(persons, _picture, rows_a_class=4), folder / "vww.jpg")
        draw_sounds(folder / "ad.jpg", examples())
    except OSError as error:
        click.echo(f"tinysim: cannot write to {folder}: {error.strerror or error}", err=True)
        sys.exit(2)


def _save(figure: Figure, path: Path) -> None:
    # Noise makes PNG files of several times the size.
    figure.savefig(path, dpi=_DOTS_PER_INCH, pil_kwargs={"quality": 85})


def _sheet(builtin: BuiltinSet, image_of: Any, rows_a_class: int) -> Figure:
    """Return the first inputs of each class, the classes one below the other."""
    columns = _COLUMNS[builtin.benchmark]
    samples = [builtin.make_input(number) for number in range(builtin.input_count)]
    rows = rows_a_class * len(builtin.classes)
    image = image_of(samples[0])
    width, height = (
        (columns, rows * image.shape[0] / image.shape[1]) if image.ndim == 3 else (columns * 2, rows)
    )
    figure = Figure(figsize=(width + 0.8, height), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False)
    for label, name in enumerate(builtin.classes):
        own = [sample for sample in samples if sample.label == label]
        first_row = label * rows_a_class
        for place, sample in zip(axes[first_row : first_row + rows_a_class].flat, own, strict=False):
            aspect = "equal" if image.ndim == 3 else "auto"
            origin: Literal["upper", "lower"] = "upper" if image.ndim == 3 else "lower"
            place.imshow(image_of(sample), origin=origin, aspect=aspect, interpolation="nearest")
            place.set_xticks([])
            place.set_yticks([])
        axes[first_row, 0].set_ylabel(name, rotation=0, ha="right", va="center")
    return figure


def _picture(sample: Sample) -> npt.NDArray[np.uint8]:
    pixels = np.frombuffer(sample.content, np.uint8)
    side = round((len(pixels) / 3) ** 0.5)
    return pixels.reshape(side, side, 3)


def _spectrum(sample: Sample) -> npt.NDArray[np.float64]:
    """Return the mel spectrum (bands, frames) that a keyword's ten coefficients still tell."""
    coefficients = dequantize(np.frombuffer(sample.content, np.int8)).reshape(FRAMES, COEFFICIENTS)
    phase = np.pi / _MEL_BANDS * np.outer(np.arange(COEFFICIENTS), np.arange(_MEL_BANDS) + 0.5)
    halved = coefficients * np.where(np.arange(COEFFICIENTS) == 0, 0.5, 1.0)
    spectrum: npt.NDArray[np.float64] = (halved @ np.cos(phase) * np.sqrt(2.0 / _MEL_BANDS)).T
    return spectrum


if __name__ == "__main__":
    main()
