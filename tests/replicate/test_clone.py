"""The clone as untrusted input: nothing leads out of it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.replicate.fake_repository import repository, vector_table, write_tree
from tinysim.errors import UserError
from tinysim.replicate import clone as clone_module
from tinysim.replicate.clone import DEPTH_MAX, open_clone, read_below, shown, shown_path
from tinysim.replicate.replication import Selection, survey

IMAGE = "closed/acme/code/NUCLEO_L4R5ZI/kws/Release/kws.bin"


def listed(root: Path) -> set[str]:
    return {"/".join(file.parts) for file in open_clone(root).files}


def refused(root: Path) -> dict[str, str]:
    return {shown_path(refusal.parts): refusal.reason for refusal in open_clone(root).refusals}


def test_regular_files_of_both_divisions_are_listed(tmp_path: Path) -> None:
    write_tree(
        tmp_path, {"closed/a/x.txt": "1", "open/b/c/y.txt": "22", "other/z.txt": "3", "closed/a/._x.txt": "4"}
    )
    assert listed(tmp_path) == {"closed/a/x.txt", "open/b/c/y.txt"}
    assert {file.size_bytes for file in open_clone(tmp_path).files} == {1, 2}


@pytest.mark.parametrize("name", ["closed/acme/code/secret.bin", "closed/acme/code/folder", "closed/mallory"])
def test_links_out_of_the_clone_are_reported_and_not_followed(tmp_path: Path, name: str) -> None:
    outside = write_tree(
        tmp_path / "outside", {"code/kws/secret.bin": vector_table(), "secret.bin": vector_table()}
    )
    root = repository(tmp_path / "clone")
    link = root / name
    link.symlink_to(outside if "." not in name else outside / "secret.bin")
    assert not [path for path in listed(root) if "secret" in path]
    assert refused(root)[name] == "a link: not followed"


def test_links_within_the_clone_are_not_followed_either(tmp_path: Path) -> None:
    root = repository(tmp_path)
    (root / "closed/acme/code/again").symlink_to(root / "closed/acme/code")
    (root / "closed/acme/code/loop").symlink_to("loop")
    assert len(survey(root, Selection()).matches) == 1
    assert len(refused(root)) == 2


def test_a_division_that_is_a_link_is_no_repository(tmp_path: Path) -> None:
    outside = repository(tmp_path / "outside")
    root = tmp_path / "clone"
    root.mkdir()
    (root / "closed").symlink_to(outside / "closed")
    with pytest.raises(UserError, match="closed is a link"):
        open_clone(root)


def test_what_becomes_a_link_after_it_was_listed_is_not_read(tmp_path: Path) -> None:
    root = repository(tmp_path / "clone")
    outside = write_tree(tmp_path / "outside", {"kws.bin": b"secret"})
    opened = open_clone(root)
    parts = tuple(IMAGE.split("/"))
    assert opened.read(parts, 1000) == vector_table(model="kws01")
    (root / IMAGE).unlink()
    (root / IMAGE).symlink_to(outside / "kws.bin")
    with pytest.raises(OSError, match="symbolic link"):
        opened.read(parts, 1000)
    (root / IMAGE).unlink()
    release = (root / IMAGE).parent
    release.rmdir()
    release.symlink_to(outside)
    with pytest.raises(OSError):  # noqa: PT011 (systems differ in the error)
        opened.read(parts, 1000)


@pytest.mark.parametrize(
    "parts", [("..", "secret"), ("closed", "..", "..", "secret"), ("a/../../secret",), ("",)]
)
def test_paths_out_of_the_clone_are_refused(tmp_path: Path, parts: tuple[str, ...]) -> None:
    write_tree(tmp_path, {"secret": "x", "clone/closed/a": "y"})
    with pytest.raises(ValueError, match="cannot be part of a path"):
        read_below(tmp_path / "clone", parts, 100)


def test_what_is_no_file_does_not_stop_anything(tmp_path: Path) -> None:
    root = repository(tmp_path)
    os.mkfifo(root / "closed/acme/code/pipe.bin")
    assert refused(root) == {"closed/acme/code/pipe.bin": "neither a file nor a folder"}
    with pytest.raises(ValueError, match="not a regular file"):
        read_below(root, ("closed", "acme", "code", "pipe.bin"), 100)


def test_files_beyond_the_limit_are_not_read(tmp_path: Path) -> None:
    root = write_tree(tmp_path, {"closed/a": b"12345"})
    assert read_below(root, ("closed", "a"), 5) == b"12345"
    with pytest.raises(ValueError, match="larger than 4 bytes"):
        read_below(root, ("closed", "a"), 4)


def test_deep_folders_and_very_many_files_come_to_an_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = write_tree(tmp_path, {"closed/" + "d/" * (DEPTH_MAX + 5) + "kws.bin": b"x"})
    assert listed(root) == set()
    assert "folders deep" in next(iter(refused(root).values()))
    monkeypatch.setattr(clone_module, "ENTRIES_MAX", 3)
    write_tree(tmp_path, {f"open/a/{number}": b"x" for number in range(10)})
    assert len(listed(root)) <= 3
    assert [reason for reason in refused(root).values() if "beyond the first 3" in reason]


def test_a_folder_that_is_no_repository_is_one_line(tmp_path: Path) -> None:
    for root in (tmp_path, tmp_path / "missing"):
        with pytest.raises(UserError) as error:
            open_clone(root)
        assert "\n" not in str(error.value)


def test_an_unknown_organisation_is_answered_with_the_known_ones(tmp_path: Path) -> None:
    root = repository(tmp_path)
    assert {file.parts[1] for file in open_clone(root, "ACME").files} == {"acme"}
    with pytest.raises(UserError, match="it has: acme"):
        open_clone(root, "nobody")


def test_names_cannot_control_the_terminal() -> None:
    assert shown("a\x1b[31m\n\u202eb\udcffé") == "a\\x1b[31m\\x0a\\u202eb\\xffé"


NAMES = st.text(st.characters(codec="utf-8", exclude_characters="/\0"), min_size=1, max_size=12).filter(
    lambda name: name not in (".", "..") and len(name.encode()) < 100
)
CONTENTS = st.one_of(
    st.binary(max_size=100),
    st.sampled_from([vector_table(), vector_table(model="ic01"), b"\x7fELF", b":00000001FF\n"]),
)
FILES = st.dictionaries(
    st.tuples(
        st.sampled_from(["closed", "open"]),
        st.sampled_from(["acme", "b"]),
        st.sampled_from(["code", "results", "systems", "x"]),
        st.lists(st.one_of(NAMES, st.sampled_from(["kws", "NUCLEO_L4R5ZI", "performance"])), max_size=3),
        st.one_of(
            NAMES, st.sampled_from(["results.txt", "log.txt", "a.json", "kws.bin", "a.elf", "b.hex", "c"])
        ),
    ).map(lambda parts: (*parts[:3], *parts[3], parts[4])),
    st.one_of(CONTENTS, st.just("link")),
    max_size=8,
)


@given(files=FILES)
def test_any_tree_gives_a_survey_without_what_lies_outside(
    tmp_path_factory: pytest.TempPathFactory, files: dict[tuple[str, ...], bytes | str]
) -> None:
    place = tmp_path_factory.mktemp("any")
    outside = write_tree(place / "outside", {"kws.bin": vector_table(model="secret")})
    root = place / "clone"
    (root / "closed").mkdir(parents=True)
    links = set()
    regular = set()
    for parts, content in files.items():
        path = root.joinpath(*parts)
        if any(parent in links for parent in path.parents):
            continue
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, bytes):
                path.write_bytes(content)
                regular.add("/".join(parts))
            else:
                path.symlink_to(outside if len(parts) % 2 else outside / "kws.bin")
                links.add(path)
        except OSError:
            continue  # a name of a folder and of a file, or one that the file system does not take
    found = survey(root, Selection())
    assert len(found.refusals) == len(links)
    for match in found.matches:
        for image in match.images:
            assert "/".join(image.parts) in regular
            assert image.models != frozenset({"secret"})
    assert all(line.isprintable() for line in found.refusals)
