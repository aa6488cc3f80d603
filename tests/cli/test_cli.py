"""The command line, with a device in Python where a real board's port would be."""

from __future__ import annotations

import builtins
import dataclasses
import errno
import hashlib
import json
import os
import shutil
import stat
import threading
from pathlib import Path

import numpy as np
import pytest
import serial

from tests.said import without_steps
from tests.sample_submission import submission
from tinysim.__main__ import main as command_line
from tinysim.benchmark import BENCHMARKS
from tinysim.cli import main
from tinysim.results.tree import write_submission


@pytest.fixture(autouse=True)
def fake_ports(monkeypatch: pytest.MonkeyPatch) -> None:
    packages = [*serial.protocol_handler_packages, "tests.fake_ports"]
    monkeypatch.setattr(serial, "protocol_handler_packages", packages)


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """24 inputs, labelled so that the device in Python is right on all of them."""
    folder = tmp_path / "data/datasets/kws01"
    folder.mkdir(parents=True)
    random = np.random.default_rng(1)
    rows = []
    for number in range(24):
        content = random.bytes(490)
        (folder / f"in_{number:02d}.bin").write_bytes(content)
        rows.append(f"in_{number:02d}.bin,12,{sum(content) % 12}\n")
    (folder / "y_labels.csv").write_text("".join(rows))
    monkeypatch.setenv("TINYSIM_DATA", str(tmp_path / "data"))
    monkeypatch.setattr("tinysim.datasets.choice.cache_data_folder", lambda: tmp_path / "cache")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    monkeypatch.chdir(tmp_path)
    return folder


