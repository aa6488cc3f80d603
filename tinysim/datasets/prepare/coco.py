"""The official vww01 inputs, from the pictures made of COCO 2014 that the reference model was trained on.

Silicon Labs distributes them for the benchmark:
https://www.silabs.com/public/files/github/machine_learning/benchmarks/datasets/vw_coco2014_96.tar.gz,
a folder with `person/` and `non_person/` of JPEG files, 96 pixels wide and high, whose names are COCO's
(`COCO_val2014_000000343218.jpg`). The official list gives each file COCO's number of the picture
(`000000343218.bin`), and an input is the picture's pixels, row by row, red, green and blue.

JPEG decoders differ by a level or so between versions, and the official inputs were scaled down from COCO's
own pictures without another compression in between (mlcommons/tiny, benchmark/training/visual_wake_words,
generate_y_labels.py): the bytes made here are near the official ones, and need not be equal to them.
"""

from __future__ import annotations

import io
import re
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tinysim.datasets.labels import Entry
from tinysim.download import UNPACKING_ERRORS, not_whole
from tinysim.errors import UserError

SIDE = 96
"""Of a picture, in pixels."""

FOLDERS = ("non_person", "person")
"""Of the pictures, in order of their labels."""

_ARCHIVE = "vw_coco2014_96.tar.gz"
_ROOT = "vw_coco2014_96"
_NAME = re.compile(r"(?:COCO_(?:train|val)2014_)?(\d{12})\.jpe?g", re.ASCII)
# JPEG needs less than 3 bytes a pixel at the best quality; metadata may come with it.
_PICTURE_BYTES_MAX = 256 * 1024


@dataclass(frozen=True)
class _Found:
    """A picture: the folder it is in, its file's name, and its bytes or where they are."""

    folder: str
    name: str
    content: bytes | Path


def prepare(source: Path, labels: tuple[Entry, ...]) -> Iterator[tuple[str, bytes]]:
    """Yield the files of `labels` in order: names and contents, 96 rows of 96 pixels of red, green, blue.

    `source` is the publisher's archive or its unpacked folder. Raises UserError, before the first file, where
    it is neither, where pictures are missing, and where one is in the folder of the other label; and at a
    picture that cannot be read or has another size.
    """
    numbers = {entry.file.removesuffix(".bin") for entry in labels}
    try:
        found = _in_folder(source, numbers) if source.is_dir() else _in_archive(source, numbers)
    except FileNotFoundError:
        raise UserError(f"there is no {source}; give {_ARCHIVE} or the unpacked {_ROOT}") from None
    except OSError as error:
        raise UserError(f"cannot read {source}: {error.strerror or error}") from error
    pictures = _matched(found, labels, source)
    return ((entry.file, _pixels(picture)) for entry, picture in zip(labels, pictures, strict=True))


def _in_folder(source: Path, numbers: set[str]) -> list[_Found]:
    root = source / _ROOT if (source / _ROOT).is_dir() else source
    if not all((root / folder).is_dir() for folder in FOLDERS):
        raise UserError(
            f"{source} has no folders {' and '.join(FOLDERS)}; give {_ARCHIVE} or the unpacked {_ROOT}"
        )
    found = []
    for folder in FOLDERS:
        for path in sorted((root / folder).iterdir()):
            if _number(path.name) in numbers:
                found.append(_Found(folder, path.name, path))
    return found


def _in_archive(source: Path, numbers: set[str]) -> list[_Found]:
    found = []
    has_folders = False
    try:
        with tarfile.open(source, "r|gz") as tar:
            for member in tar:
                *_, folder, name = ("", *member.name.split("/"))
                if folder not in FOLDERS or not member.isfile():
                    continue
                has_folders = True
                if _number(name) not in numbers:
                    continue
                stream = tar.extractfile(member)
                if stream is not None:
                    found.append(_Found(folder, name, stream.read(_PICTURE_BYTES_MAX + 1)))
    except UNPACKING_ERRORS as error:
        raise not_whole(str(source), error) from error
    if not has_folders:
        raise UserError(f"{source} has no folders {' and '.join(FOLDERS)}: it is not {_ARCHIVE}")
    return found


def _number(name: str) -> str | None:
    match = _NAME.fullmatch(name)
    return None if match is None else match[1]


def _matched(found: list[_Found], labels: tuple[Entry, ...], source: Path) -> list[_Found]:
    """Return the picture of each row.

    Raises UserError where one is missing, is there twice, or has another label.
    """
    of_number: dict[str | None, list[_Found]] = {}
    for picture in found:
        of_number.setdefault(_number(picture.name), []).append(picture)
    missing = [entry.file for entry in labels if entry.file.removesuffix(".bin") not in of_number]
    if missing:
        raise UserError(
            f"{source} lacks {len(missing)} of {len(labels)} pictures, that of {missing[0]} first"
        )
    pictures = []
    for entry in labels:
        candidates = of_number[entry.file.removesuffix(".bin")]
        picture = candidates[0]
        if len(candidates) > 1:
            places = " and ".join(f"{each.folder}/{each.name}" for each in candidates)
            raise UserError(f"{source} has several pictures for {entry.file}: {places}")
        if entry.label >= len(FOLDERS) or picture.folder != FOLDERS[entry.label]:
            raise UserError(
                f"{picture.name} is in {picture.folder} of {source}, and has label {entry.label} in the list"
            )
        pictures.append(picture)
    return pictures


def _pixels(picture: _Found) -> bytes:
    # Imported here, since nothing else needs it and it takes a while.
    from PIL import Image

    name = f"{picture.folder}/{picture.name}"
    try:
        content = picture.content if isinstance(picture.content, bytes) else _read(picture.content)
        if len(content) > _PICTURE_BYTES_MAX:
            raise UserError(f"{name} has more than {_PICTURE_BYTES_MAX} bytes, too many for its size")
        with Image.open(io.BytesIO(content), formats=("JPEG",)) as image:
            if image.size != (SIDE, SIDE):
                width, height = image.size
                raise UserError(f"{name} is {width}x{height} pixels, not {SIDE}x{SIDE}: give {_ARCHIVE}")
            pixels: bytes = image.convert("RGB").tobytes()
            return pixels
    except Image.DecompressionBombError as error:
        raise UserError(f"{name} is not {SIDE}x{SIDE} pixels: give {_ARCHIVE}") from error
    except (OSError, SyntaxError, ValueError) as error:
        # Pillow's words for a damaged file, in one line; SyntaxError is what some of its readers raise.
        raise UserError(
            f"cannot read {name}: {str(error).splitlines()[0] if str(error) else 'damaged'}"
        ) from error


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_PICTURE_BYTES_MAX + 1)
