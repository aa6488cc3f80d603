"""Inputs of a performance run: official ones where they are at hand."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from tests.replicate.fake_repository import write_tree
from tinysim.benchmark import BENCHMARKS
from tinysim.replicate.inputs import INPUT_BYTES_MAX, performance_inputs, synthetic_input
from tinysim.replicate.published import LoggedDownload

KWS, AD = BENCHMARKS["kws"], BENCHMARKS["ad"]


def downloads(*names: str, length: int = 490) -> list[LoggedDownload]:
    return [LoggedDownload(name, 0, length) for name in names]


def test_the_published_run_s_own_files_are_taken(tmp_path: Path) -> None:
    names = ("a.bin", "b.bin", "c.bin")
    write_tree(tmp_path / "datasets/kws01", {name: name.encode() * 98 for name in names})
    inputs = performance_inputs(KWS, downloads(*names), 2, tmp_path)
    assert inputs.data == (b"a.bin" * 98, b"b.bin" * 98)
    assert inputs.note == ""


def test_a_window_of_a_larger_file(tmp_path: Path) -> None:
    content = bytes(range(256)) * 400
    write_tree(tmp_path / "datasets/ad01", {"w.bin": content})
    inputs = performance_inputs(AD, [LoggedDownload("w.bin", 512, 2560)], 1, tmp_path)
    assert inputs.data == (content[512 : 512 + 2560],)
    assert inputs.note == ""


def test_else_another_real_input_and_a_note(tmp_path: Path) -> None:
    write_tree(tmp_path / "datasets/kws01", {"x.bin": b"x" * 490, "short.bin": b"x"})
    inputs = performance_inputs(KWS, downloads("a.bin"), 5, tmp_path)
    assert inputs.data == (b"x" * 490,)
    assert "another real input" in inputs.note


@pytest.mark.parametrize("benchmark", BENCHMARKS.values(), ids=lambda benchmark: benchmark.id)
def test_else_a_made_up_one_always_the_same(tmp_path: Path, benchmark: object) -> None:
    assert hasattr(benchmark, "input_bytes")
    first, second = (performance_inputs(benchmark, [], 5, tmp_path) for _ in range(2))  # type: ignore[arg-type]
    assert first == second
    assert len(first.data[0]) == benchmark.input_bytes
    assert len(set(first.data[0])) > 30
    assert "made-up" in first.note


def test_made_up_spectra_are_plausible_numbers() -> None:
    levels = struct.unpack("<640f", synthetic_input(AD, 0))
    assert -90 < min(levels) < -40 < -10 < max(levels) < 30


def test_the_log_s_size_counts_within_reason(tmp_path: Path) -> None:
    assert len(performance_inputs(KWS, downloads("a.bin", length=1960), 5, tmp_path).data[0]) == 1960
    huge = downloads("a.bin", length=INPUT_BYTES_MAX + 1)
    assert len(performance_inputs(KWS, huge, 5, tmp_path).data[0]) == 490


@pytest.mark.parametrize("name", ["../secret.bin", "..", "/etc/passwd", "b/b.bin", "x\0.bin"])
def test_names_of_a_log_do_not_lead_out_of_the_data_set(tmp_path: Path, name: str) -> None:
    write_tree(tmp_path / "datasets", {"secret.bin": b"s" * 490, "kws01/b/b.bin": b"s" * 490})
    inputs = performance_inputs(KWS, downloads(name), 1, tmp_path)
    assert b"sss" not in inputs.data[0]
