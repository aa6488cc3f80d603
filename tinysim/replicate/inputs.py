"""The inputs of a performance run: the published run's where at hand, else others of the right size."""

from __future__ import annotations

import random
import re
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tinysim.benchmark import Benchmark
from tinysim.datasets.choice import data_folder
from tinysim.replicate.published import LoggedDownload

INPUT_BYTES_MAX = 1 << 20
_FILE = re.compile(r"\w[\w.\-]*\.bin", re.ASCII)

# Of the official kws01 inputs: quantized cepstral coefficients.
_KWS_MEAN, _KWS_DEVIATION = 80, 16
# Of ToyADMOS' logarithmic mel spectra, in dB.
_AD_MEAN_DB, _AD_DEVIATION_DB = -28.0, 11.0


@dataclass(frozen=True)
class Inputs:
    """What is sent, an input for each window; `note` says where it differs from the published run's."""

    data: tuple[bytes, ...]
    note: str = ""


def performance_inputs(
    benchmark: Benchmark, downloads: Sequence[LoggedDownload], count: int, folder: Path | None = None
) -> Inputs:
    """Return `count` inputs for a performance run of which the published log names `downloads`.

    The files are looked for in the benchmark's data set below `folder` (`data_folder()` by default). Where
    they are not there, one other input is taken, since five would tell no more of the published run: a real
    one, or where there is none a random one, from a fixed seed, of the size that the log says, else the
    benchmark's, spread as real ones are.
    """
    place = (folder or data_folder()) / "datasets" / benchmark.data_set
    official = _official(benchmark, place, downloads[:count])
    if len(official) == count:
        return Inputs(tuple(official))
    size = _input_bytes(benchmark, downloads)
    other = _other(benchmark, place) if size == benchmark.input_bytes else b""
    if other:
        return Inputs((other,), "another real input than the published run's")
    return Inputs((synthetic_input(benchmark, 0, size),), f"a made-up input of {size:,} bytes")


def synthetic_input(benchmark: Benchmark, number: int, size_bytes: int | None = None) -> bytes:
    """Return a made-up input, always the same for the same `number`.

    Values are spread as in real inputs where the size is the official one: 8-bit pixels, the coefficients of
    speech, 32-bit floats of spectra in dB; else bytes are random.
    """
    size = benchmark.input_bytes if size_bytes is None else size_bytes
    generator = random.Random(f"{benchmark.id} {number}")
    if size == benchmark.input_bytes and benchmark.id == "kws":
        values = (round(generator.gauss(_KWS_MEAN, _KWS_DEVIATION)) for _ in range(size))
        return bytes(min(127, max(-128, value)) & 0xFF for value in values)
    if size == benchmark.input_bytes and benchmark.is_anomaly_detection:
        levels = (generator.gauss(_AD_MEAN_DB, _AD_DEVIATION_DB) for _ in range(size // 4))
        return struct.pack(f"<{size // 4}f", *levels)
    return generator.randbytes(size)


def _input_bytes(benchmark: Benchmark, downloads: Sequence[LoggedDownload]) -> int:
    logged = downloads[0].length_bytes if downloads else None
    return logged if logged is not None and 0 < logged <= INPUT_BYTES_MAX else benchmark.input_bytes


def _official(benchmark: Benchmark, place: Path, downloads: Sequence[LoggedDownload]) -> list[bytes]:
    found = []
    for download in downloads:
        if not _FILE.fullmatch(download.file):
            continue
        content = _content(place / download.file, benchmark.file_bytes)
        length = download.length_bytes or benchmark.input_bytes
        window = content[download.offset_bytes : download.offset_bytes + length]
        if len(window) == length:
            found.append(window)
    return found


def _other(benchmark: Benchmark, place: Path) -> bytes:
    """Return the first input of any file of the data set; nothing where there is none."""
    for path in sorted(place.glob("*.bin")):
        content = _content(path, benchmark.file_bytes)
        if content:
            return content[: benchmark.input_bytes]
    return b""


def _content(path: Path, size_bytes: int) -> bytes:
    """Return the file's content, or nothing where it has another size or cannot be read."""
    try:
        content = path.read_bytes() if path.stat().st_size == size_bytes else b""
    except OSError:
        return b""
    return content
