"""What commands say on standard error."""

from __future__ import annotations


def without_steps(error: str) -> str:
    """Return what was said but for the lines about what is being done and takes long, which end in "..."."""
    return "".join(line for line in error.splitlines(keepends=True) if not line.endswith(" ...\n"))
