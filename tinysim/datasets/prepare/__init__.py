"""Official data sets that may not be passed on, made of what their publishers distribute.

A module for each publisher's form has `prepare(source, labels)`, which yields the name and the bytes of each
input. Nothing of it is needed where inputs are at hand.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from pathlib import Path

from tinysim.atomic import naming, replace_folder
from tinysim.benchmark import Benchmark
from tinysim.datasets.labels import LABELS_NAME, Entry, parse_labels
from tinysim.datasets.publishers import FILES
from tinysim.datasets.pull import fetch_file
from tinysim.errors import UserError

PREPARATIONS = {"ic01": "cifar", "vww01": "coco", "ad01": "toyadmos"}
"""The modules, in this package, by the data set that each makes."""


def prepare_dataset(
    benchmark: Benchmark,
    source: Path,
    folder: Path,
    labels: Path | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Write a benchmark's official data set below `folder` and return its place.

    The list is `labels`, else the one that is there, else the publisher's. `on_progress` is called with the
    number of inputs that are done and of all. Raises UserError where `source` is not what it should be or
    lacks an input, OSError where the place cannot be written; then it is as it was.
    """
    place = folder / "datasets" / benchmark.data_set
    text = _label_text(benchmark, place, labels)
    entries = parse_labels(text, labels or place / LABELS_NAME)

    def write(new: Path) -> None:
        for done, (name, content) in enumerate(_inputs(benchmark, source, entries), start=1):
            if len(content) != benchmark.file_bytes:
                raise UserError(
                    f"{source}: {name} comes out with {len(content)} bytes, {benchmark.data_set} has "
                    f"{benchmark.file_bytes}"
                )
            with naming(new / name):
                (new / name).write_bytes(content)
            if on_progress is not None:
                on_progress(done, len(entries))
        (new / LABELS_NAME).write_text(text, encoding="ascii", newline="\n")

    replace_folder(place, write)
    return place


def _inputs(benchmark: Benchmark, source: Path, entries: tuple[Entry, ...]) -> Iterator[tuple[str, bytes]]:
    # Imported when it is used: it takes what reads pictures and sounds along.
    module = importlib.import_module(f"tinysim.datasets.prepare.{PREPARATIONS[benchmark.data_set]}")
    inputs: Iterator[tuple[str, bytes]] = module.prepare(source, entries)
    return inputs


def _label_text(benchmark: Benchmark, place: Path, labels: Path | None) -> str:
    given = labels if labels is not None else place / LABELS_NAME
    if labels is None and not given.is_file():
        path = f"datasets/{benchmark.data_set}/{LABELS_NAME}"
        return fetch_file(next(file for file in FILES if file.path == path)).decode("ascii")
    try:
        return given.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"cannot read {given}: {error}") from error
