from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.sample_submission import submission
from tinysim import atomic
from tinysim.atomic import replace_folder
from tinysim.errors import UserError
from tinysim.results.system_description import (
    KEYS,
    describe_system,
    format_system,
    is_simulated,
    read_system,
)
from tinysim.results.tree import Place, write_submission


def files_of(root: Path) -> dict[str, bytes]:
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


def test_a_tree_has_the_folders_of_the_rules_and_nothing_else(tmp_path: Path) -> None:
    folder = write_submission(tmp_path / "out", submission())
    assert folder == tmp_path / "out/closed/acme/results/nucleo_l4r5zi/kws"
    assert list(files_of(tmp_path / "out")) == [
        "closed/acme/code/kws/nucleo_l4r5zi/README.md",
        "closed/acme/code/kws/nucleo_l4r5zi/facts.json",
        "closed/acme/code/kws/nucleo_l4r5zi/firmware/main.c",
        "closed/acme/results/nucleo_l4r5zi/kws/accuracy/log.txt",
        "closed/acme/results/nucleo_l4r5zi/kws/accuracy/results.txt",
        "closed/acme/results/nucleo_l4r5zi/kws/accuracy/script.async",
        "closed/acme/results/nucleo_l4r5zi/kws/performance/log.txt",
        "closed/acme/results/nucleo_l4r5zi/kws/performance/results.txt",
        "closed/acme/results/nucleo_l4r5zi/kws/performance/script.async",
        "closed/acme/systems/nucleo_l4r5zi.json",
    ]
    assert [path.name for path in (tmp_path / "out/closed").iterdir()] == ["acme"]


def test_the_seed_document_s_name_for_the_summary(tmp_path: Path) -> None:
    folder = write_submission(tmp_path, submission(summary_name="result.txt"))
    assert sorted(path.name for path in (folder / "accuracy").iterdir()) == [
        "log.txt",
        "result.txt",
        "script.async",
    ]


def test_other_benchmarks_systems_and_organisations_stay(tmp_path: Path) -> None:
    write_submission(tmp_path, submission(benchmark="ic"))
    write_submission(tmp_path, submission(system_id="other"))
    stranger = tmp_path / "closed/stranger/notes.txt"
    stranger.parent.mkdir()
    stranger.write_text("mine")
    before = files_of(tmp_path)
    write_submission(tmp_path, submission(benchmark="kws"))
    after = files_of(tmp_path)
    assert before.items() <= after.items()
    assert any("/nucleo_l4r5zi/kws/" in name for name in after)


def test_a_mode_that_was_not_run_now_stays_if_the_firmware_is_the_same(tmp_path: Path) -> None:
    write_submission(tmp_path, submission(modes=("accuracy",)))
    folder = write_submission(tmp_path, submission(modes=("performance",)))
    assert sorted(path.name for path in folder.iterdir()) == ["accuracy", "performance"]
    folder = write_submission(tmp_path, submission(modes=("performance",), firmware_sha256="bb"))
    assert [path.name for path in folder.iterdir()] == ["performance"]


def test_a_run_leaves_nothing_of_the_run_before(tmp_path: Path) -> None:
    folder = write_submission(tmp_path, submission())
    (folder / "accuracy/old.txt").write_text("old")
    (tmp_path / "closed/acme/code/kws/nucleo_l4r5zi/firmware/gone.c").write_text("old")
    write_submission(tmp_path, submission())
    assert not [name for name in files_of(tmp_path) if name.endswith(("old.txt", "gone.c"))]


@pytest.mark.parametrize("first_is_simulated", [True, False])
def test_results_of_a_real_board_and_simulated_ones_do_not_share_a_tree(
    tmp_path: Path, first_is_simulated: bool
) -> None:
    write_submission(tmp_path, submission(simulated=first_is_simulated))
    before = files_of(tmp_path)
    with pytest.raises(UserError, match="choose another --out"):
        write_submission(tmp_path, submission(simulated=not first_is_simulated, system_id="other"))
    assert files_of(tmp_path) == before


@pytest.mark.parametrize("name", ["", "..", "a b", "a/b", ".x", "-x", "ä", 201 * "x"])
def test_names_that_are_no_folder_s_are_refused(name: str) -> None:
    with pytest.raises(UserError, match="organisation"):
        Place("closed", name, "board", "kws")
    with pytest.raises(UserError, match="system id"):
        Place("closed", "acme", name, "kws")


