"""What the publishers distribute: where it is, at which revision, and how to know it again."""

from __future__ import annotations

from dataclasses import dataclass

from tinysim.benchmark import BENCHMARKS

_MLCOMMONS = (
    "https://raw.githubusercontent.com/mlcommons/tiny/1afd2c9820f795965a6134facd0b4dfae41ef23f/benchmark"
)
_EEMBC = "https://codeload.github.com/eembc/energyrunner/tar.gz/cf7c2f2634608a7c0ea7458ab7cb3379f2863424"


@dataclass(frozen=True)
class PublishedFile:
    """A file: its place in the data folder, its address, its size and checksum."""

    path: str
    url: str
    byte_count: int
    sha256: str


@dataclass(frozen=True)
class PublishedInputs:
    """The inputs of a data set, in a .tar.gz archive.

    `labels` is the data set's label file, which names the inputs; all have `file_bytes`. They lie in
    `folder` below the archive's top. `sha256` is that of `inputs_sha256()`.
    """

    labels: PublishedFile
    url: str
    folder: str
    file_bytes: int
    sha256: str


def _labels(name: str, byte_count: int, sha256: str) -> PublishedFile:
    return PublishedFile(f"datasets/{name}", f"{_MLCOMMONS}/evaluation/datasets/{name}", byte_count, sha256)


def _model(benchmark_id: str, folder: str, byte_count: int) -> PublishedFile:
    benchmark = BENCHMARKS[benchmark_id]
    name = benchmark.model_file
    url = f"{_MLCOMMONS}/training/{folder}/trained_models/{name}"
    return PublishedFile(f"models/{name}", url, byte_count, benchmark.model_sha256)


INPUTS = (
    PublishedInputs(
        _labels("kws01/y_labels.csv", 27048, BENCHMARKS["kws"].label_sha256s[0]),
        _EEMBC,
        "datasets/kws01",
        490,
        "aef4ed3907710434c8a58012a67285a946d08931294b864c5b098ee418725e52",
    ),
)

FILES = (
    _model("kws", "keyword_spotting", 53936),
    _model("ic", "image_classification", 98496),
    _model("vww", "visual_wake_words", 333288),
    _model("ad", "anomaly_detection", 276976),
    _model("ic2", "image_classification", 512024),
    _labels("ic01/y_labels.csv", 5709, BENCHMARKS["ic"].label_sha256s[0]),
    _labels("vww01/y_labels.csv", 21000, BENCHMARKS["vww"].label_sha256s[0]),
    _labels("ad01/y_labels.csv", 13004, BENCHMARKS["ad"].label_sha256s[0]),
    _labels("ad01/y_labels_alt.csv", 3780, BENCHMARKS["ad"].label_sha256s[1]),
)

NOT_DISTRIBUTED = ("ic01", "vww01", "ad01")
"""Data sets of which the publishers distribute the label files, but not the inputs."""
