"""Published results, in the formats of both runners and in the states that people left them in."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.published import PUBLISHED, needs_published
from tests.replicate.fake_repository import (
    SYSTEM,
    log_of,
    performance_summary,
    repository,
    system_json,
    write_tree,
)
from tinysim.replicate.clone import ClonedFile, open_clone
from tinysim.replicate.descriptions import parse_fields, read_systems
from tinysim.replicate.published import (
    LoggedDownload,
    PublishedResult,
    compare_vectors,
    find_results,
    parse_log,
    parse_throughput,
    read_performance,
    read_vectors,
    same_vector,
    vectors_of_json,
    vectors_of_log,
)

MLCOMMONS_SUMMARY = """Performance results for window 1
    # Inferences : 250
    Runtime: 10.862042 sec.
    Throughput: 23.01593015383295 inf./sec.
    Runtime requirements have been met.
0102.030405 ulp-mlperf: ---------------------------------------------------------
0102.030405 ulp-mlperf: Median throughput is     23.032 inf./sec.
0102.030405 ulp-mlperf: ---------------------------------------------------------
"""


def result_files(*names: str) -> dict[tuple[str, str], PublishedResult]:
    return find_results(ClonedFile(("closed", "org", "results", *name.split("/")), 1) for name in names)


def test_throughput_of_both_runners() -> None:
    assert parse_throughput(performance_summary(15.954, 200)) == (15.954, 200)
    assert parse_throughput(performance_summary(15.954, 200).replace("\n", "\r\n")) == (15.954, 200)
    assert parse_throughput(MLCOMMONS_SUMMARY) == (23.032, 250)


def test_of_several_runs_in_a_file_the_last_counts() -> None:
    assert parse_throughput(performance_summary(1.5, 10) + performance_summary(2.5, 20)) == (2.5, 20)


@pytest.mark.parametrize(
    "text", ["", "Top-1: 90.1%\nAUC: 0.99\n", performance_summary(1.0).replace("Median", "")]
)
def test_no_throughput_is_said(text: str) -> None:
    with pytest.raises(ValueError, match="Median throughput"):
        parse_throughput(text)


@pytest.mark.parametrize(
    ("name", "place", "kind"),
    [
        ("SYS/kws/performance/results.txt", ("SYS", "kws"), ("performance", "summary")),
        ("SYS/kws/performance/result.txt", ("SYS", "kws"), ("performance", "summary")),
        ("SYS/kws/performance/performance_results.txt", ("SYS", "kws"), ("performance", "summary")),
        ("SYS/kws/accuracy/accuracy_log.txt", ("SYS", "kws"), ("accuracy", "log")),
        ("SYS/kws/accuracy/results.json", ("SYS", "kws"), ("accuracy", "json")),
        ("SYS/keyword_spotting/performance/log.txt", ("SYS", "kws"), ("performance", "log")),
        ("SYS/ad/AD08/performance/results.txt", ("SYS", "ad"), ("performance", "summary")),
        (
            "microtvm_native/SYS/vww/performance/results.txt",
            ("microtvm_native/SYS", "vww"),
            ("performance", "summary"),
        ),
        ("kws/SYS/performance/results.txt", ("SYS", "kws"), ("performance", "summary")),
        ("SYS/visual_wake_words/performance_results.txt", ("SYS", "vww"), ("performance", "summary")),
    ],
)
def test_published_layouts(name: str, place: tuple[str, str], kind: tuple[str, str]) -> None:
    [(found, result)] = result_files(name).items()
    assert found == place
    assert set(result.files) == {kind}


@pytest.mark.parametrize(
    "name", ["SYS/readme.txt", "results.txt", "SYS/kws/script.async", "kws/performance/log.txt"]
)
def test_what_is_no_result_is_passed_over(name: str) -> None:
    assert result_files(name) == {}


def test_a_log_s_inferences() -> None:
    text = log_of([("a.bin", "0.1,0.9"), ("b.bin", "0.2,0.8")], iterations=200, runtime_us=123_456)
    inferences, model = parse_log(text)
    assert model == "kws01"
    assert [(each.iterations, each.runtime_us, each.results) for each in inferences] == [
        (200, 123_456, "0.1,0.9"),
        (200, 123_456, "0.2,0.8"),
    ]
    assert inferences[1].download == LoggedDownload("b.bin", 0, 490)


def test_a_device_s_clock_that_wraps_is_understood() -> None:
    text = log_of([("a.bin", "1")]).replace("m-lap-us-5000", f"m-lap-us-{2**32 - 1000}")
    text = text.replace("m-lap-us-6000", "m-lap-us-500")
    assert parse_log(text)[0][0].runtime_us == 1500


def test_windows_of_a_file_are_told_apart() -> None:
    text = log_of([("a.bin", "1.5")], offset=0, byte_count=2560) + "\n"
    text += log_of([("a.bin", "2.5")], offset=512, byte_count=2560)
    assert vectors_of_log(text) == {("a.bin", 0): "1.5", ("a.bin", 512): "2.5"}


def test_chatter_continuation_lines_and_line_ends_do_not_matter() -> None:
    text = log_of([("a.bin", "0.1,0.9"), ("b.bin", "0.3,0.7")])
    noisy = text.replace("00036.200 dut: m-results", "00036.150 dut: hello\nstray\n00036.200 dut: m-results")
    assert vectors_of_log(noisy.replace("\n", "\r\n")) == vectors_of_log(text)


def test_of_several_passes_the_last_counts() -> None:
    text = log_of([("a.bin", "0.1"), ("b.bin", "0.2")]) + "\n" + log_of([("a.bin", "0.3")])
    assert vectors_of_log(text) == {("a.bin", 0): "0.3", ("b.bin", 0): "0.2"}


def test_vectors_are_compared_as_text_and_only_where_both_have_the_input() -> None:
    published = {("a", 0): "0.10,0.9", ("b", 0): "0.2", ("c", 0): "0.3"}
    assert compare_vectors(published, {("a", 0): "0.1,0.9", ("b", 0): "0.2", ("d", 0): "1"}) == (1, 2)
    assert not same_vector("0.1,0.9", "0.1,0.9,")


def test_the_mlcommons_runner_s_numbers() -> None:
    content = [
        {"file": "sets/kws01/a.bin", "stride": None, "infer": {"results": [0.25, 0.75]}},
        {"file": "w.bin", "stride": "512", "infer": {"results": [1.5]}},
        {"file": "w.bin", "stride": "512", "infer": {"results": [2.5]}},
        {"error": "error 1", "mode": "p"},
        "nonsense",
    ]
    vectors = vectors_of_json(json.dumps(content))
    assert vectors == {("a.bin", 0): (0.25, 0.75), ("w.bin", 0): (1.5,), ("w.bin", 512): (2.5,)}
    assert same_vector(vectors["a.bin", 0], "0.250,0.750")
    assert not same_vector(vectors["a.bin", 0], "0.251,0.750")
    assert not same_vector(vectors["a.bin", 0], "rubbish")


@pytest.mark.parametrize("text", ["", "{}", "[" * 100_000, "[1,", "nan"])
def test_what_is_no_results_json_is_said(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        vectors_of_json(text)


def test_without_a_summary_the_log_s_windows_are_taken(tmp_path: Path) -> None:
    log = log_of([("a.bin", "1"), ("b.bin", "1"), ("c.bin", "1")], iterations=100, runtime_us=2_000_000)
    write_tree(tmp_path, {"closed/o/results/S/kws/performance/log.txt": log})
    clone = open_clone(tmp_path)
    published = read_performance(clone, find_results(clone.files)["S", "kws"])
    assert published.throughput_inf_per_s == pytest.approx(50)
    assert published.iterations == 100


def test_missing_or_broken_results_are_said(tmp_path: Path) -> None:
    write_tree(tmp_path, {"closed/o/results/S/kws/performance/results.txt": b"\xff\xfe garbage"})
    clone = open_clone(tmp_path)
    result = find_results(clone.files)["S", "kws"]
    assert "Median throughput" in read_performance(clone, result).problem
    with pytest.raises(ValueError, match="no published accuracy log"):
        read_vectors(clone, result)


@pytest.mark.parametrize(
    "text",
    [
        system_json().replace("}", ",}"),
        "// comment\n" + system_json(),
        system_json()[:-1],
        '{"deep": ' + "[" * 100_000 + "]" * 100_000 + "," + system_json()[1:],
        '{"deep": [[[[[[[[[[1]]]]]]]]]],' + system_json()[1:],
    ],
    ids=["trailing comma", "comment", "cut", "very deep", "too deep"],
)
def test_a_malformed_description_gives_what_can_be_made_out(text: str) -> None:
    fields, problem = parse_fields(text)
    assert fields["Board Name"] == SYSTEM["Board Name"]
    assert "not readable JSON" in problem


def test_a_description_s_fields() -> None:
    assert parse_fields(system_json()) == (SYSTEM, "")
    assert parse_fields(json.dumps({" Board Name ": "X", "SoC Name": ["not a text"]})) == (
        {"Board Name": "X"},
        "",
    )


@given(text=st.text(max_size=300))
def test_any_text_is_survived(text: str) -> None:
    parse_fields(text)
    parse_log(text)
    for parse in (parse_throughput, vectors_of_json):
        with contextlib.suppress(ValueError):
            parse(text)


@pytest.mark.parametrize(
    ("file", "system_id"),
    [
        ("NUCLEO_L4R5ZI.json", "NUCLEO_L4R5ZI"),
        ("NUCLEO-L4R5ZI.json", "NUCLEO_L4R5ZI"),
        ("nucleo_l4r5zi_system_description.json", "NUCLEO_L4R5ZI"),
        ("implementation/NUCLEO_L4R5ZI.json", "implementation/NUCLEO_L4R5ZI"),
        ("NUCLEO_L4R5ZI.json", "implementation/NUCLEO_L4R5ZI"),
    ],
)
def test_descriptions_under_other_spellings_are_found(tmp_path: Path, file: str, system_id: str) -> None:
    write_tree(
        tmp_path,
        {f"closed/o/systems/{file}": system_json(**{"Board Name": "X"}), "closed/o/systems/b.json": "{}"},
    )
    clone = open_clone(tmp_path)
    systems = {system.id: system for system in read_systems(clone, clone.files, [system_id])}
    assert systems[system_id].board_name == "X"
    board = systems[system_id].board
    assert board is not None
    assert board.id == "nucleo_l4r5zi"


def test_a_fake_repository_reads_back(tmp_path: Path) -> None:
    clone = open_clone(repository(tmp_path))
    results = find_results(file for file in clone.files if file.parts[2] == "results")
    published = read_performance(clone, results["NUCLEO_L4R5ZI", "kws"])
    assert (published.throughput_inf_per_s, published.iterations, published.problem) == (20.0, 100, "")
    assert read_vectors(clone, results["NUCLEO_L4R5ZI", "kws"]) == {("in_00.bin", 0): "0.1"}


@needs_published
@pytest.mark.parametrize("version", ["v1.2", "v1.3"])
def test_every_published_tree_at_hand_is_read(version: str) -> None:
    clone = open_clone(PUBLISHED / version)
    results = find_results(file for file in clone.files if "results" in file.parts[2:3])
    assert results
    for (_, benchmark), result in results.items():
        if benchmark != "sww" and ("performance", "summary") in result.files:
            published = read_performance(clone, result)
            assert published.throughput_inf_per_s, result
            assert published.iterations, result
