"""What was published of a system: throughput, windows, and the result vectors of the accuracy log.

Reading is lenient, since runners and rounds differ and people edit files; comparing is not: a vector is the
text between the brackets of `m-results-[...]`, or where only the MLCommons runner's numbers are there, those.
"""

from __future__ import annotations

import json
import math
import re
import statistics
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from tinysim.errors import GuestError
from tinysim.mode import ACCURACY, MODES, PERFORMANCE
from tinysim.replicate.clone import Clone, ClonedFile, Parts, shown_path
from tinysim.replicate.names import benchmark_of_folder, plain
from tinysim.runner.replies import lap_difference_us, read_result_values

SUMMARY_BYTES_MAX = 4 << 20
LOG_BYTES_MAX = 64 << 20
"""The accuracy log of anomaly detection, with a line for every window, has some 30 MB."""

MODE_NAMES = (*MODES, "power")

_MEDIAN = re.compile(r"Median throughput is\s{1,40}([0-9]{1,12}(?:\.[0-9]{1,12})?)\s{1,4}inf")
_INFERENCES = re.compile(r"# Inferences ?\s{0,20}:\s{0,40}([0-9]{1,9})")
_DOWNLOAD = re.compile(
    r'Command "bloadp? (?:dut )?"?(?P<path>[^"]{1,4000}?)"?'
    r'(?: (?P<offset>\d{1,12}) (?P<length>\d{1,12}))?"\s*$'
)
_SENDING = re.compile(r"Sending (\d{1,9}) bytes")
_INFER = re.compile(r'Command "(?:io )?dut infer (\d{1,9})(?: (\d{1,9}))?"')
_LAP = re.compile(r"m-lap-us-([0-9]{1,20})")
_RESULTS = re.compile(r"m-results-\[([^\[\]]{0,2000})\]")
_MODEL = re.compile(r"m-model-\[([^\[\]]{1,100})\]")

Vector = str | tuple[float, ...]
InputKey = tuple[str, int]
"""An input: its file's name without folders, and the offset of its first byte in it."""


@dataclass(frozen=True)
class LoggedDownload:
    """An input that the published run sent: file name, offset of its first byte, and how many went out."""

    file: str
    offset_bytes: int
    length_bytes: int | None


@dataclass(frozen=True)
class LoggedInference:
    """An `infer` of a log: what it ran on, how often, in how many microseconds, and what came out."""

    download: LoggedDownload | None
    iterations: int
    runtime_us: int | None
    results: str | None


@dataclass
class PublishedResult:
    """What is published of a system's benchmark: the files of each mode, by kind."""

    system_id: str
    benchmark: str
    files: dict[tuple[str, str], Parts] = field(default_factory=dict)

    def has(self, mode: str) -> bool:
        """Whether anything of `mode` is there."""
        return any(own == mode for own, _ in self.files)


@dataclass(frozen=True)
class PublishedPerformance:
    """Published throughput in inferences a second (None where it cannot be told), and how it was measured.

    `problem` says why there is no throughput.
    """

    throughput_inf_per_s: float | None
    iterations: int | None
    downloads: tuple[LoggedDownload, ...]
    model: str | None
    problem: str = ""


def find_results(files: Iterable[ClonedFile]) -> dict[tuple[str, str], PublishedResult]:
    """Return what is published, by system id and benchmark, from an organisation's files under `results/`.

    A path is SYSTEM/BENCHMARK/MODE/FILE; in some trees the system takes two folders, a folder of the model's
    name follows the benchmark, the mode is part of the file's name, or the benchmark stands before the
    system.
    """
    results: dict[tuple[str, str], PublishedResult] = {}
    for file in files:
        below = file.parts[file.parts.index("results") + 1 :]
        place = _place(below)
        kind = _kind(file.name)
        if place is None or kind is None:
            continue
        system_id, benchmark, mode = place
        result = results.setdefault((system_id, benchmark), PublishedResult(system_id, benchmark))
        # Where a mode is there twice, as with two models, the first in order of names stays.
        result.files.setdefault((mode, kind), file.parts)
    return results


def read_performance(clone: Clone, result: PublishedResult) -> PublishedPerformance:
    """Return the published performance; what cannot be read is missing in it."""
    throughput, iterations, problems = None, None, []
    summary = result.files.get((PERFORMANCE.id, "summary"))
    if summary is not None:
        try:
            throughput, iterations = parse_throughput(clone.read_text(summary, SUMMARY_BYTES_MAX))
        except (OSError, ValueError) as error:
            problems.append(f"{shown_path(summary)}: {error}")
    inferences: tuple[LoggedInference, ...] = ()
    model = None
    log = result.files.get((PERFORMANCE.id, "log"))
    if log is not None:
        try:
            inferences, model = parse_log(clone.read_text(log, LOG_BYTES_MAX))
        except (OSError, ValueError) as error:
            problems.append(f"{shown_path(log)}: {error}")
    if throughput is None:
        throughput = _throughput_of(inferences)
    if iterations is None and inferences:
        iterations = inferences[-1].iterations
    problem = "" if throughput else "; ".join(problems) or "no published performance result"
    downloads = tuple(each.download for each in inferences if each.download is not None)
    return PublishedPerformance(throughput, iterations, downloads, model, problem)


def read_vectors(clone: Clone, result: PublishedResult) -> dict[InputKey, Vector]:
    """Return the published result vector of each input; of an input that was run several times the last one.

    Raises OSError, ValueError where there is none that can be read.
    """
    log = result.files.get((ACCURACY.id, "log"))
    vectors: dict[InputKey, Vector] = {}
    if log is not None:
        vectors.update(vectors_of_log(clone.read_text(log, LOG_BYTES_MAX)))
    listing = result.files.get((ACCURACY.id, "json"))
    if not vectors and listing is not None:
        vectors.update(vectors_of_json(clone.read_text(listing, LOG_BYTES_MAX)))
    if not vectors:
        raise ValueError(
            "no published accuracy log" if log is None else f"no result vectors in {shown_path(log)}"
        )
    return vectors