def make_official(labels: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a label file taken for the benchmark's own."""
    sha256 = hashlib.sha256(labels.read_bytes()).hexdigest()
    known = dataclasses.replace(BENCHMARKS["kws"], label_sha256s=(sha256,))
    monkeypatch.setitem(BENCHMARKS, "kws", known)


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "firmware.bin"
    path.write_bytes(b"firmware")
    return path


def run_sim(image: Path, *arguments: str, port: str = "fake://kws01") -> int:
    return main(["sim", "kws", "--port", port, "--firmware", str(image), *arguments])


def files_of(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def one_line(captured: pytest.CaptureFixture[str]) -> str:
    text = without_steps(captured.readouterr().err).lstrip("\n")  # click ends the line in which ^C is shown
    assert text.count("\n") == 1, text
    assert "Traceback" not in text
    return text


def test_a_run_on_a_board_leaves_a_conformant_tree(
    image: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_sim(image, "--org", "acme", "--json", "figures.json") == 0
    out = capsys.readouterr().out
    assert "Top-1 100.0 %" in out
    assert "a real board" in out
    assert "simulated" not in out
    figures = json.loads((tmp_path / "figures.json").read_text())
    assert figures["throughput_inf_per_s"] == pytest.approx(20, rel=1e-2)
    assert figures["latency_ms"] == pytest.approx(50, rel=1e-2)
    assert figures["top1_percent"] == 100.0
    assert figures["instructions_per_inference"] is None
    assert figures["engine"] is None
    assert figures["tree"] == "build/measured"
    assert (figures["data"], figures["inputs"], figures["submittable"]) == ("own", 24, False)
    assert main(["check", "build/measured"]) == 0
    system = json.loads((tmp_path / "build/measured/open/acme/systems/nucleo_l4r5zi.json").read_text())
    assert "imulated" not in json.dumps(system)


def test_two_runs_give_the_same_bytes_and_name_no_place_of_this_machine(image: Path, tmp_path: Path) -> None:
    assert run_sim(image, "--out", "one") == 0
    assert run_sim(image, "--out", "two") == 0
    assert files_of(tmp_path / "one") == files_of(tmp_path / "two")
    for name, content in files_of(tmp_path / "one").items():
        assert str(tmp_path).encode() not in content, name
        assert str(Path.home()).encode() + b"/" not in content, name


def test_single_modes_are_merged(image: Path, tmp_path: Path) -> None:
    assert run_sim(image, "--mode", "performance", "--out", "out") == 0
    assert main(["check", "out"]) == 1
    assert run_sim(image, "--mode", "accuracy", "--out", "out") == 0
    assert main(["check", "out"]) == 0


def test_a_later_round_s_benchmark_beside_it_does_not_fail_a_run(image: Path, tmp_path: Path) -> None:
    assert run_sim(image, "--out", "out") == 0
    results = tmp_path / "out/open/tinysim/results/nucleo_l4r5zi"
    shutil.copytree(results / "kws", results / "ic2")
    assert run_sim(image, "--out", "out") == 0
    assert main(["check", "out"]) == 1


def test_the_seed_document_s_summary_name(image: Path, tmp_path: Path) -> None:
    assert run_sim(image, "--summary-name", "result.txt", "--out", "out") == 0
    names = {Path(name).name for name in files_of(tmp_path / "out/open/tinysim/results")}
    assert names == {"result.txt", "log.txt", "script.async"}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_figures_go_into_a_pipe_that_is_there(image: Path, tmp_path: Path) -> None:
    os.mkfifo("pipe")
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append(Path("pipe").read_text()))
    reader.start()
    assert run_sim(image, "--mode", "performance", "--json", "pipe") == 0
    reader.join(timeout=600)
    assert json.loads(read[0])["benchmark"] == "kws"
    assert stat.S_ISFIFO(os.stat("pipe").st_mode)


def test_accuracy_below_the_target_fails_the_run(
    image: Path, data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = (data / "y_labels.csv").read_text().splitlines()
    wrong = [f"{row.rsplit(',', 1)[0]},{(int(row.rsplit(',', 1)[1]) + 1) % 12}\n" for row in rows]
    (data / "y_labels.csv").write_text("".join(wrong))
    make_official(data / "y_labels.csv", monkeypatch)
    assert run_sim(image, "--division", "closed") == 1
    assert "accuracy-target: Top-1 is 0, the target is 90" in capsys.readouterr().out


def test_an_image_of_which_nobody_knows_the_model_is_closed_only_if_its_owner_says_so(
    image: Path,
    data: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    make_official(data / "y_labels.csv", monkeypatch)
    assert run_sim(image, "--out", "out") == 0
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["open"]
    assert run_sim(image, "--out", "out", "--division", "closed") == 0
    assert "not submittable" not in capsys.readouterr().out
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["closed", "open"]


def test_data_of_ones_own_are_named_so_everywhere(
    image: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    remark = "own data: not an MLPerf result, not submittable"
    assert run_sim(image, "--out", "out", "--json", "figures.json") == 0
    out = capsys.readouterr().out
    assert "  data          own data, 24 inputs of 12 classes, from TINYSIM_DATA\n" in out
    assert f"  note          {remark}\n" in out
    assert json.loads((tmp_path / "figures.json").read_text())["submittable"] is False
    organisation = tmp_path / "out/open/tinysim"
    system = json.loads((organisation / "systems/nucleo_l4r5zi.json").read_text())
    assert system["Software Notes"] == f"{remark}."
    assert f"**Note: {remark}.**" in (organisation / "code/kws/nucleo_l4r5zi/README.md").read_text()
    assert main(["check", "out"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"open/tinysim/systems/nucleo_l4r5zi.json: note: not-submittable: {remark}",
        "out: conformant with v1.2 (0 errors, 0 warnings, 1 notes)",
    ]
    assert run_sim(image, "--out", "other", "--division", "closed") == 2
    assert remark in one_line(capsys)
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize(
    ("mischief", "message"),
    [
        ("silent", "did not answer `infer 1 0` within 30 s; its last line was 'm-ready'"),
        ("flood", "floods the serial line"),
        ("forge", "sent m-results in reply to `infer 1 0` where m-lap-us belongs"),
    ],
)
def test_a_device_that_misbehaves_ends_the_run_with_a_report(
    image: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], mischief: str, message: str
) -> None:
    assert run_sim(image, "--out", "out") == 0
    before = files_of(tmp_path / "out")
    capsys.readouterr()
    assert run_sim(image, "--out", "out", port=f"fake://kws01?mischief={mischief}") == 1
    assert message in one_line(capsys)
    assert files_of(tmp_path / "out") == before


def test_all_benchmarks_are_looked_at_before_the_first_is_run(
    tmp_path: Path, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "data/models").mkdir()
    (tmp_path / "data/models/ad01_int8.tflite").write_bytes(b"TFL3")
    folder = tmp_path / "data/datasets/ad01"
    folder.mkdir()
    (folder / "y_labels.csv").write_text("a.bin,2,0,2560,512\n")
    (folder / "a.bin").write_bytes(bytes(102400))
    assert main(["sim", "all", "--mode", "performance", "--out", "out"]) == 2
    assert "ad01_int8.tflite: not a TensorFlow Lite model" in one_line(capsys)
    assert not (tmp_path / "out").exists()


def test_control_characters_and_forged_log_lines_are_defused(image: Path, tmp_path: Path) -> None:
    assert run_sim(image, "--out", "out", port="fake://kws01?mischief=colour") == 0
    for name, content in files_of(tmp_path / "out/open/tinysim/results").items():
        assert all(byte == 10 or 32 <= byte < 127 for byte in content), name
    assert main(["check", "out"]) == 0


def test_ctrl_c_while_the_command_is_being_imported_shows_no_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(name: str, *arguments: object) -> object:
        if name == "tinysim.cli":
            raise KeyboardInterrupt
        return original(name, *arguments)  # type: ignore[arg-type]

    original = builtins.__import__
    monkeypatch.setattr(builtins, "__import__", interrupt)
    assert command_line() == 130
    assert capsys.readouterr().err == "tinysim: interrupted before anything was done\n"


def test_ctrl_c_leaves_the_old_tree(image: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_sim(image, "--out", "out") == 0
    before = files_of(tmp_path / "out")
    capsys.readouterr()
    assert run_sim(image, "--out", "out", port="fake://kws01?mischief=interrupt") == 130
    assert "interrupted" in one_line(capsys)
    assert files_of(tmp_path / "out") == before


def test_a_full_disk_is_one_line_and_leaves_the_old_tree(
    image: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_sim(image, "--out", "out") == 0
    before = files_of(tmp_path / "out")
    capsys.readouterr()

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "out/closed")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        assert run_sim(image, "--out", "out") == 2
    assert one_line(capsys) == "tinysim: out/closed: No space left on device\n"
    assert files_of(tmp_path / "out") == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["sim", "kwz"], "unknown benchmark 'kwz': did you mean kws?"),
        (
            ["sim", "kws", "--board", "nucleo_l4r5"],
            "unknown board 'nucleo_l4r5': did you mean nucleo_l4r5zi?",
        ),
        (["sim", "kws", "--org", "a b"], "organisation 'a b' cannot be a folder's name"),
        (["sim", "kws", "--firmware", "nothing.elf"], "cannot read the image nothing.elf: No such file"),
        (
            ["sim", "ic2"],
            "the model pretrainedResnet_large_int8.tflite is not at hand: run `tinysim data pull`",
        ),
        (["sim", "kws", "--data", "nothing"], "--data nothing is not a folder"),
        (["sim", "kws", "--data", "."], "--data . has no y_labels.csv"),
        (["sim", "kws", "--model", "nothing.tflite"], "nothing.tflite: cannot read the model"),
        (["sim", "kws", "--model", "m", "--firmware", "firmware.bin"], "leave --model out"),
        (["sim", "all", "--model", "m"], "a model is of one benchmark"),
        (["sim", "all", "--data", "data"], "--data is of one benchmark"),
        (["sim", "all", "--firmware", "firmware.bin"], "an image is of one benchmark"),
        (["check", "nothing"], "nothing is not a folder"),
        (["check", "data"], "data is not a submission tree"),
    ],
)
def test_a_mistake_is_one_line(
    arguments: list[str], message: str, image: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    line = one_line(capsys)
    assert line.startswith("tinysim: ")
    assert message in line


def test_a_port_that_is_not_there_is_one_line(image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_sim(image, port="/dev/ttyNOWHERE") == 2
    assert "cannot open serial port /dev/ttyNOWHERE" in one_line(capsys)


def test_a_truncated_input_stops_the_run_before_it_begins(
    image: Path, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (data / "in_23.bin").write_bytes(b"short")
    assert run_sim(image) == 2
    assert "in_23.bin has 5 bytes instead of 490" in one_line(capsys)


def test_results_of_a_board_stay_out_of_a_simulated_tree(
    image: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_submission(tmp_path / "out", submission(system_id="another", simulated=True))
    assert run_sim(image, "--out", "out") == 2
    assert "describes a simulated board, these results are real: choose another --out" in one_line(capsys)


def test_a_bad_epoch_is_one_line(
    image: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for value in ("yesterday", "1e9", "9" * 30, "253402300800", "-5"):
        monkeypatch.setenv("SOURCE_DATE_EPOCH", value)
        assert run_sim(image) == 2
        assert "SOURCE_DATE_EPOCH" in one_line(capsys)


def test_boards_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["boards"]) == 0
    assert "nucleo_l4r5zi: NUCLEO-L4R5ZI, STM32L4R5ZI, cortex-m4 at 120 MHz" in capsys.readouterr().out


def test_check_prints_a_line_for_each_finding(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_submission(tmp_path / "out", submission(top1_percent=80.0))
    assert main(["check", "out"]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "closed/acme/results/nucleo_l4r5zi/kws/accuracy/results.txt: error: accuracy-target: "
        "Top-1 is 80, the target is 90",
        "out: not conformant with v1.2 (1 errors, 0 warnings)",
    ]


def test_an_unknown_command_or_option_is_a_mistake(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (
        ["simulate"],
        ["sim"],
        ["sim", "kws", "--mode", "energie"],
        ["sim", "kws", "--workers", "0"],
    ):
        assert main(arguments) == 2
        assert "Traceback" not in capsys.readouterr().err
    assert main(["--help"]) == 0
    assert main(["--version"]) == 0
