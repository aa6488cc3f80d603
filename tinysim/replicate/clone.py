"""A clone of a results repository, as the untrusted input that it is.

Every folder and file is opened without following links, folder by folder from the top, so that nothing in the
clone can lead out of it, not even if it changes meanwhile. What is refused is remembered, with the reason.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tinysim.errors import UserError

DIVISIONS = ("closed", "open")
DEPTH_MAX = 40
ENTRIES_MAX = 400_000
"""A results repository has some ten thousand files."""

Parts = tuple[str, ...]
"""A path inside the clone, folder by folder."""


@dataclass(frozen=True)
class ClonedFile:
    """A regular file: its path inside the clone and its size when it was listed."""

    parts: Parts
    size_bytes: int

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.parts[-1]


@dataclass(frozen=True)
class Refusal:
    """What was not looked at, and why."""

    parts: Parts
    reason: str


@dataclass(frozen=True)
class Clone:
    """The regular files below `closed/` and `open/`, sorted by path, and what was refused."""

    root: Path
    files: tuple[ClonedFile, ...]
    refusals: tuple[Refusal, ...]

    def read(self, parts: Parts, bytes_max: int) -> bytes:
        """Return a file's content.

        Raises OSError where it cannot be read or a link is in the way, ValueError where it is not a regular
        file or is larger than `bytes_max`.
        """
        return read_below(self.root, parts, bytes_max)

    def read_text(self, parts: Parts, bytes_max: int) -> str:
        """Return a file's content as text; bytes that are not UTF-8 become replacement characters."""
        return self.read(parts, bytes_max).decode("utf-8", "replace")


def read_below(root: Path, parts: Parts, bytes_max: int) -> bytes:
    """Return the content of the regular file at `parts` below `root`; see `Clone.read` for what it raises."""
    with contextlib.ExitStack() as stack:
        folder = _open_folder(str(root), None, follow=True)
        stack.callback(os.close, folder)
        for part in parts[:-1]:
            folder = _open_folder(_checked(part), folder)
            stack.callback(os.close, folder)
        # Without waiting: opening a FIFO would.
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        file = os.open(_checked(parts[-1]), flags, dir_fd=folder)
        with open(file, "rb") as reader:
            status = os.fstat(file)
            if not stat.S_ISREG(status.st_mode):
                raise ValueError("not a regular file")
            content = reader.read(bytes_max + 1)
        if len(content) > bytes_max:
            raise ValueError(f"larger than {readable_size(bytes_max)}")
        return content


def open_clone(root: Path, organisation: str | None = None) -> Clone:
    """List the clone at `root`; with `organisation` only that one's folders, in whatever case.

    Raises UserError where `root` is not the top of a results repository or has no such organisation.
    """
    walk = _Walk()
    try:
        top = _open_folder(str(root), None, follow=True)
    except OSError as error:
        raise UserError(f"cannot read {root}: {error.strerror}") from error
    try:
        divisions = [entry for entry in walk.entries(top, ()) if entry.name in DIVISIONS]
        names: set[str] = set()
        for division in divisions:
            for folder, parts in walk.folder(top, division, ()):
                for entry in walk.entries(folder, parts):
                    names.add(entry.name)
                    if organisation is None or entry.name.casefold() == organisation.casefold():
                        walk.take(folder, entry, parts)
    finally:
        os.close(top)
    if not walk.has_division:
        refused = "; ".join(f"{refusal.parts[-1]} is {refusal.reason}" for refusal in walk.refusals)
        raise UserError(
            f"{root} is not a results repository: it has no folder closed or open"
            + (f" ({refused})" if refused else "; give the top folder of a clone")
        )
    if organisation is not None and not any(name.casefold() == organisation.casefold() for name in names):
        known = ", ".join(sorted(shown(name) for name in names)) or "none"
        raise UserError(f"{root} has no organisation {shown(organisation)!r}; it has: {known}")
    return Clone(root, tuple(sorted(walk.files, key=lambda file: file.parts)), tuple(walk.refusals))


