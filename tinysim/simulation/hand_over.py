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

TIME_DEPENDENT_SHARE = 0.001
"""Of an inference's instructions: far more than any tick's interrupts, far less than what matters to its cycles."""


def measure_on_embedded_engine(board_id: str, image: Path, data: bytes) -> SingleInference:
    """Return one inference of `image` on the input `data`, with the timing model's cycles."""
    with contextlib.closing(SimulatedBoard(board_id, image, "embedded")()) as target:
        device = Device(target.session)
        device.wait_for_banner()
        return measure_single_inference(target, device, data)


def compare_instructions(
    embedded: SingleInference, renode: SingleInference | None, *, depends_on_time: bool
) -> tuple[str, ...]:
    """Return remarks on how Renode's count of instructions differs from the one that the cycles are for.

    Firmware that `depends_on_time` may execute a few more or less: a tick's interrupts and loops that wait for a
    device are another number where time within an inference passes otherwise, as it does on Renode, whose
    instructions all take the same. Raises GuestError where that cannot be the reason.
    """
    if renode is None or renode.instructions == embedded.instructions:
        return ()
    counts = (
        f"Renode executed {renode.instructions:,} instructions an inference and the embedded engine "
        f"{embedded.instructions:,}"
    )
    share = abs(renode.instructions - embedded.instructions) / embedded.instructions
    if not depends_on_time or share > TIME_DEPENDENT_SHARE:
        raise GuestError(f"{counts}: its cycles do not hold for Renode's run")
    return (f"{counts}: interrupts and waiting loops depend on when they come",)
