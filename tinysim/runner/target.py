"""What a run needs of the board it runs on, whichever engine is behind it."""

from __future__ import annotations

from typing import Any, Protocol

from tinysim.session import Session


class Target(Protocol):
    """A board to run on: a session with it, and its state.

    `just_switched_on` says that it has yet to boot; a real board may have been on for long.
    """

    session: Session
    just_switched_on: bool

    def snapshot(self) -> Any:
        """Return the board's whole state."""

    def restore(self, snapshot: Any) -> None:
        """Put the board back to `snapshot`; the session forgets what it had read of an unfinished line."""

    def notes(self) -> tuple[str, ...]:
        """Return what is to be known about how the firmware uses the board."""

    def close(self) -> None:
        """Free the board."""


class TargetFactory(Protocol):
    """Makes targets, all alike. Can be pickled, so that worker processes make their own."""

    def __call__(self) -> Target:
        """Return a new target."""
