"""A pseudo terminal under a name that a person chose, for programs that open serial ports."""

from __future__ import annotations

import contextlib
import os
import re
import tty
from collections.abc import Generator
from pathlib import Path

from tinysim.errors import UserError

_SAID_BYTES_MAX = 2048  # what surely fits into a terminal's buffer
_TERMINAL = re.compile(r"/dev/(pts/|ttys)\d+")


@contextlib.contextmanager
def pseudo_terminal(path: Path, said: bytes = b"") -> Generator[int, None, None]:
    """Offer a pseudo terminal at `path` and give the descriptor of its other end, which does not block.

    `said` is what the board has said before: the first program that looks finds the end of it. `path` is a
    symbolic link, removed at the end; one that an ended process left behind is replaced. Raises UserError
    where anything else is there.
    """
    ours, theirs = os.openpty()
    try:
        # A board's line is no terminal: no echo, no editing. We keep their end open too, so that programs can
        # come and go without our end hanging up.
        tty.setraw(theirs)
        os.set_blocking(ours, False)
        name = os.ttyname(theirs)
        os.write(ours, said[-_SAID_BYTES_MAX:])
        clear_place(path, name)
        # A signal may end us as soon as the link is there: it is made where it is already sure to be removed.
        try:
            _link(path, name)
            yield ours
        finally:
            with contextlib.suppress(OSError):
                if os.readlink(path) == name:
                    path.unlink()
    finally:
        os.close(theirs)
        os.close(ours)


def clear_place(path: Path, own_name: str | None = None) -> None:
    """Remove a link to a pseudo terminal that is gone, or to `own_name`, which nobody else can mean any more.

    Raises UserError where anything else is at `path`.
    """
    try:
        target = os.readlink(path)
    except FileNotFoundError:
        return
    except OSError:  # it is not a link
        raise UserError(
            f"{path} exists and is not a link to a pseudo terminal: choose another place"
        ) from None
    if not _TERMINAL.fullmatch(target):
        raise UserError(f"{path} links to {target}, not to a pseudo terminal: choose another place")
    if target != own_name and _is_meant(path, target):
        raise UserError(
            f"{path} links to {target}, which is in use: end that session or choose another place"
        )
    path.unlink(missing_ok=True)


def _is_meant(link: Path, terminal: str) -> bool:
    """Return whether `terminal` is still the one for which `link` was made.

    Linux gives a closed pseudo terminal's number to the next one that is opened, whose node is then younger
    than the link.
    """
    try:
        node, made = os.stat(terminal), os.lstat(link)
    except FileNotFoundError:
        return False
    return not terminal.startswith("/dev/pts/") or node.st_ctime_ns <= made.st_ctime_ns


def _link(path: Path, name: str) -> None:
    try:
        path.symlink_to(name)
    except OSError as error:
        raise UserError(f"cannot make the link {path}: {error.strerror}") from error
