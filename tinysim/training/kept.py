"""What takes long to make for a training, kept in the user's cache until the code that makes it changes.

It may be deleted at any time.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import zipfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tinysim.atomic import replace_file
from tinysim.cache import user_cache

Arrays = Mapping[str, npt.NDArray[Any]]
"""By name."""


def training_cache() -> Path:
    """Return the folder of what trainings keep. It need not be there."""
    return user_cache() / "training"


def kept_or_made(name: str, sources: Iterable[Path], make: Callable[[], Arrays]) -> Arrays:
    """Return what `make` returns, from the cache if an earlier training has made it.

    `name` tells it from others; `sources` are the files of the code that it depends on. Without a cache it is
    made once more the next time, and that is all.
    """
    key = hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()[:16]
    path = training_cache() / f"{name}_{key}.npz"
    kept = read_arrays(path)
    if kept is not None:
        return kept
    made = make()
    with contextlib.suppress(OSError):
        write_arrays(path, made)
    return made


def read_arrays(path: Path) -> Arrays | None:
    """Return the arrays in a file, None where it is missing or not whole."""
    try:
        with np.load(path) as stored:
            return {name: stored[name] for name in stored.files}
    except (OSError, EOFError, KeyError, ValueError, zipfile.BadZipFile):
        return None


def write_arrays(path: Path, arrays: Arrays) -> None:
    """Write arrays in one step, so that an interruption leaves no half of a file."""
    content = io.BytesIO()
    np.savez(content, **arrays)  # type: ignore[arg-type]
    replace_file(path, content.getvalue())
