"""Cycles for Renode, which has none of its own: from the timing model, on the embedded engine.

Both engines execute the same instructions of the same image. So the embedded engine's run of one inference
says how many cycles an instruction takes, Renode is set to that speed, and its own count of instructions
proves that it was the same run.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

from tinysim.errors import GuestError
from tinysim.runner.device import Device
from tinysim.runner.performance import SingleInference, measure_single_inference
from tinysim.simulation.targets import SimulatedBoard


def measure_on_embedded_engine(board_id: str, image: Path, data: bytes) -> SingleInference:
    """Return one inference of `image` on the input `data`, with the timing model's cycles."""
    with contextlib.closing(SimulatedBoard(board_id, image, "embedded")()) as target:
        device = Device(target.session)
        device.wait_for_banner()
        return measure_single_inference(target, device, data)


def check_same_instructions(embedded: SingleInference, renode: SingleInference | None) -> None:
    """Raise GuestError where Renode did not execute the instructions that the cycles were worked out for."""
    if renode is not None and renode.instructions != embedded.instructions:
        raise GuestError(
            f"Renode executed {renode.instructions} instructions an inference and the embedded engine "
            f"{embedded.instructions}: its cycles do not hold for Renode's run"
        )
