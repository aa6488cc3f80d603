"""Hand-counted loops for Cortex-M33, and for the instruction cache of an STM32U575 in front of its flash."""

from typing import Any

from tests.timing.microbenchmarks import Bench, Microbenchmark

MEASURED = "github.com/jnk0le/random, cortex_m33.md"
OVERALL = f"{MEASURED}: overall"
DUAL = f"{MEASURED}: limited dual issue and branching"
LOADS = f"{MEASURED}: load/store"
FLOAT = f"{MEASURED}: fpu"
AS_M4 = "an assumption: as on Cortex-M4 (Arm 100166)"
CACHE = "RM0456 8 (wording of RM0522 7.4): a hit costs nothing, a miss looks up, asks, and waits for flash"
FLASH = "RM0456 7.3 (wording of RM0522 6.3.4 and 7.4.6)"
LOOP = 3  # "subs r7, #1 // 1 cycle; bne 1b // 2 cycles taken"
WAIT = 4
MISS = 2 + WAIT

FLASH_ACR, ICACHE_CR = 0x4002_2000, 0x4003_0400
PREFETCH = 1 << 8


def _rule(body: str, cycles: float, source: str, **others: Any) -> Microbenchmark:
    return Microbenchmark(body, LOOP + cycles, source, **others)


def _repeat(instruction: str, times: int) -> str:
    return f".rept {times}\n{instruction}\n.endr"


