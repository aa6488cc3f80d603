"""Hand-counted loops for Cortex-M4, and for the flash interface of an STM32L4R5 in front of it."""

from typing import Any

from tests.timing.microbenchmarks import Bench, Microbenchmark

TABLE = "Arm DDI 0439D (100166), table 3-1"
PAIRING = "Arm DDI 0439D (100166), 3.3.2"
FLOAT = "Arm DDI 0439D (100166), 7.2.3"
EXCEPTION = "Arm DDI 0439D (100166), 3.9.1: 12 cycles to the handler; 10 back"
ALIGNMENT = "compendium.i-0.nl, instruction alignment"
MEASURED = "github.com/jnk0le/random, cortex_m3m4.md"
FLASH = "RM0432 3.3.4"
LOOP = 3  # SUBS 1, B<cc> taken 1 + P with P = 1: "branches that are taken take two cycles"
WAIT = 5

FLASH_ACR = 0x4002_2000
PREFETCH, INSTRUCTION_CACHE, DATA_CACHE = 1 << 8, 1 << 9, 1 << 10


def _rule(body: str, cycles: float, source: str = TABLE, **others: Any) -> Microbenchmark:
    return Microbenchmark(body, LOOP + cycles, source, **others)


def _repeat(instruction: str, times: int) -> str:
    return f".rept {times}\n{instruction}\n.endr"


