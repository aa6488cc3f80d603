"""Performance and accuracy runs against a device in Python, and what the log says of them."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from tests.fake_device import INSTRUCTIONS_PER_INFERENCE, FakePort, FakeTarget, FakeTargetFactory
from tests.results.reading import parse_script
from tinysim.benchmark import BENCHMARKS, Benchmark
from tinysim.datasets.dataset import DataSet, open_dataset
from tinysim.datasets.labels import Entry, format_labels
from tinysim.errors import GuestError, UserError
from tinysim.results.lines import parse_lines
from tinysim.results.log import format_log, script_of
from tinysim.results.script import format_script
from tinysim.runner.accuracy import AccuracyRun, run_accuracy
from tinysim.runner.device import Device
from tinysim.runner.journal import Journal
from tinysim.runner.performance import (
    calibrate,
    count_inference,
    iterations_for_window,
    run_performance,
)
from tinysim.runner.record import accuracy_record, performance_record

EPOCH_S = 1_700_000_000.0


def make_dataset(folder: Path, benchmark: Benchmark, files: int) -> DataSet:
    place = folder / "datasets" / benchmark.model
    place.mkdir(parents=True)
    random = np.random.default_rng(1)
    entries = []
    for number in range(files):
        width, stride = (2560, 512) if benchmark.is_anomaly_detection else (None, None)
        label = number % benchmark.classes
        entries.append(Entry(f"input_{number:03d}.bin", benchmark.classes, label, width, stride))
        (place / entries[-1].file).write_bytes(random.bytes(benchmark.file_bytes))
    (place / "y_labels.csv").write_text(format_labels(tuple(entries)))
    return open_dataset(benchmark, place)


@pytest.fixture
def kws(tmp_path: Path) -> DataSet:
    return make_dataset(tmp_path / "data", BENCHMARKS["kws"], 60)


@pytest.fixture
def ad(tmp_path: Path) -> DataSet:
    # Two windows a file instead of 196.
    benchmark = dataclasses.replace(BENCHMARKS["ad"], file_bytes=2560 + 512)
    return make_dataset(tmp_path / "data", benchmark, 6)


def booted(**options: object) -> tuple[FakeTarget, Device]:
    target = FakeTarget(FakePort(**options))  # type: ignore[arg-type]
    device = Device(target.session)
    device.wait_for_banner()
    return target, device


def accuracy(dataset: DataSet, folder: Path, **options: object) -> AccuracyRun:
    factory = options.pop("factory", FakeTargetFactory())
    return run_accuracy(factory, dataset, Journal(folder, {}), **options)  # type: ignore[arg-type]


def test_a_performance_run_has_five_valid_windows(kws: DataSet) -> None:
    _, device = booted()
    run = run_performance(device, kws, inference_s=0.05)
    summary = run.summary()
    assert [window.number for window in summary.windows] == [2, 4, 6, 8, 10]
    assert all(window.is_valid and window.inferences == 210 for window in summary.windows)
    assert summary.median_inf_per_s == pytest.approx(20, rel=1e-3)
    assert [run_input.segment.entry.file for run_input in run.inputs] == [
        entry.file for entry in kws.entries[:5]
    ]


@pytest.mark.parametrize(
    ("inference_s", "iterations"), [(0.05, 210), (2.0, 10), (1.05, 10), (1.0499, 11), (0.01, 1050)]
)
def test_iterations_fill_the_window(inference_s: float, iterations: int) -> None:
    assert iterations_for_window(inference_s) == iterations


@pytest.mark.parametrize("inference_s", [0.05, 8.0])
def test_one_inference_is_the_difference_of_two_runs_from_the_same_state(
    kws: DataSet, inference_s: float
) -> None:
    target, device = booted(inference_s=inference_s)
    before = target.snapshot()
    single = count_inference(target, device, kws.read(next(kws.accuracy_segments())))
    assert single.instructions == INSTRUCTIONS_PER_INFERENCE
    assert single.cycles == pytest.approx(inference_s * 120e6, abs=1)
    assert single.time_s == pytest.approx(inference_s)
    assert target.port.state == before


@pytest.mark.parametrize("inference_s", [0.00002, 0.0004, 0.05, 3.0])
def test_calibration_by_the_device_clock(inference_s: float) -> None:
    _, device = booted(inference_s=inference_s)
    assert calibrate(device, bytes(490)) == pytest.approx(inference_s, rel=0.02)


def test_calibration_gives_up_on_a_clock_that_stands_still() -> None:
    _, device = booted(lap_scale=0.0, inference_s=0.0)
    with pytest.raises(GuestError, match="stands still"):
        calibrate(device, bytes(490))


def test_firmware_of_another_benchmark_is_refused(kws: DataSet) -> None:
    _, device = booted(model="ic01")
    with pytest.raises(UserError, match="its model is 'ic01'; kws needs 'kws01'"):
        run_performance(device, kws, inference_s=0.05)


def test_an_accuracy_run_takes_every_input_from_the_same_state(kws: DataSet, tmp_path: Path) -> None:
    run = accuracy(kws, tmp_path)
    assert len(run.inputs) == 60
    for segment, run_input in zip(run.segments, run.inputs, strict=True):
        assert np.argmax(run_input.results) == sum(kws.read(segment)) % 12
    right = sum(sum(kws.read(segment)) % 12 == segment.entry.label for segment in kws.accuracy_segments())
    assert run.summary(kws).top1_percent == pytest.approx(100 * right / 60)
    # Had an input felt the one before, its time stamps would have gone on instead of starting again.
    assert len({run_input.stop_ns for run_input in run.inputs}) == 1


def test_the_number_of_workers_changes_nothing(kws: DataSet, tmp_path: Path) -> None:
    alone = accuracy(kws, tmp_path / "alone", workers=1)
    together = accuracy(kws, tmp_path / "together", workers=2)
    assert alone == together
    logs = [format_log(accuracy_record(run, kws, EPOCH_S)) for run in (alone, together)]
    assert logs[0] == logs[1]


class Stopped(Exception):
    pass


@pytest.mark.parametrize("workers", [1, 2])
def test_an_interrupted_run_goes_on_where_it_stopped(kws: DataSet, tmp_path: Path, workers: int) -> None:
    def stop(done: int, _all: int) -> None:
        if done:
            raise Stopped

    with pytest.raises(Stopped):
        accuracy(kws, tmp_path / "interrupted", on_progress=stop, workers=workers)
    seen: list[int] = []
    run = accuracy(kws, tmp_path / "interrupted", on_progress=lambda done, _all: seen.append(done))
    assert seen[0] == 20
    assert run == accuracy(kws, tmp_path / "whole")


def test_a_guest_error_in_a_worker_is_the_run_s_error(kws: DataSet, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="model is 'ic01'"):
        accuracy(kws, tmp_path, factory=FakeTargetFactory(model="ic01"), workers=2)


def test_too_few_result_values_are_an_error(kws: DataSet, tmp_path: Path) -> None:
    with pytest.raises(GuestError, match=r"printed 5 result values for input_000\.bin; kws has 12"):
        accuracy(kws, tmp_path, factory=FakeTargetFactory(values=5))


def test_a_missing_input_is_named(kws: DataSet, tmp_path: Path) -> None:
    (kws.folder / "input_003.bin").unlink()
    with pytest.raises(UserError, match=r"input_003\.bin is missing"):
        accuracy(kws, tmp_path)


@pytest.mark.parametrize("workers", [1, 2])
def test_devices_that_do_not_announce_themselves_are_asked_for_their_name(
    kws: DataSet, tmp_path: Path, workers: int
) -> None:
    silent = FakeTargetFactory(has_banner=False)
    run = accuracy(kws, tmp_path / "silent", factory=silent, workers=workers)
    announced = accuracy(kws, tmp_path / "announced")
    assert [each.results for each in run.inputs] == [each.results for each in announced.inputs]


def test_every_window_of_an_anomaly_detection_file_counts(ad: DataSet, tmp_path: Path) -> None:
    run = accuracy(ad, tmp_path, factory=FakeTargetFactory(model="ad01", values=1))
    assert [(segment.entry.file, segment.offset_bytes) for segment in run.segments[:3]] == [
        ("input_000.bin", 0),
        ("input_000.bin", 512),
        ("input_001.bin", 0),
    ]
    scores, labels = run._file_scores(ad)
    assert scores[0] == pytest.approx((run.inputs[0].results[0] + run.inputs[1].results[0]) / 2)
    assert list(labels) == [entry.label for entry in ad.entries]
    script = format_script(script_of(accuracy_record(run, ad, EPOCH_S)))
    assert 'bload dut "/datasets/ad01/input_000.bin" 512 2560' in script
    run.summary(ad)


def test_an_anomaly_detection_performance_run_takes_first_windows(ad: DataSet) -> None:
    _, device = booted(model="ad01", values=1, inference_s=0.005)
    run = run_performance(device, ad, inference_s=0.005)
    assert {run_input.segment.offset_bytes for run_input in run.inputs} == {0}
    assert {run_input.download.byte_count for run_input in run.inputs} == {2560}


def test_the_log_of_a_run_is_one_timeline_that_agrees_with_its_script(kws: DataSet, tmp_path: Path) -> None:
    _, device = booted()
    performance = performance_record(run_performance(device, kws, inference_s=0.05), kws, EPOCH_S)
    from_boots = accuracy_record(accuracy(kws, tmp_path), kws, EPOCH_S, start_s=80.0)
    for record, inputs in ((performance, 5), (from_boots, 60)):
        lines = parse_lines(format_log(record))
        times = [line.time_s for line in lines]
        assert times == sorted(times)
        assert sum(line.text.startswith("m-results-[") for line in lines) == inputs
        script = parse_script(format_script(script_of(record)))
        sequenced = [line.text.split("-command[")[1] for line in lines if "-command[" in line.text]
        assert [command.cmd for command in script[3:]] == [text.split("]-ack[")[0] for text in sequenced]
    assert performance.session_id == "20231114221320"
    assert from_boots.session_id == "20231114221440"