def parse_throughput(text: str) -> tuple[float, int | None]:
    """Return the last median throughput of a results file, and the iterations of the window before it.

    Takes the formats of both official runners. Raises ValueError where there is no median.
    """
    medians = list(_MEDIAN.finditer(text))
    if not medians:
        raise ValueError("no line `Median throughput is ... inf./sec.`")
    throughput = float(medians[-1][1])
    if throughput <= 0:
        raise ValueError("a throughput of 0")
    windows = _INFERENCES.findall(text[: medians[-1].start()])
    return throughput, int(windows[-1]) if windows and int(windows[-1]) else None


def parse_log(text: str) -> tuple[tuple[LoggedInference, ...], str | None]:
    """Return the inferences of an EEMBC runner's log, and the model that the device named."""
    inferences: list[LoggedInference] = []
    download: LoggedDownload | None = None
    iterations: int | None = None
    laps: list[int] = []
    model: str | None = None
    for line in text.split("\n"):
        if "Command " in line:
            if match := _DOWNLOAD.search(line):
                name = re.split(r"[/\\]", match["path"])[-1]
                length = int(match["length"]) if match["length"] else None
                download = LoggedDownload(name, int(match["offset"] or 0), length)
            elif match := _INFER.search(line):
                iterations, laps = int(match[1]), []
        elif match := _SENDING.search(line):
            if download is not None:
                download = LoggedDownload(download.file, download.offset_bytes, int(match[1]))
        elif match := _LAP.search(line):
            laps.append(int(match[1]))
        elif match := _RESULTS.search(line):
            if iterations is not None:
                runtime_us = lap_difference_us(laps[-2], laps[-1]) if len(laps) >= 2 else None
                inferences.append(LoggedInference(download, iterations, runtime_us, match[1]))
                iterations = None
        elif match := _MODEL.search(line):
            model = match[1]
    return tuple(inferences), model


def vectors_of_log(text: str) -> dict[InputKey, Vector]:
    """Return the vectors of an EEMBC runner's log: the text between the brackets."""
    return {
        (each.download.file, each.download.offset_bytes): each.results
        for each in parse_log(text)[0]
        if each.download is not None and each.results is not None
    }


def vectors_of_json(text: str) -> dict[InputKey, Vector]:
    """Return the vectors of the MLCommons runner's results.json: the numbers.

    Raises ValueError where it is not such a file.
    """
    try:
        content = json.loads(text)
    except RecursionError:
        raise ValueError("nested too deep") from None
    if not isinstance(content, list):
        raise ValueError("not a list of inferences")
    vectors: dict[InputKey, Vector] = {}
    windows: dict[str, int] = {}
    for element in content:
        if not isinstance(element, dict) or not isinstance(element.get("file"), str):
            continue
        name = re.split(r"[/\\]", element["file"])[-1]
        stride = element.get("stride")
        runs = element.get("infer")
        for run in runs if isinstance(runs, list) else [runs]:
            numbers = run.get("results") if isinstance(run, dict) else None
            if not isinstance(numbers, list) or not all(_is_number(number) for number in numbers):
                continue
            # The windows of one file follow each other, a stride apart.
            window = windows.get(name, 0)
            offset = window * int(stride) if isinstance(stride, int | str) and str(stride).isdecimal() else 0
            windows[name] = window + 1
            vectors[name, offset] = tuple(float(number) for number in numbers)
    return vectors


def same_vector(published: Vector, simulated: str) -> bool:
    """Whether a device's `m-results` text is the published vector: the same text, or the same numbers."""
    if isinstance(published, str):
        return published == simulated
    try:
        return published == tuple(read_result_values(simulated))
    except GuestError:
        return False


def compare_vectors(
    published: Mapping[InputKey, Vector], simulated: Mapping[InputKey, str]
) -> tuple[int, int]:
    """Return how many vectors of inputs that both have are equal, and how many such inputs there are."""
    both = [key for key in simulated if key in published]
    return sum(same_vector(published[key], simulated[key]) for key in both), len(both)


def _place(below: Parts) -> tuple[str, str, str] | None:
    """Return system id, benchmark and mode of a file by its path below `results/`."""
    folders, name = below[:-1], below[-1]
    at = [index for index, folder in enumerate(folders) if benchmark_of_folder(folder) is not None]
    modes = [folder.casefold() for folder in folders if folder.casefold() in MODE_NAMES]
    mode = (
        modes[-1] if modes else next((mode for mode in MODE_NAMES if name.casefold().startswith(mode)), None)
    )
    if not at or mode is None:
        return None
    # A board's name may look like a benchmark's (AD01): the benchmark's own folder comes after the system's.
    first = next((index for index in at if index > 0), at[0])
    benchmark = benchmark_of_folder(folders[first])
    assert benchmark is not None
    system = folders[:first] or tuple(folder for folder in folders[1:] if folder.casefold() not in MODE_NAMES)
    return ("/".join(system), benchmark, mode) if system else None


def _kind(name: str) -> str | None:
    stem = plain(name)
    for mode in MODE_NAMES:
        stem = stem.removeprefix(mode)
    kinds = {"resultstxt": "summary", "resulttxt": "summary", "logtxt": "log", "resultsjson": "json"}
    return kinds.get(stem)


def _throughput_of(inferences: Iterable[LoggedInference]) -> float | None:
    rates = [
        each.iterations / each.runtime_us * 1e6 for each in inferences if each.runtime_us and each.iterations
    ]
    return statistics.median(rates) if rates else None


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
