"""Where things are kept that are made or fetched once and used again: the native core, data sets, Renode."""

from __future__ import annotations

import contextlib
import os
import stat
import sys
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import platformdirs

from tinysim.errors import UserError

VARIABLE = "TINYSIM_CACHE"


def user_cache() -> Path:
    """Return where the cache belongs: TINYSIM_CACHE, else this user's cache as the system has it.

    It need not be there, and need not be a place that can be: for a user without a home it begins with ~.
    """
    given = os.environ.get(VARIABLE)
    if given:
        return Path(given).absolute()
    try:
        return platformdirs.user_cache_path("tinysim", appauthor=False)
    except RuntimeError:  # of newer versions; older ones give this path
        return Path("~/.cache/tinysim")


def find_cached(name: str) -> Path | None:
    """Return where the cache has the file or folder `name`, a relative path, or None where it has not.

    A cache that cannot be written, or only be read by this process, is as good as any other.
    """
    return next((path for folder in _caches() if _exists(path := folder / name)), None)


def cache_folder() -> Path:
    """Return the cache as a folder that is there and can be written: for what is going to be made.

    Whoever looks for what may have been made before asks `find_cached` first, since a cache that cannot be
    written may have it. The folder is TINYSIM_CACHE; else this user's cache (XDG_CACHE_HOME, else `.cache` at
    home); where that cannot be made or written, a private folder for temporary files, the same at the next
    run, with a remark on standard error once a process. Raises UserError where TINYSIM_CACHE cannot be
    written, or nothing can.
    """
    own = user_cache()
    problem = _why_not_writable(own)
    if problem is None:
        return own
    if os.environ.get(VARIABLE):
        raise UserError(f"{VARIABLE} is {own}, which cannot be written ({problem}): name a folder that can")
    folder = _temporary_cache()
    _remark(
        f"{own} cannot be written ({problem}): what is worth keeping goes into {folder}; "
        f"set {VARIABLE} to a folder that lasts"
    )
    return folder


def _caches() -> Iterator[Path]:
    yield user_cache()
    if not os.environ.get(VARIABLE):
        private = _private_place()
        if private is not None and _is_private(private):
            yield private


def _exists(path: Path) -> bool:
    try:
        return path.is_absolute() and path.exists()
    except OSError:  # a folder on the way must not be looked into
        return False


def _why_not_writable(folder: Path) -> str | None:
    """Make `folder` where it is not there yet, and return why it cannot be written, or None where it can."""
    if not folder.is_absolute():  # what becomes of ~ where nothing says where home is
        return "this user has no home"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return None
    except OSError as error:
        return error.strerror or str(error)


def _temporary_cache() -> Path:
    """Return a writable folder for temporary files that nobody else can have put anything into.

    Anyone may have made the one with this user's name: then it is another one, which no other process will
    find.
    """
    place = _private_place()
    try:
        if place is not None:
            with contextlib.suppress(FileExistsError):
                place.mkdir(mode=0o700)
            if _is_private(place) and _why_not_writable(place) is None:
                return place
        return _new_private_folder()
    except OSError as error:
        raise UserError(
            f"there is no folder for a cache ({error.strerror or error}): set {VARIABLE} to one that can be "
            "written"
        ) from error


def _private_place() -> Path | None:
    try:
        return Path(tempfile.gettempdir()) / f"tinysim-{_user()}"
    except OSError:
        return None


def _user() -> str:
    # Where users have no number, each has a folder of their own for temporary files.
    return str(os.geteuid()) if hasattr(os, "geteuid") else "cache"


def _is_private(folder: Path) -> bool:
    """Whether it is a folder, not a link to one, of this user's, that nobody else may look into."""
    try:
        status = folder.lstat()
    except OSError:
        return False
    if not hasattr(os, "geteuid"):
        return stat.S_ISDIR(status.st_mode)
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid() and not status.st_mode & 0o077


@cache
def _new_private_folder() -> Path:
    return Path(tempfile.mkdtemp(prefix=f"tinysim-{_user()}-"))


@cache
def _remark(text: str) -> None:
    print(f"tinysim: {text}", file=sys.stderr)
