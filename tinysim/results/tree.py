"""The submission tree: `<division>/<organisation>/{systems,code,results}`."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tinysim.atomic import naming, replace_folder
from tinysim.errors import UserError
from tinysim.results.system_description import format_system, is_simulated, read_system

DIVISIONS = ("closed", "open")
SUMMARY_NAMES = ("results.txt", "result.txt")
"""What the official checker reads, and what the submission rules say."""

LOG_NAME = "log.txt"
SCRIPT_NAME = "script.async"
FACTS_NAME = "facts.json"

# File systems take names of 255 bytes; ours get a few characters more.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._\-]{0,199}")


def check_name(what: str, name: str) -> None:
    """Raise UserError where `name`, which is a `what`, cannot be a folder's name in a results tree."""
    if not _NAME.fullmatch(name):
        raise UserError(
            f"{what} {name!r} cannot be a folder's name in a results tree: "
            "use letters, digits, dots, dashes and underscores, at most 200"
        )


@dataclass(frozen=True)
class Place:
    """Where in a tree results go."""

    division: str
    organisation: str
    system_id: str
    benchmark: str

    def __post_init__(self) -> None:
        check_name("organisation", self.organisation)
        check_name("system id", self.system_id)

    def organisation_folder(self, root: Path) -> Path:
        """Return the folder of everything that the organisation submits in the division."""
        return root / self.division / self.organisation

    @property
    def system_file(self) -> Path:
        """The system description, in the organisation's folder."""
        return Path("systems", f"{self.system_id}.json")

    @property
    def code_folder(self) -> Path:
        """The implementation, in the organisation's folder."""
        return Path("code", self.benchmark, self.system_id)

    @property
    def results_folder(self) -> Path:
        """The results, in the organisation's folder."""
        return Path("results", self.system_id, self.benchmark)


@dataclass(frozen=True)
class ModeFiles:
    """The files of a run: its summary, whose name is not always the same, and others by name."""

    summary: str
    others: Mapping[str, bytes]


@dataclass(frozen=True)
class Submission:
    """One benchmark on one system.

    `modes` are the runs that were made, by folder name; `code` is the implementation's folder, by path within
    it; `facts` go there too, and must name `firmware_sha256`. What they have as `remark` is said in the
    system's description, too.
    """

    place: Place
    system: Mapping[str, str]
    modes: Mapping[str, ModeFiles]
    code: Mapping[str, bytes]
    facts: Mapping[str, Any]
    summary_name: str = SUMMARY_NAMES[0]


def write_submission(root: Path, submission: Submission) -> Path:
    """Write or merge a submission into the tree at `root`, in one step; return the folder of its results.

    What the tree has of other systems and benchmarks stays. What it has of this benchmark on this system
    stays only for modes that were not run now, and only if the same firmware was used. Raises UserError
    where the tree has results of a real board and these are simulated or the other way round, OSError where
    it cannot be written; then it is as it was.
    """
    folder = submission.place.organisation_folder(root)
    check_origin(root, is_simulated(submission.system))
    replace_folder(folder, lambda new: _write_into(new, submission))
    return folder / submission.place.results_folder


def check_origin(root: Path, simulated: bool) -> None:
    """Refuse to mix results of a real board with simulated ones in one tree. Raises UserError.

    Descriptions that cannot be read are a matter for the conformance check.
    """
    for path in sorted(root.glob("*/*/systems/*.json")):
        try:
            is_other_kind = is_simulated(read_system(path)) is not simulated
        except UserError:
            continue
        if is_other_kind:
            there, now = ("a real board", "simulated") if simulated else ("a simulated board", "real")
            raise UserError(f"{path} describes {there}, these results are {now}: choose another --out")


def _write_into(folder: Path, submission: Submission) -> None:
    place = submission.place
    _write(folder / place.system_file, format_system(_with_remarks(folder, submission)).encode())

    results = folder / place.results_folder
    if not _has_firmware(folder / place.code_folder, submission.facts["firmware_sha256"]):
        shutil.rmtree(results, ignore_errors=True)
    for mode, files in submission.modes.items():
        shutil.rmtree(results / mode, ignore_errors=True)
        _write(results / mode / submission.summary_name, files.summary.encode())
        for name, content in files.others.items():
            _write(results / mode / name, content)

    code = folder / place.code_folder
    shutil.rmtree(code, ignore_errors=True)
    for name, content in submission.code.items():
        _write(code / name, content)
    _write(code / FACTS_NAME, (json.dumps(submission.facts, indent=4) + "\n").encode())


def _with_remarks(folder: Path, submission: Submission) -> dict[str, str]:
    """Return the description with the remarks on all of the system's benchmarks in its software notes."""
    own = folder / submission.place.code_folder / FACTS_NAME
    others = sorted(folder.glob(f"code/*/{submission.place.system_id}/{FACTS_NAME}"))
    remarks = [submission.facts.get("remark"), *(_fact(path, "remark") for path in others if path != own)]
    notes = [submission.system.get("Software Notes"), *(f"{each}." for each in remarks if each)]
    return {**submission.system, "Software Notes": " ".join(dict.fromkeys(filter(None, notes)))}


def _has_firmware(code: Path, firmware_sha256: str) -> bool:
    """Whether the results that are there come from this firmware."""
    return bool(_fact(code / FACTS_NAME, "firmware_sha256") == firmware_sha256)


def _fact(path: Path, name: str) -> Any:
    """Return what a file of facts says, None where it says nothing."""
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
        return facts.get(name)
    except (OSError, ValueError, AttributeError):
        return None


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with naming(path):
        path.write_bytes(content)
