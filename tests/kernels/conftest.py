"""Where the reference models and data sets are, if they are."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


def _data(folder: str) -> Path:
    root = os.environ.get("TINYSIM_TEST_DATA")
    if not root:
        pytest.skip("TINYSIM_DATA is not set")
    path = Path(root) / folder
    if not path.is_dir():
        pytest.skip(f"TINYSIM_DATA has no {folder}")
    return path


@pytest.fixture(scope="session")
def reference_models() -> Path:
    return _data("models")


@pytest.fixture(scope="session")
def kws_data() -> Path:
    return _data("datasets/kws01")
