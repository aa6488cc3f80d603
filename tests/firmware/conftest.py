"""The portable part of the firmware as programs for this machine, under sanitizers."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from tests.firmware.fake_model import FAKE_MODELS
from tinysim.resources import resource_folder
from tinysim.toolchain import host_compiler, run_compiler

HOST = Path(__file__).parent / "host"
FIRMWARE = resource_folder("firmware")

HostProgram = Callable[..., bytes]


def build_host_program(output: Path, sources: list[Path], include_folders: list[Path]) -> HostProgram:
    """Compile a program with this machine's compiler and return a function that runs it on some input."""
    compiler = host_compiler()
    run_compiler(
        [
            *compiler.command,
            "-std=c11",
            "-g",
            "-O1",
            "-Wall",
            "-Wextra",
            "-Werror",
            "-ffp-contract=off",
            f"-fsanitize={','.join(compiler.sanitizers)}",
            "-fno-sanitize-recover=all",
            *(f"-I{folder}" for folder in include_folders),
            *sources,
            "-o",
            output,
        ]
    )

    def run(*arguments: str, stdin: bytes = b"") -> bytes:
        completed = subprocess.run([output, *arguments], input=stdin, capture_output=True, timeout=600)
        assert completed.returncode == 0, completed.stderr.decode(errors="replace")
        return completed.stdout

    return run


@pytest.fixture(scope="session")
def host_device(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], HostProgram]:
    """Return a function that gives the device of a benchmark, built around its fake model."""

    @cache
    def build(benchmark: str) -> HostProgram:
        folder = tmp_path_factory.mktemp(benchmark)
        model = FAKE_MODELS[benchmark].write(folder / "model")
        parts = [f"{benchmark}01.c"]
        if benchmark != "ad":
            parts.append("classification.c")
        if benchmark in ("ic", "vww"):
            parts.append("image.c")
        return build_host_program(
            folder / "host_device",
            [
                HOST / "host_device.c",
                FIRMWARE / "protocol" / "protocol.c",
                FIRMWARE / "protocol" / "text.c",
                model / "model.c",
                *(FIRMWARE / "benchmark" / part for part in parts),
            ],
            [FIRMWARE / "protocol", FIRMWARE / "benchmark", model],
        )

    return build
