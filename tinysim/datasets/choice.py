"""Which data and which model a benchmark is run on.

What a person names comes first, then the folder TINYSIM_DATA, then what `tinysim data` has put into this
user's cache, then what ships with tinysim. A folder counts where it has the benchmark's inputs, not only
their list.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from tinysim.benchmark import Benchmark
from tinysim.builtin.sets import BUILTIN_SETS, BuiltinSet, generated
from tinysim.cache import cache_folder, find_cached, user_cache
from tinysim.datasets.dataset import DataSet, open_dataset
from tinysim.datasets.labels import LABELS_NAME, read_labels
from tinysim.errors import UserError
from tinysim.model.tflite_reader import read_model

ModelKind = Literal["reference", "built-in", "own"]
"""Whose network it is, known by the file's checksum."""

Source = Literal["--data", "TINYSIM_DATA", "cache", "built-in"]

_MODEL_WORDS: dict[ModelKind | None, str] = {
    "reference": "the reference model",
    "built-in": "the built-in model",
    "own": "a model of one's own",
}

OnProgress = Callable[[int, int], None]
"""Takes the number of inputs that are made, and of all."""


@dataclass(frozen=True)
class Choice:
    """A data set and a model to run on it: where the data come from, and `remarks` on what was passed over.

    `model` is None where none is needed, since an image was handed in.
    """

    dataset: DataSet
    model: Path | None
    source: Source
    remarks: tuple[str, ...] = ()

    @property
    def model_kind(self) -> ModelKind | None:
        """Whose network it is; None where that is not known."""
        return None if self.model is None else model_kind(self.dataset.benchmark, _file_sha256(self.model))


def choose(
    benchmark: Benchmark,
    data: Path | None = None,
    model: Path | None = None,
    *,
    needs_model: bool = True,
    on_progress: OnProgress | None = None,
) -> Choice:
    """Return what `benchmark` is run on; `data` and `model` are what a person named.

    Sizes of the benchmark in the choice are those of data and model, which fit each other. A built-in set is
    made on first use, which `on_progress` tells. Raises UserError where something named is missing or does
    not fit.
    """
    found = _choose_data(benchmark, data, on_progress)
    if not needs_model:
        return found
    choice = replace(found, model=model or _choose_model(found))
    _check_fit(choice)
    return choice


def describe_choice(choice: Choice) -> list[tuple[str, str]]:
    """Return for people what was chosen and why, and how to get the official data where it was other.

    Pairs of a name and a text, as the summary shows them.
    """
    dataset = choice.dataset
    text = dataset.name if dataset.kind == "own" else f"{dataset.kind} {dataset.name}"
    text += f", {len(dataset.entries)} inputs"
    if dataset.kind == "own":
        text += f" of {dataset.benchmark.classes} classes"
    if choice.source != "built-in":
        text += f", from {'the cache' if choice.source == 'cache' else choice.source}"
    if choice.remarks:
        text += f" ({'; '.join(choice.remarks)})"
    rows = [("data", text)]
    if dataset.kind == "built-in":
        rows.append(("official data", how_to_get(dataset.benchmark)))
    if choice.model is not None:
        rows.append(("model", f"{choice.model.name}, {_MODEL_WORDS[choice.model_kind]}"))
    return rows


@dataclass(frozen=True)
class Available:
    """What one source has for a benchmark, and whether a run would take it."""

    source: Source
    is_complete: bool
    text: str


def available(benchmark: Benchmark) -> list[Available]:
    """Return what each source has for a benchmark, in the order in which a run takes them."""
    found = [_available_in(benchmark, source, root) for source, root in _roots()]
    builtin = BUILTIN_SETS[benchmark.data_set]
    has_model = builtin.benchmark == benchmark.id or _model_at_hand(benchmark, []) is not None
    model = "" if has_model else f"; but no model {benchmark.model_file}"
    text = f"{builtin.name}, {builtin.input_count} inputs{model}"
    return [*found, Available("built-in", has_model, text)]


