"""Small guests in assembler, for any of the boards: ARMv6-M instructions only."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from pathlib import Path

from tests.timing.assembler import assemble
from tinysim.board import Board
from tinysim.clock_trees import clocks_after_reset
from tinysim.image import Image, load_image

CODE_OFFSET = 0x400

ECHO = """
    ldr r4, =UART_BASE
    ldr r0, =UART_BRR
    str r0, [r4, #0x0C]
    movs r0, #0x2D          @ CR1: UE, TE, RE, RXNEIE
    str r0, [r4]
    ldr r0, =NVIC_ISER
    ldr r1, =NVIC_BIT
    str r1, [r0]
    ldr r1, [r4, #0x1C]     @ REACK, TEACK
    movs r0, #'!'
    str r0, [r4, #0x28]
sleep:
    wfi
    b sleep
    .pool
handler:
    ldr r2, =UART_BASE
    ldr r3, [r2, #0x24]
    adds r3, #1
    str r3, [r2, #0x28]
    bx lr
    .pool
"""
"""Says "!" and then, to each byte, the next one. The handler executes 5 instructions, the loop 2 a byte."""


def build_guest(board: Board, source: str, folder: Path, handler: str = "handler") -> Image:
    """Assemble a guest whose exceptions go to `handler`, or to its first instruction where that is ""."""
    uart = board.console_uart
    frequency = clocks_after_reset(board.chip, board.clock.hse_hz or 0).device_hz[uart.clock or ""]
    constants = {
        "UART_BASE": uart.address,
        "UART_BRR": round((256 if uart.model == "stm32_lpuart" else 1) * frequency / board.console.baud),
        "NVIC_ISER": 0xE000_E100 + 4 * (uart.irq[0] // 32),
        "NVIC_BIT": 1 << uart.irq[0] % 32,
    }
    return link_guest(board, source, folder, constants, handler)


def link_guest(board: Board, source: str, folder: Path, constants: Mapping[str, int], handler: str) -> Image:
    """Write the guest as a flat image and load it."""
    definitions = "".join(f".equ {name}, {value:#x}\n" for name, value in constants.items())
    entry = board.chip.flash.address + CODE_OFFSET
    # The handler's address is written behind the code: that saves linking.
    trailer = f"\n.balign 4\n.word {handler} - start\n" if handler else ""
    code = assemble(f"{definitions}start:\n{source}{trailer}")
    target = entry + struct.unpack("<I", code[-4:])[0] if handler else entry
    ram = max(
        (memory for memory in board.chip.memory if memory.kind == "ram"), key=lambda memory: memory.size_bytes
    )
    vectors = struct.pack("<II", ram.end, entry | 1) + struct.pack("<I", target | 1) * (CODE_OFFSET // 4 - 2)
    path = folder / "guest.bin"
    path.write_bytes(vectors + code)
    return load_image(path, board)
