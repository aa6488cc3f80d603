from __future__ import annotations

import contextlib
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.published import DATA, needs_data, needs_published
from tinysim.benchmark import BENCHMARKS, find_benchmark
from tinysim.datasets.dataset import open_dataset
from tinysim.datasets.labels import Entry, format_labels, parse_labels, read_labels
from tinysim.errors import UserError

GRAMMAR = re.compile(r"([\w.\-]+\.bin),\s*(\d+),\s*(\d+)(?:,\s*(\d+),\s*(\d+))?")

entries = st.integers(1, 99).flatmap(
    lambda classes: (
        st.builds(
            Entry,
            st.from_regex(r"\A[A-Za-z0-9_\-][A-Za-z0-9_.\-]{0,30}\.bin\Z"),
            st.just(classes),
            st.integers(0, classes - 1),
            st.none(),
            st.none(),
        )
        | st.builds(
            Entry,
            st.just("a.bin"),
            st.just(classes),
            st.integers(0, classes - 1),
            st.integers(1, 10**6),
            st.integers(1, 10**6),
        )
    )
)


@given(st.lists(entries, min_size=1))
def test_label_files_come_back(rows: list[Entry]) -> None:
    text = format_labels(tuple(rows))
    assert all(GRAMMAR.fullmatch(line) for line in text.splitlines())
    assert parse_labels(text, Path("y_labels.csv")) == tuple(rows)


@given(st.text(max_size=80))
def test_any_text_is_rows_of_the_grammar_or_refused_in_one_line(text: str) -> None:
    with contextlib.suppress(UserError):
        for entry in parse_labels(text, Path("y_labels.csv")):
            assert "/" not in entry.file
            assert not entry.file.startswith(".")
            assert entry.label < entry.classes
    try:
        parse_labels(text, Path("y_labels.csv"))
    except UserError as error:
        assert "\n" not in str(error)


@given(st.text(st.sampled_from("ab1_-./\\, \0%"), max_size=20))
def test_no_row_leads_out_of_the_folder(name: str) -> None:
    with contextlib.suppress(UserError):
        (entry,) = parse_labels(f"{name}.bin,12,1\n", Path("y_labels.csv"))
        assert Path("/data", entry.file).resolve().parent == Path("/data")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "has no rows"),
        ("../../etc/passwd.bin,12,1\n", r"line 1: '\.\./"),
        ("a.bin,12,1\n/etc/b.bin,12,1\n", "line 2"),
        ("..bin,12,1\n", "line 1"),
        ("a.bin,12,12\n", "label 12 of a.bin is not below"),
        ("a.bin,2,0,2560\n", "line 1"),
        ("a.bin,2,0,2560,0\n", "above 0"),
        ("a.txt,2,0\n", "is not `FILE.bin"),
        ("a.bin;2;0\n", "is not `FILE.bin"),
    ],
)
def test_a_bad_row_is_named(text: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        parse_labels(text, Path("y_labels.csv"))


def test_spaces_after_commas_and_windows_line_ends_are_taken() -> None:
    text = "a.bin, 12, 1\r\nb.bin,2,0,2560,512\n"
    assert parse_labels(text, Path("y")) == (Entry("a.bin", 12, 1), Entry("b.bin", 2, 0, 2560, 512))


def test_a_file_of_200_slices_has_196_windows() -> None:
    offsets = Entry("a.bin", 2, 0, 2560, 512).window_offsets(102400)
    assert (len(offsets), offsets[0], offsets[-1]) == (196, 0, 99840)
    assert list(Entry("a.bin", 12, 0).window_offsets(490)) == [0]


@needs_data
@pytest.mark.parametrize(("benchmark", "rows"), [("kws", 1000), ("vww", 1000), ("ic", 200), ("ad", 248)])
def test_the_official_lists_are_read(benchmark: str, rows: int) -> None:
    dataset = open_dataset(BENCHMARKS[benchmark], DATA / "datasets" / BENCHMARKS[benchmark].data_set)
    assert len(dataset.entries) == rows
    segments = list(dataset.accuracy_segments())
    assert len(segments) == (48608 if benchmark == "ad" else rows)
    assert len(dataset.performance_segments()) == 5


@needs_data
def test_the_official_keyword_inputs_are_whole() -> None:
    dataset = open_dataset(BENCHMARKS["kws"], DATA / "datasets/kws01")
    dataset.check_files()
    assert len(dataset.read(dataset.performance_segments()[0])) == 490


@needs_published
def test_the_shorter_anomaly_list_is_read() -> None:
    assert len(read_labels(DATA / "datasets/ad01/y_labels_alt.csv")) == 72


@needs_data
def test_official_lists_are_known_as_such() -> None:
    for benchmark in BENCHMARKS.values():
        dataset = open_dataset(benchmark, DATA / "datasets" / benchmark.data_set)
        assert (dataset.kind, dataset.name) == ("official", benchmark.data_set)
        assert dataset.benchmark == benchmark


@needs_data
def test_a_list_that_lacks_a_row_is_not_the_official_one(tmp_path: Path) -> None:
    rows = (DATA / "datasets/kws01/y_labels.csv").read_text().splitlines(keepends=True)
    (tmp_path / rows[0].split(",")[0]).write_bytes(bytes(490))
    for lines, kind in ((rows, "official"), (rows[:30], "own"), (rows[1:], "own")):
        (tmp_path / "y_labels.csv").write_text("".join(lines))
        (tmp_path / lines[0].split(",")[0]).write_bytes(bytes(490))
        assert open_dataset(BENCHMARKS["kws"], tmp_path).kind == kind
    (tmp_path / "y_labels.csv").write_bytes("".join(rows).replace("\n", "\r\n").encode())
    assert open_dataset(BENCHMARKS["kws"], tmp_path).kind == "official"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "y_labels.csv").write_text("a.bin,12,1\nb.bin,12,2\n")
    for name in ("a.bin", "b.bin"):
        (tmp_path / name).write_bytes(bytes(490))
    return tmp_path


