"""The portable part of the firmware as programs for this machine, under sanitizers."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

import pytest

from tests.compiling import for_host, sanitized
from tests.firmware.fake_model import FAKE_MODELS, FakeModel
from tinysim.resources import resource_folder
from tinysim.toolchain import run_compiler

HOST = Path(__file__).parent / "host"
FIRMWARE = resource_folder("firmware")

HostProgram = Callable[..., bytes]


def build_host_program(
    output: Path, sources: list[Path], include_folders: list[Path], defines: Sequence[str] = ()
) -> HostProgram:
    """Compile a program with this machine's compiler and return a function that runs it on some input."""
    # A float that does not fit an integer is undefined, but not in what compilers mean by "undefined".
    flags = ("-ffp-contract=off", *sanitized("float-cast-overflow"))
    flags += tuple(f"-I{folder}" for folder in include_folders) + tuple(f"-D{define}" for define in defines)
    run_compiler([*for_host(*flags), *sources, "-o", output])

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
        return build_host_device(tmp_path_factory.mktemp(benchmark), benchmark, FAKE_MODELS[benchmark])

    return build


def build_host_device(folder: Path, benchmark: str, fake: FakeModel) -> HostProgram:
    """Build the device of a benchmark (kws, vww, ic or ad) around a model."""
    model = fake.write(folder / "model")
    parts = {"kws": ["kws01.c"], "ad": ["ad01.c"]}.get(benchmark, ["image_classification.c"])
    if benchmark != "ad":
        parts.append("classification.c")
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
        [f'BENCHMARK_MODEL="{benchmark}01"'],
    )
