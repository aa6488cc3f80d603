"""The outputs that ship with the built-in sets are what LiteRT's reference kernels give."""

from __future__ import annotations

from pathlib import Path

import pytest

from tinysim.benchmark import BENCHMARKS
from tinysim.builtin.sets import BUILTIN_SETS, BuiltinSet, generated
from tinysim.datasets.dataset import open_dataset
from tinysim.training.expected import reference_results, write_expected


@pytest.mark.parametrize("builtin", BUILTIN_SETS.values(), ids=lambda builtin: builtin.name)
def test_the_outputs_are_litert_s(builtin: BuiltinSet, tmp_path: Path) -> None:
    dataset = open_dataset(BENCHMARKS[builtin.benchmark], generated(builtin, None, tmp_path))
    written = tmp_path / "expected" / "again.csv"
    write_expected(written, dataset, reference_results(dataset, builtin.model))
    assert written.read_text() == builtin.expected.read_text()
