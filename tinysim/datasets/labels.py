"""y_labels.csv: which files a data set has, and what each one shows."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from tinysim.errors import UserError

LABELS_NAME = "y_labels.csv"

_ENTRY = re.compile(
    r"(?P<file>[\w\-][\w.\-]*\.bin),[ ]*(?P<classes>\d{1,6}),[ ]*(?P<label>\d{1,6})"
    r"(?:,[ ]*(?P<width>\d{1,9}),[ ]*(?P<stride>\d{1,9}))?",
    re.ASCII,
)


@dataclass(frozen=True)
class Entry:
    """One row: a file, how many classes there are, which one it is.

    `width_bytes` and `stride_bytes` are given where a file holds several windows (anomaly detection).
    """

    file: str
    classes: int
    label: int
    width_bytes: int | None = None
    stride_bytes: int | None = None

    def window_offsets(self, file_bytes: int) -> range:
        """Return the offsets of the file's windows: 0 alone for a file that is one input."""
        if self.width_bytes is None or self.stride_bytes is None:
            return range(1)
        return range(0, file_bytes - self.width_bytes + 1, self.stride_bytes)


def parse_labels(text: str, path: Path) -> tuple[Entry, ...]:
    """Return the rows of a label file, in order; `path` is for messages.

    File names have no folder in them, so they cannot lead out of the data set. Raises UserError with the
    first line that is not a row.
    """
    entries = []
    for number, line in enumerate(text.split("\n"), start=1):
        line = line.removesuffix("\r")
        if not line:
            continue
        entry = _parse_entry(line)
        if isinstance(entry, str):
            raise UserError(f"{path}, line {number}: {entry}")
        entries.append(entry)
    if not entries:
        raise UserError(f"{path} has no rows")
    return tuple(entries)


def read_labels(path: Path) -> tuple[Entry, ...]:
    """Read a label file. Raises UserError where it cannot be read or is not one."""
    try:
        text = path.read_text(encoding="ascii")
    except FileNotFoundError:
        raise UserError(f"there is no {path}; run `tinysim data pull` or set TINYSIM_DATA") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"cannot read {path}: {error}") from error
    return parse_labels(text, path)


def format_labels(entries: tuple[Entry, ...]) -> str:
    """Return the text of a label file."""
    rows = []
    for entry in entries:
        fields = [entry.file, entry.classes, entry.label]
        if entry.width_bytes is not None and entry.stride_bytes is not None:
            fields += [entry.width_bytes, entry.stride_bytes]
        rows.append(",".join(str(field) for field in fields) + "\n")
    return "".join(rows)


def _parse_entry(line: str) -> Entry | str:
    match = _ENTRY.fullmatch(line)
    if match is None:
        return f"{line[:60]!r} is not `FILE.bin,CLASSES,LABEL` or `FILE.bin,CLASSES,LABEL,WIDTH,STRIDE`"
    classes, label = int(match["classes"]), int(match["label"])
    if label >= classes:
        return f"label {label} of {match['file']} is not below the number of classes, {classes}"
    if match["width"] is None:
        return Entry(match["file"], classes, label)
    width, stride = int(match["width"]), int(match["stride"])
    if width == 0 or stride == 0:
        return f"window width and stride of {match['file']} must be above 0"
    return Entry(match["file"], classes, label, width, stride)
