"""The addresses of a block's loads, found ahead, against a register-by-register execution on Unicorn."""

import struct

import pytest
import unicorn
from unicorn import arm_const

from tests.timing.assembler import assemble, disassemble
from tinysim.timing.accesses import find_accesses
from tinysim.timing.values import Computation, Operation, Sum

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
    "products": "mul r0, r5, r4; ldr r2, [r1, r0, lsl #2]; mla r3, r5, r4, r1; ldr r6, [r3]; mls r7, r5, r5, r1; ldrb r8, [r7]",
    "three terms": "add r0, r1, r5; add r0, r4; ldr r2, [r0, r5, lsl #2]; add r3, r0, r4, lsl #1; ldrh r6, [r3, r5]",
    "masks": "and r0, r5, #3; ldr r2, [r1, r0]; bic r3, r1, #0xf0; ldr r4, [r3]; orr r6, r1, #8; ldr r7, [r6]",
    "shifts": "lsr r0, r1, #8; lsl r0, #8; ldr r2, [r0]; asr r3, r5, #1; ldr r4, [r1, r3]; ror r6, r5, #4; lsr r6, #28; ldr r7, [r1, r6]",
    "shifts by registers": "mov r0, #2; lsl r2, r5, r0; ldr r3, [r1, r2]; lsr r4, r5, r0; ldr r6, [r1, r4]",
    "differences": "sub r0, r1, r5; ldr r2, [r0]; rsb r3, r5, #64; ldr r4, [r1, r3]; mvn r6, r5; ldr r7, [r1, r6]",
    "narrow values": "uxtb r0, r1; ldr r2, [r1, r0]; sxth r3, r5; ldr r4, [r1, r3]; ubfx r6, r5, #1, #3; ldr r7, [r1, r6]; sbfx r8, r5, #0, #3; ldr r9, [r1, r8]",
    "narrow values out of memory": "ldrb r0, [r1]; ldr r2, [r1, r0]; ldrsb r3, [r1, #4]; ldr r4, [r1, r3]; ldrh r6, [r1, #2]; lsr r6, #8; ldr r7, [r1, r6]",
    "pairs out of memory": "ldrd r2, r3, [r1]; ldr r0, [r2]; ldr r4, [r3, #4]; ldm r1, {r6, r7}; ldr r8, [r7]; ldr r9, [r6]",
    "halves of constants": "mov r0, r1; movt r0, #0x2000; ldr r2, [r0]; eor r3, r1, #12; ldr r4, [r3]",
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


def operate(operation: Operation, left: int, right: int) -> int:
    signed = left - (left >> 31 << 32)
    shift = right & 0xFF
    results = {
        Operation.ADD: left + right,
        Operation.SUBTRACT: left - right,
        Operation.MULTIPLY: left * right,
        Operation.AND: left & right,
        Operation.OR: left | right,
        Operation.EXCLUSIVE_OR: left ^ right,
        Operation.SHIFT_LEFT: left << shift,
        Operation.SHIFT_RIGHT: left >> shift,
        Operation.SHIFT_RIGHT_SIGNED: signed >> min(shift, 31),
        Operation.ROTATE_RIGHT: (left << 32 | left) >> shift % 32,
    }
    return results[operation] & 0xFFFF_FFFF


def told_accesses(source: str, kind: int) -> list[tuple[int, int]]:
    emulator = machine()
    emulator.mem_write(CODE, assemble(source))
    registers = [emulator.reg_read(arm_const.UC_ARM_REG_R0 + number) for number in range(13)]
    registers += [emulator.reg_read(arm_const.UC_ARM_REG_SP), emulator.reg_read(arm_const.UC_ARM_REG_LR)]
    loaded: list[int] = []
    told: list[tuple[int, int]] = []

    def value(found: Sum) -> int:
        total = found.constant
        for term in found.terms:
            word = registers[term.register] if term.register is not None else loaded[term.loaded]
            total += word << term.shift
        return total & 0xFFFF_FFFF

    def peek(address: int) -> int:
        return struct.unpack("<I", emulator.mem_read(address, 4))[0]

    for step in find_accesses(disassemble(source, CODE), with_stores=True):
        if isinstance(step, Computation):
            left, right = value(step.left), value(step.right)
            loaded.append(
                peek(left) if step.operation is Operation.PEEK else operate(step.operation, left, right)
            )
            continue
        assert step.address is not None
        address = value(step.address)
        loaded.append(peek(address))
        if step.is_store == (kind == unicorn.UC_HOOK_MEM_WRITE):
            told += [(address + n * step.element_bytes, step.element_bytes) for n in range(step.elements)]
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
        "it eq; addeq r1, #4; ldr r2, [r1]",
        "adc r0, r1, r5; ldr r2, [r0]",
        "clz r0, r1; ldr r2, [r1, r0]",
        "smull r0, r3, r1, r5; ldr r2, [r0]",
        "vmov r0, s0; ldr r2, [r0]",
    ],
)
def test_an_address_that_cannot_be_told_is_not_guessed(source):
    assert find_accesses(disassemble(source, CODE))[-1].address is None


def test_what_no_address_needs_is_not_computed():
    steps = find_accesses(
        disassemble("mul r0, r1, r5; and r2, r0, #3; ldr r3, [r1]; ubfx r4, r3, #3, #4", CODE)
    )
    assert len(steps) == 1
