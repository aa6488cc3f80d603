"""The native core under sanitizers, without warnings, and built by several processes at once."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.engines.guest import Guest, c_guest
from tinysim.board import Board, load_board
from tinysim.engines.embedded import engine, library
from tinysim.errors import UserError
from tinysim.native import open_library, read_interface
from tinysim.timing import TimingModel
from tinysim.timing.marshalling import timing_interface
from tinysim.toolchain import host_compiler

ROOT = Path(__file__).resolve().parents[2]
STRICT = ("-std=gnu11", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-fvisibility=hidden")
CORE_DEVICES = (0xE000_E000, 0xE000_ED00)
# By what is different on them; the guest's instructions are ones that all of them have.
BOARDS = ("nucleo_l4r5zi", "nucleo_u575zi_q", "disco_f746ng", "nucleo_h7a3zi_q")

# The address sanitizer refuses libraries that are loaded with RTLD_DEEPBIND, as capstone's is.
PROGRAM = """
import os, runpy
os.RTLD_DEEPBIND = 0
runpy.run_module("tests.engines.random_accesses", run_name="__main__")
"""


def test_it_compiles_without_a_warning(tmp_path):
    for optimisation in ("-O0", "-O3"):
        library.compile_library(tmp_path / "core.so", flags=(*STRICT, optimisation))


def sources_with(folder: Path, old: str, new: str) -> tuple[Path, ...]:
    """Copy the native sources, with `new` instead of `old` in their headers."""
    copies = []
    for number, original in enumerate(library.source_folders()):
        copies.append(folder / str(number))
        shutil.copytree(original, copies[-1])
    headers = [path for copy in copies for path in copy.rglob("*.h") if old in path.read_text()]
    assert len(headers) == 1
    headers[0].write_text(headers[0].read_text().replace(old, new))
    return tuple(copies)


@pytest.mark.parametrize(
    ("old", "new", "difference"),
    [
        pytest.param(
            "    uint32_t cfsr;\n    uint32_t hfsr;\n    uint32_t address; /*",
            "    uint32_t hfsr;\n    uint32_t cfsr;\n    uint32_t address; /*",
            r"offsetof\(struct fault, cfsr\) is 8 there and 4 here",
            id="members change places",
        ),
        pytest.param(
            "    uint32_t unaligned_cycles[2];",
            "    uint32_t unaligned_cycles[2];\n    uint32_t more;",
            r"sizeof\(struct timing_parameters\) is \d+ there and \d+ here",
            id="a member more",
        ),
        pytest.param(
            "    STOP_NONE,\n",
            "    STOP_NONE,\n    STOP_MORE,\n",
            "STOP_DEADLINE is 3 there and 2 here",
            id="a constant",
        ),
    ],
)
def test_a_library_of_another_header_is_refused(tmp_path, monkeypatch, old, new, difference):
    interface = library.engine_interface()
    folders = sources_with(tmp_path, old, new)
    monkeypatch.setattr(library, "source_folders", lambda: folders)
    library.compile_library(tmp_path / "core.so", flags=(*STRICT, "-O0"))
    with pytest.raises(UserError, match=f"core.so is not what engine.h describes, remove it: {difference}"):
        open_library(tmp_path / "core.so", interface)


def test_a_library_that_lacks_a_function_is_refused(tmp_path):
    header = tmp_path / "engine.h"
    header.write_text(f"{library.engine_interface().header.read_text()}void engine_teleport(void);\n")
    with pytest.raises(UserError, match="'engine_teleport' not found"):
        open_library(library.library_path(), read_interface(header, timing_interface()))


@pytest.mark.parametrize("error", [KeyError, KeyboardInterrupt])
@pytest.mark.parametrize("callback", ["describe_block", "set_clocks"])
def test_an_error_in_what_native_code_calls_is_raised(monkeypatch, callback, error):
    def fail(*_arguments):
        raise error("here")

    guest = Guest(c_guest("clocks"), with_timing=True)
    if callback == "set_clocks":
        monkeypatch.setattr(engine, "chip_clocks", fail)
    else:
        monkeypatch.setattr(TimingModel, callback, fail)
    with pytest.raises(error, match="here") as raised:
        guest.run(1)
    assert raised.traceback[-1].name == "fail"


def random_accesses(seed: int) -> list[tuple[str, list[tuple[int, int]]]]:
    generator = random.Random(seed)

    def access(board: Board, usual: list[int]) -> tuple[int, int]:
        part = generator.choice((*board.chip.device, board.chip.clock_control))
        base = generator.choice((*CORE_DEVICES, *(part.address,) * 8, *usual))
        address = base + 4 * generator.randrange(64) + generator.randrange(4)
        in_ram = 0x2000_1000 + generator.randrange(0x800)
        register = part.address + 4 * generator.randrange(16)
        values = (generator.getrandbits(32), generator.getrandbits(8), 0x2D, 0xFFFF_FFFF, in_ram, register)
        return address, generator.choice(values)

    runs = []
    for number in range(40):
        board = load_board(BOARDS[number % len(BOARDS)])
        # DMA and what it serves, so that transfers come about.
        usual = [device.address for device in board.chip.device if "dma" in device.model] * 4
        usual += [board.console_uart.address] * 4
        runs.append((board.id, [access(board, usual) for _entry in range(150)]))
    return runs


def test_sanitizers_find_nothing(tmp_path):
    sanitizers = host_compiler().sanitizers
    made = tmp_path / "core.so"
    flags = (*STRICT, "-O1", "-g", f"-fsanitize={','.join(sanitizers)}", "-fno-sanitize-recover=all")
    library.compile_library(made, flags=flags)
    accesses = tmp_path / "accesses.json"
    accesses.write_text(json.dumps(random_accesses(1)))
    c_guest("accesses")
    environment = dict(os.environ, PYTHONPATH=str(ROOT), ASAN_OPTIONS="detect_leaks=0", PYTHONMALLOC="malloc")
    if "address" in sanitizers:
        compiler = host_compiler().command[0]
        asan = subprocess.run(
            [compiler, "-print-file-name=libasan.so"], capture_output=True, text=True, check=True
        ).stdout.strip()
        if not Path(asan).is_absolute():
            pytest.skip("this compiler has no shared libasan to preload")
        environment["LD_PRELOAD"] = asan
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(made), str(accesses)],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    assert "ERROR" not in done.stderr


def test_processes_that_build_at_once_end_with_one_library(tmp_path):
    environment = dict(os.environ, TINYSIM_CACHE=str(tmp_path), PYTHONPATH=str(ROOT))
    program = "from tinysim.engines.embedded.library import load_library; load_library()"
    running = [subprocess.Popen([sys.executable, "-c", program], env=environment) for _number in range(3)]
    assert [process.wait() for process in running] == [0, 0, 0]
    assert len(list(tmp_path.rglob("core-*.so"))) == 1
    assert not [path for path in tmp_path.rglob("*") if path.is_dir() and path.name.startswith("tmp")]


def test_a_cache_that_cannot_be_written_is_one_line(tmp_path, monkeypatch):
    in_the_way = tmp_path / "file"
    in_the_way.write_text("")
    monkeypatch.setenv("TINYSIM_CACHE", str(in_the_way))
    library.load_library.cache_clear()
    with pytest.raises(UserError, match=r"TINYSIM_CACHE is .*, which cannot be written") as error:
        library.load_library()
    assert "\n" not in str(error.value)
    library.load_library.cache_clear()
