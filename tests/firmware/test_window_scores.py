"""Anomaly scores of whole files: the firmware's kernels and formula against LiteRT's outputs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.firmware.conftest import FIRMWARE, HOST, build_host_program
from tests.published import DATA
from tinysim.builtin.machines import TEST_INPUTS, make_sample
from tinysim.codegen import compile_model
from tinysim.model.tflite_reader import parse_model
from tinysim.training.evaluate import ReferenceKernels, quantizations, windows
from tinysim.training.expected import anomaly_score, quantize

SHIPPED = Path(__file__).resolve().parents[2] / "tinysim" / "builtin" / "models" / "ad.tflite"
OFFICIAL = DATA / "datasets" / "ad01" / "normal_id_01_00000000_hist_librosa.bin"
OFFICIAL_MODEL = DATA / "models" / "ad01_int8.tflite"

needs_ad01 = pytest.mark.skipif(
    not OFFICIAL.is_file() or not OFFICIAL_MODEL.is_file(), reason="TINYSIM_DATA has no ad01"
)


def device_scores(model: bytes, inputs: np.ndarray, folder: Path) -> list[str]:
    """What the device prints for windows [n, 640]."""
    compiled = compile_model(parse_model(model), folder)
    program = build_host_program(
        folder / "window_scores",
        [
            HOST / "window_scores.c",
            FIRMWARE / "benchmark" / "ad01.c",
            FIRMWARE / "protocol" / "text.c",
            *compiled.sources,
            *sorted((FIRMWARE / "kernels").glob("*.c")),
        ],
        [FIRMWARE, FIRMWARE / "benchmark", FIRMWARE / "protocol", folder],
        ['BENCHMARK_MODEL="ad01"'],
    )
    return program(stdin=inputs.astype("<f4").tobytes()).decode().split()


def reference_scores(model: bytes, inputs: np.ndarray) -> list[str]:
    """What LiteRT's reference kernels and the formula, in single precision in element order, give."""
    kernels = ReferenceKernels(model)
    source, result = quantizations(model)
    scores = []
    for features in inputs:
        outputs = kernels.outputs(quantize(features, source.scale, source.zero_point))
        scores.append(f"{anomaly_score(features, outputs, result.scale, result.zero_point):.3f}")
    return scores


@pytest.mark.parametrize("which", ["normal", "anomaly", pytest.param("official", marks=needs_ad01)])
def test_all_196_windows_score_as_by_litert(which: str, tmp_path: Path) -> None:
    if which == "official":
        model, content = OFFICIAL_MODEL.read_bytes(), OFFICIAL.read_bytes()
    else:
        model = SHIPPED.read_bytes()
        samples = (make_sample("test", number) for number in range(TEST_INPUTS))
        sample = next(sample for sample in samples if which in sample.name)
        content = sample.content
    inputs = windows(np.frombuffer(content, "<f4").reshape(1, 200, 128))[0]
    assert inputs.shape == (196, 640)
    assert device_scores(model, inputs, tmp_path) == reference_scores(model, inputs)
