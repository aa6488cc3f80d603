"""Whole replications on the embedded engine: our own firmware, published by a made-up organisation."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.firmware.fake_model import FAKE_MODELS
from tests.firmware.protocol_model import ProtocolModel
from tests.replicate.fake_repository import log_of, performance_summary, system_json, vector_table, write_tree
from tinysim.benchmark import BENCHMARKS
from tinysim.board import load_board
from tinysim.firmware import FirmwareBuild, build_firmware
from tinysim.mode import ACCURACY, PERFORMANCE
from tinysim.replicate.replication import Replication, Selection, Settings, find_round, replicate, survey
from tinysim.replicate.rows import Row

INPUTS = 25
RESULTS = "closed/acme/results/NUCLEO_L4R5ZI/kws"
CODE = "closed/acme/code/NUCLEO_L4R5ZI/kws"
UNDEFINED = 0xDE00


@pytest.fixture(scope="session")
def firmware(tmp_path_factory: pytest.TempPathFactory) -> FirmwareBuild:
    folder = tmp_path_factory.mktemp("firmware")
    model = FAKE_MODELS["kws"].write(folder / "model")
    return build_firmware(
        load_board("nucleo_l4r5zi"), BENCHMARKS["kws"], model, build_folder=folder / "build"
    )


@pytest.fixture
def inputs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Mapping[str, bytes]:
    """A data set of random inputs, where tinysim looks for kws01."""
    generator = random.Random(4)
    content = {f"in_{number:02d}.bin": generator.randbytes(490) for number in range(INPUTS)}
    labels = "".join(f"{name},12,{number % 12}\n" for number, name in enumerate(content))
    write_tree(tmp_path / "data/datasets/kws01", {**content, "y_labels.csv": labels})
    monkeypatch.setenv("TINYSIM_DATA", str(tmp_path / "data"))
    return content


def vectors_of(inputs: Mapping[str, bytes]) -> list[tuple[str, str]]:
    """What the firmware is to print, by the protocol's and the model's description in Python."""
    vectors = []
    for name, content in inputs.items():
        device = ProtocolModel("kws")
        device.start()
        device.feed(b"db load 490%")
        for first in range(0, 490, 35):
            device.feed(b"db " + content[first : first + 35].hex().encode() + b"%")
        device.feed(b"infer 1 0%")
        vectors.append((name, device.result.decode()))
    return vectors


def published(root: Path, image: bytes, vectors: list[tuple[str, str]], name: str = "kws.elf") -> Path:
    five = vectors[:5]
    return write_tree(
        root,
        {
            "closed/acme/systems/NUCLEO_L4R5ZI.json": system_json(),
            f"{RESULTS}/performance/results.txt": performance_summary(1000.0, 10_000),
            f"{RESULTS}/performance/log.txt": log_of(five, iterations=10_000),
            f"{RESULTS}/accuracy/log.txt": log_of(vectors),
            f"{CODE}/Release/{name}": image,
        },
    )


def run(root: Path, **settings: object) -> Replication:
    return replicate(survey(root, Selection(), "v1.1"), Settings(**settings), lambda *_progress: None)  # type: ignore[arg-type]


def only(replication: Replication) -> Row:
    [row] = replication.rows
    return row


@pytest.mark.parametrize("workers", [1, 2])
def test_our_own_firmware_against_a_log_that_differs_in_one_place(
    tmp_path: Path, firmware: FirmwareBuild, inputs: Mapping[str, bytes], workers: int
) -> None:
    vectors = vectors_of(inputs)
    name, vector = vectors[17]
    vectors[17] = (name, vector[:-1] + ("1" if vector[-1] != "1" else "2"))
    root = published(tmp_path / "clone", firmware.elf.read_bytes(), vectors)
    replication = run(root, workers=workers)
    row = only(replication)
    assert (row.vectors_equal, row.vectors_total) == (INPUTS - 1, INPUTS)
    assert (row.reason, row.vectors_reason, row.note) == ("", "", "")
    assert replication.failed == ()
    assert (row.round, row.org, row.system, row.core, row.benchmark) == (
        "v1.1", "acme", "NUCLEO_L4R5ZI", "cortex-m4", "kws",
    )  # fmt: skip
    assert row.published_ms == 1.0
    assert row.simulated_ms is not None
    assert row.cycles_per_inference is not None
    assert row.instructions_per_inference is not None
    # The inference's own cycles and little besides.
    assert row.simulated_ms == pytest.approx(row.cycles_per_inference / 120e6 * 1e3, rel=0.01)
    assert row.error_percent == pytest.approx(100 * (row.simulated_ms - 1.0))
    assert row.firmware_sha256 == firmware.sha256


def test_a_few_inferences_tell_the_same_as_a_full_window(
    tmp_path: Path, firmware: FirmwareBuild, inputs: Mapping[str, bytes]
) -> None:
    root = published(tmp_path / "clone", firmware.bin.read_bytes(), vectors_of(inputs), "kws.bin")
    short = only(run(root, modes=(PERFORMANCE,), windows=1))
    full = only(run(root, modes=(PERFORMANCE,), windows=1, in_full=True))
    assert short.simulated_ms is not None
    assert short.simulated_ms == pytest.approx(full.simulated_ms, rel=1e-3)
    assert short.vectors_total is None


def test_vectors_alone(tmp_path: Path, firmware: FirmwareBuild, inputs: Mapping[str, bytes]) -> None:
    vectors = vectors_of(inputs)[:-3]
    root = published(tmp_path / "clone", firmware.hex.read_bytes(), vectors, "kws.hex")
    row = only(run(root, modes=(ACCURACY,)))
    assert (row.vectors_equal, row.vectors_total) == (INPUTS - 3, INPUTS - 3)
    assert row.vectors_reason == f"the published log has {INPUTS - 3} of {INPUTS} inputs"
    assert row.simulated_ms is None


def faulting_image() -> bytes:
    image = bytearray(vector_table(model="kws01"))
    struct.pack_into("<H", image, 0x40, UNDEFINED)
    return bytes(image)


def test_broken_images_have_their_reason_and_stop_no_other(
    tmp_path: Path, firmware: FirmwareBuild, inputs: Mapping[str, bytes]
) -> None:
    root = published(tmp_path / "clone", firmware.elf.read_bytes(), vectors_of(inputs))
    code = "closed/acme/code/NUCLEO_L4R5ZI"
    write_tree(
        root,
        {
            f"{code}/ic/app.bin": faulting_image(),
            f"{code}/vww/app.bin": vector_table(model="vww01"),
            f"{code}/ad/app.elf": b"\x7fELF" + bytes(100),
            f"{code}/sww/app.bin": vector_table(model="sww01"),
            "closed/acme/systems/broken.json": "{" * 10_000,
            "closed/acme/systems/nRF5340.json": system_json(
                **{"Board Name": "nRF5340 DK", "SoC Name": "nRF5340"}
            ),
            "closed/acme/code/nRF5340/kws/app.bin": vector_table(),
            "open/other/code/NUCLEO_H7A3ZI/kws/app.bin": vector_table("nucleo_h7a3zi_q"),
        },
    )
    replication = run(root, modes=(PERFORMANCE,), windows=1, workers=2)
    rows = {(row.org, row.system, row.benchmark): row for row in replication.rows}
    assert len(rows) == 7
    assert rows["acme", "NUCLEO_L4R5ZI", "kws"].simulated_ms is not None
    assert "undefined instruction" in rows["acme", "NUCLEO_L4R5ZI", "ic"].reason
    assert "did not answer" in rows["acme", "NUCLEO_L4R5ZI", "vww"].reason
    assert rows["acme", "NUCLEO_L4R5ZI", "ad"].reason
    assert "not one of the benchmarks" in rows["acme", "NUCLEO_L4R5ZI", "sww"].reason
    assert rows["acme", "nRF5340", "kws"].reason == "no board of ours: chip nRF5340"
    other = rows["other", None, "kws"]
    assert (other.board, other.published_ms) == ("nucleo_h7a3zi_q", None)
    assert "no system of this organisation fits" in other.reason
    failed = {path.split("/", 4)[-1] for path in replication.failed}
    assert failed == {"ic/app.bin", "vww/app.bin", "kws/app.bin"}
    assert all("\n" not in row.reason for row in replication.rows)


def test_the_next_build_is_tried_where_the_first_does_not_run(
    tmp_path: Path, firmware: FirmwareBuild, inputs: Mapping[str, bytes]
) -> None:
    root = published(tmp_path / "clone", faulting_image(), vectors_of(inputs), "a.bin")
    write_tree(root, {f"{CODE}/Release/b.bin": firmware.bin.read_bytes()})
    row = only(run(root, modes=(PERFORMANCE,), windows=1))
    assert row.image == f"{CODE}/Release/b.bin"
    assert row.other_images == (f"{CODE}/Release/a.bin",)
    assert row.simulated_ms is not None
    assert "a.bin" in row.note
    assert "undefined instruction" in row.note


def test_an_energy_build_is_not_taken_for_a_performance_build(
    tmp_path: Path, firmware: FirmwareBuild, inputs: Mapping[str, bytes]
) -> None:
    modes = (b"m-timestamp-mode-performance\r\n", b"m-timestamp-mode-energy\r\n")
    energy = firmware.bin.read_bytes().replace(modes[0], modes[1].ljust(len(modes[0]), b"\0"))
    assert energy != firmware.bin.read_bytes()
    root = published(tmp_path / "clone", energy, vectors_of(inputs), "kws.bin")
    replication = run(root, modes=(PERFORMANCE,), windows=1)
    assert "energy build" in only(replication).reason
    assert len(replication.failed) == 1


def test_without_inputs_the_performance_run_is_made_all_the_same(
    tmp_path: Path, firmware: FirmwareBuild, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TINYSIM_DATA", str(tmp_path / "nothing"))
    root = published(tmp_path / "clone", firmware.elf.read_bytes(), [("in_00.bin", "1")])
    replication = run(root)
    row = only(replication)
    assert row.simulated_ms is not None
    assert row.note == "a made-up input of 490 bytes"
    assert row.vectors_reason == "the inputs are not all at hand"
    assert row.vectors_total is None
    assert replication.failed == ()


@pytest.mark.parametrize(
    ("place", "content", "folder"),
    [
        (
            ".git/config",
            '[remote "origin"]\n\turl = https://github.com/mlcommons/tiny_results_v0.7.git\n',
            "clone",
        ),
        ("x", "", "tiny_results_v0.7"),
        ("x", "", "mlcommons+tiny_results_v0.7"),
        (
            "README.md",
            "# MLPerf™ Tiny v0.7 results\nhttps://github.com/mlcommons/tiny_results_v0.5\n",
            "clone",
        ),
    ],
)
def test_the_round_is_found(tmp_path: Path, place: str, content: str, folder: str) -> None:
    root = write_tree(tmp_path / folder, {"closed/a/systems/b.json": "{}", place: content})
    assert survey(root, Selection()).round == "v0.7"
    assert survey(root, Selection(), "v9.9").round == "v9.9"


def test_a_clone_that_does_not_say_has_no_round(tmp_path: Path) -> None:
    root = write_tree(tmp_path / "clone", {"closed/a/systems/b.json": "{}", "README.md": "hello"})
    found = survey(root, Selection())
    assert find_round(root, found.clone) is None
    assert found.round is None


def test_nothing_is_written_into_the_clone(
    tmp_path: Path, firmware: FirmwareBuild, inputs: Mapping[str, bytes]
) -> None:
    root = published(tmp_path / "clone", firmware.elf.read_bytes(), vectors_of(inputs))
    contents: Callable[[], dict[Path, bytes]] = lambda: {  # noqa: E731
        path: path.read_bytes() for path in root.rglob("*") if path.is_file()
    }
    before = contents()
    run(root, windows=1)
    assert contents() == before
