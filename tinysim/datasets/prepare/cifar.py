"""The official ic01 inputs, from CIFAR-10's test batch.

A. Krizhevsky, "Learning multiple layers of features from tiny images", 2009;
https://www.cs.toronto.edu/~kriz/cifar.html, "CIFAR-10 python version". Its batches are pickles, written by
Python 2, of a dictionary with `filenames`, `labels` and `data`: a row of 3072 bytes a picture, all red, then
all green, then all blue. The official list names its files as the batch does, with `.bin` for `.png`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tinysim.datasets.labels import Entry
from tinysim.datasets.prepare.pickled import Built, pickled_value
from tinysim.download import UNPACKING_ERRORS, not_whole, open_tar_gz
from tinysim.errors import UserError

TEST_BATCH_MD5 = "40351d587109b95175f43aff81a1287e"
"""Of `test_batch`. The publisher gives only the archive's; this is torchvision's, the same for years."""

_ARCHIVE = "cifar-10-python.tar.gz"
_FOLDER = "cifar-10-batches-py"
_BATCH = "test_batch"
_ARCHIVE_BYTES_MAX = 200 * 1024 * 1024
_UNPACKED_BYTES_MAX = 256 * 1024 * 1024
_BATCH_BYTES_MAX = 40 * 1024 * 1024
_SIDE = 32
_PICTURE_BYTES = 3 * _SIDE * _SIDE
# A batch of the binary version: for each of 10,000 pictures its label and its bytes.
_BINARY_BATCH_BYTES = 10000 * (1 + _PICTURE_BYTES)


def prepare(
    source: Path, labels: tuple[Entry, ...], test_batch_md5: str | None = None
) -> Iterator[tuple[str, bytes]]:
    """Yield the files of `labels` in order: names and contents, 32 rows of 32 pixels of red, green, blue.

    `source` is the publisher's archive, its unpacked folder, or the file `test_batch`, whose checksum has to
    be `test_batch_md5` (TEST_BATCH_MD5 by default). Raises UserError, before the first file, where it is none
    of these, where it is the binary version, which has no file names, and where it does not fit `labels`.
    """
    content = _read_test_batch(source)
    if hashlib.md5(content, usedforsecurity=False).hexdigest() != (test_batch_md5 or TEST_BATCH_MD5):
        raise UserError(
            f"{_BATCH} of {source} is not what was published, its checksum differs: fetch {_ARCHIVE} again"
        )
    try:
        batch = read_batch(content)
    except ValueError as error:
        raise UserError(f"{_BATCH} of {source} is not a batch of CIFAR-10: {error}") from error
    rows = _match(batch, labels, source)
    return ((entry.file, batch.picture(row)) for entry, row in zip(labels, rows, strict=True))


@dataclass(frozen=True)
class Batch:
    """Pictures with their names and classes; `data` has _PICTURE_BYTES a picture, channel by channel."""

    filenames: tuple[str, ...]
    labels: tuple[int, ...]
    data: bytes

    def picture(self, row: int) -> bytes:
        """Return a picture's bytes, pixel by pixel."""
        planes = np.frombuffer(self.data, np.uint8, _PICTURE_BYTES, row * _PICTURE_BYTES)
        picture: bytes = planes.reshape(3, _SIDE, _SIDE).transpose(1, 2, 0).tobytes()
        return picture


def read_batch(pickled: bytes) -> Batch:
    """Read a batch of the python version. Raises ValueError, in one line, for anything else.

    The pickle is read as data and not run: nothing that it names is imported or called.
    """
    try:
        value = pickled_value(pickled)
        fields = value if isinstance(value, dict) else {}
        filenames, labels, array = (fields[key] for key in ("filenames", "labels", "data"))
    except KeyError as error:
        raise ValueError(f"it has no {str(error)[:60]}") from error
    if not isinstance(filenames, list) or not all(isinstance(name, str) for name in filenames):
        raise ValueError("its filenames are not a list of names")
    if not isinstance(labels, list) or not all(type(label) is int for label in labels):
        raise ValueError("its labels are not a list of numbers")
    data = _array_bytes(array, len(filenames))
    if len(labels) != len(filenames):
        raise ValueError(f"it has {len(filenames)} file names and {len(labels)} labels")
    return Batch(tuple(filenames), tuple(labels), data)


