"""`tinysim replicate` as a person types it: what is printed, what is written, exit codes."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.replicate.fake_repository import repository, vector_table
from tests.replicate.test_images import elf
from tests.said import without_steps
from tinysim.cli import main
from tinysim.processes import FinishedJob
from tinysim.replicate import replication
from tinysim.replicate.measurement import Performance
from tinysim.runner.performance import SingleInference


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs that take no time: 51 ms an inference, of 50 published."""

    def run_jobs(works: object, _at_once: int, _on_report: object) -> list[FinishedJob]:
        result = Performance(1000 / 51, 100, SingleInference(3, 4, 0.051), 1.0)
        return [FinishedJob(number, result) for number, _ in enumerate(works)]  # type: ignore[call-overload]

    monkeypatch.setattr(replication, "run_jobs", run_jobs)


def test_a_mistake_is_one_line_and_exit_code_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = repository(tmp_path / "clone")
    for arguments in (
        [str(tmp_path)],
        [str(tmp_path / "missing")],
        [str(root), "--org", "nobody"],
        [str(root), "--system", "nothing"],
        [str(root), "--benchmark", "kvs"],
        [str(root), "--plot", "x.gif"],
        [str(root), "--json", str(tmp_path)],
        [str(root), "--csv", str(root / "README.md" / "rows.csv")],
    ):
        assert main(["replicate", *arguments]) == 2, arguments
        error = without_steps(capsys.readouterr().err)
        assert error.startswith("tinysim: ")
        assert error.count("\n") == 1


def test_a_run_and_all_its_files(quick: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = repository(tmp_path / "clone")
    out = tmp_path / "out"
    files = [f"{option}={out / name}" for option, name in (
        ("--csv", "rows.csv"), ("--json", "rows.json"), ("--markdown", "rows.md"), ("--plot", "rows.svg"),
    )]  # fmt: skip
    assert main(["replicate", str(root), "--mode", "performance", *files]) == 0
    printed = capsys.readouterr()
    assert without_steps(printed.err) == ""
    assert "+2.00 %" in printed.out
    assert "cortex-m4: 1 image, error median 2.00 %, worst 2.00 %" in printed.out
    [row] = json.loads((out / "rows.json").read_text())
    assert row["published_ms"] == 50
    assert row["simulated_ms"] == pytest.approx(51)
    assert row["round"] == "v1.1"
    [line] = csv.DictReader((out / "rows.csv").open(newline=""))
    assert line["image"] == row["image"] == "closed/acme/code/NUCLEO_L4R5ZI/kws/Release/kws.bin"
    assert "tinysim replicate tiny_results_v1.1 --mode performance" in (out / "rows.md").read_text()
    assert (out / "rows.svg").read_text().startswith("<?xml")
    assert sorted(path.name for path in out.iterdir()) == ["rows.csv", "rows.json", "rows.md", "rows.svg"]


def test_an_image_that_fails_is_exit_code_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replication, "run_jobs", lambda works, *_: [FinishedJob(0, error="it burned")])
    root = repository(tmp_path)
    assert main(["replicate", str(root), "--mode", "performance"]) == 1
    assert "it burned" in capsys.readouterr().out


def test_a_selection(quick: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = repository(tmp_path, **{"closed/acme/code/NUCLEO_L4R5ZI/ic/ic.bin": vector_table(model="ic01")})
    out = tmp_path / "rows.json"
    arguments = ["replicate", str(root), "--json", str(out), "--mode", "performance"]
    for selection, benchmarks in (
        ([], ["ic", "kws"]),
        (["--benchmark", "kws"], ["kws"]),
        (["--org", "ACME", "--system", "nucleo-l4r5zi", "--benchmark", "ic"], ["ic"]),
        (["--benchmark", "vww"], []),
    ):
        assert main([*arguments, *selection]) == 0
        assert [row["benchmark"] for row in json.loads(out.read_text())] == benchmarks
    assert "no Cortex-M images of that selection" in capsys.readouterr().out


def test_list_runs_nothing_and_names_what_was_found(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = "closed/acme/code/NUCLEO_L4R5ZI/kws"
    root = repository(
        tmp_path,
        **{
            f"{code}/Debug/kws.elf": elf(vector_table()),
            f"{code}/data.bin": b"x" * 100,
            f"{code}/main.elf": elf(b"", kind=1),
        },
    )
    (root / "closed/acme/code/link").symlink_to("/etc")
    assert main(["replicate", str(root), "--list", "--verbose"]) == 0
    printed = capsys.readouterr().out
    assert "acme NUCLEO_L4R5ZI kws: nucleo_l4r5zi: " in printed
    assert "(and 1 more)" in printed
    assert "1 x no vector table of a Cortex-M at its start" in printed
    assert f"{code}/main.elf: an object file" in printed
    assert "closed/acme/code/link: a link: not followed" in printed


def test_names_of_the_clone_do_not_control_the_terminal(
    quick: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    nasty = "NUCLEO_L4R5ZI\x1b[31m\u202e"
    root = repository(
        tmp_path,
        **{
            f"closed/acme/results/{nasty}/ic/performance/results.txt": "Median throughput is 20.0 inf./sec.",
            f"closed/acme/code/{nasty}/ic/ic.bin": vector_table(),
            f"closed/acme\x1b]0;x\x07/code/{nasty}/x.bin": b"no image",
        },
    )
    (root / f"closed/acme/code/{nasty}/a\x1blink").symlink_to("/etc")
    files = [f"--{kind}={tmp_path / f'rows.{kind}'}" for kind in ("csv", "json", "markdown")]
    for more in ([], ["--list"]):
        assert main(["replicate", str(root), "--mode", "performance", "--verbose", *files, *more]) == 0
        printed = capsys.readouterr()
        assert "\x1b" not in printed.out + printed.err
        assert "\u202e" not in printed.out + printed.err
        assert "\\x1b[31m" in printed.out
    for kind in ("csv", "json", "markdown"):
        assert "\x1b" not in (tmp_path / f"rows.{kind}").read_text()
    assert main(["replicate", str(root), "--system", "x"]) == 2
    assert "\x1b" not in capsys.readouterr().err


def test_what_draws_and_decodes_pictures_is_loaded_only_for_that() -> None:
    program = (
        "import sys, tinysim.cli, tinysim.datasets.prepare.coco, tinysim.replicate.plot, "
        "tinysim.replicate.tables\n"
        "assert tinysim.cli.main(['sim', '--help']) == 0\n"
        "sys.exit(bool({'matplotlib', 'PIL'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
