from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given
from hypothesis import strategies as st

from tinysim.runner.journal import Journal

RECORDS = {0: [1, "a\nb", [0.5]], 1: {"x": None}, 7: "seven"}


def test_records_come_back(tmp_path: Path) -> None:
    Journal(tmp_path, {"a": 1}).add(RECORDS)
    assert Journal(tmp_path, {"a": 1}).records == RECORDS


def test_another_key_is_another_journal(tmp_path: Path) -> None:
    Journal(tmp_path, {"a": 1}).add(RECORDS)
    assert Journal(tmp_path, {"a": 2}).records == {}


def test_a_complete_run_leaves_nothing(tmp_path: Path) -> None:
    journal = Journal(tmp_path, {})
    journal.add(RECORDS)
    journal.remove()
    assert list(tmp_path.iterdir()) == []


@given(st.integers(0, 200))
def test_a_journal_that_was_cut_off_keeps_what_was_whole_and_can_go_on(length: int) -> None:
    with TemporaryDirectory() as name:
        journal = Journal(Path(name), {})
        journal.add(RECORDS)
        journal.path.write_bytes(journal.path.read_bytes()[:length])
        again = Journal(Path(name), {})
        assert again.records.items() <= RECORDS.items()
        again.add({9: "nine"})
        assert Journal(Path(name), {}).records == {**again.records, 9: "nine"}


@given(st.integers(0, 200), st.binary(min_size=1, max_size=20))
def test_a_damaged_record_is_no_record(position: int, damage: bytes) -> None:
    with TemporaryDirectory() as name:
        journal = Journal(Path(name), {})
        journal.add(RECORDS)
        content = bytearray(journal.path.read_bytes())
        content[position : position + len(damage)] = damage
        journal.path.write_bytes(bytes(content))
        assert Journal(Path(name), {}).records.items() <= RECORDS.items()
