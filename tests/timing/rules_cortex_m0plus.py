"""Hand-counted loops for Cortex-M0+, and for the flash interface of an STM32G0B1 in front of it."""

from tests.timing.microbenchmarks import Bench, Microbenchmark

TABLE = "Arm DDI 0484C, table 3-1"
FLASH = "RM0444 3.3.4 (wording of RM0490 4.3.3)"
LOOP = 3  # SUBS 1, B<cc> taken 2
WAIT = 2

FLASH_ACR = 0x4002_2000
PREFETCH, CACHE = 1 << 8, 1 << 9


def _rule(body: str, cycles: float, source: str = TABLE, **others: str) -> Microbenchmark:
    return Microbenchmark(body, LOOP + cycles, source, **others)


def _nops(number: int) -> str:
    return "; ".join(["nop"] * number)


RULES = {
    "data processing: one cycle each": _rule(
        "adds r0, r1, r2; lsls r1, r2, #3; uxtb r2, r1; rev r0, r2; mvns r0, r1; adcs r0, r1; cmp r0, r1", 7
    ),
    "MULS: one cycle with the fast multiplier": _rule("muls r0, r1, r0; muls r1, r0, r1", 2),
    "LDR, LDRB, LDRSH: two cycles each": _rule(
        "movs r1, #2; ldr r0, [r6]; ldrb r0, [r6, r1]; ldrsh r0, [r6, r1]", 7
    ),
    "loads do not overlap": _rule("ldr r0, [r6]; ldr r1, [r6, #4]; ldr r2, [r6, #8]", 6),
    "a loaded value is there at once": _rule("ldr r0, [r6]; adds r0, r0, #1", 3),
    "STR, STRB, STRH: two cycles each": _rule("str r0, [r6]; strb r0, [r6, #4]; strh r0, [r6, #6]", 6),
    "LDM and STM: 1 + N": _rule("ldmia r4!, {r0-r3}; subs r4, #16; stmia r4!, {r0-r2}; subs r4, #12", 11),
    "PUSH and POP: 1 + N": _rule("push {r0-r2}; pop {r0-r2}", 8),
    "PUSH with LR 1 + N, POP with PC 3 + N": _rule(
        "bl FUNCTION", 3 + 3 + 5, tail=".thumb_func\nFUNCTION: push {r0, lr}; pop {r0, pc}"
    ),
    "a branch that is never taken: one cycle": _rule("cmp r0, r0; bne 2f; 2:", 2),
    "a branch that is always taken: two cycles": _rule("cmp r0, r0; beq 2f; nop; 2:", 3),
    "an unconditional branch: two cycles": _rule("b 2f; nop; 2:", 2),
    "a branch that is taken every other time": _rule("eors r3, r2; beq 2f; nop; nop; 2:", 1 + (2 + 3) / 2,
        setup="movs r3, #0; movs r2, #1"),
    "BL three cycles, BX two": _rule("bl FUNCTION", 5, tail=".thumb_func\nFUNCTION: bx lr"),
    "BLX two cycles": _rule("blx r2", 2 + 2, setup="ldr r2, =FUNCTION", tail=".thumb_func\nFUNCTION: bx lr"),
    "MOV to PC: two cycles": _rule("bl FUNCTION", 3 + 2, tail=".thumb_func\nFUNCTION: mov pc, lr"),
    "MRS and MSR: three cycles": _rule("mrs r0, primask; msr primask, r0", 6),
    "barriers: three cycles": _rule("dmb; dsb; isb", 9),
    "exception: 15 cycles to the handler; 13 back": _rule(
        "svc #0", 1 + 15 + 1 + 13, "Arm DDI 0484C 1.1: interrupt latency of 15 cycles; POP of eight words with PC and refill"
    ),
    "a loop within the current line: no wait": _rule(_nops(2), 2, FLASH, memory="flash"),
    "without prefetch and cache every line waits": _rule(_nops(6), 6 + 2 * WAIT, FLASH, memory="flash"),
    "two lines stay in the cache": _rule(_nops(6), 6, FLASH, memory="cache"),
    "three lines do not": _rule(_nops(10), 10 + 3 * WAIT, FLASH, memory="cache"),
    "prefetch hides all but the branch's wait": _rule(_nops(14), 14 + WAIT, FLASH, memory="prefetch"),
    "a constant in flash waits": _rule("ldr r0, [r5]; ldr r1, [r5, #8]", 4 + 2 * WAIT, FLASH, memory="cache"),
    "data has no cache": _rule("ldr r0, [r5]; ldr r1, [r5, #4]", 4 + 2 * WAIT, FLASH, memory="cache",
    ),
    "a literal waits like any constant": _rule("ldr r0, =0x12345678; ldr r1, [r5]", 4 + 2 * WAIT, FLASH, memory="cache"),
}  # fmt: skip

BENCH = Bench(
    "nucleo_g0b1re",
    "cortex-m0+",
    {
        "fast": {FLASH_ACR: 0},
        "flash": {FLASH_ACR: WAIT},
        "prefetch": {FLASH_ACR: WAIT | PREFETCH},
        "cache": {FLASH_ACR: WAIT | CACHE},
        "both": {FLASH_ACR: WAIT | PREFETCH | CACHE},
    },
    RULES,
)