def _read_test_batch(source: Path) -> bytes:
    try:
        if source.is_dir():
            return _read_folder(source)
        size = source.stat().st_size
        if size > _ARCHIVE_BYTES_MAX:
            raise UserError(f"{source} has {size} bytes, more than {_ARCHIVE}: give that archive")
        content = source.read_bytes()
    except FileNotFoundError:
        raise UserError(f"there is no {source}; give {_ARCHIVE} or the unpacked {_FOLDER}") from None
    except OSError as error:
        raise UserError(f"cannot read {source}: {error.strerror}") from error
    if content[:2] == b"\x1f\x8b":
        return _read_archive(content, source)
    if size == _BINARY_BATCH_BYTES and content[:1] != b"\x80":
        raise _binary_version(source)
    return content


def _read_folder(folder: Path) -> bytes:
    for place in (folder / _BATCH, folder / _FOLDER / _BATCH):
        if place.is_file():
            size = place.stat().st_size
            if size > _BATCH_BYTES_MAX:
                raise UserError(f"{place} has {size} bytes, more than a batch of CIFAR-10")
            return place.read_bytes()
    if any(folder.glob("**/test_batch.bin")):
        raise _binary_version(folder)
    raise UserError(f"{folder} has no {_BATCH}; give {_ARCHIVE} or the unpacked {_FOLDER}")


def _read_archive(archive: bytes, source: Path) -> bytes:
    try:
        with open_tar_gz(archive, _UNPACKED_BYTES_MAX, str(source)) as tar:
            for member in tar:
                name = member.name.rsplit("/", 1)[-1]
                if name == "test_batch.bin":
                    raise _binary_version(source)
                if name != _BATCH or not member.isfile():
                    continue
                stream = tar.extractfile(member) if member.size <= _BATCH_BYTES_MAX else None
                if stream is None:
                    raise UserError(
                        f"{_BATCH} of {source} has {member.size} bytes, more than a batch of CIFAR-10"
                    )
                return stream.read()
    except UNPACKING_ERRORS as error:
        raise not_whole(str(source), error) from error
    raise UserError(f"{source} has no {_BATCH}: it is not {_ARCHIVE}")


def _binary_version(source: Path) -> UserError:
    return UserError(
        f"{source} is CIFAR-10's binary version, which has no file names to find the official inputs by: "
        f"give the python version, {_ARCHIVE}"
    )


def _match(batch: Batch, labels: tuple[Entry, ...], source: Path) -> list[int]:
    """Return the rows of the batch that `labels` names.

    Raises UserError where one is missing or of another class.
    """
    row_of_name: dict[str, int] = {}
    twice = set()
    for row, filename in enumerate(batch.filenames):
        if filename in row_of_name:
            twice.add(filename)
        row_of_name[filename] = row
    names = [entry.file.removesuffix(".bin") + ".png" for entry in labels]
    missing = [name for name in names if name not in row_of_name]
    if missing:
        raise UserError(
            f"{_BATCH} of {source} lacks {len(missing)} of {len(names)} pictures, {missing[0]} first"
        )
    rows = [row_of_name[name] for name in names]
    for name, entry, row in zip(names, labels, rows, strict=True):
        if name in twice:
            raise UserError(f"{_BATCH} of {source} has several pictures called {name}")
        if batch.labels[row] != entry.label:
            raise UserError(
                f"{name} is of class {batch.labels[row]} in {_BATCH} of {source}, "
                f"and of class {entry.label} in the list"
            )
    return rows


def _array_bytes(array: object, rows: int) -> bytes:
    """Return the bytes of a pickled numpy array of `rows` pictures."""
    # numpy.ndarray.__reduce__: _reconstruct, then the state (version, shape, dtype, is_fortran, bytes).
    state = array.state if isinstance(array, Built) else None
    if not isinstance(state, tuple) or len(state) != 5:
        raise ValueError("its data is not a numpy array")
    _, shape, dtype, is_fortran, raw = state
    arguments = dtype.arguments if isinstance(dtype, Built) else ()
    if arguments[:1] != ("u1",) or is_fortran or not isinstance(raw, str):
        raise ValueError("its data is not a numpy array of bytes")
    # Strings of Python 2 come as characters, one for each byte.
    if shape != (rows, _PICTURE_BYTES) or len(raw) != rows * _PICTURE_BYTES:
        raise ValueError(f"its data is not {rows} pictures of {_PICTURE_BYTES} bytes")
    try:
        return raw.encode("latin-1")
    except UnicodeEncodeError:
        raise ValueError("its data is not a numpy array of bytes") from None
