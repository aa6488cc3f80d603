"""Result vectors against what the reference kernels gave, in whatever form a device prints them."""

from __future__ import annotations

import csv
import dataclasses
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.published import DATA, needs_data
from tinysim.benchmark import BENCHMARKS
from tinysim.datasets.dataset import DataSet, open_dataset
from tinysim.datasets.expected import checksum, compare, expected_checksums

KWS, AD = BENCHMARKS["kws"], BENCHMARKS["ad"]


def cut(value: int) -> float:
    """A score as the reference prints it for keywords: cut off after three decimals."""
    return (value + 128) * 1000 // 256 / 1000


def rounded(value: int) -> float:
    """A score as it is printed elsewhere."""
    return round((value + 128) / 256, 3)


@given(st.lists(st.integers(-128, 127), min_size=12, max_size=12))
def test_a_vector_is_the_same_whether_its_decimals_are_cut_or_rounded(outputs: list[int]) -> None:
    expected = zlib.crc32(bytes(value & 0xFF for value in outputs))
    assert checksum(KWS, [[cut(value) for value in outputs]]) == expected
    assert checksum(KWS, [[rounded(value) for value in outputs]]) == expected


@given(st.lists(st.integers(-128, 127), min_size=12, max_size=12), st.integers(0, 11))
def test_one_step_of_one_value_is_seen(outputs: list[int], place: int) -> None:
    changed = [value ^ 1 if index == place else value for index, value in enumerate(outputs)]
    assert checksum(KWS, [[cut(v) for v in outputs]]) != checksum(KWS, [[cut(v) for v in changed]])


@given(st.lists(st.integers(-(2**31), 2**31 - 1), min_size=1, max_size=9))
def test_a_thousandth_of_an_anomaly_score_is_seen(thousandths: list[int]) -> None:
    scores = [[value / 1000] for value in thousandths]
    expected = zlib.crc32(b"".join(value.to_bytes(4, "little", signed=True) for value in thousandths))
    assert checksum(AD, scores) == expected


@given(st.floats())
def test_values_that_no_softmax_gives_do_no_harm(value: float) -> None:
    checksum(KWS, [[value] * 12])
    checksum(AD, [[value]])


@needs_data
def test_every_official_keyword_has_a_checksum() -> None:
    dataset = open_dataset(KWS, DATA / "datasets/kws01")
    expected = expected_checksums(dataset, KWS.model_sha256)
    assert expected is not None
    assert list(expected) == [entry.file for entry in dataset.entries]
    assert expected_checksums(dataset, None) == expected
    assert expected_checksums(dataset, "e" * 64) is None


@pytest.fixture
def dataset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DataSet:
    """Two inputs that pass for the official ones, with expectations of their own."""
    (tmp_path / "y_labels.csv").write_text("a.bin,12,1\nb.bin,12,2\n")
    for name in ("a.bin", "b.bin"):
        (tmp_path / name).write_bytes(bytes(490))
    own = open_dataset(KWS, tmp_path)
    (tmp_path / "expected").mkdir()
    with (tmp_path / "expected/kws01.csv").open("w", newline="") as file:
        for name, first in (("a.bin", 0), ("b.bin", 1)):
            csv.writer(file).writerow([name, f"{checksum(KWS, [[cut(first + i) for i in range(12)]]):08x}"])
    monkeypatch.setattr("tinysim.datasets.expected.files", lambda _package: tmp_path)
    known = dataclasses.replace(KWS, label_sha256s=(own.labels_sha256,))
    return open_dataset(known, tmp_path)


def test_agreement_counts_and_names_the_first_difference(dataset: DataSet) -> None:
    right = {row: [[cut(row + i) for i in range(12)]] for row in range(2)}
    agreement = compare(dataset, KWS.model_sha256, right)
    assert agreement is not None
    assert (agreement.equal, agreement.compared, agreement.first_difference) == (2, 2, None)
    wrong = {**right, 1: [[*right[1][0][:-1], 0.5]]}
    agreement = compare(dataset, KWS.model_sha256, wrong)
    assert agreement is not None
    assert (agreement.equal, agreement.compared, agreement.first_difference) == (1, 2, "b.bin")


def test_nothing_is_compared_with_another_model_s_outputs(dataset: DataSet) -> None:
    assert compare(dataset, "e" * 64, {0: [[0.0] * 12]}) is None
