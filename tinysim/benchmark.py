"""The benchmarks: all that tells one from another, in one table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tinysim.errors import UserError, unknown_name

Metric = Literal["top1", "auc"]


@dataclass(frozen=True)
class Benchmark:
    """One benchmark; or, with other sizes, what a network and data of one's own make of it.

    `id` is its folder in a results tree, `model` what the firmware answers to `profile`, and `data_set` the
    folder of its inputs. `input_bytes` is what one inference takes, less than `file_bytes` where a file holds
    several windows; `tensor_bytes` is what the network takes, less than `input_bytes` where the firmware
    quantizes. `target` is what the printed figure `metric` must reach in the closed division. `model_sha256`
    is that of the reference model, `label_sha256s` those of the official label files. `sources` are those of
    `firmware/benchmark`. `spellings` are words for it in paths that others made. `version` is the round that
    it came with.
    """

    id: str
    title: str
    model: str
    data_set: str
    model_file: str
    model_sha256: str
    label_sha256s: tuple[str, ...]
    classes: int
    file_bytes: int
    input_bytes: int
    tensor_bytes: int
    result_values: int
    metric: Metric
    target: float
    sources: tuple[str, ...]
    spellings: tuple[str, ...]
    version: str = "v0.5"

    @property
    def is_anomaly_detection(self) -> bool:
        """Whether a result is one anomaly score instead of a value for each class."""
        return self.metric == "auc"

    @property
    def output_bytes(self) -> int:
        """Bytes of the network's output: as many as classes, or for anomaly detection as its input."""
        return self.tensor_bytes if self.is_anomaly_detection else self.classes


_IC01_LABELS = "79e1f19ad731f046983a1a4480bda6369df26c5acee47505a860f164fb58ccd4"
_KWS_SPELLINGS = (
    "kws",
    "keyword spotting",
    "keywords spotting",
    "key word spotting",
    "wake word",
    "speech commands",
    "dscnn",
)
_VWW_SPELLINGS = (
    "vww",
    "aww",
    "visual wake words",
    "visual wake word",
    "visual wakewords",
    "visual wakeword",
    "person detection",
    "person detect",
)

BENCHMARKS = {
    benchmark.id: benchmark
    for benchmark in (
        Benchmark(
            id="kws",
            title="keyword spotting",
            model="kws01",
            data_set="kws01",
            model_file="kws_ref_model.tflite",
            model_sha256="aeea436800704fce17b17292e4412630ad856e9d777c044c64ef748a880bd0ae",
            label_sha256s=("6cb3709762d53fe64eb00eaf4a75796248bb3c1386f1d1f93ccdb07b071e9698",),
            classes=12,
            file_bytes=490,
            input_bytes=490,
            tensor_bytes=490,
            result_values=12,
            metric="top1",
            target=90.0,
            sources=("kws01.c", "classification.c"),
            spellings=_KWS_SPELLINGS,
        ),
        Benchmark(
            id="vww",
            title="visual wake words",
            model="vww01",
            data_set="vww01",
            model_file="vww_96_int8.tflite",
            model_sha256="597a384c8c2c8a1276f04702f25013b7838f2f814f1ca7c174d295b73e3d6b7b",
            label_sha256s=("3697ca57c48b23b21602ae9bdb32b1925407a1d41d79167cdfb365054cb9c33d",),
            classes=2,
            file_bytes=27648,
            input_bytes=27648,
            tensor_bytes=27648,
            result_values=2,
            metric="top1",
            target=80.0,
            sources=("image_classification.c", "classification.c"),
            spellings=_VWW_SPELLINGS,
        ),
        Benchmark(
            id="ic",
            title="image classification",
            model="ic01",
            data_set="ic01",
            model_file="pretrainedResnet_quant.tflite",
            model_sha256="3c002613d1b2475eb51dd78dfb85a546c8ae658dee71cf6ade43b022fe205415",
            label_sha256s=(_IC01_LABELS,),
            classes=10,
            file_bytes=3072,
            input_bytes=3072,
            tensor_bytes=3072,
            result_values=10,
            metric="top1",
            target=85.0,
            sources=("image_classification.c", "classification.c"),
            spellings=("ic", "image classification", "image classify", "resnet", "cifar10", "cifar"),
        ),
        Benchmark(
            id="ad",
            title="anomaly detection",
            model="ad01",
            data_set="ad01",
            model_file="ad01_int8.tflite",
            model_sha256="87cf24194ef93d1d9b11a591d805526b98008e351655d29883c825c9c106ba24",
            # Both lists are allowed since v1.2.
            label_sha256s=(
                "4ecd91868e197ee0a6739d4bd7abde73eac2fa31e9a88d6bc6aedefa136ff2a4",
                "e1ac10e782bada1015d63585a05398e54e41429db599dc45de3ae67fe6cd8b4c",
            ),
            classes=2,
            file_bytes=102400,
            input_bytes=2560,
            tensor_bytes=640,
            result_values=1,
            metric="auc",
            target=0.85,
            sources=("ad01.c",),
            spellings=("ad", "anomaly detection", "anomalous detection", "anomaly", "toycar", "toyadmos"),
        ),
        Benchmark(
            id="ic2",
            title="image classification, large",
            model="ic02",
            # The runner takes ic01's inputs for it (spec of v1.4).
            data_set="ic01",
            model_file="pretrainedResnet_large_int8.tflite",
            model_sha256="dc27dcd823f5665533352f7da516b0c9bc6f089914b8283782e55961b3423fcf",
            label_sha256s=(_IC01_LABELS,),
            classes=10,
            file_bytes=3072,
            input_bytes=3072,
            tensor_bytes=3072,
            result_values=10,
            metric="top1",
            target=91.0,
            sources=("image_classification.c", "classification.c"),
            spellings=("ic2", "ic02", "resnet large", "large resnet"),
            version="v1.4",
        ),
    )
}

COMPANIONS = {"ic2": "ic"}
"""What a benchmark may be submitted only together with (rules of v1.4)."""

CLASSIC = ("kws", "vww", "ic", "ad")
"""What every round since v0.5 has, and `all` stands for."""


def find_benchmark(name: str) -> Benchmark:
    """Return the benchmark called `name`. Raises UserError, with a hint, where there is none."""
    if name in BENCHMARKS:
        return BENCHMARKS[name]
    for benchmark in BENCHMARKS.values():
        # The tree's name differs from the runner's, and people know the latter.
        if benchmark.version != "v0.5" and name == benchmark.model:
            return benchmark
        if name.lower().replace("_", " ").replace("-", " ") in (
            benchmark.model,
            benchmark.title,
            benchmark.id,
        ):
            raise UserError(f"unknown benchmark {name!r}: did you mean {benchmark.id}?")
    raise unknown_name("benchmark", name, BENCHMARKS)
