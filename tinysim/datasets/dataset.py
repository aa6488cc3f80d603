"""A data set on disk: its rows, and the bytes that go to the device."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from tinysim.benchmark import Benchmark
from tinysim.builtin.sets import BUILTIN_SETS, CLASSES_NAME
from tinysim.datasets.labels import LABELS_NAME, Entry, format_labels, read_labels
from tinysim.errors import UserError

PERFORMANCE_INPUTS = 5

DataKind = Literal["official", "built-in", "own"]
"""Whose inputs they are, known by the list: the benchmark's, those that ship with tinysim, or anyone's."""

_CLASSES_BYTES_MAX = 1 << 20


@dataclass(frozen=True)
class InputSegment:
    """What goes to the device for one inference: `length_bytes` of a row's file from `offset_bytes` on."""

    row: int
    entry: Entry
    offset_bytes: int
    length_bytes: int


@dataclass(frozen=True)
class DataSet:
    """A data set in `folder`, for `benchmark`, whose sizes are those of the inputs.

    `class_names` are in the order of the labels; empty where nothing gives them.
    """

    benchmark: Benchmark
    folder: Path
    entries: tuple[Entry, ...]
    kind: DataKind = "own"
    class_names: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What the data set is called: `kws01`, `tinysim-kws`, or what it is."""
        if self.kind == "official":
            return self.benchmark.data_set
        return BUILTIN_SETS[self.benchmark.data_set].name if self.kind == "built-in" else "own data"

    @property
    def labels_sha256(self) -> str:
        """The checksum of the label file, however its lines end."""
        return _labels_sha256(self.entries)

    def performance_segments(self) -> list[InputSegment]:
        """Return the inputs of a performance run: the first window of each of the first five files."""
        return [self._segment(row, 0) for row in range(min(PERFORMANCE_INPUTS, len(self.entries)))]

    def accuracy_segments(self) -> Iterator[InputSegment]:
        """Yield the inputs of an accuracy run: every window of every file, in order."""
        for row, entry in enumerate(self.entries):
            for offset in entry.window_offsets(self.benchmark.file_bytes):
                yield self._segment(row, offset)

    def read(self, segment: InputSegment) -> bytes:
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

    def files_present(self) -> int:
        """Return how many of the rows' files are there."""
        return sum((self.folder / entry.file).is_file() for entry in self.entries)

    def _segment(self, row: int, offset_bytes: int) -> InputSegment:
        entry = self.entries[row]
        return InputSegment(row, entry, offset_bytes, entry.width_bytes or self.benchmark.file_bytes)

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
        there, wanted = self.files_present(), len(self.entries)
        return UserError(f"input file {path} is missing ({there} of {wanted} are there): complete the folder")

    def _wrong_size(self, path: Path, size: int) -> UserError:
        wanted, which = f"{self.benchmark.file_bytes}", "it"
        if self.kind == "own":
            wanted, which = f"{wanted} as {self.entries[0].file} has", "one of them"
        return UserError(
            f"input file {path} has {size} bytes instead of {wanted}: "
            f"{which} is damaged, or of another data set"
        )


def open_dataset(benchmark: Benchmark, folder: Path) -> DataSet:
    """Open the data set in `folder`, without reading its inputs.

    Sizes and classes of data that is not the benchmark's own are what the label file and the first input say.
    Raises UserError where the label file is missing or contradicts itself, or does not suit the benchmark's
    kind.
    """
    labels = folder / LABELS_NAME
    entries = read_labels(labels)
    kind = _kind(benchmark, entries)
    if kind == "own":
        benchmark = _sized(benchmark, folder, entries)
    names = _read_class_names(folder / CLASSES_NAME, entries[0].classes)
    return DataSet(benchmark, folder, entries, kind, names)


def _kind(benchmark: Benchmark, entries: tuple[Entry, ...]) -> DataKind:
    labels_sha256 = _labels_sha256(entries)
    if labels_sha256 in benchmark.label_sha256s:
        return "official"
    builtin = BUILTIN_SETS.get(benchmark.data_set)
    return "built-in" if builtin is not None and labels_sha256 == builtin.labels_sha256 else "own"


def _labels_sha256(entries: tuple[Entry, ...]) -> str:
    return hashlib.sha256(format_labels(entries).encode()).hexdigest()


def _sized(benchmark: Benchmark, folder: Path, entries: tuple[Entry, ...]) -> Benchmark:
    """Return the benchmark with the sizes of one's own data."""
    labels, first = folder / LABELS_NAME, entries[0]
    for entry in entries:
        if entry.classes != first.classes:
            raise UserError(
                f"{labels}: {entry.file} has {entry.classes} classes, {first.file} has {first.classes}"
            )
        if entry.width_bytes != first.width_bytes:
            raise UserError(f"{labels}: the windows of {entry.file} and {first.file} differ in width")
    try:
        file_bytes = (folder / first.file).stat().st_size
    except OSError:
        raise UserError(f"input file {folder / first.file} is missing: complete the folder") from None
    input_bytes = first.width_bytes or file_bytes
    if not 0 < input_bytes <= file_bytes:
        raise UserError(
            f"{labels}: a window of {first.file} has {input_bytes} bytes, the file has {file_bytes}"
        )
    if not benchmark.is_anomaly_detection:
        return replace(
            benchmark,
            classes=first.classes,
            file_bytes=file_bytes,
            input_bytes=input_bytes,
            tensor_bytes=input_bytes,
            result_values=first.classes,
        )
    if first.classes != 2:
        raise UserError(f"{labels}: {benchmark.id} tells 2 classes, normal and anomaly, not {first.classes}")
    if input_bytes % 4:
        raise UserError(f"{labels}: a window of {input_bytes} bytes is not made of 32-bit floats")
    return replace(benchmark, file_bytes=file_bytes, input_bytes=input_bytes, tensor_bytes=input_bytes // 4)


def _read_class_names(path: Path, classes: int) -> tuple[str, ...]:
    """Return the names in `path`, a line each; none where there is no such file."""
    try:
        with path.open(encoding="utf-8") as file:
            names = tuple(line.strip() for line in file.read(_CLASSES_BYTES_MAX).splitlines() if line.strip())
    except FileNotFoundError:
        return ()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"cannot read {path}: {error}") from error
    if len(names) != classes:
        raise UserError(f"{path} names {len(names)} classes, {LABELS_NAME} has {classes}")
    return names