RULES = {
    "data processing: one cycle each": _rule("add.w r0, r1, r2; mvn.w r3, r0; sxtb16 r2, r3; ssat r0, #8, r1", 4),
    "a shifted operand is free": _rule("add.w r0, r1, r2, lsl #3; sub.w r0, r1, r0, asr #2", 2),
    "multiplication, single and long, and accumulation: one cycle": _rule(
        "mul r0, r1, r2; mla r0, r1, r2, r0; smlad r0, r1, r2, r0; smlal r0, r3, r1, r2; umull r0, r3, r1, r2", 5
    ),
    "division: the middle of 2 to 12": _rule("sdiv r0, r1, r2; udiv r0, r1, r2", 14),
    "a load: two cycles": _rule("ldr r0, [r6]; mov r1, r2", 3),
    "LDR; LDR: three cycles": _rule("ldr r0, [r6]; ldr r1, [r4]", 3, PAIRING),
    "LDR R0,[R1,R2]; STR R0,[R3,#20]: three cycles": _rule("ldr r0, [r6, r2]; str r0, [r4, #20]", 3, PAIRING, setup="movs r2, #4"),
    "LDR R0,[R1,R2]; STR R1,[R3,R2]: three cycles": _rule("ldr r0, [r6, r2]; str r1, [r4, r2]", 3, PAIRING, setup="movs r2, #4"),
    "three loads: four cycles": _rule("ldr r0, [r6, r2]; ldr r1, [r4]; ldr r3, [r6, #4]", 4, PAIRING, setup="movs r2, #4"),
    "a load from the address just loaded does not overlap": _rule(
        "ldr r0, [r6]; ldr r1, [r0]; mov r2, r2", 5, PAIRING, setup="str r4, [r6]"
    ),
    "STR with an immediate offset: one cycle": _rule("str r0, [r6]; str r1, [r6, #4]", 2, PAIRING),
    "STR with a register offset: two cycles": _rule("str r0, [r6, r2]; mov r1, r1", 3, MEASURED, setup="movs r2, #4"),
    "nothing overlaps with a store before it": _rule("str r0, [r6]; ldr r1, [r6, #4]", 3, PAIRING),
    "an address from the operation just before stalls a cycle": _rule("add.w r0, r6, r2; ldr r1, [r0]", 1 + 1 + 2, PAIRING, setup="movs r2, #4"),
    "an address from two operations before does not": _rule("add.w r0, r6, r2; mov r3, r3; ldr r1, [r0]", 4, PAIRING, setup="movs r2, #4"),
    "LDREX and STREX: like LDR": _rule("ldrex r0, [r6]; mov r1, r1; strex r2, r0, [r6]", 2 + 1 + 2),
    "LDRD, STRD: 1 + N": _rule("ldrd r0, r1, [r6]; strd r0, r1, [r4]", 6),
    "LDM, STM, PUSH, POP: 1 + N": _rule("ldmia r6, {r0-r3}; stmia r4, {r0-r2}; push {r0, r1}; pop {r0, r1}", 5 + 4 + 3 + 3),
    "LDM does not overlap with the load before": _rule("ldr r0, [r6]; ldm r4, {r1, r2}", 2 + 3, PAIRING),
    "a load eats the NOP after it": _rule("ldr r0, [r6]; nop; mov r1, r1", 3, MEASURED),
    "IT folds onto a 16-bit instruction": _rule("cmp r0, r0; it eq; moveq r1, #1", 2),
    "IT after a 32-bit instruction: one cycle": _rule("cmp.w r0, r0; it eq; moveq r1, #1", 3),
    "MRS and MSR: the upper of 1 or 2": _rule("mrs r0, primask; msr primask, r0", 4),
    "ISB refills the pipeline": _rule("isb", 4),
    "DSB and DMB with nothing to wait for": _rule("dsb; dmb", 2),
    "a branch that is never taken: one cycle": _rule("cmp r0, r0; bne 2f; 2:", 2),
    "a branch that is always taken: two cycles": _rule("cmp r0, r0; beq 2f; nop; 2:", 3, "compendium.i-0.nl, branch timing"),
    "a branch that is taken every other time": _rule("eors r3, r2; beq 2f; mov r0, r0; mov r0, r0; 2:", 1 + (2 + 3) / 2,
        setup="movs r3, #0; movs r2, #1"),
    "CBZ taken: two cycles": _rule("cbz r3, 2f; nop; 2:", 2, setup="movs r3, #0"),
    "call and return: four cycles": _rule("bl FUNCTION", 4, "compendium.i-0.nl: jumping to a function and returning", tail=".thumb_func\nFUNCTION: bx lr"),
    "BLX to a register: 1 + P": _rule("blx r2", 4 + 2, setup="ldr r2, =FUNCTION", tail=".thumb_func\nFUNCTION: bx lr"),
    "PUSH with LR, POP with PC: 1 + N + P": _rule("bl FUNCTION", 2 + 3 + 6, tail=".thumb_func\nFUNCTION: push {r0, lr}; pop {r0, pc}"),
    "LDR PC: at least five cycles": _rule("ldr pc, [r6]; nop; 2:", 5, PAIRING, setup="adr r2, 2f; adds r2, #1; str r2, [r6]"),
    "TBB: at least six cycles": _rule("tbb [pc, r2]; .byte 1, 1; 2:", 6, PAIRING, setup="movs r2, #0"),
    "exception": _rule("svc #0", 1 + 12 + 1 + 10, EXCEPTION),
    "two unaligned wide instructions": _rule("mov r0, r1; mov.w r0, r1; mov.w r0, r1; mov r0, r1", 4, ALIGNMENT),
    # The buffer of three words is full after the division; each word is decoded before the next is read.
    "three unaligned wide instructions after a long one": _rule(
        "mov r0, r1; mov r0, r1; sdiv r2, r3, r3; mov r0, r1; mov.w r0, r1; mov.w r0, r1; mov.w r0, r1; mov r0, r1",
        2 + 7 + 1 + 3 + 1 + 1, "eprint 2025/523, quoted by jnk0le: multi-cycle instruction followed by three unaligned 32-bit instructions",
    ),
    "eight aligned wide instructions": _rule(_repeat("mov.w r0, r1", 8), 8, ALIGNMENT),
    "a branch to an unaligned wide instruction: one more": _rule("b 2f; mov.w r0, r0; 2: mov.w r0, r1; mov r1, r1", 2 + 1 + 2, ALIGNMENT),
    "float add, multiply, compare, convert: one cycle": _rule("vadd.f32 s0, s1, s2; vmul.f32 s3, s4, s5; vcmp.f32 s6, s7; vcvt.s32.f32 s8, s9", 4, FLOAT),
    "float multiply-accumulate: three cycles": _rule("vmla.f32 s0, s1, s2; vfma.f32 s3, s4, s5", 6, FLOAT),
    "float division and square root: fourteen cycles": _rule("vdiv.f32 s0, s1, s2; vadd.f32 s5, s6, s7; vsqrt.f32 s3, s4; vadd.f32 s5, s6, s7", 30, FLOAT),
    "float loads and stores": _rule("vldr s0, [r6]; vstr s0, [r6]; vldr d0, [r6]; vstr d0, [r6]; vldmia r6, {s0-s3}; vstmia r4, {s0-s2}", 2 + 2 + 3 + 3 + 5 + 4, FLOAT),
    "a float result used at once: one more": _rule("vadd.f32 s0, s1, s2; vmul.f32 s3, s0, s5; mov r0, r0", 1 + 2 + 1, FLOAT),
    "a float result used as addend of a multiply-accumulate: no more": _rule("vadd.f32 s0, s1, s2; vmla.f32 s0, s4, s5; mov r0, r0", 1 + 3 + 1, FLOAT),
    "a halfword-aligned word load: one more": _rule("ldr r0, [r6, #2]; mov r0, r0", 4, PAIRING),
    "a byte-aligned word load: two more": _rule("ldr r0, [r6, #1]; mov r0, r0", 5, PAIRING),
    "a byte-aligned halfword load: one more": _rule("ldrh r0, [r6, #1]; mov r0, r0", 4, PAIRING),
    "an unaligned store cannot delay": _rule("str r0, [r6, #1]; mov r0, r0", 2, PAIRING),
    "loads overlap within one memory only": _rule("ldr r0, [r5]; ldr r1, [r6]; ldr r0, [r5, #4]; ldr r1, [r6, #4]", 8, MEASURED),
    "and a store with a load of its memory": _rule("ldr r0, [r5]; str r0, [r6, r2]; mov r0, r0", 2 + 2 + 1, MEASURED, setup="movs r2, #4"),
    "without accelerator each 64 bits wait": _rule(_repeat("mov r0, r0", 6), 6 + 2 * WAIT, FLASH, memory="flash"),
    "code in one 64-bit line does not": _rule(_repeat("mov r0, r0", 2), 2, FLASH, memory="flash"),
    "a loop in the instruction cache does not": _rule(_repeat("mov r0, r0", 500), 500, FLASH, memory="caches"),
    "1 KB of loop is kept, more is not": _rule(_repeat("mov r0, r0", 525), 525 + 132 * WAIT, FLASH, memory="caches"),
    # Each read is started when the one before arrives and takes 1 + 5 cycles, of which its 64 bits last four.
    "prefetch of straight code": _rule(_repeat("mov r0, r0", 14), 14 + WAIT + 3 * (WAIT + 1 - 4), FLASH, memory="prefetch"),
    "constants wait once per 64 bits": _rule("ldr r0, [r5]; mov r1, r1; ldr r0, [r5, #8]; mov r1, r1", 6 + 2 * WAIT, FLASH, memory="instruction cache"),
    "the data cache keeps 256 bytes": _rule(
        "\n".join(f"ldr r0, [r5, #{8 * n}]; mov r1, r1" for n in range(32)), 3 * 32, FLASH, memory="caches"
    ),
    "and no more": _rule(
        "\n".join(f"ldr r0, [r5, #{8 * n}]; mov r1, r1" for n in range(36)), 3 * 36 + 36 * WAIT, FLASH, memory="caches"
    ),
    "strided loads fill only the 64 bits asked for": _rule(
        "ldr r0, [r3]; mov r1, r1; ldr r0, [r3, #8]; adds r2, #32; bfc r2, #10, #22; add r3, r5, r2; mov r1, r1",
        2 + 1 + 2 + 4 + 2 * WAIT, FLASH, setup="movs r2, #0; mov r3, r5", memory="caches",
    ),
    "a literal is data": _rule("ldr r0, =0x12345678; mov r1, r1; ldr r0, [r5]; mov r1, r1", 6 + 2 * WAIT, FLASH, memory="instruction cache"),
}  # fmt: skip

_ALL = PREFETCH | INSTRUCTION_CACHE | DATA_CACHE
BENCH = Bench(
    "nucleo_l4r5zi",
    "cortex-m4",
    {
        "fast": {FLASH_ACR: 0},
        "flash": {FLASH_ACR: WAIT},
        "prefetch": {FLASH_ACR: WAIT | PREFETCH},
        "instruction cache": {FLASH_ACR: WAIT | INSTRUCTION_CACHE},
        "caches": {FLASH_ACR: WAIT | INSTRUCTION_CACHE | DATA_CACHE},
        "all": {FLASH_ACR: WAIT | _ALL},
    },
    RULES,
)
