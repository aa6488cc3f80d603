"""What the publishers distribute: where it is, at which revision, and how to know it again."""

from __future__ import annotations

from dataclasses import dataclass

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


def _model(folder: str, name: str, byte_count: int, sha256: str) -> PublishedFile:
    url = f"{_MLCOMMONS}/training/{folder}/trained_models/{name}"
    return PublishedFile(f"models/{name}", url, byte_count, sha256)


INPUTS = (
    PublishedInputs(
        _labels(
            "kws01/y_labels.csv", 27048, "6cb3709762d53fe64eb00eaf4a75796248bb3c1386f1d1f93ccdb07b071e9698"
        ),
        _EEMBC,
        "datasets/kws01",
        490,
        "aef4ed3907710434c8a58012a67285a946d08931294b864c5b098ee418725e52",
    ),
)

FILES = (
    _model(
        "keyword_spotting",
        "kws_ref_model.tflite",
        53936,
        "aeea436800704fce17b17292e4412630ad856e9d777c044c64ef748a880bd0ae",
    ),
    _model(
        "image_classification",
        "pretrainedResnet_quant.tflite",
        98496,
        "3c002613d1b2475eb51dd78dfb85a546c8ae658dee71cf6ade43b022fe205415",
    ),
    _model(
        "visual_wake_words",
        "vww_96_int8.tflite",
        333288,
        "597a384c8c2c8a1276f04702f25013b7838f2f814f1ca7c174d295b73e3d6b7b",
    ),
    _model(
        "anomaly_detection",
        "ad01_int8.tflite",
        276976,
        "87cf24194ef93d1d9b11a591d805526b98008e351655d29883c825c9c106ba24",
    ),
    _labels("ic01/y_labels.csv", 5709, "79e1f19ad731f046983a1a4480bda6369df26c5acee47505a860f164fb58ccd4"),
    _labels("vww01/y_labels.csv", 21000, "3697ca57c48b23b21602ae9bdb32b1925407a1d41d79167cdfb365054cb9c33d"),
    _labels("ad01/y_labels.csv", 13004, "4ecd91868e197ee0a6739d4bd7abde73eac2fa31e9a88d6bc6aedefa136ff2a4"),
    _labels(
        "ad01/y_labels_alt.csv", 3780, "e1ac10e782bada1015d63585a05398e54e41429db599dc45de3ae67fe6cd8b4c"
    ),
)

NOT_DISTRIBUTED = ("ic01", "vww01", "ad01")
"""Data sets of which the publishers distribute the label files, but not the inputs."""
