"""Both engines side by side: the same image, the same inputs, in the same run."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tinysim.bench.engine import BOARD, kws_image_and_input, seconds, uart_input_s
from tinysim.board import load_board
from tinysim.engines.renode import Installation, find_installation
from tinysim.mode import ACCURACY, PERFORMANCE, Mode
from tinysim.runner.boot import boot
from tinysim.runner.performance import count_inference
from tinysim.simulation.targets import SimulatedBoard

INFERENCES = 40
UART_BYTES = 20_000


@dataclass(frozen=True)
class Figures:
    """One engine's figures; the runs are whole `tinysim sim kws` commands, with the image already built."""

    engine: str
    boot_s: float
    mips: float
    uart_bytes_per_s: float
    instructions_per_inference: int
    performance_s: float
    accuracy_s: float


def engines() -> tuple[list[str], str | None]:
    """Return the engines to compare, and why Renode is not among them."""
    installation = find_installation()
    if isinstance(installation, Installation):
        return ["embedded", "renode"], None
    return ["embedded"], installation


def measure(engine: str, build_folder: Path) -> Figures:
    """Measure one engine. Raises UserError where data, compiler or engine are missing."""
    board = load_board(BOARD)
    image, data = kws_image_and_input(board, build_folder)
    began = time.perf_counter()
    with contextlib.closing(SimulatedBoard(board, image, engine)()) as target:
        device = boot(target)
        boot_s = time.perf_counter() - began
        instructions = count_inference(target, device, data).instructions
        device.load(data)
        device.infer(1, 0)
        inference_s = seconds(lambda: device.infer(INFERENCES, 0))
        input_s = uart_input_s(target.port, UART_BYTES)
    return Figures(
        engine=engine,
        boot_s=boot_s,
        mips=INFERENCES * instructions / inference_s / 1e6,
        uart_bytes_per_s=UART_BYTES / input_s,
        instructions_per_inference=instructions,
        performance_s=run_s(BOARD, engine, PERFORMANCE, build_folder),
        accuracy_s=run_s(BOARD, engine, ACCURACY, build_folder),
    )


def run_s(board_id: str, engine: str, mode: Mode, build_folder: Path) -> float:
    """Return the host seconds of a whole `tinysim sim kws` command."""
    with tempfile.TemporaryDirectory() as out:
        command = [sys.executable, "-m", "tinysim", "sim", "kws", "--board", board_id, "--engine", engine]
        command += ["--mode", mode.id, "--out", out, "--build", str(build_folder)]
        return seconds(lambda: subprocess.run(command, check=True, capture_output=True))
