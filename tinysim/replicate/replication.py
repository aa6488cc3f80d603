"""From a clone to rows: find, match, run, compare."""

from __future__ import annotations

import hashlib
import re
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from tinysim.datasets.choice import choose_data_at_hand
from tinysim.datasets.dataset import PERFORMANCE_INPUTS
from tinysim.errors import TinysimError, UserError
from tinysim.mode import ACCURACY, PERFORMANCE, Mode
from tinysim.processes import Report, run_jobs
from tinysim.replicate.clone import Clone, open_clone, read_below, shown, shown_path
from tinysim.replicate.images import SetAside, find_images, load_from_clone
from tinysim.replicate.inputs import performance_inputs
from tinysim.replicate.matching import Match, Organisation, chip_of, match_images, read_organisations
from tinysim.replicate.measurement import Performance, Plan, run_performance, run_vectors
from tinysim.replicate.names import plain
from tinysim.replicate.published import (
    PublishedPerformance,
    compare_vectors,
    read_performance,
    read_vectors,
)
from tinysim.replicate.rows import Row, error_percent

MODES = (PERFORMANCE, ACCURACY)
"""What is run and compared."""

Progress = Callable[[str, int, int], None]

REASON_CHARS_MAX = 400
_ROUND = re.compile(r"tiny_results_(v[0-9]{1,2}\.[0-9]{1,2})\b")
_ROUND_IN_TITLE = re.compile(r"Tiny (v[0-9]{1,2}\.[0-9]{1,2}) results")


@dataclass(frozen=True)
class Selection:
    """Which of a clone's images are wanted; None for all."""

    organisation: str | None = None
    system: str | None = None
    benchmark: str | None = None


@dataclass(frozen=True)
class Settings:
    """How images are run. `windows` is the number of inputs of a performance run."""

    modes: tuple[Mode, ...] = MODES
    engine: str = "embedded"
    workers: int = 1
    windows: int = PERFORMANCE_INPUTS
    in_full: bool = False


@dataclass(frozen=True)
class Survey:
    """What a clone has: what is to be run, what looked like an image and is none, what was refused."""

    clone: Clone
    round: str | None
    matches: tuple[Match, ...]
    set_aside: tuple[SetAside, ...]
    refusals: tuple[str, ...]
    results_without_image: tuple[str, ...]


@dataclass(frozen=True)
class Replication:
    """The rows, and the images (paths inside the clone) that were to be run and failed."""

    rows: tuple[Row, ...]
    failed: tuple[str, ...]


def survey(root: Path, selection: Selection, round_name: str | None = None) -> Survey:
    """Find and match the images of the clone at `root`, running none.

    Raises UserError where `root` is not a results repository or the selection names what it has not.
    """
    clone = open_clone(root, selection.organisation)
    organisations = read_organisations(clone)
    images, set_aside = find_images(clone)
    matches = match_images(organisations, images)
    if selection.system is not None:
        _check_system(selection.system, organisations)
        matches = tuple(
            match for match in matches if match.system and plain(match.system.id) == plain(selection.system)
        )
    if selection.benchmark is not None:
        matches = tuple(match for match in matches if match.benchmark == selection.benchmark)
    return Survey(
        clone,
        round_name or find_round(root, clone),
        matches,
        tuple(set_aside),
        tuple(f"{shown_path(refusal.parts)}: {refusal.reason}" for refusal in clone.refusals),
        tuple(_results_without_image(organisations, matches)) if selection == Selection() else (),
    )


def find_round(root: Path, clone: Clone) -> str | None:
    """Return a clone's round, as in v1.1: by where it was cloned from, its folder, its README's title."""
    for parts, pattern in (
        ((".git", "config"), _ROUND),
        (None, _ROUND),
        (("README.md",), _ROUND_IN_TITLE),
    ):
        if parts is None:
            text = root.absolute().name
        else:
            try:
                text = read_below(clone.root, parts, 1 << 20).decode("utf-8", "replace")
            except (OSError, ValueError):
                continue
        match = pattern.search(text)
        if match:
            return match[1]
    return None


def replicate(found: Survey, settings: Settings, on_progress: Progress) -> Replication:
    """Run what was found and compare it with what was published.

    Nothing that an image or a file of the clone does stops the others: it is said in the image's row.
    """
    items = [_Item(match, found) for match in found.matches]
    with tempfile.TemporaryDirectory(prefix="tinysim-") as folder:
        for number, item in enumerate(items):
            place = Path(folder, str(number))
            place.mkdir()
            item.prepare(place, settings)
        if PERFORMANCE in settings.modes:
            _run_performance(items, settings, on_progress)
        if ACCURACY in settings.modes:
            _run_vectors(items, settings, on_progress)
    failed = tuple(item.row.image for item in items if item.has_failed)
    return Replication(tuple(item.row for item in items), failed)


