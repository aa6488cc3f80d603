"""What may be said of a run's figures, by the data and the model that they come from.

Rules (MLPerfTiny_Rules): in both divisions accuracy is measured on a closed benchmark's data; closed means
the reference model besides. Who hands in a ready-made image answers for its model.
"""

from __future__ import annotations

from dataclasses import dataclass

from tinysim.benchmark import Benchmark
from tinysim.datasets.choice import ModelKind
from tinysim.datasets.dataset import DataKind
from tinysim.errors import UserError
from tinysim.results.system_description import NOT_SUBMITTABLE

UNVERIFIED = "unverified"
"""What the rules for messages about results (mlcommons/policies) ask for beside unreviewed figures."""


@dataclass(frozen=True)
class Standing:
    """Whose data and whose model; None for the model of an image that was handed in."""

    data: DataKind
    model: ModelKind | None

    @property
    def is_submittable(self) -> bool:
        """Whether data and model are those that the closed division asks for, as far as can be known."""
        return self.data == "official" and self.model in ("reference", None)

    @property
    def remark(self) -> str | None:
        """What has to be said wherever figures are shown; None of official data and the reference model."""
        if self.is_submittable:
            return None
        if self.data == "official":
            return f"not the reference model: {NOT_SUBMITTABLE}"
        return f"{self.data} data: {NOT_SUBMITTABLE}"

    def division(self, benchmark: Benchmark, wanted: str | None) -> str:
        """Return the results' division: what is `wanted`, else closed only where all is known to be right.

        Raises UserError where closed is wanted and cannot be.
        """
        if wanted == "closed" and self.remark is not None:
            raise UserError(
                f"{benchmark.id}: {self.remark}; the closed division takes the official data with the "
                "reference "
                "model: leave --division out"
            )
        return wanted or ("closed" if self.is_submittable and self.model is not None else "open")
