"""The outputs that ship with the built-in sets are what LiteRT's reference kernels give, and ours do."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.kernels.host import EMULATED_SIMD, build_host
from tinysim.benchmark import BENCHMARKS
from tinysim.builtin.sets import BUILTIN_SETS, BuiltinSet, generated
from tinysim.codegen import compile_model
from tinysim.datasets.dataset import DataSet, open_dataset
from tinysim.training.expected import printed_results, reference_results, write_expected

Results = dict[int, list[list[float]]]


def assert_expected(builtin: BuiltinSet, dataset: DataSet, results: Results, folder: Path) -> None:
    written = folder / "expected" / "again.csv"
    write_expected(written, dataset, results)
    assert written.read_text() == builtin.expected.read_text()


@pytest.fixture(params=BUILTIN_SETS.values(), ids=lambda builtin: builtin.name)
def builtin(request: pytest.FixtureRequest) -> BuiltinSet:
    chosen: BuiltinSet = request.param
    return chosen


@pytest.fixture
def dataset(builtin: BuiltinSet) -> DataSet:
    return open_dataset(BENCHMARKS[builtin.benchmark], generated(builtin))


def test_the_outputs_are_litert_s(builtin: BuiltinSet, dataset: DataSet, tmp_path: Path) -> None:
    assert_expected(builtin, dataset, reference_results(dataset, builtin.model), tmp_path)


def test_the_firmware_s_kernels_give_them_for_every_input(
    builtin: BuiltinSet, dataset: DataSet, tmp_path: Path
) -> None:
    network = build_host(compile_model(builtin.model, tmp_path / "model"), EMULATED_SIMD)
    assert_expected(builtin, dataset, printed_results(dataset, builtin.model, network.run), tmp_path)
