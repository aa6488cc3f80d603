"""Replacing a file or a folder in one step: whoever looks finds the old or the new one, never half of one.

And, before a long run, whether that and other output is going to be possible.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import shutil
import tempfile
from collections.abc import Callable, Generator
from pathlib import Path

from tinysim.errors import UserError

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2


def check_file(path: Path) -> None:
    """Raise UserError where no file can be written at `path`. Leaves no trace."""
    if os.path.isdir(path):
        raise UserError(f"{path} is a folder: name a file")
    if os.path.exists(path) and not os.path.isfile(path):  # a device or a named pipe, to be written into
        if not os.access(path, os.W_OK):
            raise UserError(f"cannot write {path}: {os.strerror(errno.EACCES)}; choose another place")
        return
    _check_place(path, path.parent)


def check_folder(path: Path) -> None:
    """Raise UserError where no files can be written into `path`, a folder or one to be made.

    Leaves no trace.
    """
    if os.path.exists(path) and not os.path.isdir(path):
        raise UserError(f"{path} is not a folder: choose another place")
    _check_place(path, path)


def check_replaceable(folder: Path) -> None:
    """Raise UserError where `replace_folder` cannot put a folder at `folder`. Leaves no trace."""
    if os.path.exists(folder) and not os.path.isdir(folder):
        raise UserError(f"{folder} is not a folder: choose another place")
    _check_place(folder, (folder.resolve() if folder.is_symlink() else folder).parent)


def _check_place(path: Path, folder: Path) -> None:
    """Try what only the attempt tells, in `folder` or the nearest one above it that is there."""
    existing = next(each for each in (folder, *folder.parents) if os.path.lexists(each))
    try:
        with tempfile.TemporaryFile(dir=existing):
            pass
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UserError(f"cannot write {path}: {existing}: {reason}; choose another place") from error


def replace_file(path: Path, content: bytes) -> None:
    """Write a file, and the folders above it, in one step. A device or a named pipe is written into.

    Raises OSError as the file system does.
    """
    if path.exists() and not path.is_file():
        path.write_bytes(content)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with naming(path):
            partial.write_bytes(content)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def replace_folder(folder: Path, change: Callable[[Path], None]) -> None:
    """Apply `change` to a copy of `folder` (empty if there is none), then put the copy in its place.

    Where `change` raises, or the process is interrupted, `folder` is as it was. Processes that replace
    folders beside each other wait for each other. Raises OSError as the file system does.
    """
    # Behind a link it is the folder itself that is replaced.
    folder = folder.resolve() if folder.is_symlink() else folder
    parent = folder.parent
    made = [path for path in (parent, *parent.parents) if not path.exists()]
    parent.mkdir(parents=True, exist_ok=True)
    new = parent / f".{folder.name}.tinysim-new"
    old = parent / f".{folder.name}.tinysim-old"
    try:
        with _locked(parent):
            _recover(folder, new, old)
            try:
                if folder.is_dir():
                    _copy(folder, new)
                else:
                    new.mkdir()
                change(new)
                _flush(new)
                _swap(folder, new, old)
            finally:
                _remove(new)
                _remove(old)
    except BaseException:
        for path in made:
            with contextlib.suppress(OSError):
                path.rmdir()
        raise


def _copy(folder: Path, new: Path) -> None:
    """Copy a folder. Raises the first file's own error, where shutil would raise a list of them all."""
    failures: list[OSError] = []

    def copy(source: str, target: str) -> str:
        try:
            return shutil.copy2(source, target)
        except OSError as error:
            failures.append(error)
            raise

    try:
        shutil.copytree(folder, new, symlinks=True, copy_function=copy)
    except shutil.Error as error:
        raise (failures[0] if failures else error) from None


@contextlib.contextmanager
def naming(path: Path) -> Generator[None, None, None]:
    """Name `path` in an OSError that names no file, as one about a full disk does not."""
    try:
        yield
    except OSError as error:
        if error.filename is None and error.errno is not None:
            error.filename = str(path)
        raise


def _swap(folder: Path, new: Path, old: Path) -> None:
    if not folder.exists():
        new.rename(folder)
    elif not _exchange(new, folder):
        folder.rename(old)
        new.rename(folder)


def _exchange(first: Path, second: Path) -> bool:
    """Exchange two paths in one step; False where the system cannot."""
    try:
        renameat2 = ctypes.CDLL(None, use_errno=True).renameat2
    except (AttributeError, OSError, TypeError):
        return False
    paths = (os.fsencode(first), os.fsencode(second))
    return bool(renameat2(_AT_FDCWD, paths[0], _AT_FDCWD, paths[1], _RENAME_EXCHANGE) == 0)


def _recover(folder: Path, new: Path, old: Path) -> None:
    """Clear up behind a process that was killed."""
    if old.exists() and not folder.exists():
        old.rename(folder)
    _remove(new)
    _remove(old)


def _remove(path: Path) -> None:
    shutil.rmtree(path, ignore_errors=True)


def _flush(folder: Path) -> None:
    """Wait until the disk has what was written: some file systems say only then that they are full."""
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            with naming(path), path.open("rb") as file:
                os.fsync(file.fileno())


@contextlib.contextmanager
def _locked(folder: Path) -> Generator[None, None, None]:
    try:
        import fcntl
    except ImportError:  # not on this system: then two runs must not write one tree at the same time
        yield
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
