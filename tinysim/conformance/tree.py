"""The rules of the official checker (as of the v1.2 round, EEMBC runner) and of the runner's own files.

Where the official checker prints an error and passes the tree all the same, the finding here is an error.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from tinysim.benchmark import BENCHMARKS, COMPANIONS
from tinysim.conformance import formats
from tinysim.conformance.figures import SUMMARY_CHECKS
from tinysim.conformance.findings import Finding, relative
from tinysim.errors import UserError
from tinysim.mode import MODES, Mode
from tinysim.results.system_description import NOT_SUBMITTABLE, STATUSES, read_system
from tinysim.results.tree import DIVISIONS, LOG_NAME, SCRIPT_NAME, SUMMARY_NAMES, Place

FILE_BYTES_MAX = 500 * 1024 * 1024
VERSIONS = ("v1.2", "v1.4")
DEFAULT_VERSION = VERSIONS[0]
_IGNORED_AT_TOP = (".git", ".github", "assets", ".vscode")


def check_tree(root: Path, version: str = DEFAULT_VERSION) -> list[Finding]:
    """Return what is wrong with the submission tree at `root`, sorted; nothing if it is conformant.

    `version` is the round whose benchmarks there may be. Raises UserError where `root` is not a folder that
    holds a division.
    """
    if not root.is_dir():
        raise UserError(f"{root} is not a folder")
    try:
        findings = list(_check_root(root, version))
    except OSError as error:
        raise UserError(f"cannot read {error.filename}: {error.strerror}") from error
    return sorted(set(findings))


def check_results(root: Path, place: Place, modes: Sequence[Mode]) -> list[Finding]:
    """Return what is wrong with the results at `place` of a tree, and with what they share with others there.

    The rules are those of the benchmark's round at least. That other modes or benchmarks are missing is no
    matter, nor what a note may say.
    """
    version = max(BENCHMARKS[place.benchmark].version, DEFAULT_VERSION)
    prefix = f"{place.division}/{place.organisation}/"
    others = tuple(
        f"{prefix}results/{place.system_id}/{benchmark}/"
        for benchmark in BENCHMARKS
        if benchmark != place.benchmark
    )
    has_every_mode = all(mode in modes for mode in MODES.values() if mode.is_required)
    return [
        finding
        for finding in check_tree(root, version)
        if finding.severity != "note"
        and finding.path.startswith(prefix)
        and not f"{finding.path}/".startswith(others)
        and finding.rule != "companion"
        and not (finding.rule == "mode" and not has_every_mode)
    ]


def _check_root(root: Path, version: str) -> Iterator[Finding]:
    divisions = []
    for folder in _folders(root):
        if folder.name in DIVISIONS:
            divisions.append(folder)
        elif folder.name not in _IGNORED_AT_TOP:
            yield Finding(folder.name, "division", "a folder at the top must be called closed or open")
    organisations = [folder for division in divisions for folder in _folders(division)]
    if not organisations:
        raise UserError(
            f"{root} is not a submission tree: it has no closed/<organisation> or open/<organisation>"
        )
    for organisation in organisations:
        yield from _check_names(root, organisation)
        systems = _folders(organisation / "results") if (organisation / "results").is_dir() else []
        if not systems:
            yield Finding(relative(organisation, root), "results", "there are no results")
        for system in systems:
            yield from _check_system(root, organisation, system, version)


def _check_names(root: Path, organisation: Path) -> Iterator[Finding]:
    """Files and folders as such: links, sizes, names, empty folders."""
    for place, folders, files in os.walk(organisation):
        folder = Path(place)
        if folder.name.endswith("__pycache__"):
            yield Finding(
                relative(folder, root), "pycache", "compiled Python does not belong into a submission"
            )
        if not folders and not files:
            yield Finding(relative(folder, root), "empty-folder", "the folder is empty")
        for name in (*folders, *files):
            path = folder / name
            where = relative(path, root)
            if path.is_symlink():
                yield Finding(where, "link", "symbolic links are not allowed")
            elif name in files and path.stat().st_size > FILE_BYTES_MAX:
                yield Finding(where, "file-size", "the file is larger than 500 MiB")
            if name.startswith("."):
                yield Finding(where, "hidden-name", "the name begins with a dot", "warning")
            if " " in name:
                yield Finding(where, "blank-in-name", "the name has a blank", "warning")


def _check_system(root: Path, organisation: Path, system: Path, version: str) -> Iterator[Finding]:
    description = organisation / "systems" / f"{system.name}.json"
    where = relative(description, root)
    if not description.is_file():
        yield Finding(where, "system-description", f"there are results of {system.name} but no description")
    else:
        yield from _check_description(description, where)
    benchmarks = sorted(each.id for each in BENCHMARKS.values() if each.version <= version)
    for benchmark in _folders(system):
        if benchmark.name not in benchmarks:
            text = f"the name must be one of {', '.join(benchmarks)}"
            if benchmark.name in BENCHMARKS:
                since = BENCHMARKS[benchmark.name].version
                text = f"{benchmark.name} is a benchmark of {since} on: check with --version {since}"
            yield Finding(relative(benchmark, root), "benchmark-name", text)
            continue
        companion = COMPANIONS.get(benchmark.name)
        if companion is not None and not (system / companion).is_dir():
            where = relative(benchmark, root)
            yield Finding(where, "companion", f"{benchmark.name} is submitted only together with {companion}")
        for mode in MODES.values():
            yield from _check_mode(root, benchmark, mode)


def _check_description(path: Path, where: str) -> Iterator[Finding]:
    try:
        description = read_system(path)
    except UserError as error:
        yield Finding(where, "system-description", str(error).replace(str(path), path.name))
        return
    status = str(description.get("Status", "")).lower()
    if status not in STATUSES:
        yield Finding(where, "status", f"Status is {status!r}, not one of {', '.join(STATUSES)}")
    notes = str(description.get("Software Notes", ""))
    for part in notes.split(". "):
        if NOT_SUBMITTABLE in part:
            yield Finding(where, "not-submittable", part.rstrip("."), "note")
    if description.get("system_type") is not None:
        yield Finding(where, "system-type", "there must be no key system_type")


def _check_mode(root: Path, benchmark: Path, mode: Mode) -> Iterator[Finding]:
    folder = benchmark / mode.id
    if not folder.is_dir():
        if mode.is_required:
            yield Finding(relative(folder, root), "mode", f"there is no {mode.id} run")
        return
    yield from _check_files(root, folder, mode.other_files)
    is_closed = benchmark.parts[-5] == "closed"
    content, where = _read_summary(root, folder)
    if content is not None:
        yield from SUMMARY_CHECKS[mode.id](content, where, BENCHMARKS[benchmark.name], is_closed)


def _check_files(root: Path, folder: Path, also_allowed: frozenset[str]) -> Iterator[Finding]:
    names = {path.name for path in folder.iterdir()}
    for name in (LOG_NAME, SCRIPT_NAME):
        if name not in names:
            yield Finding(relative(folder, root), "file-list", f"{name} is missing")
    summaries = [name for name in SUMMARY_NAMES if name in names]
    if not summaries:
        yield Finding(relative(folder, root), "file-list", f"{SUMMARY_NAMES[0]} is missing")
    elif SUMMARY_NAMES[0] not in summaries:
        yield Finding(
            relative(folder / summaries[0], root),
            "summary-name",
            f"the rules' name for the summary; the official checker reads {SUMMARY_NAMES[0]} only",
            "warning",
        )
    for name in sorted(names - {LOG_NAME, SCRIPT_NAME, *summaries[:1]} - also_allowed):
        yield Finding(relative(folder / name, root), "file-list", "the file does not belong here")
    for names_of_format, find_bad_line in (
        (SUMMARY_NAMES, formats.bad_summary_line),
        ((LOG_NAME,), formats.bad_log_line),
        ((SCRIPT_NAME,), formats.bad_script_line),
    ):
        for name in names_of_format:
            content = _read(folder / name)
            bad = find_bad_line(content) if content is not None else None
            if bad:
                where = f"{relative(folder / name, root)}:{bad[0]}"
                yield Finding(where, "format", f"the runner writes no such line: {bad[1][:80]!r}")


def _read_summary(root: Path, folder: Path) -> tuple[str | None, str]:
    """Return a run's summary, if it has one, and where it is."""
    for name in SUMMARY_NAMES:
        content = _read(folder / name)
        if content is not None:
            return content, relative(folder / name, root)
    return None, ""


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else None


def _folders(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".tinysim"))