def _available_in(benchmark: Benchmark, source: Source, root: Path) -> Available:
    folder = root / "datasets" / benchmark.data_set
    try:
        dataset = _look_in(benchmark, source, root)
        if not isinstance(dataset, DataSet):
            return Available(source, False, dataset or f"no {benchmark.data_set} in {root}")
        dataset.check_files()
    except UserError as error:
        return Available(source, False, str(error))
    text = f"{dataset.kind} data, {len(dataset.entries)} inputs in {folder}"
    has_model = _model_at_hand(benchmark, [root]) is not None
    return Available(source, has_model, text if has_model else f"{text}; but no model {benchmark.model_file}")


def choose_data_at_hand(benchmark: Benchmark) -> DataSet:
    """Return the data set in TINYSIM_DATA or this user's cache.

    Raises UserError where neither has its inputs.
    """
    for source, root in _roots():
        dataset = _look_in(benchmark, source, root)
        if isinstance(dataset, DataSet):
            return dataset
    raise UserError(f"the inputs of {benchmark.data_set} are not at hand: {how_to_get(benchmark)}")


def cache_data_folder() -> Path:
    """Return the folder that `tinysim data` has filled: `datasets/` and `models/` in the cache.

    It need not be there.
    """
    return find_cached("data") or user_cache() / "data"


def data_folder() -> Path:
    """Return the folder of data sets and models: TINYSIM_DATA, else this user's cache."""
    given = os.environ.get("TINYSIM_DATA")
    return Path(given) if given else cache_data_folder()


def folder_to_fill() -> Path:
    """Return the folder that `tinysim data` is to fill: `data_folder`, but where the cache can be written."""
    given = os.environ.get("TINYSIM_DATA")
    return Path(given) if given else cache_folder() / "data"


def model_kind(benchmark: Benchmark, sha256: str) -> ModelKind:
    """Return whose network a file with this checksum is."""
    if sha256 == benchmark.model_sha256:
        return "reference"
    builtin = _builtin_with_model(benchmark)
    return "built-in" if builtin is not None and sha256 == _file_sha256(builtin.model) else "own"


def how_to_get(benchmark: Benchmark) -> str:
    """Say how a person gets a benchmark's official inputs."""
    if benchmark.data_set == "kws01":
        return "run `tinysim data pull`, or set TINYSIM_DATA to a folder that has them"
    return (
        f"run `tinysim data prepare {benchmark.data_set} SOURCE` with what their publisher distributes, "
        "or set TINYSIM_DATA to a folder that has them"
    )


def _choose_data(benchmark: Benchmark, data: Path | None, on_progress: OnProgress | None) -> Choice:
    if data is not None:
        return Choice(open_dataset(benchmark, _locate(benchmark, data)), None, "--data")
    remarks: list[str] = []
    for source, root in _roots():
        dataset = _look_in(benchmark, source, root)
        if isinstance(dataset, DataSet):
            return Choice(dataset, None, source, tuple(remarks))
        if dataset:
            remarks.append(dataset)
    builtin = BUILTIN_SETS[benchmark.data_set]
    return Choice(open_dataset(benchmark, generated(builtin, on_progress)), None, "built-in", tuple(remarks))


def _roots() -> Iterator[tuple[Source, Path]]:
    given = os.environ.get("TINYSIM_DATA")
    if given:
        yield "TINYSIM_DATA", Path(given)
    yield "cache", cache_data_folder()


def _look_in(benchmark: Benchmark, source: Source, root: Path) -> DataSet | str:
    """Return the data set below `root`, or why there is none: nothing to say of a cache that lacks it."""
    folder = root / "datasets" / benchmark.data_set
    if source == "TINYSIM_DATA" and not root.is_dir():
        return f"TINYSIM_DATA is {root}, which is no folder"
    if not (folder / LABELS_NAME).is_file():
        return f"TINYSIM_DATA has no {benchmark.data_set}" if source == "TINYSIM_DATA" else ""
    entries = read_labels(folder / LABELS_NAME)
    there = sum((folder / entry.file).is_file() for entry in entries)
    if there:
        return open_dataset(benchmark, folder)
    name = source if source == "TINYSIM_DATA" else "the cache"
    return f"{name} has the list of {benchmark.data_set}, but none of its {len(entries)} inputs"


