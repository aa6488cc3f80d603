"""What can go wrong, told apart by who has to act on it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class TinysimError(Exception):
    """Base of every error that tinysim raises on purpose."""


class UserError(TinysimError):
    """A person's mistake: one line that says what is wrong and what to do. Exit code 2, no traceback."""


class GuestError(TinysimError):
    """The simulated firmware did something that ends the run. Exit code 1, with a report, no traceback."""


class GuestFault(GuestError):
    """The guest took a fault nothing handled, or left the memory map."""


class GuestHang(GuestError):
    """The guest used up its budget of virtual time without a word, or sleeps with nothing to wake it."""


def unknown_name(kind: str, name: str, known: Iterable[str]) -> UserError:
    """Return the error about a `name` that is none of `known`: with the one that was meant, or them all."""
    known = list(known)
    close = difflib.get_close_matches(name.lower(), known, n=1)
    hint = f"did you mean {close[0]}?" if close else f"known {kind}s: {', '.join(known)}"
    return UserError(f"unknown {kind} {name!r}: {hint}")
