from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.published import PUBLISHED, needs_published
from tests.sample_submission import submission
from tinysim.conformance.findings import errors
from tinysim.conformance.tree import FILE_BYTES_MAX, check_tree
from tinysim.errors import UserError
from tinysim.results.tree import write_submission

RESULTS = "closed/acme/results/nucleo_l4r5zi"
KWS = f"{RESULTS}/kws"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    write_submission(tmp_path, submission())
    return tmp_path


def test_a_tree_that_we_wrote_is_conformant(tree: Path) -> None:
    assert check_tree(tree) == []


@needs_published
def test_the_published_trees_are_conformant() -> None:
    findings = check_tree(PUBLISHED / "v1.2")
    # Two files were too large to be handed on.
    folder = "closed/STMicroelectronics/results/NUCLEO_L4R5ZI/ad/accuracy"
    assert [(finding.path, finding.message) for finding in findings] == [
        (folder, "log.txt is missing"),
        (folder, "script.async is missing"),
    ]


def edit(path: str, old: str, new: str) -> Callable[[Path], None]:
    def change(tree: Path) -> None:
        content = (tree / path).read_text()
        assert old in content
        (tree / path).write_text(content.replace(old, new))

    return change


def remove(path: str) -> Callable[[Path], None]:
    def change(tree: Path) -> None:
        shutil.rmtree(tree / path) if (tree / path).is_dir() else (tree / path).unlink()

    return change


def add(path: str, content: str = "") -> Callable[[Path], None]:
    def change(tree: Path) -> None:
        (tree / path).parent.mkdir(parents=True, exist_ok=True)
        (tree / path).write_text(content)

    return change


def move(old: str, new: str) -> Callable[[Path], None]:
    return lambda tree: shutil.move(tree / old, tree / new)


def too_large(tree: Path) -> None:
    with (tree / "closed/acme/code/kws/weights.bin").open("wb") as file:
        file.truncate(FILE_BYTES_MAX + 1)


SYSTEM = "closed/acme/systems/nucleo_l4r5zi.json"
MUTATIONS: list[tuple[str, str, Callable[[Path], None]]] = [
    ("division", "stuff", add("stuff/file.txt")),
    ("link", "closed/acme/code/link", lambda tree: (tree / "closed/acme/code/link").symlink_to(tree)),
    ("file-size", "closed/acme/code/kws/weights.bin", too_large),
    ("pycache", "closed/acme/code/__pycache__", add("closed/acme/code/__pycache__/a.pyc")),
    ("empty-folder", "closed/acme/code/empty", lambda tree: (tree / "closed/acme/code/empty").mkdir()),
    ("system-description", SYSTEM, remove(SYSTEM)),
    ("system-description", SYSTEM, edit(SYSTEM, "{", "")),
    ("status", SYSTEM, edit(SYSTEM, '"rdi"', '"bogus"')),
    ("status", SYSTEM, edit(SYSTEM, '"Status": "rdi",', "")),
    ("system-type", SYSTEM, edit(SYSTEM, "{", '{"system_type": "edge",')),
    ("benchmark-name", f"{RESULTS}/keyword_spotting", move(KWS, f"{RESULTS}/keyword_spotting")),
    ("results", "closed/acme", remove("closed/acme/results/nucleo_l4r5zi")),
    ("mode", f"{KWS}/accuracy", remove(f"{KWS}/accuracy")),
    ("mode", f"{KWS}/performance", remove(f"{KWS}/performance")),
    ("file-list", f"{KWS}/accuracy", remove(f"{KWS}/accuracy/results.txt")),
    ("file-list", f"{KWS}/accuracy", remove(f"{KWS}/accuracy/log.txt")),
    ("file-list", f"{KWS}/performance/extra.json", add(f"{KWS}/performance/extra.json")),
    ("file-list", f"{KWS}/energy/result.png", add(f"{KWS}/energy/result.png")),
    ("accuracy-target", f"{KWS}/accuracy/results.txt", edit(f"{KWS}/accuracy/results.txt", "90.1", "89.9")),
    ("accuracy-figures", f"{KWS}/accuracy/results.txt", edit(f"{KWS}/accuracy/results.txt", "AUC", "UAC")),
    ("format", f"{KWS}/accuracy/results.txt:2", edit(f"{KWS}/accuracy/results.txt", "AUC: 0.99", "AUC: .9")),
    ("format", f"{KWS}/accuracy/results.txt:1", add(f"{KWS}/accuracy/results.txt", "Top-1: 95.0%\n")),
    ("format", f"{KWS}/accuracy/log.txt:1", edit(f"{KWS}/accuracy/log.txt", "session: m-session-st", "x")),
    ("format", f"{KWS}/accuracy/script.async:1", edit(f"{KWS}/accuracy/script.async", "[\n", "\n")),
    ("format", f"{KWS}/accuracy/log.txt:1", add(f"{KWS}/accuracy/log.txt")),
    (
        "window-length",
        f"{KWS}/performance/results.txt",
        edit(f"{KWS}/performance/results.txt", "      10.412", "       9.412"),
    ),
    (
        "throughput",
        f"{KWS}/performance/results.txt",
        edit(f"{KWS}/performance/results.txt", ":       24.011 inf", ":       25.011 inf"),
    ),
    ("median", f"{KWS}/performance/results.txt", edit(f"{KWS}/performance/results.txt", "is 24", "is 25")),
    ("windows", f"{KWS}/performance/results.txt", edit(f"{KWS}/performance/results.txt", "w 10:", "w 12:")),
    (
        "performance-figures",
        f"{KWS}/performance/results.txt",
        edit(f"{KWS}/performance/results.txt", "Median", "Medium"),
    ),
    ("energy-figures", f"{KWS}/energy/results.txt", add(f"{KWS}/energy/results.txt", "nothing\n")),
]


