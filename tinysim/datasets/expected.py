"""What LiteRT's reference kernels give for a data set, so that a wrong sum in a kernel is noticed.

Accuracy alone tells too little; a fault may even raise it. A file has a row for each input, `name,checksum`,
and further columns for people. The checksum is the CRC-32 of the input's result vectors in a form of their
own: classes as the int8 values of the output tensor, anomaly scores as the thousandths that the device
prints, 32-bit little-endian, one for each window.
"""

from __future__ import annotations

import csv
import struct
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from tinysim.benchmark import Benchmark
from tinysim.builtin.sets import BUILTIN_SETS
from tinysim.datasets.choice import model_kind
from tinysim.datasets.dataset import DataSet

_OUTPUT_STEPS, _OUTPUT_ZERO_POINT = 256, -128
"""Of the softmax's output: scale 1/256, zero point -128."""


@dataclass(frozen=True)
class Agreement:
    """How many inputs' result vectors equal the reference kernels', of how many; the first that does not."""

    equal: int
    compared: int
    first_difference: str | None


def compare(
    dataset: DataSet, model_sha256: str | None, results: Mapping[int, Sequence[Sequence[float]]]
) -> Agreement | None:
    """Return how the printed values agree; None where nothing is known of the data set with this model.

    `results` are the values of each window of a row's file, by row. A model that is not known is taken for
    the one that the data set is for.
    """
    expected = expected_checksums(dataset, model_sha256)
    if expected is None:
        return None
    equal, compared, difference = 0, 0, None
    for row, windows in sorted(results.items()):
        name = dataset.entries[row].file
        if name not in expected:
            continue
        compared += 1
        if checksum(dataset.benchmark, windows) == expected[name]:
            equal += 1
        elif difference is None:
            difference = name
    return Agreement(equal, compared, difference) if compared else None


def expected_checksums(dataset: DataSet, model_sha256: str | None) -> Mapping[str, int] | None:
    """Return the checksums by file name; None where there are none for this data set and model."""
    benchmark = dataset.benchmark
    kind = None if model_sha256 is None else model_kind(benchmark, model_sha256)
    if dataset.kind == "official" and kind in ("reference", None):
        path = Path(str(files("tinysim.datasets"))) / "expected" / f"{benchmark.model}.csv"
    elif dataset.kind == "built-in" and kind in ("built-in", None):
        path = BUILTIN_SETS[benchmark.data_set].expected
    else:
        return None
    return read_expected(path) if path.is_file() else None


def read_expected(path: Path) -> dict[str, int]:
    """Return the checksums of a file by file name."""
    with path.open(encoding="ascii", newline="") as file:
        return {row[0]: int(row[1], 16) for row in csv.reader(file)}


def checksum(benchmark: Benchmark, windows: Sequence[Sequence[float]]) -> int:
    """Return the checksum of an input's printed values, a sequence for each of its windows."""
    if benchmark.is_anomaly_detection:
        return zlib.crc32(b"".join(_int32(values[0] * 1000) for values in windows))
    return zlib.crc32(
        b"".join(
            struct.pack("b", _int8(value))
            for values in windows
            for value in values[: benchmark.result_values]
        )
    )


def _int8(value: float) -> int:
    """Return the tensor's value of a printed one, whether rounded or cut off after the third decimal."""
    # Bounded first: a logit, or what is no number, must not end the run.
    bounded = max(0.0, min(1.0, value))
    return min(127, int(bounded * _OUTPUT_STEPS + 0.5) + _OUTPUT_ZERO_POINT)


def _int32(value: float) -> bytes:
    return struct.pack("<i", round(max(-(2.0**31), min(2.0**31 - 1, value))))
