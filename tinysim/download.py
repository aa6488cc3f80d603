"""Fetching files and unpacking archives of others, within bounds."""

from __future__ import annotations

import gzip
import hashlib
import http.client
import io
import tarfile
import urllib.request
import zlib
from pathlib import Path
from typing import IO

from tinysim.errors import UserError

TIMEOUT_S = 30
"""Host time without a byte after which a publisher counts as out of reach."""

_PIECE_BYTES = 1 << 16

UNPACKING_ERRORS = (tarfile.TarError, gzip.BadGzipFile, EOFError, zlib.error)


def fetch(url: str, byte_count_max: int, advice: str) -> bytes:
    """Return what is at `url`.

    Raises UserError where it cannot be fetched, with `advice` on what to do about a missing network, where it
    is larger than `byte_count_max`, or where it breaks off.
    """
    content = bytearray()
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT_S) as response:
            while piece := response.read(_PIECE_BYTES):
                content += piece
                if len(content) > byte_count_max:
                    raise UserError(f"{url} is larger than what was published")
            announced = response.headers.get("Content-Length")
    except (OSError, http.client.HTTPException) as error:
        # URLError wraps the reason that a person can use; HTTPError has none worth unwrapping.
        reason = getattr(error, "reason", None) if not hasattr(error, "code") else error
        raise UserError(f"cannot fetch {url}: {reason or error}; {advice}") from error
    if announced is not None and len(content) < int(announced):
        raise UserError(f"{url} broke off after {len(content)} of {announced} bytes: try again")
    return bytes(content)


def check_sha256(content: bytes, sha256: str, url: str) -> None:
    """Raise UserError where `content`, fetched from `url`, is not what was published."""
    if hashlib.sha256(content).hexdigest() != sha256:
        raise UserError(f"{url} is not what was published: {len(content)} bytes, checksum differs")


def open_tar_gz(archive: bytes, byte_count_max: int, name: str) -> tarfile.TarFile:
    """Return a .tar.gz archive to read once from its start.

    Reading it raises UserError once it has unpacked to more than `byte_count_max`, and one of
    UNPACKING_ERRORS where it is damaged.
    """
    stream = _Bounded(gzip.GzipFile(fileobj=io.BytesIO(archive)), byte_count_max, name)
    return tarfile.open(fileobj=stream, mode="r|")


def unpack_tar_gz(archive: bytes, folder: Path, byte_count_max: int, name: str) -> None:
    """Unpack a .tar.gz archive into `folder`, which is there.

    Raises UserError where it is damaged, unpacks to more than `byte_count_max`, or holds what leads out of
    the folder: absolute paths, "..", links to elsewhere, devices.
    """
    if not hasattr(tarfile, "data_filter"):
        raise UserError("this Python cannot unpack archives safely: update to 3.10.12, 3.11.4, or later")
    try:
        with open_tar_gz(archive, byte_count_max, name) as tar:
            tar.extractall(folder, filter="data")
    except tarfile.FilterError as error:
        raise UserError(f"{name} was not unpacked, it reaches out of its folder: {error}") from error
    except UNPACKING_ERRORS as error:
        raise not_whole(name, error) from error


def not_whole(name: str, error: Exception) -> UserError:
    """Return what to raise about an archive that one of UNPACKING_ERRORS came out of."""
    return UserError(f"{name} is not a whole .tar.gz archive: {error}")


class _Bounded(io.RawIOBase):
    """A stream that ends in an error instead of unpacking without end."""

    def __init__(self, stream: IO[bytes] | gzip.GzipFile, byte_count_max: int, name: str) -> None:
        self._stream = stream
        self._left = byte_count_max
        self._name = name

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        data = self._stream.read(size)
        self._left -= len(data)
        if self._left < 0:
            raise UserError(f"{self._name} unpacks to more than it may")
        return data
