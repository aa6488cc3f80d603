"""Both runs side by side, against devices in Python, and what is written down of them."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.fake_device import INSTRUCTIONS_PER_INFERENCE, FakeTargetFactory
from tests.fake_ports.mischief import forge
from tinysim.benchmark import BENCHMARKS
from tinysim.board import Board, board_ids, load_board
from tinysim.builtin.sets import BUILTIN_SETS
from tinysim.conformance.findings import errors
from tinysim.conformance.tree import check_tree
from tinysim.datasets.dataset import DataKind, DataSet, open_dataset
from tinysim.errors import GuestError
from tinysim.memory_use import FlashUse, MemoryUse, RamUse
from tinysim.mode import ACCURACY, PERFORMANCE, Mode
from tinysim.results.system_description import MODELLED_CYCLES, NO_CYCLES
from tinysim.results.tree import Place, write_submission
from tinysim.simulation.implementation import Implementation
from tinysim.simulation.modes import RUN_MODES
from tinysim.simulation.run import Outcome, simulate
from tinysim.simulation.submission import (
    cycles_note,
    describe_figures,
    make_facts,
    make_figures,
    make_submission,
)

KWS = BENCHMARKS["kws"]
BUILTIN_KWS_SHA256 = hashlib.sha256(BUILTIN_SETS["kws01"].model.read_bytes()).hexdigest()
PLACE = Place("closed", "acme", "nucleo_l4r5zi", "kws")
EPOCH_S = 1_700_000_000.0


@pytest.fixture
def dataset(tmp_path: Path) -> DataSet:
    folder = tmp_path / "data/datasets/kws01"
    folder.mkdir(parents=True)
    random = np.random.default_rng(2)
    rows = []
    for number in range(70):
        content = random.bytes(490)
        (folder / f"in_{number:02d}.bin").write_bytes(content)
        rows.append(f"in_{number:02d}.bin,12,{sum(content) % 12}\n")
    (folder / "y_labels.csv").write_text("".join(rows))
    return open_dataset(BENCHMARKS["kws"], folder)


def run(
    dataset: DataSet,
    journal_folder: Path,
    *,
    modes: tuple[Mode, ...] = RUN_MODES,
    workers: int = 1,
    factory: FakeTargetFactory | None = None,
    on_progress: object = None,
) -> Outcome:
    built = Implementation(
        Path("kws.elf"),
        "f" * 64,
        {"firmware/main.c": b"int main(void);\n"},
        toolchain="zig",
        compiler="clang 22",
        compiler_flags=("-O3",),
        model_name="kws_ref_model.tflite",
        model_sha256="e" * 64,
        macs=2_656_768,
        flash_bytes=50_000,
        ram_bytes=40_000,
        memory=MemoryUse(
            FlashUse(30_000, 12_000, 6_000, 1_500, 500, 0), RamUse(20_000, 490, 490, 8_192, 0, 10_828)
        ),
    )
    return simulate(
        load_board("nucleo_l4r5zi"),
        "embedded",
        built,
        dataset,
        factory or FakeTargetFactory(),
        modes=modes,
        workers=workers,
        journal_folder=journal_folder,
        on_progress=on_progress or (lambda _name, _done, _total: None),  # type: ignore[arg-type]
    )


def tree_of(outcome: Outcome, root: Path) -> dict[str, bytes]:
    write_submission(root, make_submission(outcome, PLACE, EPOCH_S, "results.txt"))
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_the_tree_does_not_depend_on_the_number_of_workers(dataset: DataSet, tmp_path: Path) -> None:
    trees = [
        tree_of(run(dataset, tmp_path / "journal", workers=workers), tmp_path / f"out{workers}")
        for workers in (1, 2, 3)
    ]
    assert trees[0] == trees[1] == trees[2]
    assert errors(check_tree(tmp_path / "out1")) == []
    assert list((tmp_path / "journal").iterdir()) == []


def test_sessions_of_a_tree_follow_each_other(dataset: DataSet, tmp_path: Path) -> None:
    tree = tree_of(run(dataset, tmp_path), tmp_path / "out")
    results = "closed/acme/results/nucleo_l4r5zi/kws"
    performance, accuracy = (
        tree[f"{results}/{mode}/log.txt"].decode() for mode in ("performance", "accuracy")
    )
    end_of_performance = float(performance.splitlines()[-1].split(" ")[0])
    start_of_accuracy = float(accuracy.splitlines()[0].split(" ")[0])
    assert 0 < start_of_accuracy - end_of_performance < 2
    assert "m-session-start-id[20231114221320]" in performance
    assert "m-session-start-id[20231114221320]" not in accuracy


@pytest.mark.parametrize("board_id", board_ids())
def test_every_board_s_cycles_are_a_model_s(board_id: str) -> None:
    assert cycles_note(load_board(board_id)) == MODELLED_CYCLES


def without_timing(board: Board) -> Board:
    return board.model_copy(update={"chip": board.chip.model_copy(update={"timing": {}})})


def test_cycles_of_a_board_without_a_model_are_said_to_be_none(dataset: DataSet, tmp_path: Path) -> None:
    outcome = run(dataset, tmp_path, modes=(PERFORMANCE,))
    assert make_facts(outcome)["cycles_held_against_silicon"] is True
    untimed = replace(outcome, board=without_timing(outcome.board))
    assert cycles_note(untimed.board) == NO_CYCLES
    assert make_facts(untimed)["cycles_held_against_silicon"] is False
    assert ("note", f"simulated, unverified. {NO_CYCLES}") in describe_figures(untimed)


def test_a_simulated_tree_says_so(dataset: DataSet, tmp_path: Path) -> None:
    tree = tree_of(run(dataset, tmp_path), tmp_path / "out")
    system = json.loads(tree["closed/acme/systems/nucleo_l4r5zi.json"])
    assert system["Status"] == "rdi"
    assert system["Hardware Notes"].startswith("Simulated by tinysim")
    assert "estimated by a model" in system["Hardware Notes"]
    assert "docs/silicon.md" in system["Hardware Notes"]
    assert system["General Compiler(s)"] == "clang 22"
    assert system["Processor(s) Frequencies"] == "120 MHz"
    readme = tree["closed/acme/code/kws/nucleo_l4r5zi/README.md"].decode()
    assert "simulated and unverified" in readme
    assert "clang 22" in readme
    assert "3,000,0" in readme
    facts = json.loads(tree["closed/acme/code/kws/nucleo_l4r5zi/facts.json"])
    assert facts["instructions_per_inference"] == INSTRUCTIONS_PER_INFERENCE
    assert facts["ram_bytes"] == 40_000
    assert facts["memory"]["ram"]["arena_bytes"] == 20_000
    assert sum(facts["memory"]["ram"].values()) == facts["ram_bytes"]
    assert sum(facts["memory"]["flash"].values()) == facts["flash_bytes"]
    assert "| 40,000 bytes, stack and what startup copies from flash included: arena 20,000, " in readme


@pytest.mark.parametrize(
    ("kind", "model_sha256", "command"),
    [
        ("official", KWS.model_sha256, "tinysim data pull\ntinysim sim kws --board B --toolchain zig\n"),
        (
            "official",
            "e" * 64,
            "tinysim data pull\ntinysim sim kws --board B --toolchain zig --model model/M\n",
        ),
        ("built-in", BUILTIN_KWS_SHA256, "tinysim sim kws --board B --toolchain zig\n"),
        ("built-in", KWS.model_sha256, "tinysim sim kws --board B --toolchain zig --model model/M\n"),
        ("own", "e" * 64, "tinysim sim kws --board B --toolchain zig --data FOLDER --model model/M\n"),
        (
            "own",
            KWS.model_sha256,
            "tinysim sim kws --board B --toolchain zig --data FOLDER --model model/M\n",
        ),
    ],
)
def test_a_tree_says_how_to_rebuild_it(
    dataset: DataSet, tmp_path: Path, kind: DataKind, model_sha256: str, command: str
) -> None:
    outcome = run(dataset, tmp_path, modes=(PERFORMANCE,))
    outcome = replace(
        outcome,
        dataset=replace(dataset, kind=kind),
        implementation=replace(outcome.implementation, model_sha256=model_sha256),
    )
    readme = make_submission(outcome, PLACE, EPOCH_S, "results.txt").code["README.md"].decode()
    section = readme.split("## How to rebuild it")[1]
    expected = command.replace("B ", "nucleo_l4r5zi ").replace("model/M", "model/kws_ref_model.tflite")
    assert section.split("```")[1] == f"\n{expected}"
    assert ("FOLDER for the folder of the inputs" in section) == (kind == "own")
    assert ("where official data is not at hand" in section) == (kind == "built-in")


def test_the_figures_for_programs_and_people(dataset: DataSet, tmp_path: Path) -> None:
    outcome = run(dataset, tmp_path)
    figures = make_figures(outcome, "build/submission")
    assert {
        "benchmark",
        "board",
        "engine",
        "clock_hz",
        "firmware_sha256",
        "model_sha256",
        "compiler",
        "instructions_per_inference",
        "cycles_per_inference",
        "latency_ms",
        "throughput_inf_per_s",
        "top1_percent",
        "auc",
        "energy_uj_per_inf",
        "tree",
    } <= figures.keys()
    assert figures["cycles_per_inference"] == pytest.approx(6_000_000, abs=2)
    assert figures["throughput_inf_per_s"] == pytest.approx(20, rel=1e-3)
    assert figures["top1_percent"] == 100.0
    described = dict(describe_figures(outcome))
    assert described["memory"].startswith("flash 50,000 bytes, RAM 40,000 bytes")
    assert described["flash"].startswith("weights and tables 30,000, kernel code 12,000, other code 6,000, ")
    assert described["RAM"] == "arena 20,000, other 10,828, stack 8,192, input tensor 490, download 490"
    assert figures["memory"] == make_facts(outcome)["memory"]


def test_the_memory_of_a_given_image_is_not_known(dataset: DataSet, tmp_path: Path) -> None:
    outcome = run(dataset, tmp_path, modes=(PERFORMANCE,))
    given = replace(outcome, implementation=Implementation(Path("kws.hex"), "f" * 64, {}))
    assert make_figures(given, "build/submission")["memory"] is None
    assert not {"memory", "flash", "RAM"} & dict(describe_figures(given)).keys()


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("mode", RUN_MODES)
def test_one_mode_alone(dataset: DataSet, tmp_path: Path, mode: Mode, workers: int) -> None:
    outcome = run(dataset, tmp_path, modes=(mode,), workers=workers)
    assert list(outcome.results) == [mode]
    assert outcome.inference is not None


@pytest.mark.parametrize("workers", [1, 2])
def test_an_error_of_either_run_ends_both(dataset: DataSet, tmp_path: Path, workers: int) -> None:
    with pytest.raises(GuestError, match="where m-lap-us belongs"):
        run(dataset, tmp_path, workers=workers, factory=FakeTargetFactory(mischief=forge))


def test_progress_of_both_runs_is_told(dataset: DataSet, tmp_path: Path) -> None:
    seen: dict[str, list[int]] = {"performance": [], "accuracy": []}

    def on_progress(name: str, done: int, _total: int) -> None:
        seen[name].append(done)

    run(dataset, tmp_path, workers=2, on_progress=on_progress)
    assert seen["performance"] == [1, 2, 3, 4, 5]
    assert (seen["accuracy"][0], seen["accuracy"][-1]) == (0, 70)
    assert seen["accuracy"] == sorted(seen["accuracy"])


def test_an_interrupted_accuracy_run_is_kept_for_the_next(dataset: DataSet, tmp_path: Path) -> None:
    def interrupt(name: str, done: int, _total: int) -> None:
        if name == "accuracy" and done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(dataset, tmp_path / "journal", modes=(ACCURACY,), on_progress=interrupt)
    first: list[int] = []
    run(
        dataset,
        tmp_path / "journal",
        modes=(ACCURACY,),
        on_progress=lambda _name, done, _total: first.append(done),
    )
    assert first[0] == 20
