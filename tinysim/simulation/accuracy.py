"""The accuracy mode: its run, its files and its figures."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tinysim.datasets.dataset import DataSet
from tinysim.datasets.expected import Agreement, compare
from tinysim.results.summary import format_accuracy
from tinysim.results.tree import ModeFiles
from tinysim.runner.accuracy import AccuracyRun, run_accuracy
from tinysim.runner.journal import Journal
from tinysim.runner.record import accuracy_record
from tinysim.runner.target import TargetFactory
from tinysim.simulation.implementation import Implementation
from tinysim.simulation.result import files_of


@dataclass(frozen=True)
class AccuracyResult:
    """An accuracy run on a data set, and what is known of the model (None: not which it is)."""

    run: AccuracyRun
    dataset: DataSet
    model_sha256: str | None

    @property
    def agreement(self) -> Agreement | None:
        """How the result vectors agree with the reference kernels'; None where that is not known."""
        return compare(self.dataset, self.model_sha256, self.run.results_by_row())

    def files(self, epoch_s: float, start_s: float) -> tuple[ModeFiles, float]:
        """Return the run's files, and the second at which it ended."""
        record = accuracy_record(self.run, self.dataset, epoch_s, start_s)
        return files_of(format_accuracy(self.run.summary(self.dataset), record.stop_s), record), record.stop_s

    def figures(self) -> dict[str, Any]:
        """Return Top-1 and AUC, and how the vectors agree."""
        summary, agreement = self.run.summary(self.dataset), self.agreement
        return {
            "top1_percent": summary.top1_percent,
            "auc": summary.auc if not math.isnan(summary.auc) else None,
            "vectors_equal": agreement.equal if agreement else None,
            "vectors_compared": agreement.compared if agreement else None,
            "top1_percent_by_class": self._top1_by_class(),
        }

    def describe(self) -> list[tuple[str, str]]:
        """Return Top-1 and AUC, the weakest class, and how the vectors agree, for people."""
        summary = self.run.summary(self.dataset)
        auc = (
            "AUC undefined: all inputs are of one class"
            if math.isnan(summary.auc)
            else f"AUC {summary.auc:.2f}"
        )
        rows = [("accuracy", f"Top-1 {summary.top1_percent:.1f} %, {auc}")]
        by_class = self._top1_by_class()
        if by_class:
            weakest = min(by_class, key=lambda name: by_class[name])
            rows.append(("weakest class", f"{weakest}, Top-1 {by_class[weakest]:.1f} %"))
        agreement = self.agreement
        if agreement is not None:
            text = (
                f"{agreement.equal} of {agreement.compared} inputs give what LiteRT's reference kernels give"
            )
            if agreement.first_difference is not None:
                text += f"; the first that does not is {agreement.first_difference}"
            rows.append(("vectors", text))
        return rows

    def _top1_by_class(self) -> dict[str, float] | None:
        """Return the Top-1 of each class by its name, where the classes have names."""
        names = self.dataset.class_names
        if not names or self.dataset.benchmark.is_anomaly_detection:
            return None
        hits: dict[str, list[bool]] = {}
        for segment, run_input in zip(self.run.segments, self.run.inputs, strict=True):
            label = segment.entry.label
            is_hit = run_input.results.index(max(run_input.results)) == label
            hits.setdefault(names[label], []).append(is_hit)
        return {name: 100 * sum(hits[name]) / len(hits[name]) for name in names if name in hits}


def run_from_one_state(
    factory: TargetFactory,
    dataset: DataSet,
    implementation: Implementation,
    journal: Journal | None,
    workers: int,
    on_progress: Callable[[int, int], None],
) -> AccuracyResult:
    """Do the run on boards that `factory` makes; see `run_accuracy`."""
    run = run_accuracy(factory, dataset, journal, workers, on_progress)
    return AccuracyResult(run, dataset, implementation.model_sha256)
