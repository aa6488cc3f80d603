"""Writes what LiteRT's reference gives for the data sets: `python -m tinysim.training.expected [NAME ...]`.

Names are those of data sets (`tinysim-kws`, `kws01`); without any, those that are at hand. Needs
ai-edge-litert.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable, Sequence
from importlib.resources import files
from pathlib import Path

import numpy as np

from tinysim.benchmark import BENCHMARKS, CLASSIC
from tinysim.builtin.sets import BUILTIN_SETS, generated
from tinysim.datasets.choice import choose_data_at_hand, choose_model_at_hand
from tinysim.datasets.dataset import DataSet, open_dataset
from tinysim.datasets.expected import checksum
from tinysim.errors import UserError
from tinysim.model.graph import Int8Array
from tinysim.training.evaluate import litert_outputs, quantizations
from tinysim.training.float_network import Float32Array

Network = Callable[[Int8Array], Int8Array]
"""Takes input tensors, [n, elements], and returns output tensors, [n, elements]."""


def reference_results(dataset: DataSet, model: Path) -> dict[int, list[list[float]]]:
    """Return `printed_results` of LiteRT's reference kernels."""
    content = model.read_bytes()
    return printed_results(dataset, model, lambda inputs: litert_outputs(content, inputs))


def printed_results(dataset: DataSet, model: Path, run: Network) -> dict[int, list[list[float]]]:
    """Return what the device should print for each window of each row, before it is cut to three decimals.

    `run` is what executes the model. Anomaly scores are rounded to three decimals, as printed, from sums in
    single precision in element order.
    """
    source, result = quantizations(model.read_bytes())
    segments = tuple(dataset.accuracy_segments())
    contents = [dataset.read(segment) for segment in segments]
    results: dict[int, list[list[float]]] = {}
    if dataset.benchmark.is_anomaly_detection:
        features = [np.frombuffer(content, "<f4") for content in contents]
        outputs = run(np.stack([quantize(each, source.scale, source.zero_point) for each in features]))
        for segment, given, output in zip(segments, features, outputs, strict=True):
            score = anomaly_score(given, output, result.scale, result.zero_point)
            results.setdefault(segment.row, []).append([score])
        return results
    outputs = run(np.stack([as_tensor(dataset.benchmark.id, content) for content in contents]))
    for segment, output in zip(segments, outputs, strict=True):
        values = [float((int(value) - result.zero_point) * result.scale) for value in output]
        results.setdefault(segment.row, []).append(values)
    return results


def as_tensor(benchmark_id: str, data: bytes) -> Int8Array:
    """Return a classifier's input tensor: pictures are unsigned in the file, keywords quantized already."""
    if benchmark_id == "kws":
        return np.frombuffer(data, np.int8)
    return (np.frombuffer(data, np.uint8).astype(np.int16) - 128).astype(np.int8)


def quantize(features: Float32Array, scale: np.float32, zero_point: int) -> Int8Array:
    """Return features to the nearest step, halves away from zero, saturated (firmware/benchmark/ad01.c)."""
    scaled = features / scale
    rounded = np.trunc(scaled) + np.trunc((scaled - np.trunc(scaled)) * np.float32(2))
    quantized: Int8Array = np.clip(rounded + zero_point, -128, 127).astype(np.int8)
    return quantized


def anomaly_score(features: Float32Array, outputs: Int8Array, scale: np.float32, zero_point: int) -> float:
    """Return the mean squared difference as the device prints it."""
    reconstructed = (outputs.astype(np.float32) - np.float32(zero_point)) * scale
    differences = reconstructed - features
    total = np.float32(0)
    for square in differences * differences:
        total = np.float32(total + square)
    return float(f"{float(total / np.float32(len(features))):.3f}")


def write_expected(path: Path, dataset: DataSet, results: dict[int, list[list[float]]]) -> None:
    """Write a data set's file: name, checksum, and for people the output tensor or the file's mean score."""
    path.parent.mkdir(exist_ok=True)
    with path.open("w", encoding="ascii", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        for row, windows in sorted(results.items()):
            if dataset.benchmark.is_anomaly_detection:
                shown = f"{sum(values[0] for values in windows) / len(windows):.3f}"
            else:
                shown = " ".join(str(round(value * 256) - 128) for values in windows for value in values)
            columns = [shown] if dataset.kind == "built-in" else []
            name = dataset.entries[row].file
            writer.writerow([name, f"{checksum(dataset.benchmark, windows):08x}", *columns])


def main(names: Sequence[str]) -> None:
    """Write the files of the data sets that are named, or of all that are at hand."""
    for benchmark in (BENCHMARKS[benchmark_id] for benchmark_id in CLASSIC):
        builtin = BUILTIN_SETS[benchmark.data_set]
        if not names or builtin.name in names:
            dataset = open_dataset(benchmark, generated(builtin))
            write_expected(builtin.expected, dataset, reference_results(dataset, builtin.model))
            print(f"{builtin.name}: {builtin.expected}")
        if not names or benchmark.data_set in names:
            try:
                dataset, model = choose_data_at_hand(benchmark), choose_model_at_hand(benchmark)
            except UserError as error:
                print(f"{benchmark.data_set}: {error}")
                continue
            path = Path(str(files("tinysim.datasets"))) / "expected" / f"{benchmark.model}.csv"
            write_expected(path, dataset, reference_results(dataset, model))
            print(f"{benchmark.data_set}: {path}")


if __name__ == "__main__":
    main(sys.argv[1:])
