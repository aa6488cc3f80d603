"""A data set on disk: its rows, and the bytes that go to the device."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from tinysim.benchmark import Benchmark
from tinysim.datasets.labels import Entry, read_labels
from tinysim.datasets.publishers import NOT_DISTRIBUTED
from tinysim.errors import UserError

PERFORMANCE_INPUTS = 5


@dataclass(frozen=True)
class Segment:
    """What goes to the device for one inference: `length_bytes` of a row's file from `offset_bytes` on."""

    row: int
    entry: Entry
    offset_bytes: int
    length_bytes: int


@dataclass(frozen=True)
class DataSet:
    """The data set of a benchmark, in `folder`."""

    benchmark: Benchmark
    folder: Path
    entries: tuple[Entry, ...]

    def performance_segments(self) -> list[Segment]:
        """Return the inputs of a performance run: the first window of each of the first five files."""
        return [self._segment(row, 0) for row in range(min(PERFORMANCE_INPUTS, len(self.entries)))]

    def accuracy_segments(self) -> Iterator[Segment]:
        """Yield the inputs of an accuracy run: every window of every file, in order."""
        for row, entry in enumerate(self.entries):
            for offset in entry.window_offsets(self.benchmark.file_bytes):
                yield self._segment(row, offset)

    def read(self, segment: Segment) -> bytes:
        """Return a segment's bytes. Raises UserError where the file is missing or has the wrong size."""
        content = self._read_file(segment.entry)
        return content[segment.offset_bytes : segment.offset_bytes + segment.length_bytes]

    def check_files(self, rows: int | None = None) -> None:
        """Check that the files of the first `rows` rows (all by default) are there and have the right size.

        Raises UserError with the first that is not, so that a run does not end in its last minute.
        """
        for entry in self.entries[:rows]:
            path = self.folder / entry.file
            try:
                size = path.stat().st_size
            except OSError:
                raise self._missing(path) from None
            if size != self.benchmark.file_bytes:
                raise self._wrong_size(path, size)

    def _segment(self, row: int, offset_bytes: int) -> Segment:
        entry = self.entries[row]
        return Segment(row, entry, offset_bytes, entry.width_bytes or self.benchmark.file_bytes)

    def _read_file(self, entry: Entry) -> bytes:
        path = self.folder / entry.file
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            raise self._missing(path) from None
        except OSError as error:
            raise UserError(f"cannot read {path}: {error.strerror}") from error
        if len(content) != self.benchmark.file_bytes:
            raise self._wrong_size(path, len(content))
        return content

    def _missing(self, path: Path) -> UserError:
        what_to_do = "run `tinysim data pull` or point TINYSIM_DATA at a complete copy"
        if self.benchmark.model in NOT_DISTRIBUTED:
            what_to_do = "no publisher distributes it: point TINYSIM_DATA at a folder that has it"
        return UserError(f"input file {path} is missing; {what_to_do}")

    def _wrong_size(self, path: Path, size: int) -> UserError:
        return UserError(
            f"input file {path} has {size} bytes instead of {self.benchmark.file_bytes}: "
            "it is damaged, fetch it again"
        )


def data_folder() -> Path:
    """Return the folder of data sets and models: TINYSIM_DATA, else this user's cache."""
    given = os.environ.get("TINYSIM_DATA")
    if given:
        return Path(given)
    return platformdirs.user_cache_path("tinysim", appauthor=False) / "data"


def open_dataset(benchmark: Benchmark, folder: Path | None = None) -> DataSet:
    """Open a benchmark's data set below `folder` (`data_folder()` by default), without reading its inputs.

    Raises UserError where its label file is missing or does not fit the benchmark.
    """
    place = (folder or data_folder()) / "datasets" / benchmark.model
    labels = place / "y_labels.csv"
    entries = read_labels(labels)
    for entry in entries:
        if entry.classes != benchmark.classes:
            raise UserError(
                f"{labels}: {entry.file} has {entry.classes} classes, {benchmark.id} has {benchmark.classes}"
            )
        width = entry.width_bytes or benchmark.file_bytes
        if width != benchmark.input_bytes:
            raise UserError(
                f"{labels}: an input of {entry.file} has {width} bytes, {benchmark.id} takes {benchmark.input_bytes}"
            )
    return DataSet(benchmark, place, entries)


def find_model(benchmark: Benchmark, folder: Path | None = None) -> Path:
    """Return the benchmark's reference model. Raises UserError where it is missing."""
    path = (folder or data_folder()) / "models" / benchmark.model_file
    if not path.is_file():
        raise UserError(f"model {path} is missing; run `tinysim data pull` or set TINYSIM_DATA")
    return path