def _locate(benchmark: Benchmark, data: Path) -> Path:
    """Return the folder of the label file in a folder that a person named: itself, or one in it."""
    if not data.is_dir():
        raise UserError(f"--data {data} is not a folder")
    places = (data, data / benchmark.data_set, data / "datasets" / benchmark.data_set)
    found = [place for place in places if (place / LABELS_NAME).is_file()]
    if not found:
        raise UserError(
            f"--data {data} has no {LABELS_NAME}, and no {benchmark.data_set}/{LABELS_NAME}: "
            "name the folder that holds the list and its inputs"
        )
    if len(found) > 1:
        raise UserError(
            f"--data {data} has two data sets, {found[0] / LABELS_NAME} and {found[1] / LABELS_NAME}: "
            "name the folder of one"
        )
    return found[0]


def choose_model_at_hand(benchmark: Benchmark) -> Path:
    """Return the benchmark's model in TINYSIM_DATA or this user's cache.

    Raises UserError where neither has it.
    """
    model = _model_at_hand(benchmark, [])
    if model is None:
        raise UserError(
            f"the model {benchmark.model_file} is not at hand: run `tinysim data pull`, or name a model with "
            "--model"
        )
    return model


def _choose_model(choice: Choice) -> Path:
    """Return the model for a data set: the reference's beside it or elsewhere at hand, else the built-in."""
    dataset = choice.dataset
    builtin = _builtin_with_model(dataset.benchmark)
    if dataset.kind == "built-in" and builtin is not None:
        return builtin.model
    roots = [root for source, root in _roots() if source == choice.source]
    if dataset.folder.parent.name == "datasets":
        roots.insert(0, dataset.folder.parent.parent)
    model = _model_at_hand(dataset.benchmark, roots)
    if model is not None:
        return model
    if dataset.kind == "own" and builtin is not None:
        return builtin.model
    return choose_model_at_hand(dataset.benchmark)


def _model_at_hand(benchmark: Benchmark, roots: list[Path]) -> Path | None:
    """Return the benchmark's model file in the first of `roots` that has it, or of the sources of data."""
    for root in (*roots, *(root for _, root in _roots())):
        model = root / "models" / benchmark.model_file
        if model.is_file():
            return model
    return None


def _builtin_with_model(benchmark: Benchmark) -> BuiltinSet | None:
    builtin = BUILTIN_SETS.get(benchmark.data_set)
    return builtin if builtin is not None and builtin.benchmark == benchmark.id else None


def _check_fit(choice: Choice) -> None:
    assert choice.model is not None
    graph = read_model(choice.model)
    benchmark, folder = choice.dataset.benchmark, choice.dataset.folder
    takes, gives = graph.tensors[graph.input].size_bytes, graph.tensors[graph.output].size_bytes
    if takes != benchmark.tensor_bytes:
        # May be it is not the model: the first input's size is taken for that of all.
        choice.dataset.check_files()
        have = f"an input in {folder} has {benchmark.input_bytes} bytes"
        if benchmark.is_anomaly_detection:
            have += f", {benchmark.tensor_bytes} floats"
        raise UserError(f"{choice.model} takes {takes} values, but {have}: choose a model for these data")
    if gives != benchmark.output_bytes:
        if benchmark.is_anomaly_detection:
            raise UserError(
                f"{choice.model} takes {takes} values and gives {gives}: {benchmark.id} needs an "
                "autoencoder, "
                "whose output is like its input"
            )
        raise UserError(
            f"{choice.model} tells {gives} classes, but the list in {folder} has {benchmark.classes}: "
            "choose a model for these data"
        )


def _file_sha256(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise UserError(f"{path}: cannot read the model: {error.strerror}") from error
