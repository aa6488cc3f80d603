"""Whatever code an image has: every block gets a cost, in the order of its instructions."""

from __future__ import annotations

import functools
import itertools

import capstone
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.timing.assembler import assemble
from tests.timing.machine import board_model
from tinysim.timing import instructions as kinds
from tinysim.timing.marshalling import native_block

BOARDS = {
    "nucleo_g0b1re": "cortex-m0+",
    "nucleo_l4r5zi": "cortex-m4",
    "nucleo_u575zi_q": "cortex-m33",
    "disco_f746ng": "cortex-m7",
}
NARROW = """adds r0, r1, r2; movs r3, #7; muls r0, r1, r0; lsls r2, r3, #4; cmp r0, r2; nop; ldr r0, [r6]; ldrb r1, [r6, #3]
ldr r2, [r6, r3]; str r0, [r6, #4]; strh r1, [r6, r2]; ldmia r4!, {r0-r3}; stmia r4!, {r1, r2}; push {r0, r1, lr}; pop {r2, r3}
ldr r0, [pc, #16]; uxtb r0, r1; rev r2, r3; mrs r0, primask; dsb; add sp, #8; adds r0, r0, r0; adcs r1, r2; mov r8, r0"""
WIDE = """add.w r0, r1, r2, lsl #3; eor r0, r1, #0x1fc0; movw r3, #1234; movt r3, #0x2000; mul r0, r1, r2; mla r0, r1, r2, r0
smlad r3, r0, r1, r3; smlal r0, r1, r2, r3; sdiv r0, r1, r2; sxtab16 r0, r1, r2; pkhtb r0, r1, r2, asr #3; ssat r1, #8, r0; bfi r0, r1, #3, #5
ubfx r2, r0, #4, #4; ldr r0, [r6], #4; ldr r1, [r6, #8]!; ldrsh.w r2, [r6, r0, lsl #1]; ldrd r0, r1, [r6]; strd r2, r3, [r6, #8]!; str r0, [r6], #4
ldrex r0, [r6]; strex r1, r0, [r6]; ldmdb r6!, {r0, r1}; clz r0, r1; adds.w r0, r1, r2, ror #5; adc.w r3, r0, r1; isb; nop.w; umull r0, r1, r2, r3
vldr s0, [r6]; vadd.f32 s1, s0, s2; vfma.f32 s3, s1, s0; vmla.f32 s3, s4, s5; vdiv.f32 s0, s1, s2; vstr s3, [r6, #4]; vmov r0, s3; vmov s0, s1, r0, r1
vldmia r6!, {s0-s4}; vcmp.f32 s0, s1; vmrs apsr_nzcv, fpscr; vcvt.s32.f32 s0, s1; vmov.f32 s7, #1.0; vpush {d0, d1}; vldr d1, [r6]; cmp r0, r1; it eq; moveq r1, #1"""


def decoder() -> capstone.Cs:
    found = capstone.Cs(capstone.CS_ARCH_ARM, capstone.CS_MODE_THUMB | capstone.CS_MODE_MCLASS)
    found.detail = True
    return found


@functools.cache
def pool(core: str) -> list[bytes]:
    source = NARROW if core == "cortex-m0+" else f"{NARROW}\n{WIDE}"
    return [bytes(found.bytes) for found in decoder().disasm(assemble(source, core), 0)]


def cost_of(board_id: str, address: int, code: bytes):
    instructions = list(decoder().disasm(code, address))
    return instructions, board_model(board_id).core.block_cost(address, instructions)


def check(board_id: str, instructions: list[capstone.CsInsn], cost) -> None:
    before = cost.cycles_before
    number = len(instructions)
    assert len(before) == number + 1
    assert before[0] >= 0
    assert all(first <= second for first, second in itertools.pairwise(before))
    free = {
        "cortex-m0+": 0,
        "cortex-m4": sum(found.id in kinds.IT_BLOCK | kinds.NO_OPERATIONS for found in instructions),
    }.get(BOARDS[board_id], number // 2)
    assert cost.cycles >= number - free
    assert cost.cycles >= min(number, 1)
    assert cost.leaving >= 0
    assert cost.entered >= 0
    assert cost.mispredicted >= 0
    if cost.again is not None and instructions and kinds.leaves_block(instructions[-1]):
        assert cost.again >= number - free
    if cost.joined is not None:
        assert cost.cycles - 1 <= cost.joined <= cost.cycles


@pytest.mark.parametrize("board_id", BOARDS)
@given(data=st.data(), halfword=st.integers(0, 3))
def test_instructions_in_any_order(board_id, data, halfword):
    code = b"".join(data.draw(st.lists(st.sampled_from(pool(BOARDS[board_id])), max_size=24)))
    address = 0x0800_0000 + 2 * halfword
    instructions, cost = cost_of(board_id, address, code)
    check(board_id, instructions, cost)
    # When an instruction starts does not depend on what comes after it.
    size = sum(found.size for found in instructions[: len(instructions) // 2])
    first, beginning = cost_of(board_id, address, code[:size])
    assert beginning.cycles_before[:-1] == cost.cycles_before[: len(first)]
    # Of two halves, neither is free, and both together take no longer than with all results awaited between.
    _, end = cost_of(board_id, address + size, code[size:])
    assert beginning.cycles <= cost.cycles
    assert cost.cycles <= beginning.cycles + end.cycles + LONGEST_WAIT[BOARDS[board_id]]


# Cycles that a result, or the prefetch unit, may be waited for.
LONGEST_WAIT = {"cortex-m0+": 0, "cortex-m4": 3, "cortex-m33": 4, "cortex-m7": 6}


@pytest.mark.parametrize("board_id", BOARDS)
@given(code=st.binary(max_size=80), halfword=st.integers(0, 3))
def test_any_bytes_of_an_image(board_id, code, halfword):
    address = 0x0800_0000 + 2 * halfword
    instructions, cost = cost_of(board_id, address, code)
    check(board_id, instructions, cost)
    timing = board_model(board_id).describe_block(address, instructions)
    block = native_block(timing, address, sum(found.size for found in instructions)).block
    assert block.cycles == cost.cycles
    assert block.access_count == len(timing.accesses)
