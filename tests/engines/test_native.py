"""The native core under sanitizers, without warnings, and built by several processes at once."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from tests.engines.guest import c_guest
from tinysim.board import Board, load_board
from tinysim.engines.embedded import library
from tinysim.errors import UserError
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
        subprocess.run(
            library.compile_command(tmp_path / "core.so", flags=(*STRICT, optimisation)), check=True
        )


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
    subprocess.run(library.compile_command(made, flags=flags), check=True)
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
