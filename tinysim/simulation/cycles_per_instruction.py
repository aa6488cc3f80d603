"""Cycles for Renode, which has none of its own: from the timing model, on the embedded engine.

Both engines execute the same instructions of the same image. So the embedded engine's run of one inference
says how many cycles an instruction takes, Renode is set to that speed, and its own count of instructions
proves that it was the same run.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tinysim.board import Board
from tinysim.errors import GuestError
from tinysim.runner.boot import booted
from tinysim.runner.device import Device
from tinysim.runner.performance import SingleInference, count_inference
from tinysim.simulation.targets import SimulatedBoard

TIME_DEPENDENT_SHARE = 0.001
"""Of an inference's instructions: far more than ticks' interrupts, far less than matters to its cycles."""


def timed_board(
    board: Board, image: Path, engine: str, data: bytes, check: Callable[[Device], object] | None = None
) -> tuple[SimulatedBoard, SingleInference | None]:
    """Return what makes boards with the timing model's cycles, and the inference on `data` that tells them.

    There is none for the embedded engine, which has that model. `check` may refuse the booted device by
    raising GuestError.
    """
    embedded = SimulatedBoard(board, image, "embedded")
    if engine == embedded.engine:
        return embedded, None
    with booted(embedded) as (target, device):
        if check is not None:
            check(device)
        counted = count_inference(target, device, data)
    return SimulatedBoard(board, image, engine, counted.cycles / counted.instructions), counted


def compare_instructions(
    embedded: SingleInference | None, renode: SingleInference | None, *, depends_on_time: bool
) -> tuple[str, ...]:
    """Return remarks on how Renode's count of instructions differs from the one that the cycles are for.

    Firmware that `depends_on_time` may execute a few more or less: a tick's interrupts and loops that wait
    for a device are another number where time within an inference passes otherwise, as it does on Renode,
    whose instructions all take the same. Raises GuestError where that cannot be the reason.
    """
    if embedded is None or renode is None or renode.instructions == embedded.instructions:
        return ()
    counts = (
        f"Renode executed {renode.instructions:,} instructions an inference and the embedded engine "
        f"{embedded.instructions:,}"
    )
    share = abs(renode.instructions - embedded.instructions) / embedded.instructions
    if not depends_on_time or share > TIME_DEPENDENT_SHARE:
        raise GuestError(f"{counts}: its cycles do not hold for Renode's run")
    return (f"{counts}: interrupts and waiting loops depend on when they come",)
