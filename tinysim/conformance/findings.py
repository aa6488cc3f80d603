"""What a check has to say."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal


@dataclass(frozen=True, order=True)
class Finding:
    """A breach of `rule` at `path`, which is relative to the tree. Only an error makes a tree non-conformant.

    A note is no breach: it says what the results may not be taken for.
    """

    path: str
    rule: str
    message: str
    severity: Literal["error", "warning", "note"] = "error"

    def __str__(self) -> str:
        return f"{self.path}: {self.severity}: {self.rule}: {self.message}"


def errors(findings: list[Finding]) -> list[Finding]:
    """Return the findings that make a tree non-conformant."""
    return [finding for finding in findings if finding.severity == "error"]


def relative(path: Path, root: Path) -> str:
    """Return a finding's path."""
    return path.relative_to(root).as_posix()