@pytest.mark.parametrize(
    ("rule", "path", "change"), MUTATIONS, ids=[f"{m[0]}-{m[1][-12:]}" for m in MUTATIONS]
)
def test_every_rule_is_enforced(tree: Path, rule: str, path: str, change: Callable[[Path], None]) -> None:
    change(tree)
    findings = check_tree(tree)
    assert (rule, path) in [(finding.rule, finding.path) for finding in errors(findings)], findings


def test_the_open_division_has_no_target(tmp_path: Path) -> None:
    write_submission(tmp_path, submission(division="open", top1_percent=50.0))
    assert check_tree(tmp_path) == []


def test_an_energy_folder_may_have_its_traces(tree: Path) -> None:
    shutil.copytree(tree / f"{KWS}/performance", tree / f"{KWS}/energy")
    energy = tree / f"{KWS}/energy"
    (energy / "trace1-energy.bin").write_bytes(b"\xf1")
    (energy / "trace1-timestamps.json").write_text("[]")
    (energy / "results.txt").write_text("00245.291 ulp-ml: Median energy cost is 1820.454 uJ/inf.\n")
    assert check_tree(tree) == []


@pytest.mark.parametrize("name", [".hidden", "with blank.txt"])
def test_odd_names_are_a_warning(tree: Path, name: str) -> None:
    (tree / "closed/acme/code" / name).write_text("x")
    findings = check_tree(tree)
    assert [finding.severity for finding in findings] == ["warning"]


def test_the_seed_document_s_summary_name_is_a_warning(tmp_path: Path) -> None:
    write_submission(tmp_path, submission(summary_name="result.txt"))
    findings = check_tree(tmp_path)
    assert errors(findings) == []
    assert {finding.rule for finding in findings} == {"summary-name"}


def test_what_is_no_tree_cannot_be_checked(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is not a folder"):
        check_tree(tmp_path / "nothing")
    with pytest.raises(UserError, match="is not a submission tree"):
        check_tree(tmp_path)


def test_a_finding_is_one_line(tree: Path) -> None:
    os.rename(tree / KWS, tree / f"{RESULTS}/kws01")
    (finding,) = check_tree(tree)
    assert str(finding) == f"{RESULTS}/kws01: error: benchmark-name: the name must be one of ad, ic, kws, vww"
    os.rename(tree / f"{RESULTS}/kws01", tree / f"{RESULTS}/ic2")
    (finding,) = check_tree(tree)
    assert finding.message == "ic2 is a benchmark of v1.4 on: check with --version v1.4"
