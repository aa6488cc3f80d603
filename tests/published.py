"""Published result trees and official data, where TINYSIM_DATA has them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

DATA = Path(os.environ.get("TINYSIM_TEST_DATA") or "/nonexistent")
"""Where TINYSIM_DATA pointed when the tests were started (tests/conftest.py)."""
PUBLISHED = DATA / "published"

needs_data = pytest.mark.skipif(
    not (DATA / "datasets" / "kws01").is_dir(), reason="TINYSIM_DATA has no official data sets"
)
needs_published = pytest.mark.skipif(not PUBLISHED.is_dir(), reason="TINYSIM_DATA has no published trees")


def published_files(pattern: str) -> list[Path]:
    """The published files of the EEMBC runner (v1.2) that match; one that is missing if there are none."""
    return sorted(PUBLISHED.glob(f"v1.2/**/{pattern}")) or [PUBLISHED / pattern]


def short_name(path: Path) -> str:
    return "-".join(path.parts[-4:])