class _Item:
    """A match on its way to its row."""

    def __init__(self, match: Match, found: Survey) -> None:
        self.match = match
        self.clone = found.clone
        self.published: PublishedPerformance | None = None
        self.plans: list[tuple[str, Plan]] = []
        self.chosen: Plan | None = None
        self.has_failed = False
        system = match.system
        self.row = Row(
            round=found.round,
            division=match.organisation.division,
            org=shown(match.organisation.name),
            system=shown(system.id) if system else None,
            core=match.core,
            benchmark=match.benchmark,
            board=match.board.id if match.board else None,
            published_ms=None,
            simulated_ms=None,
            error_percent=None,
            vectors_equal=None,
            vectors_total=None,
            reason="",
            vectors_reason="",
            note="",
            firmware_notes=(),
            image=shown_path(match.images[0].parts),
            other_images=tuple(shown_path(image.parts) for image in match.images[1:]),
            firmware_sha256=None,
            instructions_per_inference=None,
            cycles_per_inference=None,
        )

    def prepare(self, folder: Path, settings: Settings) -> None:
        """Read what was published, and plan the runs that are possible; say why where there are none."""
        match = self.match
        if match.result is not None:
            self.published = read_performance(self.clone, match.result)
            throughput = self.published.throughput_inf_per_s
            self._set(published_ms=1000 / throughput if throughput else None)
        benchmark = match.known_benchmark
        if match.board is None:
            self._say(match.images[0].problem or self._no_board())
        elif match.benchmark is None:
            self._say(match.images[0].problem or match.problem)
        elif benchmark is None:
            self._say(f"{match.benchmark} is not one of the benchmarks that tinysim runs")
        else:
            published = self.published or PublishedPerformance(None, None, (), None)
            inputs = performance_inputs(benchmark, published.downloads, settings.windows)
            for number, image in enumerate(match.images):
                place = folder / str(number)
                place.mkdir()
                try:
                    if image.problem:
                        raise UserError(image.problem)
                    path = load_from_clone(self.clone, image, match.board, place)
                except UserError as error:
                    self._say(f"{shown_path(image.parts)}: {error}" if self.row.other_images else str(error))
                    continue
                self.plans.append(
                    (
                        shown_path(image.parts),
                        Plan(
                            match.board,
                            benchmark,
                            settings.engine,
                            path,
                            inputs.data,
                            published.iterations,
                            settings.in_full,
                            published.model,
                        ),
                    )
                )
            if self.plans:
                self._set(reason="", note=inputs.note if PERFORMANCE in settings.modes else "")
                self.choose(0)
                self._say_what_is_not_published()

    def choose(self, number: int) -> None:
        """Take one of the planned images as the row's."""
        name, plan = self.plans[number]
        own = shown_path(self.match.images[0].parts)
        every = (own, *(shown_path(image.parts) for image in self.match.images[1:]))
        self.chosen = plan
        sha256 = hashlib.sha256(plan.image.read_bytes()).hexdigest()
        self._set(
            image=name, other_images=tuple(each for each in every if each != name), firmware_sha256=sha256
        )

    def take_performance(self, performance: Performance) -> None:
        """Put the figures of a performance run into the row."""
        self._set(
            simulated_ms=performance.latency_ms,
            error_percent=error_percent(self.row.published_ms, performance.latency_ms),
            instructions_per_inference=performance.inference.instructions,
            cycles_per_inference=performance.inference.cycles,
            firmware_notes=tuple(_one_line(note) for note in performance.notes),
        )
        if performance.clock_ratio != 1:
            self.note(f"by the firmware's own clock, which runs {performance.clock_ratio:.4f} times as fast")

    def take_vectors(self, equal: int, total: int, inputs: int) -> None:
        """Put into the row how many vectors are equal."""
        self._set(vectors_equal=equal, vectors_total=total)
        if total < inputs:
            self._set(vectors_reason=f"the published log has {total} of {inputs} inputs")

    def fail(self, reason: str) -> None:
        """Say why the image was not run to its end."""
        self.has_failed = True
        self._set(note="")
        self._say(reason)

    def fail_vectors(self, reason: str) -> None:
        """Say why there are no vectors to compare."""
        self._set(vectors_reason=_one_line(reason))

    def _say_what_is_not_published(self) -> None:
        if self.match.problem:
            self._say(self.match.problem)
        elif self.published is None:
            self._say("no published result")
        elif self.published.problem:
            self._say(self.published.problem)

    def _no_board(self) -> str:
        system = self.match.system
        if system is None:
            return f"no board of ours: {self.match.problem or 'which board it is for cannot be told'}"
        return f"no board of ours: chip {chip_of(system)}" + (
            f" ({system.problem})" if system.problem else ""
        )

    def _say(self, reason: str) -> None:
        reason = _one_line(reason)
        if reason and reason not in self.row.reason:
            self._set(reason=f"{self.row.reason}; {reason}" if self.row.reason else reason)

    def note(self, note: str) -> None:
        """Add what is to be known of the run."""
        note = _one_line(note)
        self._set(note=f"{self.row.note}; {note}" if self.row.note else note)

    def _set(self, **values: Any) -> None:
        self.row = replace(self.row, **values)


