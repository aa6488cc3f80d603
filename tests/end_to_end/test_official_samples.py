"""The two official inputs that may be passed on: a picture of ic01 and a recording of ad01."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import numpy as np

from tests.published import DATA, needs_data
from tinysim.benchmark import BENCHMARKS
from tinysim.cli import main
from tinysim.datasets.dataset import open_dataset
from tinysim.training.expected import reference_results

pytestmark = needs_data


def printed(folder: Path, benchmark_id: str, data: Path) -> list[str]:
    """Run the reference model on `data` and return the results that the device printed."""
    model = DATA / "models" / BENCHMARKS[benchmark_id].model_file
    arguments = ["--data", str(data), "--model", str(model), "--build", str(folder / "build")]
    arguments += ["--engine", "embedded", "--mode", "accuracy", "--out", str(folder / "tree")]
    main(["sim", benchmark_id, *arguments])
    (log,) = (folder / "tree").rglob("accuracy/log.txt")
    return re.findall(r"dut: m-results-\[(.*)\]", log.read_text())


def test_the_picture_is_told_as_published(tmp_path: Path) -> None:
    planes = np.fromfile(DATA / "datasets/ic01/taxi_s_001241_chw.bin", np.uint8).reshape(3, 32, 32)
    (tmp_path / "taxi.bin").write_bytes(np.ascontiguousarray(planes.transpose(1, 2, 0)).tobytes())
    (tmp_path / "y_labels.csv").write_text("taxi.bin,10,1\n")
    (vector,) = printed(tmp_path, "ic", tmp_path)
    assert vector.split(",")[1] == "0.996"


def test_the_recording_s_windows_score_as_litert_s_outputs_do(tmp_path: Path) -> None:
    name = "normal_id_01_00000000_hist_librosa.bin"
    shutil.copy(DATA / "datasets/ad01" / name, tmp_path)
    (tmp_path / "y_labels.csv").write_text(f"{name},2,0,2560,512\n")
    model = DATA / "models" / BENCHMARKS["ad"].model_file
    dataset = open_dataset(BENCHMARKS["ad"], tmp_path)
    expected = reference_results(dataset, model)[0]
    assert len(expected) == 196
    assert printed(tmp_path, "ad", tmp_path) == [f"{score:.3f}" for (score,) in expected]
