"""The official ad01 inputs, from the toy cars' sounds in the development set of DCASE 2020's task 2.

Y. Koizumi et al., "ToyADMOS: a dataset of miniature-machine operating sounds for anomalous sound detection",
2019; https://zenodo.org/record/3678171, `dev_data_ToyCar.zip`: a folder `ToyCar/test` of WAV files, 16 kHz,
16 bits, 11 s, one channel. The official list names its files as the recordings, with `_hist_librosa.bin` for
`.wav`, as the reference does when it saves features (mlcommons/tiny, benchmark/training/anomaly_detection,
convert_dataset.py).

librosa computes in another order and partly in single precision, so an input made here differs from an
official one by some 1e-5 dB.
"""

from __future__ import annotations

import io
import wave
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tinysim.datasets.labels import Entry
from tinysim.errors import UserError
from tinysim.features.log_mel import RATE_HZ, SAMPLES_MIN, log_mel

_ARCHIVE = "dev_data_ToyCar.zip"
_FOLDER = "ToyCar/test"
_SUFFIX = "_hist_librosa.bin"
# A recording has 0.35 MB.
_WAV_BYTES_MAX = 16 * 1024 * 1024
_BROKEN_ARCHIVE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError)

_Read = Callable[[str], bytes]


def prepare(source: Path, labels: tuple[Entry, ...]) -> Iterator[tuple[str, bytes]]:
    """Yield the files of `labels` in order: their names and contents, 200 time slices of 128 float32.

    `source` is the publisher's archive or its unpacked folder. Raises UserError, before the first file, where
    it is neither and where recordings are missing, and at a recording that is none or has another form.
    """
    names = [_recording_name(entry) for entry in labels]
    places = _places(source, set(names))
    missing = [name for name in names if name not in places]
    if missing:
        raise UserError(
            f"{source} lacks {len(missing)} of {len(names)} recordings, {missing[0]} first: "
            f"give {_ARCHIVE} or its {_FOLDER}"
        )
    return _files(source, labels, [places[name] for name in names])


def read_recording(content: bytes) -> npt.NDArray[np.float64]:
    """Return the samples of a WAV file, full scale being 1. Raises ValueError, in one line,
    where it is not of ad01's form.

    That is: 16 kHz, 16 bits, one channel, as long as the features need.
    """
    try:
        with wave.open(io.BytesIO(content), "rb") as file:
            rate_hz, channels, bits = file.getframerate(), file.getnchannels(), 8 * file.getsampwidth()
            frames = file.readframes(file.getnframes())
    except (wave.Error, EOFError, RuntimeError, OSError) as error:
        raise ValueError(f"it is not a WAV file of plain samples ({error or 'it ends early'})") from error
    if (rate_hz, channels, bits) != (RATE_HZ, 1, 16):
        raise ValueError(
            f"it has {rate_hz} Hz, {channels} channel{'' if channels == 1 else 's'} of {bits} bits; "
            f"ToyADMOS has {RATE_HZ} Hz, 1 channel of 16 bits"
        )
    samples = np.frombuffer(frames, "<i2", len(frames) // 2)
    if len(samples) < SAMPLES_MIN:
        raise ValueError(
            f"it has {len(samples) / RATE_HZ:.2f} s; the features need {SAMPLES_MIN / RATE_HZ:.0f} s"
        )
    return samples.astype(np.float64) / 32768.0


def _files(source: Path, labels: tuple[Entry, ...], places: list[str]) -> Iterator[tuple[str, bytes]]:
    with _opened(source) as read:
        for entry, place in zip(labels, places, strict=True):
            try:
                sound = read_recording(read(place))
            except ValueError as error:
                raise UserError(f"{_name(place)} of {source}: {error}") from error
            yield entry.file, log_mel(sound).astype("<f4").tobytes()


def _recording_name(entry: Entry) -> str:
    if not entry.file.endswith(_SUFFIX):
        raise UserError(f"{entry.file} of the list is no name of ad01, which ends in {_SUFFIX}")
    return entry.file.removesuffix(_SUFFIX) + ".wav"


def _places(source: Path, wanted: set[str]) -> dict[str, str]:
    """Return where in `source` each recording is: in `ToyCar/test` or, without that, in the folder itself."""
    if source.is_dir():
        for folder in (source / _FOLDER, source / "test", source):
            if folder.is_dir():
                found = [path for path in folder.iterdir() if path.name in wanted]
                return {path.name: path.relative_to(source).as_posix() for path in found}
    try:
        with zipfile.ZipFile(source) as archive:
            members = [name.split("/") for name in archive.namelist()]
    except FileNotFoundError:
        raise UserError(f"there is no {source}; give {_ARCHIVE} or its {_FOLDER}") from None
    except OSError as error:
        raise UserError(f"cannot read {source}: {error.strerror or error}") from error
    except _BROKEN_ARCHIVE as error:
        raise UserError(f"{source} is not a whole .zip archive ({error}): give {_ARCHIVE}") from error
    # The archive's training recordings have names of their own folder, which can be the same.
    return {
        parts[-1]: "/".join(parts)
        for parts in members
        if parts[-1] in wanted and (len(parts) == 1 or parts[-2] == "test")
    }


@contextmanager
def _opened(source: Path) -> Iterator[_Read]:
    """Give a function that reads a file of `source` by its place."""
    if source.is_dir():
        yield lambda place: _read_file(source / place)
        return
    try:
        archive = zipfile.ZipFile(source)
    except (OSError, *_BROKEN_ARCHIVE) as error:
        raise UserError(f"cannot read {source}: {error}") from error
    with archive:
        yield lambda place: _read_member(archive, source, place)


def _read_file(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if size > _WAV_BYTES_MAX:
            raise ValueError(f"it has {size} bytes, too many for a recording")
        return path.read_bytes()
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror or error}") from error


def _read_member(archive: zipfile.ZipFile, source: Path, place: str) -> bytes:
    try:
        with archive.open(place) as file:
            # The size in the archive's directory need not be true.
            content = file.read(_WAV_BYTES_MAX + 1)
    except (OSError, *_BROKEN_ARCHIVE) as error:
        raise UserError(
            f"{_name(place)} of {source} cannot be unpacked ({error}): fetch {_ARCHIVE} again"
        ) from error
    if len(content) > _WAV_BYTES_MAX:
        raise ValueError(f"it has more than {_WAV_BYTES_MAX} bytes, too many for a recording")
    return content


def _name(place: str) -> str:
    return place.rsplit("/", 1)[-1]
