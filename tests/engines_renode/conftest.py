"""Renode's tests run where Renode and pyrenode3 are installed for the Python that runs them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.engines_renode.guests import build_guest
from tinysim.board import Board, load_board
from tinysim.engines.renode import Installation, RenodeEngine, find_installation

MakeEngine = Callable[..., RenodeEngine]


@pytest.fixture(scope="module")
def renode() -> Installation:
    installation = find_installation()
    if isinstance(installation, str):
        pytest.skip(f"Renode: {installation}")
    return installation


@pytest.fixture
def board() -> Board:
    return load_board("nucleo_l4r5zi")


@pytest.fixture
def make_engine(renode: Installation, board: Board, tmp_path: Path) -> Iterator[MakeEngine]:
    """Make engines with a guest from assembler source; all are closed after the test."""
    engines = []

    def make(
        source: str, *, on: Board = board, handler: str = "", cycles_per_instruction: float = 1.0
    ) -> RenodeEngine:
        image = build_guest(on, source, tmp_path, handler)
        engines.append(RenodeEngine(on, image, cycles_per_instruction=cycles_per_instruction))
        return engines[-1]

    yield make
    for engine in engines:
        engine.close()
