"""The addresses of a block's loads, found ahead, against a register-by-register execution on Unicorn."""

import struct

import pytest
import unicorn
from unicorn import arm_const

from tests.timing.assembler import assemble, disassemble
from tinysim.timing.accesses import find_accesses

CODE, DATA, SIZE = 0x0800_0000, 0x2000_0000, 0x1_0000

BLOCKS = {
    "immediate offsets": "ldr r0, [r1, #8]; ldrb r2, [r1, #3]; ldrsh r3, [r1, #6]",
    "post-indexed": "ldr r0, [r1], #4; ldr r2, [r1], #-8; ldrb r3, [r1], #1; ldr r4, [r1]",
    "pre-indexed": "ldr r0, [r1, #16]!; ldr r2, [r1, #-4]!; ldr r3, [r1]",
    "register offsets": "ldr r0, [r1, r5, lsl #2]; ldrb r2, [r1, r5]; add r6, r1, r5, lsl #3; ldr r3, [r6]",
    "arithmetic on pointers": "adds r1, #12; sub.w r2, r1, #4; mov r3, r2; ldr r0, [r3]; ldr r4, [r1]",
    "constants": "movw r0, #0x1234; movt r0, #0x2000; ldr r1, [r0]; ldr r2, [r0, #4]",
    "pointers out of memory": "ldr r0, [r1]; ldr r2, [r0, #4]; ldr r3, [r0, r5]; ldr r4, [r2]",
    "several registers": "ldm r1!, {r2, r3, r4}; ldr r0, [r1]; push {r0, r2}; pop {r6, r7}; ldrd r8, r9, [r1, #8]",
    "decrement before": "ldmdb r1!, {r2, r3}; ldr r0, [r1]",
    "floats": "vldr s0, [r1, #4]; vldmia r1!, {s1-s4}; vldr s5, [r1]; vpush {s0, s1}; vpop {s2, s3}",
    "literal": "ldr r0, [pc, #4]; ldr r1, [pc, #0]; nop; nop; nop; nop",
    "stack": "sub sp, #16; str r0, [sp, #4]; ldr r1, [sp, #4]; add sp, #16; ldr r2, [sp]",
    "stores": "str r0, [r1, #4]; strb r2, [r1], #1; strh r3, [r1, #3]!; strd r6, r7, [r1, #-8]; str r0, [r1, r4, lsl #2]",
    "stores of several": "stm r1!, {r2, r3}; stmdb r1, {r4, r6, r7}; vstr s0, [r1, #8]; vstmia r1!, {s1, s2}",
    "shifted index": "lsl r2, r5, #2; ldr r0, [r1, r2]; add r3, r1, r2; ldrh r4, [r3, #2]",
}


def machine() -> unicorn.Uc:
    emulator = unicorn.Uc(unicorn.UC_ARCH_ARM, unicorn.UC_MODE_THUMB)
    emulator.ctl_set_cpu_model(arm_const.UC_CPU_ARM_CORTEX_M4)
    emulator.mem_map(CODE, SIZE)
    emulator.mem_map(DATA, SIZE)
    for offset in range(0, SIZE, 4):
        # Words that are themselves addresses of data, so that pointers can be followed.
        emulator.mem_write(DATA + offset, struct.pack("<I", DATA + offset * 7 % 0x4000 + 0x100))
    for number in range(13):
        emulator.reg_write(arm_const.UC_ARM_REG_R0 + number, 3 + number)
    emulator.reg_write(arm_const.UC_ARM_REG_R1, DATA + 0x800)
    emulator.reg_write(arm_const.UC_ARM_REG_R5, 6)
    emulator.reg_write(arm_const.UC_ARM_REG_SP, DATA + 0x2000)
    return emulator


def seen_accesses(source: str, kind: int) -> list[tuple[int, int]]:
    emulator = machine()
    code = assemble(source)
    emulator.mem_write(CODE, code)
    seen: list[tuple[int, int]] = []
    emulator.hook_add(
        kind,
        lambda _uc, _kind, address, size, _value, _user: seen.append((address, size)),
    )
    emulator.emu_start(CODE | 1, CODE + len(code))
    return seen


def told_accesses(source: str, kind: int) -> list[tuple[int, int]]:
    emulator = machine()
    emulator.mem_write(CODE, assemble(source))
    registers = [emulator.reg_read(arm_const.UC_ARM_REG_R0 + number) for number in range(13)]
    registers += [emulator.reg_read(arm_const.UC_ARM_REG_SP), emulator.reg_read(arm_const.UC_ARM_REG_LR)]
    loaded: list[int] = []
    told: list[tuple[int, int]] = []
    for load in find_accesses(disassemble(source, CODE), with_stores=True):
        assert load.address is not None
        address = load.address.constant
        for term in load.address.terms:
            value = registers[term.register] if term.register is not None else loaded[term.loaded]
            address += value << term.shift
        address &= 0xFFFF_FFFF
        loaded.append(struct.unpack("<I", emulator.mem_read(address, 4))[0])
        if load.is_store != (kind == unicorn.UC_HOOK_MEM_WRITE):
            continue
        told += [(address + n * load.element_bytes, load.element_bytes) for n in range(load.elements)]
    return told


@pytest.mark.parametrize("name", BLOCKS)
@pytest.mark.parametrize("kind", [unicorn.UC_HOOK_MEM_READ, unicorn.UC_HOOK_MEM_WRITE])
def test_every_access_is_told_ahead(name, kind):
    assert told_accesses(BLOCKS[name], kind) == seen_accesses(BLOCKS[name], kind)


def test_stores_are_left_out_where_they_cost_nothing():
    source = "str r0, [r1]; ldr r2, [r1]; ldr r3, [r2]"
    accesses = find_accesses(disassemble(source, CODE))
    assert [access.is_store for access in accesses] == [False, False]
    assert accesses[1].address.terms[0].loaded == 0


@pytest.mark.parametrize(
    "source",
    [
        "and r0, r1, #0xff; ldr r2, [r0]",
        "mul r0, r1, r5; ldr r2, [r0]",
        "ldrb r0, [r1]; ldr r2, [r0]",
        "it eq; addeq r1, #4; ldr r2, [r1]",
        "sub r0, r1, r5; ldr r2, [r0]",
    ],
)
def test_an_address_that_cannot_be_told_is_not_guessed(source):
    assert find_accesses(disassemble(source, CODE))[-1].address is None
