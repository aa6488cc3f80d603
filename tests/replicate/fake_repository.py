"""Small results repositories: folders, descriptions, results, and images of a mere vector table."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path

from tinysim.board import load_board

SYSTEM = {
    "Board Name": "NUCLEO-L4R5ZI",
    "SoC Name": "STM32L4R5ZIT6U",
    "Processor(s) Name": "32-bit Arm® Cortex®-M4 (DSP + FPU)",
    "Processor(s) Frequencies": "120 MHz",
}
WAIT_FOR_INTERRUPT = 0xBF30
BRANCH_BACK = 0xE7FD


def vector_table(board_id: str = "nucleo_l4r5zi", model: str = "", entry_offset: int = 0x41) -> bytes:
    """An image whose stack is at the end of the board's RAM and whose reset handler sleeps."""
    board = load_board(board_id)
    flash = board.chip.flash
    # Where most firmware puts it: the H7A3's large RAM, not its tightly coupled ones.
    ram = max(
        (memory for memory in board.chip.memory if memory.kind == "ram"), key=lambda memory: memory.size_bytes
    )
    vectors = [ram.end, *[flash.address + entry_offset] * 15]
    return (
        struct.pack("<16I", *vectors)
        + struct.pack("<8H", *[WAIT_FOR_INTERRUPT, BRANCH_BACK] * 4)
        + b"\0"
        + model.encode()
        + b"\0"
    )


def performance_summary(throughput: float, iterations: int = 100) -> str:
    lines = []
    for window in (2, 4, 6, 8, 10):
        lines += [
            f"00071.204 ulp-mlperf: Performance results for window {window}:",
            f"00071.204 ulp-mlperf:   # Inferences : {iterations:12d}",
            f"00071.204 ulp-mlperf:   Runtime      : {iterations / throughput:12.3f} sec.",
            f"00071.204 ulp-mlperf:   Throughput   : {throughput:12.3f} inf./sec.",
            "00071.204 ulp-mlperf: Runtime requirements have been met.",
        ]
    rule = "00071.206 ulp-mlperf: " + "-" * 57
    lines += [rule, f"00071.206 ulp-mlperf: Median throughput is {throughput:.3f} inf./sec.", rule]
    return (
        "\n".join([*lines, "00071.206 ulp-mlperf: Cannot compute accuracy metrics in single-run mode."])
        + "\n"
    )


def log_of(
    vectors: Sequence[tuple[str, str]],
    *,
    model: str = "kws01",
    iterations: int = 1,
    byte_count: int = 490,
    runtime_us: int = 1000,
    offset: int | None = None,
) -> str:
    """An EEMBC runner's log: a download and an `infer` for each pair of a file's name and a vector's text."""
    lines = [
        "00035.227 session: m-session-start-id[20260102030405]",
        "00035.228 sequencer: m-sequencer-start",
        "00035.229 dut: m-profile-[ULPMark for tinyML Firmware V0.0.1]",
        f"00035.230 dut: m-model-[{model}]",
    ]
    for number, (name, vector) in enumerate(vectors):
        window = "" if offset is None else f" {offset} {byte_count}"
        command = f'bload dut "/data/sets/kws01/{name}"{window}'
        lines += [
            f"00036.000 sequencer: m-sequencing-i[{number}]-command[{command}]-ack[/parser: "
            "m-ready/]-ms[7840]-acc[0]-total_ms[1]",
            f'00036.000 parser: Command "{command}"',
            f"00036.000 parser: File size is {byte_count}, loading...",
            f"00036.000 parser: Sending {byte_count} bytes",
            f'00036.100 parser: Command "dut infer {iterations} 1"',
            f"00036.100 dut: m-infer-start-{iterations}",
            "00036.100 dut: m-lap-us-5000",
            f"00036.200 dut: m-lap-us-{5000 + runtime_us}",
            f"00036.200 dut: m-results-[{vector}]",
            "00036.200 dut: m-ready",
        ]
    return "\n".join(lines)


def write_tree(root: Path, files: Mapping[str, str | bytes]) -> Path:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return root


def system_json(**changes: str) -> str:
    return json.dumps({**SYSTEM, **changes})


def repository(root: Path, **more: str | bytes) -> Path:
    """A repository of one organisation with an L4R5 board, a kws image, and a published kws result."""
    files: dict[str, str | bytes] = {
        "README.md": "# MLPerf™ Tiny v1.1 results\n",
        "closed/acme/systems/NUCLEO_L4R5ZI.json": system_json(),
        "closed/acme/results/NUCLEO_L4R5ZI/kws/performance/results.txt": performance_summary(20.0),
        "closed/acme/results/NUCLEO_L4R5ZI/kws/performance/log.txt": log_of(
            [("in_00.bin", "0.1")], iterations=100
        ),
        "closed/acme/results/NUCLEO_L4R5ZI/kws/accuracy/log.txt": log_of([("in_00.bin", "0.1")]),
        "closed/acme/code/NUCLEO_L4R5ZI/kws/Release/kws.bin": vector_table(model="kws01"),
    }
    return write_tree(root, {**files, **more})
