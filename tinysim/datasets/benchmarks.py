"""The benchmarks, in numbers: models, data sets and quality targets."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import Literal

from tinysim.errors import UserError


@dataclass(frozen=True)
class Benchmark:
    """One benchmark.

    `id` is its folder in a results tree, `model` what the firmware answers to `profile` and the name of the
    data set's folder; `input_bytes` is what one inference takes, less than `file_bytes` where a file holds
    several windows. `target` is what the printed figure `metric` must reach in the closed division.
    """

    id: str
    title: str
    model: str
    model_file: str
    classes: int
    file_bytes: int
    input_bytes: int
    result_values: int
    metric: Literal["top1", "auc"]
    target: float

    @property
    def is_anomaly_detection(self) -> bool:
        """Whether a result is one anomaly score instead of a value for each class."""
        return self.result_values == 1


BENCHMARKS = {
    benchmark.id: benchmark
    for benchmark in (
        Benchmark("kws", "keyword spotting", "kws01", "kws_ref_model.tflite", 12, 490, 490, 12, "top1", 90.0),
        Benchmark(
            "vww", "visual wake words", "vww01", "vww_96_int8.tflite", 2, 27648, 27648, 2, "top1", 80.0
        ),
        Benchmark(
            "ic",
            "image classification",
            "ic01",
            "pretrainedResnet_quant.tflite",
            10,
            3072,
            3072,
            10,
            "top1",
            85.0,
        ),
        Benchmark("ad", "anomaly detection", "ad01", "ad01_int8.tflite", 2, 102400, 2560, 1, "auc", 0.85),
    )
}


def find_benchmark(name: str) -> Benchmark:
    """Return the benchmark called `name`. Raises UserError, with a hint, where there is none."""
    if name in BENCHMARKS:
        return BENCHMARKS[name]
    for benchmark in BENCHMARKS.values():
        if name.lower().replace("_", " ").replace("-", " ") in (
            benchmark.model,
            benchmark.title,
            benchmark.id,
        ):
            raise UserError(f"unknown benchmark {name!r}: did you mean {benchmark.id}?")
    close = difflib.get_close_matches(name.lower(), BENCHMARKS, n=1)
    hint = f"did you mean {close[0]}?" if close else f"known benchmarks: {', '.join(BENCHMARKS)}"
    raise UserError(f"unknown benchmark {name!r}: {hint}")
