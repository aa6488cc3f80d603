"""What can go wrong, told apart by who has to act on it."""

from __future__ import annotations


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
