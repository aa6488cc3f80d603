"""Which data and model are taken, and what is said of it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.published import DATA, needs_data
from tinysim.benchmark import BENCHMARKS, CLASSIC
from tinysim.builtin.sets import BUILTIN_SETS
from tinysim.datasets.choice import (
    available,
    choose,
    choose_data_at_hand,
    describe_choice,
)
from tinysim.errors import UserError

KWS = BENCHMARKS["kws"]


@pytest.fixture(autouse=True)
def nothing_at_hand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A machine on which nobody has fetched anything."""
    monkeypatch.delenv("TINYSIM_DATA", raising=False)
    monkeypatch.setattr("tinysim.datasets.choice.cache_data_folder", lambda: tmp_path / "cache")
    return monkeypatch


def put(root: Path, rows: int = 3, present: int | None = None) -> Path:
    """A data set for keyword spotting below `root`, of which the first `present` inputs are there."""
    folder = root / "datasets/kws01"
    folder.mkdir(parents=True)
    (folder / "y_labels.csv").write_text("".join(f"{row}.bin,12,{row}\n" for row in range(rows)))
    for row in range(rows if present is None else present):
        (folder / f"{row}.bin").write_bytes(bytes(490))
    return folder


def put_model(root: Path) -> Path:
    (root / "models").mkdir(parents=True, exist_ok=True)
    return Path(shutil.copy(BUILTIN_SETS["kws01"].model, root / "models" / KWS.model_file))


@pytest.mark.parametrize("benchmark_id", CLASSIC)
def test_a_machine_with_nothing_takes_what_is_built_in(benchmark_id: str) -> None:
    choice = choose(BENCHMARKS[benchmark_id])
    assert (choice.source, choice.dataset.kind, choice.model_kind) == ("built-in", "built-in", "built-in")
    assert choice.dataset.name == f"tinysim-{benchmark_id}"
    assert choice.dataset.benchmark == BENCHMARKS[benchmark_id]
    assert len(choice.dataset.class_names) == choice.dataset.benchmark.classes
    choice.dataset.check_files()
    assert describe_choice(choice)[1][1].startswith("run `tinysim data p")


def test_what_is_named_comes_first_then_the_variable_then_the_cache(
    tmp_path: Path, nothing_at_hand: pytest.MonkeyPatch
) -> None:
    put(tmp_path / "cache", 1)
    put(tmp_path / "variable", 2)
    put(tmp_path / "named", 3)
    assert len(choose(KWS).dataset.entries) == 1
    nothing_at_hand.setenv("TINYSIM_DATA", str(tmp_path / "variable"))
    assert len(choose(KWS).dataset.entries) == 2
    for named in ("named", "named/datasets", "named/datasets/kws01"):
        choice = choose(KWS, tmp_path / named)
        assert (len(choice.dataset.entries), choice.source) == (3, "--data")


def test_a_folder_with_some_benchmarks_is_taken_for_these_and_the_others_say_so(
    tmp_path: Path, nothing_at_hand: pytest.MonkeyPatch
) -> None:
    put(tmp_path)
    nothing_at_hand.setenv("TINYSIM_DATA", str(tmp_path))
    assert choose(KWS).source == "TINYSIM_DATA"
    choice = choose(BENCHMARKS["ic"])
    assert choice.source == "built-in"
    assert describe_choice(choice)[0][1].endswith("(TINYSIM_DATA has no ic01)")


def test_a_list_without_any_of_its_inputs_is_passed_over_and_said(
    tmp_path: Path, nothing_at_hand: pytest.MonkeyPatch
) -> None:
    put(tmp_path, 7, present=0)
    nothing_at_hand.setenv("TINYSIM_DATA", str(tmp_path))
    choice = choose(KWS)
    assert choice.source == "built-in"
    assert choice.remarks == ("TINYSIM_DATA has the list of kws01, but none of its 7 inputs",)
    with pytest.raises(UserError, match="inputs of kws01 are not at hand: run `tinysim data pull`"):
        choose_data_at_hand(KWS)


def test_a_variable_that_names_no_folder_is_said(tmp_path: Path, nothing_at_hand: pytest.MonkeyPatch) -> None:
    nothing_at_hand.setenv("TINYSIM_DATA", str(tmp_path / "mistyped"))
    choice = choose(KWS)
    assert choice.source == "built-in"
    assert choice.remarks == (f"TINYSIM_DATA is {tmp_path / 'mistyped'}, which is no folder",)
    assert available(KWS)[0].text == choice.remarks[0]


