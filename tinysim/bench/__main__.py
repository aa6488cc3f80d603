"""`make bench`: measures and prints tables."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tinysim.bench.boards import BoardSpeed, measure_board
from tinysim.bench.both import Figures, engines, measure
from tinysim.bench.engine import EngineSpeed, Timing, measure_engine
from tinysim.board import board_ids
from tinysim.errors import TinysimError, UserError


def engine_table(speed: EngineSpeed) -> Table:
    """Return the embedded engine's figures; ratios are against bare Unicorn in the same run."""
    table = Table(
        title=f"Embedded engine, kws image, {speed.instructions_per_inference:,} instructions an inference"
    )
    table.add_column("")
    table.add_column("rate", justify="right")
    table.add_column("of bare Unicorn", justify="right")
    table.add_column("wanted", justify="right")
    table.add_row("bare Unicorn, no hooks", f"{speed.bare_mips:.0f} million/s", "", "")
    table.add_row("the same, RAM not executable", f"{speed.plain_ram_mips:.0f} million/s", "1.00", "")
    table.add_row(
        "counting instructions",
        f"{speed.counting_mips:.0f} million/s",
        f"{speed.counting_ratio:.2f}",
        ">= 0.60",
    )
    table.add_row(
        "with the timing model", f"{speed.timing_mips:.0f} million/s", f"{speed.timing_ratio:.2f}", ">= 0.20"
    )
    table.add_row("UART input to the guest", f"{speed.uart_bytes_per_s / 1e6:.2f} MB/s", "", ">= 2 MB/s")
    table.add_row("switch on and boot", f"{speed.boot_s * 1e3:.0f} ms", "", "")
    table.add_row("take a snapshot", f"{speed.snapshot_s * 1e6:.0f} us", "", "< 1000 us")
    table.add_row("restore a snapshot", f"{speed.restore_s * 1e6:.0f} us", "", "< 1000 us")
    return table


def boards_table(speeds: list[BoardSpeed]) -> Table:
    """Return what the timing model costs on each board; in brackets the ratio to bare Unicorn's run."""
    table = Table(
        title="Timing model, kws image of each board, million instructions a second",
        caption="bare: Unicorn without hooks; in brackets: of that. on: memories answer at once.\n"
        "run: the command of a performance run, and the instructions in its windows.",
        show_edge=False,
        pad_edge=False,
    )
    table.add_column("board", no_wrap=True)
    table.add_column("bare", justify="right", no_wrap=True)
    for timing in Timing:
        table.add_column(timing.value, justify="right", no_wrap=True)
    table.add_column("instr.", justify="right", no_wrap=True)
    table.add_column("run", justify="right", no_wrap=True)
    for speed in speeds:
        rates = (f"{speed.mips[timing]:.0f} ({speed.ratio[timing]:.2f})" for timing in Timing)
        billions = f"{speed.performance_instructions / 1e9:.1f} G"
        run = f"{speed.performance_s:.0f} s"
        table.add_row(speed.board_id, f"{speed.bare_mips:.0f}", *rates, billions, run)
    table.add_section()
    table.add_row("wanted", "", "", "", ">= 80", "", "< 30 s")
    return table


def both_table(figures: list[Figures]) -> Table:
    """Return the engines side by side."""
    table = Table(title="Both engines, same kws image and inputs")
    table.add_column("")
    for each in figures:
        table.add_column(each.engine, justify="right")
    rows: list[tuple[str, Callable[[Figures], str]]] = [
        ("instructions an inference", lambda each: f"{each.instructions_per_inference:,}"),
        ("instructions a second", lambda each: f"{each.mips:.0f} million"),
        ("switch on and boot", lambda each: f"{each.boot_s:.2f} s"),
        ("UART input to the guest", lambda each: f"{each.uart_bytes_per_s / 1e3:.0f} kB/s"),
        ("performance run, wall time", lambda each: f"{each.performance_s:.1f} s"),
        ("accuracy run, wall time", lambda each: f"{each.accuracy_s:.1f} s"),
    ]
    for name, value in rows:
        table.add_row(name, *(value(each) for each in figures))
    return table


def main() -> int:
    """Measure everything and print it."""
    console, build = Console(), Path("build")
    try:
        console.print(engine_table(measure_engine(build)))
        console.print(boards_table([measure_board(board_id, build) for board_id in board_ids()]))
        names, missing = engines()
        console.print(both_table([measure(name, build) for name in names]))
        if missing is not None:
            console.print(f"Renode is left out: {missing}")
    except TinysimError as error:
        print(f"tinysim: {error}", file=sys.stderr)
        return 2 if isinstance(error, UserError) else 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