def _performance_work(plan: Plan, _report: Report) -> Performance:
    return run_performance(plan)


def _run_performance(items: Sequence[_Item], settings: Settings, on_progress: Progress) -> None:
    """Run each item's images in turn until one runs to its end."""
    todo = [item for item in items if item.plans]
    attempts = {id(item): 0 for item in todo}
    errors: dict[int, list[str]] = {id(item): [] for item in todo}
    done = 0
    on_progress(PERFORMANCE.id, 0, len(todo))
    while todo:
        again = []
        works = [partial(_performance_work, item.plans[attempts[id(item)]][1]) for item in todo]
        for finished in run_jobs(works, settings.workers, lambda _number, _report: None):
            item = todo[finished.number]
            if finished.error:
                errors[id(item)].append(finished.error)
                attempts[id(item)] += 1
                if attempts[id(item)] < len(item.plans):
                    again.append(item)
                    continue
                item.choose(0)
                item.fail(errors[id(item)][0])
            else:
                item.choose(attempts[id(item)])
                item.take_performance(finished.result)
                for (name, _), error in zip(item.plans, errors[id(item)], strict=False):
                    item.note(f"{name} did not run: {error}")
            done += 1
            on_progress(PERFORMANCE.id, done, len(attempts))
        todo = again


def _run_vectors(items: Sequence[_Item], settings: Settings, on_progress: Progress) -> None:
    """Do the accuracy runs, one image after the other, each spread over the workers."""
    for item in items:
        plan, result = item.chosen, item.match.result
        if plan is None or item.has_failed:
            continue
        try:
            if result is None:
                raise UserError("no published accuracy log")
            published = read_vectors(item.clone, result)
            dataset = choose_data_at_hand(plan.benchmark)
            dataset.check_files()
        except (TinysimError, OSError, ValueError) as error:
            item.fail_vectors(_no_vectors(error))
            continue
        name = f"{item.row.system} {item.row.benchmark} {ACCURACY.id}"

        def on_report(_number: int, report: tuple[Any, ...], name: str = name) -> None:
            on_progress(name, *report)

        work = partial(run_vectors, plan, dataset, settings.workers)
        for finished in run_jobs([work], 1, on_report):
            if not finished.error:
                item.take_vectors(*compare_vectors(published, finished.result), len(finished.result))
                continue
            item.fail_vectors(finished.error)
            if PERFORMANCE not in settings.modes:
                item.fail(finished.error)
            item.has_failed = True


def _no_vectors(error: Exception) -> str:
    """Say why there are no vectors; what data are missing where is of this machine, and no part of a row."""
    if isinstance(error, UserError) and "TINYSIM_DATA" in str(error):
        return "the inputs are not all at hand"
    return str(error)


def _one_line(text: str) -> str:
    """Return the first line of a message, fit to be shown."""
    line = shown(text.split("\n", 1)[0].strip())
    return line if len(line) <= REASON_CHARS_MAX else line[: REASON_CHARS_MAX - 3] + "..."


def _check_system(wanted: str, organisations: Sequence[Organisation]) -> None:
    ids = sorted({system.id for organisation in organisations for system in organisation.systems})
    if plain(wanted) not in {plain(system_id) for system_id in ids}:
        known = ", ".join(shown(system_id) for system_id in ids) or "none"
        raise UserError(f"there is no system {wanted!r}; there are: {known}")


def _results_without_image(organisations: Sequence[Organisation], matches: Sequence[Match]) -> list[str]:
    used = {id(match.result) for match in matches}
    return [
        f"{shown(organisation.name)}/{shown(result.system_id)}/{result.benchmark}"
        for organisation in organisations
        for result in organisation.results.values()
        if id(result) not in used
    ]
