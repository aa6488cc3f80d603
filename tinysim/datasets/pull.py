"""Fetching what the publishers distribute into the data folder, checked to the byte."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from tinysim.atomic import replace_file, replace_folder
from tinysim.datasets.labels import parse_labels
from tinysim.datasets.publishers import FILES, INPUTS, PublishedFile, PublishedInputs
from tinysim.download import UNPACKING_ERRORS, check_sha256, fetch, not_whole, open_tar_gz
from tinysim.errors import UserError

ARCHIVE_BYTES_MAX = 200 * 1024 * 1024
UNPACKED_BYTES_MAX = 1024 * 1024 * 1024

_ADVICE = "once there is a network, run `tinysim data pull` again, or set TINYSIM_DATA to a copy"


def pull(
    folder: Path,
    inputs: Iterable[PublishedInputs] = INPUTS,
    files: Iterable[PublishedFile] = FILES,
    on_item: Callable[[str, bool], None] | None = None,
) -> None:
    """Bring `folder` up to date. What is there and right is not fetched again.

    `on_item` is called for each item with its place and whether it is going to be fetched. Raises UserError
    where something cannot be fetched or is not what was published; what came before stays.
    """
    for published in inputs:
        present = _has_inputs(folder, published)
        if on_item is not None:
            on_item(str(Path(published.labels.path).parent), not present)
        if not present:
            _pull_inputs(folder, published)
    for file in files:
        present = _has_file(folder, file)
        if on_item is not None:
            on_item(file.path, not present)
        if not present:
            replace_file(folder / file.path, fetch_file(file))


def inputs_sha256(contents: Mapping[str, bytes]) -> str:
    """Return the checksum of a set of files: over name, NUL and content of each, sorted by name."""
    digest = hashlib.sha256()
    for name in sorted(contents):
        digest.update(name.encode("ascii") + b"\0" + contents[name])
    return digest.hexdigest()


def _has_file(folder: Path, file: PublishedFile) -> bool:
    try:
        content = (folder / file.path).read_bytes()
    except OSError:
        return False
    return hashlib.sha256(content).hexdigest() == file.sha256


def _has_inputs(folder: Path, published: PublishedInputs) -> bool:
    if not _has_file(folder, published.labels):
        return False
    labels = folder / published.labels.path
    try:
        entries = parse_labels(labels.read_text(encoding="ascii"), labels)
        contents = {entry.file: (labels.parent / entry.file).read_bytes() for entry in entries}
    except OSError:
        return False
    return inputs_sha256(contents) == published.sha256


def _pull_inputs(folder: Path, published: PublishedInputs) -> None:
    labels = fetch_file(published.labels)
    entries = parse_labels(labels.decode("ascii"), Path(published.labels.path))
    wanted = {entry.file for entry in entries}
    archive = fetch(published.url, ARCHIVE_BYTES_MAX, _ADVICE)
    contents = _unpack(archive, published, wanted)
    missing = sorted(wanted - contents.keys())
    if missing:
        raise UserError(f"{published.url} has no {published.folder}/{missing[0]}")
    if inputs_sha256(contents) != published.sha256:
        raise UserError(f"{published.url}: {published.folder} is not what was published (checksum differs)")
    place = folder / published.labels.path

    def change(new: Path) -> None:
        for name, content in contents.items():
            (new / name).write_bytes(content)
        (new / place.name).write_bytes(labels)

    replace_folder(place.parent, change)


def _unpack(archive: bytes, published: PublishedInputs, wanted: set[str]) -> dict[str, bytes]:
    """Return the wanted files of an archive.

    Only regular files of the right size, in the right folder and with a name of the label file are looked
    at, and nothing is written by the name that an archive gives: links and paths that lead elsewhere do
    nothing.
    """
    contents: dict[str, bytes] = {}
    try:
        with open_tar_gz(archive, UNPACKED_BYTES_MAX, published.url) as tar:
            for member in tar:
                _, _, path = member.name.partition("/")
                folder, _, name = path.rpartition("/")
                if not member.isreg() or folder != published.folder or name not in wanted:
                    continue
                if member.size != published.file_bytes:
                    raise UserError(
                        f"{published.url}: {path} has {member.size} bytes, not {published.file_bytes}"
                    )
                file = tar.extractfile(member)
                assert file is not None
                contents[name] = file.read()
    except UNPACKING_ERRORS as error:
        raise not_whole(published.url, error) from error
    return contents


def fetch_file(file: PublishedFile) -> bytes:
    """Return a published file. Raises UserError where it cannot be fetched or is not what was published."""
    content = fetch(file.url, file.byte_count, _ADVICE)
    check_sha256(content, file.sha256, file.url)
    return content