def test_a_truncated_input_is_one_clear_line(folder: Path) -> None:
    (folder / "b.bin").write_bytes(bytes(489))
    dataset = open_dataset(BENCHMARKS["kws"], folder)
    for check in (dataset.check_files, lambda: [dataset.read(s) for s in dataset.accuracy_segments()]):
        with pytest.raises(UserError, match=r"b\.bin has 489 bytes instead of 490 as a\.bin has: one"):
            check()


def test_a_missing_input_is_one_clear_line(folder: Path) -> None:
    (folder / "b.bin").unlink()
    dataset = open_dataset(BENCHMARKS["kws"], folder)
    for check in (dataset.check_files, lambda: [dataset.read(s) for s in dataset.accuracy_segments()]):
        with pytest.raises(UserError, match=r"b\.bin is missing \(1 of 2 are there\)"):
            check()


def test_data_of_ones_own_have_the_sizes_that_they_have(folder: Path) -> None:
    (folder / "y_labels.csv").write_text("a.bin,3,1\nb.bin,3,2\n")
    for name in ("a.bin", "b.bin"):
        (folder / name).write_bytes(bytes(48))
    (folder / "classes.txt").write_text("cat\ndog\nneither\n")
    dataset = open_dataset(BENCHMARKS["ic"], folder)
    sizes = dataset.benchmark
    assert (sizes.classes, sizes.result_values, sizes.file_bytes, sizes.tensor_bytes) == (3, 3, 48, 48)
    assert dataset.class_names == ("cat", "dog", "neither")
    assert [segment.length_bytes for segment in dataset.accuracy_segments()] == [48, 48]


def test_windows_of_ones_own_are_floats(folder: Path) -> None:
    (folder / "y_labels.csv").write_text("a.bin,2,1,40,8\nb.bin,2,0,40,8\n")
    dataset = open_dataset(BENCHMARKS["ad"], folder)
    assert (dataset.benchmark.input_bytes, dataset.benchmark.tensor_bytes) == (40, 10)
    assert len(list(dataset.accuracy_segments())) == 2 * ((490 - 40) // 8 + 1)


@pytest.mark.parametrize(
    ("benchmark", "labels", "classes", "message"),
    [
        ("kws", "a.bin,12,1\nb.bin,10,1\n", None, r"b\.bin has 10 classes, a\.bin has 12"),
        ("kws", "a.bin,2,1,40,8\nb.bin,2,1\n", None, r"windows of b\.bin and a\.bin differ"),
        ("kws", "a.bin,2,1,491,8\n", None, r"a window of a\.bin has 491 bytes, the file has 490"),
        ("kws", "a.bin,2,1\n", "one\n", r"classes\.txt names 1 classes, y_labels\.csv has 2"),
        ("ad", "a.bin,3,1,40,8\n", None, "ad tells 2 classes, normal and anomaly, not 3"),
        ("ad", "a.bin,2,1\n", None, "490 bytes is not made of 32-bit floats"),
        ("kws", "c.bin,2,1\n", None, r"c\.bin is missing"),
    ],
)
def test_data_that_contradict_themselves_are_refused(
    folder: Path, benchmark: str, labels: str, classes: str | None, message: str
) -> None:
    (folder / "y_labels.csv").write_text(labels)
    if classes is not None:
        (folder / "classes.txt").write_text(classes)
    with pytest.raises(UserError, match=message):
        open_dataset(BENCHMARKS[benchmark], folder)


@pytest.mark.parametrize(
    ("name", "hint"),
    [("kw", "did you mean kws"), ("kws01", "did you mean kws"), ("keyword_spotting", "did you mean kws")],
)
def test_an_unknown_benchmark_gets_a_hint(name: str, hint: str) -> None:
    with pytest.raises(UserError, match=hint):
        find_benchmark(name)
    with pytest.raises(UserError, match="known benchmarks: kws, vww, ic, ad"):
        find_benchmark("xyzzy")
