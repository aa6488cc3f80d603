"""`python -m tinysim.training kws`: trains a built-in model, puts it in its place, prints its scores."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from tinysim.errors import TinysimError, UserError
from tinysim.training.architectures import ARCHITECTURES
from tinysim.training.recipe import TrainedModel, TrainingSettings

_MODELS = Path(__file__).resolve().parents[1] / "builtin" / "models"
_OPTIONAL = ("torch", "ai_edge_litert")


@click.command()
@click.argument("benchmark", type=click.Choice(list(ARCHITECTURES)))
@click.option("--epochs", type=click.IntRange(min=1), help="Epochs; default: the recipe's own number.")
@click.option("--seed", type=int, default=1, show_default=True, help="Seed of weights, order, augmentation.")
@click.option("--threads", type=click.IntRange(min=1), default=1, show_default=True, help="Threads of torch.")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file to write; default: the one that tinysim ships.",
)
def main(benchmark: str, epochs: int | None, seed: int, threads: int, out: Path | None) -> None:
    """Train the built-in model of BENCHMARK and print what it scores on the built-in test set."""
    try:
        path = out or _MODELS / f"{benchmark}.tflite"
        # Before the hours of training, not after them.
        with _writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            is_new = not path.exists()
            path.open("ab").close()
            if is_new:
                path.unlink()
        model = _train(
            benchmark, TrainingSettings(epochs=epochs, seed=seed, threads=threads, report=click.echo)
        )
        with _writing(path):
            path.write_bytes(model.tflite)
    except TinysimError as error:
        click.echo(f"tinysim: {error}", err=True)
        sys.exit(2 if isinstance(error, UserError) else 1)
    for name, score in model.scores.items():
        click.echo(f"{name}: {score:.4f}")
    click.echo(f"{path}: {len(model.tflite)} bytes")


def _train(benchmark: str, settings: TrainingSettings) -> TrainedModel:
    name = f"tinysim.training.{benchmark}"
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name in _OPTIONAL:
            raise UserError(
                f"training needs the package {error.name}: in a clone of tinysim, pip install -e "
                "'.[training]'"
            ) from error
        if error.name == name:
            raise UserError(f"there is no recipe for {benchmark} yet") from error
        raise
    model: TrainedModel = module.train(settings)
    return model


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UserError(f"{path}: cannot write the model: {error.strerror}") from error


if __name__ == "__main__":
    main()