_NEXT_LINE = "ldr.w r0, [r3]; add.w r2, r2, #16; bfc r2, #14, #18; add.w r3, r5, r2"
_FROM_START = "movs r2, #0; mov r3, r5"
RULES = {
    "data processing: one cycle each": _rule("add.w r0, r1, r2; mvn.w r3, r0; sub.w r0, r3, r1", 3, OVERALL),
    "BFI is a single stage": _rule("bfi r0, r1, #0, #8; add.w r2, r0, r1", 2, OVERALL),
    "a loaded value is used in the second cycle": _rule("ldr.w r0, [r6]; add.w r1, r0, r2", 3, LOADS),
    "which another instruction may fill": _rule("ldr.w r0, [r6]; mov.w r3, r3; add.w r1, r0, r2", 3, LOADS),
    "a loaded value is accumulated in the next": _rule("ldr.w r0, [r6]; mla r1, r2, r3, r0", 2, LOADS),
    "but not by UXTAB": _rule("ldr.w r0, [r6]; uxtab r1, r0, r2", 3, LOADS),
    "nor by an instruction with a shifted operand": _rule("ldr.w r0, [r6]; add.w r1, r0, r2, lsl #3", 3, LOADS),
    "a loaded value is an address in the second cycle": _rule("ldr.w r0, [r6]; ldr.w r1, [r0]", 3, LOADS, setup="str r4, [r6]"),
    "a loaded value is stored in the next": _rule("ldr.w r0, [r6]; str.w r0, [r4]", 2, LOADS),
    "LDRD and STRD: two cycles": _rule("ldrd r0, r1, [r6]; strd r0, r1, [r4]", 4, LOADS),
    "several words: a cycle each": _rule(
        "ldmia.w r6, {r0-r3}; stmia.w r4, {r0-r2}; push {r0, r1}; pop {r0, r1}", 4 + 3 + 2 + 2, LOADS
    ),
    "a product is used in the second cycle": _rule("mul r0, r1, r2; add.w r3, r0, r1", 3, OVERALL),
    "a sum of products is added to in the next": _rule("mla r0, r1, r2, r0; smlad r0, r1, r2, r0", 2, OVERALL),
    "and stored in the next": _rule("mla r0, r1, r2, r3; str.w r0, [r4]", 2, LOADS),
    "UXTAB is used in the second cycle": _rule("uxtab r0, r1, r2; add.w r3, r0, r1", 3, OVERALL),
    "UXTAB is added to by UXTAB in the next": _rule("uxtab r0, r0, r1; sxtah r0, r0, r2", 2, OVERALL),
    "UXTAB is accumulated in the next": _rule("uxtab r0, r1, r2; mla r0, r1, r2, r0", 2, OVERALL),
    "UXTAB adds to a product in the next": _rule("mul r0, r1, r2; uxtab r0, r0, r2", 2, OVERALL),
    "a shifted operand: used in the second cycle": _rule("add.w r0, r1, r2, lsl #3; add.w r3, r0, r1", 3, OVERALL),
    "but accumulated in the next": _rule("add.w r0, r1, r2, lsl #3; mla r0, r1, r2, r0", 2, OVERALL),
    "a shifted constant: used in the second cycle": _rule("eor r0, r1, #0x1fc0; add.w r3, r0, r1", 3, OVERALL),
    "a repeated constant: in the next": _rule("eor r0, r1, #0x1b1b1b1b; add.w r3, r0, r1", 2, OVERALL),
    "DSP instructions are used in the second cycle": _rule("uadd8 r0, r1, r2; pkhbt r3, r0, r1; qsub r8, r3, r1", 5, OVERALL),
    "MULS: two cycles": _rule("muls r0, r1, r0", 2, "Arm KA001260: MULS stalls for an additional cycle"),
    "a shifted constant with flags: two cycles": _rule("adds.w r0, r1, #0x1fc0", 2, OVERALL),
    "but not in MOVS": _rule("movs.w r0, #0x1fc0", 1, OVERALL),
    "nor is a shifted register": _rule("adds.w r0, r1, r2, ror #3", 1, OVERALL),
    "flags are used in the next cycle": _rule("adds.w r0, r1, r2; adc.w r3, r1, r2", 2, OVERALL),
    "of a shifted register in the second": _rule("adds.w r0, r1, r2, lsl #3; adc.w r3, r1, r2", 3, OVERALL),
    "NOP goes together with a 16-bit instruction before it": _rule("mov r0, r1; nop; ldr r0, [r6]; nop; str r0, [r6]; nop", 3, DUAL),
    "not with one after it": _rule("nop; mov r0, r1", 2, DUAL),
    "two of arithmetic do not": _rule("mov r0, r1; mov r1, r2", 2, DUAL),
    "nor do 32-bit instructions": _rule("mov.w r0, r1; nop; mov r1, r2; nop.w", 4, DUAL),
    "a branch not taken after what sets the flags: nothing": _rule("cmp r0, r0; bne 2f; 2:", 1, DUAL),
    "taken: two cycles": _rule("cmp r0, r0; beq 2f; nop; 2:", 1 + 2, DUAL),
    "taken after what does not set them: one": _rule("cmp r0, r0; mov r1, r1; beq 2f; nop; 2:", 2 + 1, DUAL),
    "taken after a 32-bit instruction: two": _rule("mov.w r1, r1; b 2f; nop; 2:", 1 + 2, DUAL),
    "taken after LDM: one": _rule("ldmia r4!, {r0-r3}; b 2f; nop; 2: sub.w r4, r4, #16", 4 + 1 + 1, DUAL),
    "a branch that is taken every other time": _rule(
        "eors r3, r2; beq 2f; mov.w r0, r0; mov.w r0, r0; mov.w r0, r0; 2:", 1 + (2 + 3) / 2, DUAL, setup="movs r3, #0; movs r2, #1"
    ),
    "IT goes together with a 16-bit instruction before it": _rule("cmp r0, r0; it eq; moveq r1, #1", 2, DUAL),
    "but not with a 32-bit one": _rule("cmp.w r0, r0; it eq; moveq r1, #1", 3, DUAL),
    "call and return: two taken branches": _rule("bl FUNCTION", 4, DUAL, tail=".thumb_func\nFUNCTION: bx lr"),
    # "pop {lr}, bx lr is 1-2 cycles faster than pop {pc}" where two instructions and BX hide the load to LR.
    "POP with PC: N + 2": _rule("bl FUNCTION", 2 + 2 + 4, DUAL, tail=".thumb_func\nFUNCTION: push {r0, lr}; pop {r0, pc}"),
    "POP to LR, and BX": _rule("bl FUNCTION", 2 + 2 + 2 + 2 + 1, DUAL,
        tail=".thumb_func\nFUNCTION: push {r0, lr}; pop.w {r0, lr}; mov r1, r1; mov r1, r1; bx lr"),
    "division: the middle of 2 to 12": _rule("sdiv r0, r1, r2", 7, AS_M4),
    "a loaded float is used in the next cycle": _rule("vldr s0, [r6]; vadd.f32 s1, s0, s2", 2, FLOAT),
    "a float sum, product, conversion: used in the second cycle": _rule(
        "vmul.f32 s0, s1, s2; vadd.f32 s3, s0, s4; vcvt.s32.f32 s5, s3; vmov.f32 s6, s5", 1 + 2 + 2 + 2, FLOAT
    ),
    "and stored in the second": _rule("vadd.f32 s0, s1, s2; vstr s0, [r6]", 3, FLOAT),
    "no other float instruction in two cycles after a multiply-accumulate": _rule("vfma.f32 s0, s1, s2; vfma.f32 s3, s4, s5", 4, FLOAT),
    "which others may use": _rule("vfma.f32 s0, s1, s2; mov.w r0, r0; mov.w r0, r0; vfma.f32 s0, s4, s5", 4, FLOAT),
    "its result is for others a cycle later": _rule("vfma.f32 s0, s1, s2; vstr s0, [r6]", 5, FLOAT),
    "VLDM and VSTM: a cycle a word": _rule("vldmia r6, {s0-s3}; vstmia r4, {s4-s6}; vldr d4, [r6]; vstr d5, [r4]", 4 + 3 + 2 + 2, LOADS),
    "VMOV of two to the core: two cycles, used in the next": _rule("vmov r0, r1, s0, s1; add.w r2, r0, r1", 3, FLOAT),
    "VMOV of two from the core: used in the second cycle": _rule("vmov s0, s1, r0, r1; vadd.f32 s2, s0, s3", 3, FLOAT),
    "VMOV of one to the core: used in the second cycle": _rule("vmov r0, s0; add.w r1, r0, r2", 3, FLOAT),
    "VMOV of one from the core: used in the next": _rule("vmov s0, r0; vadd.f32 s1, s0, s2", 2, FLOAT),
    "float division and square root": _rule("vdiv.f32 s0, s1, s2; vsqrt.f32 s3, s4", 28, AS_M4),
    "exception": _rule("svc #0", 1 + 12 + 1 + 10, AS_M4),
    "unaligned loads: one or two more": _rule("ldr.w r0, [r6, #2]; ldr.w r0, [r6, #1]; ldrh.w r0, [r6, #1]", 3 + 1 + 2 + 1, AS_M4),
    "loads overlap within one memory only": _rule("ldr.w r0, [r5]; ldr.w r1, [r6]; ldr.w r0, [r5]; ldr.w r1, [r6]", 4 + 3, AS_M4),
    "and a store with a load of its memory": _rule("ldr.w r0, [r5]; str.w r1, [r6]", 2 + 1, AS_M4),
    "code in the cache does not wait": _rule(_repeat("mov.w r0, r0", 1900), 1900, CACHE),
    # 8 KB in two ways: of a loop of 12 KB each set has three lines in turn.
    "12 KB of loop miss the cache in every line": _rule(
        f"{_repeat('mov.w r0, r0', 3070)}\nmov r0, r0", 3071 + 768 * MISS, CACHE
    ),
    # Four instructions in a line, and two cycles to look up and ask, leave nothing to wait for of 1 + 4.
    "prefetch hides flash behind code that is executed": _rule(
        f"{_repeat('mov.w r0, r0', 3070)}\nmov r0, r0", 3071 + 768 * 2 + WAIT, FLASH, memory="prefetch"
    ),
    "constants that are loaded are kept as code is": _rule("ldr.w r0, [r5]; mov.w r1, r1; ldr.w r0, [r5, #128]; mov.w r1, r1", 4, CACHE),
    "constants beyond the cache are read line by line": _rule(_NEXT_LINE, 4 + MISS, CACHE, setup=_FROM_START, rounds=2048),
    "a line is read at once": _rule(f"ldr.w r1, [r3, #12]; {_NEXT_LINE}", 1 + 4 + MISS, CACHE, setup=_FROM_START, rounds=2048),
    "two lines of a set are kept": _rule("ldr.w r0, [r5]; mov.w r1, r1; ldr.w r0, [r2]; mov.w r1, r1", 4, CACHE, setup="add.w r2, r5, #4096"),
    "three are not": _rule("ldr.w r0, [r5]; mov.w r1, r1; ldr.w r0, [r2]; mov.w r1, r1; ldr.w r0, [r3]; mov.w r1, r1", 6 + 3 * MISS, CACHE,
        setup="add.w r2, r5, #4096; add.w r3, r5, #8192"),
    "without the cache 128 bits are read in the wait states": _rule(
        _repeat("mov.w r0, r0", 7), 7 + 2 * WAIT, FLASH, memory="off",
    ),
    "no wait states, no cache: no wait": _rule(
        _repeat("mov.w r0, r0", 7), 7, FLASH, memory="no wait states",
    ),
}  # fmt: skip

BENCH = Bench(
    "nucleo_u575zi_q",
    "cortex-m33",
    {
        "fast": {FLASH_ACR: WAIT, ICACHE_CR: 1},
        "prefetch": {FLASH_ACR: WAIT | PREFETCH, ICACHE_CR: 1},
        "off": {FLASH_ACR: WAIT, ICACHE_CR: 0},
        "no wait states": {FLASH_ACR: 0, ICACHE_CR: 0},
    },
    RULES,
)