class _Walk:
    """Collects files, folder by folder."""

    def __init__(self) -> None:
        self.files: list[ClonedFile] = []
        self.refusals: list[Refusal] = []
        self.has_division = False
        self._entries_left = ENTRIES_MAX
        self._is_cut = False

    def entries(self, folder: int, parts: Parts) -> list[os.DirEntry[str]]:
        """Return a folder's entries, sorted; none where it cannot be read."""
        try:
            with os.scandir(folder) as scan:
                found = sorted(scan, key=lambda entry: entry.name)
        except OSError as error:
            self.refusals.append(Refusal(parts, f"cannot be read: {error.strerror}"))
            return []
        if len(found) > self._entries_left:
            if not self._is_cut:
                self._is_cut = True
                self.refusals.append(Refusal(parts, f"beyond the first {ENTRIES_MAX:,} files and folders"))
            found = found[: self._entries_left]
        self._entries_left -= len(found)
        return found

    def folder(self, parent: int, entry: os.DirEntry[str], parts: Parts) -> Iterator[tuple[int, Parts]]:
        """Yield the open folder `entry` of `parent` and its path, or nothing where it is refused."""
        path = (*parts, entry.name)
        try:
            status = entry.stat(follow_symlinks=False)
            if not stat.S_ISDIR(status.st_mode):
                self._refuse(path, status.st_mode)
                return
            descriptor = _open_folder(entry.name, parent)
        except OSError as error:
            self.refusals.append(Refusal(path, f"cannot be read: {error.strerror}"))
            return
        self.has_division = True
        try:
            yield descriptor, path
        finally:
            os.close(descriptor)

    def take(self, parent: int, entry: os.DirEntry[str], parts: Parts) -> None:
        """Take a file, or what is below a folder. A name in macOS' own litter (`._*`) is passed over."""
        path = (*parts, entry.name)
        if entry.name.startswith("._") or entry.name == ".git":
            return
        try:
            status = entry.stat(follow_symlinks=False)
        except OSError as error:
            self.refusals.append(Refusal(path, f"cannot be read: {error.strerror}"))
            return
        if stat.S_ISREG(status.st_mode):
            self.files.append(ClonedFile(path, status.st_size))
        elif not stat.S_ISDIR(status.st_mode):
            self._refuse(path, status.st_mode)
        elif len(path) > DEPTH_MAX:
            self.refusals.append(Refusal(path, f"more than {DEPTH_MAX} folders deep"))
        else:
            for folder, _ in self.folder(parent, entry, parts):
                for child in self.entries(folder, path):
                    self.take(folder, child, path)

    def _refuse(self, path: Parts, mode: int) -> None:
        is_link = stat.S_ISLNK(mode)
        reason = "a link: not followed" if is_link else "neither a file nor a folder"
        self.refusals.append(Refusal(path, reason))


def _open_folder(name: str, parent: int | None, *, follow: bool = False) -> int:
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | (0 if follow else os.O_NOFOLLOW)
    return os.open(name, flags, dir_fd=parent)


def _checked(part: str) -> str:
    if part in ("", ".", "..") or "/" in part or "\0" in part:
        raise ValueError(f"{shown(part)!r} cannot be part of a path")
    return part


def shown(text: str) -> str:
    r"""Return a text from the clone as it may be shown or written: what is not printable becomes `\xNN`."""
    return "".join(char if char.isprintable() else _escaped(char) for char in text)


def shown_path(parts: Parts) -> str:
    """Return a path inside the clone as it may be shown or written."""
    return shown("/".join(parts))


def readable_size(size_bytes: int) -> str:
    """Return a size for people."""
    return f"{size_bytes / (1 << 20):.3g} MiB" if size_bytes >= 1 << 20 else f"{size_bytes:,} bytes"


def _escaped(char: str) -> str:
    code = ord(char)
    if 0xDC80 <= code <= 0xDCFF:  # a byte of a file's name that is not UTF-8
        code -= 0xDC00
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