@pytest.mark.parametrize("error", [KeyboardInterrupt(), OSError(errno.ENOSPC, "No space left on device")])
@pytest.mark.parametrize("fails_at", range(1, 10))
def test_an_interruption_at_any_file_leaves_the_old_tree(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException, fails_at: int
) -> None:
    write_submission(tmp_path, submission())
    before = files_of(tmp_path)
    writes = 0
    write_bytes = Path.write_bytes

    def failing(path: Path, content: bytes) -> int:
        nonlocal writes
        writes += 1
        if writes == fails_at:
            write_bytes(path, content[: len(content) // 2])
            raise error
        return write_bytes(path, content)

    monkeypatch.setattr(Path, "write_bytes", failing)
    with pytest.raises(type(error)):
        write_submission(tmp_path, submission(firmware_sha256="bb"))
    assert files_of(tmp_path) == before


def test_an_interrupted_first_run_leaves_nothing(tmp_path: Path) -> None:
    def interrupted(_folder: Path) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        replace_folder(tmp_path / "out/closed/acme", interrupted)
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_that_speaks_up_late_leaves_the_old_tree(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_submission(tmp_path, submission())
    before = files_of(tmp_path)

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_submission(tmp_path, submission(firmware_sha256="bb"))
    assert files_of(tmp_path) == before


def test_a_full_disk_is_named_whatever_it_is_that_does_not_fit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_arguments: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", full)
        with pytest.raises(OSError, match="No space left") as error:
            write_submission(tmp_path, submission())
    assert "nucleo_l4r5zi.json" in str(error.value.filename)

    write_submission(tmp_path, submission())
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "copy2", full)
        with pytest.raises(OSError, match="No space left") as error:
            write_submission(tmp_path, submission())
    assert error.value.errno == errno.ENOSPC


def test_a_system_that_cannot_exchange_folders_renames_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(atomic, "_exchange", lambda _first, _second: False)
    write_submission(tmp_path, submission())
    write_submission(tmp_path, submission(firmware_sha256="bb"))
    facts = json.loads((tmp_path / "closed/acme/code/kws/nucleo_l4r5zi/facts.json").read_text())
    assert facts == {"firmware_sha256": "bb"}
    assert [path.name for path in (tmp_path / "closed").iterdir()] == ["acme"]


def test_an_organisation_s_folder_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "out/closed").mkdir(parents=True)
    (tmp_path / "out/closed/acme").symlink_to(tmp_path / "elsewhere")
    for _ in range(2):
        write_submission(tmp_path / "out", submission())
    assert (tmp_path / "elsewhere/systems/nucleo_l4r5zi.json").is_file()
    assert [path.name for path in (tmp_path / "out/closed").iterdir()] == ["acme"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["elsewhere", "out"]


def test_what_a_killed_process_left_is_cleared_up(tmp_path: Path) -> None:
    write_submission(tmp_path, submission())
    before = files_of(tmp_path)
    (tmp_path / "closed/acme").rename(tmp_path / "closed/.acme.tinysim-old")
    half = tmp_path / "closed/.acme.tinysim-new/results/half.txt"
    half.parent.mkdir(parents=True)
    half.write_text("half")
    write_submission(tmp_path, submission())
    assert files_of(tmp_path) == before


def test_a_process_killed_while_it_writes_leaves_the_old_tree(tmp_path: Path) -> None:
    write_submission(tmp_path, submission())
    before = files_of(tmp_path / "closed/acme")
    program = (
        "import os, sys, pathlib\n"
        "from tinysim.atomic import replace_folder\n"
        "def change(folder):\n"
        "    (folder / 'systems/nucleo_l4r5zi.json').write_text('half')\n"
        "    os.kill(os.getpid(), 9)\n"
        "replace_folder(pathlib.Path(sys.argv[1]), change)\n"
    )
    subprocess.run([sys.executable, "-c", program, str(tmp_path / "closed/acme")], check=False)
    assert files_of(tmp_path / "closed/acme") == before


def test_every_field_of_the_template_is_there_once() -> None:
    text = format_system(describe_system({"Status": "rdi"}))
    pairs = json.loads(text, object_pairs_hook=list)
    assert [key for key, _ in pairs] == list(KEYS)
    assert len(KEYS) == 33
    assert "Operating System" in KEYS
    with pytest.raises(ValueError, match="no field 'Operating System '"):
        describe_system({"Operating System ": "bare metal"})


def test_a_description_is_read_in_either_spelling(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('{"Operating System ": "bare metal", "Hardware Notes": "x"}')
    assert read_system(path)["Operating System"] == "bare metal"
    assert not is_simulated(read_system(path))
    path.write_text("[]")
    with pytest.raises(UserError, match="not a JSON object"):
        read_system(path)