def test_a_set_with_holes_is_an_error_and_not_replaced_in_silence(
    tmp_path: Path, nothing_at_hand: pytest.MonkeyPatch
) -> None:
    put(tmp_path, 7, present=6)
    nothing_at_hand.setenv("TINYSIM_DATA", str(tmp_path))
    with pytest.raises(UserError, match=r"6\.bin is missing \(6 of 7 are there\)"):
        choose(KWS).dataset.check_files()


def test_two_sources_in_one_folder_are_an_error(tmp_path: Path) -> None:
    folder = put(tmp_path)
    shutil.copy(folder / "y_labels.csv", tmp_path)
    with pytest.raises(UserError, match=r"has two data sets, .*: name the folder of one"):
        choose(KWS, tmp_path)


def test_the_model_beside_the_data_is_taken_before_others(
    tmp_path: Path, nothing_at_hand: pytest.MonkeyPatch
) -> None:
    put(tmp_path / "named")
    assert choose(KWS, tmp_path / "named").model == BUILTIN_SETS["kws01"].model
    model = put_model(tmp_path / "variable")
    nothing_at_hand.setenv("TINYSIM_DATA", str(tmp_path / "variable"))
    assert choose(KWS, tmp_path / "named").model == model
    model = put_model(tmp_path / "named")
    assert choose(KWS, tmp_path / "named").model == model


def test_a_model_is_known_by_its_content_whatever_it_is_called(tmp_path: Path) -> None:
    put(tmp_path)
    model = put_model(tmp_path)
    assert choose(KWS, tmp_path).model_kind == "built-in"
    other = tmp_path / "other.tflite"
    other.write_bytes(model.read_bytes() + b"\0")
    assert choose(KWS, tmp_path, other).model_kind == "own"


@needs_data
def test_official_data_with_the_reference_model_and_with_another(
    tmp_path: Path, nothing_at_hand: pytest.MonkeyPatch
) -> None:
    nothing_at_hand.setenv("TINYSIM_DATA", str(DATA))
    choice = choose(KWS)
    assert (choice.dataset.kind, choice.model_kind) == ("official", "reference")
    assert choose(KWS, model=BUILTIN_SETS["kws01"].model).model_kind == "built-in"
    assert choose(BENCHMARKS["ic"]).source == "built-in"
    assert choose(BENCHMARKS["ic2"]).model_kind == "reference"


def test_a_model_that_does_not_fit_the_data_is_one_line_that_says_which(tmp_path: Path) -> None:
    folder = put(tmp_path)
    with pytest.raises(UserError, match=r"ic\.tflite takes 3072 values, but an input in .* has 490 bytes"):
        choose(KWS, tmp_path, BUILTIN_SETS["ic01"].model)
    (folder / "0.bin").write_bytes(bytes(489))
    with pytest.raises(UserError, match=r"1\.bin has 490 bytes instead of 489 as 0\.bin has: one of them is"):
        choose(KWS, tmp_path)
    (folder / "0.bin").write_bytes(bytes(490))
    (folder / "y_labels.csv").write_text("0.bin,10,0\n")
    with pytest.raises(UserError, match=r"kws\.tflite tells 12 classes, but the list in .* has 10"):
        choose(KWS, tmp_path)
    (folder / "y_labels.csv").write_text("0.bin,2,0\n")
    (folder / "0.bin").write_bytes(bytes(4 * 490))
    with pytest.raises(UserError, match="takes 490 values and gives 12: ad needs an autoencoder"):
        choose(BENCHMARKS["ad"], folder, BUILTIN_SETS["kws01"].model)


def test_what_is_available_is_said_for_each_source(
    tmp_path: Path, nothing_at_hand: pytest.MonkeyPatch
) -> None:
    put(tmp_path, 7, present=6)
    nothing_at_hand.setenv("TINYSIM_DATA", str(tmp_path))
    variable, cache, builtin = available(KWS)
    assert (variable.is_complete, cache.is_complete, builtin.is_complete) == (False, False, True)
    assert "6 of 7 are there" in variable.text
    assert builtin.text == f"tinysim-kws, {BUILTIN_SETS['kws01'].input_count} inputs"
    *_, builtin = available(BENCHMARKS["ic2"])
    assert not builtin.is_complete
    assert "no model pretrainedResnet_large_int8.tflite" in builtin.text
