"""Hand-counted loops for Cortex-M7, and for what an STM32H7A3 and an STM32F746 put before their memories.

Pairs are written one cycle a line; `SUBS; BNE` at the end is one more.
"""

from typing import Any

from tests.timing.microbenchmarks import Bench, Microbenchmark

MEASURED = "github.com/jnk0le/random, cortex_m7.md"
OVERALL = f"{MEASURED}: overall"
BITS = f"{MEASURED}: bitfield and DSP instructions"
OPERAND2 = f"{MEASURED}: operand2"
MULTIPLY = f"{MEASURED}: multiplication, MAC"
LOADS = f"{MEASURED}: loads"
STORES = f"{MEASURED}: stores"
MULTIPLE = f"{MEASURED}: load/store pair/multiple"
BRANCH = f"{MEASURED}: branching/cmp"
FLOAT = f"{MEASURED}: fpu (single precision)"
LLVM = "LLVM's ARMScheduleM7.td"
PREDICTOR = "an assumption: two-bit counters, 64 entries, direct-mapped"
AS_M4 = "an assumption: as on Cortex-M4 (Arm 100166)"
CACHE = "Arm DDI 0489F 5.9: critical word first, read-allocate; the way through AXI is an assumption"
STREAMING = "Arm DDI 0489F 5.9: data of the same line is returned when it has been fetched, without waiting for the linefill"
LOOP = 1  # SUBS and BNE go together, and the branch is foreseen

SCB_CCR = 0xE000_ED14
BOTH_CACHES, INSTRUCTIONS_ONLY, OFF = 0x3_0200, 0x2_0200, 0x200
AXI = 6
A, B = "mov.w r8, r8", "mov.w r9, r9"


def _rule(body: str, cycles: float, source: str, **others: Any) -> Microbenchmark:
    return Microbenchmark(body, LOOP + cycles, source, **others)


def _repeat(instruction: str, times: int) -> str:
    return f".rept {times}\n{instruction}\n.endr"


def _then(first: str, second: str) -> str:
    """Two instructions that have to be a cycle or more apart, each with a MOV beside it."""
    return f"{first}; {A}\n{second}; {B}"


PIPELINE = {
    "two simple instructions a cycle": _rule("add.w r0, r1, r2; sub.w r3, r1, r2\nadd.w r0, r1, r2; mov.w r3, r1", 2, OVERALL),
    "from the early ALU to the late one in the same cycle": _rule("add.w r0, r1, r2; eor.w r3, r0, r1", 1, OVERALL),
    "MOVW and MOVT go together": _rule("movw r0, #1; movt r0, #2", 1, OVERALL),
    "from the late ALU in the next cycle": _rule("eor.w r0, r1, r2; eor.w r3, r0, r1", 2, OVERALL),
    "from the early ALU to an address in the next cycle": _rule(_then("add.w r0, r6, r2", "ldr.w r1, [r0]"), 2, OVERALL, setup="movs r2, #0"),
    "from the late ALU in the second": _rule(_then("eor.w r0, r6, r2", "ldr.w r1, [r0]"), 3, OVERALL, setup="movs r2, #0"),
    "a constant that is shifted keeps ADD out of the early ALU": _rule(_then("add.w r0, r6, #0x100", "ldr.w r1, [r0]"), 3, OVERALL),
    "a plain one does not": _rule(_then("addw r0, r6, #0x100", "ldr.w r1, [r0]"), 2, OVERALL),
    "an address that was moved on is there in the next cycle": _rule(_then("ldr.w r0, [r3, #4]!", "ldr.w r1, [r3, #-4]!"), 2, OVERALL, setup="mov r3, r6"),
    "after a reversal not for an address in the next cycle": _rule(_then("rev.w r0, r2", "ldr.w r1, [r6, r0]"), 3, OVERALL, setup="movs r2, #0"),
    "but in the same cycle for the late ALU": _rule("rev.w r0, r1; eor.w r2, r0, r3", 1, OVERALL),
    "bit-field instructions do not go together": _rule("uxtb.w r0, r1; ubfx r2, r3, #0, #8", 2, BITS),
    "they have to be the older": _rule("mov.w r0, r1; uxtb.w r2, r3", 2, BITS),
    "and are": _rule("uxtb.w r2, r3; mov.w r0, r1", 1, BITS),
    "so do DSP instructions": _rule("mov.w r0, r1; uadd8 r2, r3, r1", 2, BITS),
    "their result is no address in the next cycle": _rule(_then("uxtb.w r0, r2", "ldr.w r1, [r6, r0]"), 3, BITS, setup="movs r2, #0"),
    "UBFX takes its source a cycle early": _rule(_then("eor.w r0, r1, r2", "ubfx r3, r0, #0, #8"), 3, BITS),
    "REV too": _rule(_then("eor.w r0, r1, r2", "rev.w r3, r0"), 3, BITS),
    "BFI what it inserts": _rule(_then("eor.w r0, r1, r2", "bfi r3, r0, #0, #8"), 3, BITS),
    "but not what it inserts into": _rule(_then("eor.w r3, r1, r2", "bfi r3, r0, #0, #8"), 2, BITS),
    "UXTAB what it extends": _rule(_then("eor.w r0, r1, r2", "uxtab r3, r1, r0"), 3, BITS),
    "PKHBT its second source": _rule(_then("eor.w r0, r1, r2", "pkhbt r3, r0, r1"), 2, BITS),
    "PKHTB both": _rule(_then("eor.w r0, r1, r2", "pkhtb r3, r0, r1, asr #1"), 3, BITS),
    "REV does not go with a shifted operand": _rule("rev.w r0, r1; add.w r2, r3, r1, lsl #2", 2, BITS),
    "UXTB does": _rule("uxtb.w r0, r1; add.w r2, r3, r1, lsl #2", 1, BITS),
    "a shifted operand is taken a cycle early": _rule(_then("eor.w r0, r1, r2", "add.w r3, r4, r0, lsl #2"), 3, OPERAND2),
    "from the early ALU it is there": _rule(_then("add.w r0, r1, r2", "eor.w r3, r4, r0, ror #22"), 2, OPERAND2),
    "two shifted operands do not go together": _rule("add.w r0, r1, r2, lsl #2; add.w r3, r1, r2, lsl #2", 2, OPERAND2),
    "nor two shifted constants": _rule("eor r0, r1, #0x1fc0; eor r3, r1, #0x1fc0", 2, OPERAND2),
    "two repeated constants do": _rule("eor r0, r1, #0x1b1b1b1b; eor r3, r1, #0x1b1b1b1b", 1, OPERAND2),
    "a simple constant with a shifted one does": _rule("add.w r0, r1, #1; eor r3, r1, #0x1fc0", 1, OPERAND2),
    "a shifted operand with a younger shift does": _rule("add.w r0, r1, r2, lsl #2; lsr.w r3, r1, #3", 1, OPERAND2),
    "but not with an older one": _rule("lsr.w r3, r1, #3; add.w r0, r1, r2, lsl #2", 2, OPERAND2),
    "two shifts do": _rule("lsr.w r3, r1, #3; lsl.w r0, r1, r2", 1, OPERAND2),
    "two multiplications do not go together": _rule("mul r0, r1, r2; mul r3, r1, r2", 2, MULTIPLY),
    "nor one with a store": _rule("mul r0, r1, r2; str.w r3, [r6]", 2, MULTIPLY),
    "nor a store with one": _rule("str.w r3, [r6]; mul r0, r1, r2", 2, MULTIPLY),
    "a product is there a cycle later": _rule(_then("mul r0, r1, r2", "add.w r3, r0, r1"), 3, MULTIPLY),
    "sums of products can be added to each cycle": _rule(_then("mla r0, r1, r2, r0", "smlad r0, r1, r2, r0"), 2, MULTIPLY),
    "a factor is not loaded in the cycle before": _rule(_then("ldr.w r0, [r6]", "mul r1, r0, r2"), 3, MULTIPLY),
    "what is added is taken a cycle later": _rule(_then("ldrb.w r0, [r6]", "mla r1, r2, r3, r0"), 2, MULTIPLY),
    "but not in the same cycle": _rule("ldrb.w r0, [r6]; mla r1, r2, r3, r0", 2, MULTIPLY),
    "even from the late ALU in the same cycle": _rule("eor.w r0, r1, r2; mla r3, r1, r2, r0", 1, MULTIPLY),
    "a loaded word is there in the next cycle": _rule(_then("ldr.w r0, [r6]", "eor.w r1, r0, r2"), 2, LOADS),
    "to be shifted a cycle later": _rule(_then("ldr.w r0, [r6]", "add.w r1, r2, r0, lsl #2"), 3, LOADS),
    "and for an address": _rule(_then("ldr.w r0, [r6]", "ldr.w r1, [r0]"), 3, LOADS, setup="str r4, [r6]"),
    "a loaded byte is there in the second": _rule(_then("ldrb.w r0, [r6]", "eor.w r1, r0, r2"), 3, LOADS),
    "to be shifted in the third": _rule(_then("ldrh.w r0, [r6]", "add.w r1, r2, r0, lsl #2"), 4, LOADS),
    "two loads of an even and an odd word go together": _rule("ldr.w r0, [r6]; ldr.w r1, [r6, #4]", 1, LOADS),
    "two of even words do not": _rule("ldr.w r0, [r6]; ldr.w r1, [r6, #8]", 2, LOADS),
    "nor need they have one pointer": _rule(
        "ldr.w r0, [r6]; ldr.w r1, [r4, #4]", 1, LOADS,
        deviation="the model pairs loads only where one pointer tells that their banks differ; here it takes two cycles",
    ),
    "two that move their pointers on": _rule(
        "ldr.w r0, [r3, #4]!; ldr.w r1, [r10, #4]!\nldr.w r0, [r3, #-4]!; ldr.w r1, [r10, #-4]!", 2, LOADS, setup="mov r3, r6; add.w r10, r4, #4",
        deviation="likewise",
    ),
    "an unaligned load takes three more": _rule(f"ldr.w r0, [r6, #1]; {A}", 1 + 3, LOADS),
    "wherever its address is": _rule(f"ldr.w r0, [r6, #2]; {A}\nldrh.w r0, [r6, #1]; {B}", 2 + 6, LOADS),
    "as the younger it takes four more": _rule(f"{A}; ldr.w r0, [r6, #1]", 1 + 4, LOADS,
        deviation="the model does not tell which of a pair the load is, and takes three"),
    "two stores do not go together": _rule("str.w r0, [r6]; str.w r1, [r6, #4]", 2, STORES),
    "a load and a store do": _rule("ldr.w r0, [r6]; str.w r1, [r4]", 1, STORES),
    "a result is stored in the same cycle": _rule("eor.w r0, r1, r2; str.w r0, [r6]", 1, STORES),
    "a loaded word too": _rule("ldr.w r0, [r6]; str.w r0, [r4]", 1, STORES),
    "a loaded byte too": _rule("ldrb.w r0, [r6]; strb.w r0, [r4]", 1, STORES),
    "an unaligned store does not wait": _rule(f"str.w r0, [r6, #1]; {A}", 1, STORES),
    "several words: two a cycle, alone": _rule(f"ldmia.w r6, {{r0-r3}}\n{A}; {B}\nstmia.w r4, {{r0, r1, r2}}", 2 + 1 + 2, MULTIPLE),
    "LDRD: one cycle, alone": _rule(f"ldrd r0, r1, [r6]\n{A}; {B}\nstrd r0, r1, [r4]", 3, MULTIPLE),
    "VLDM as LDM": _rule("vldmia r6, {s0-s4}\nvstmia r4, {s8-s11}", 3 + 2, FLOAT),
    "flags are not for the late ALU in the same cycle": _rule("adds.w r0, r1, r2; adc.w r3, r1, r2", 2, OVERALL),
    "but in the next": _rule(_then("adds.w r0, r1, r2", "adc.w r3, r1, r2"), 2, OVERALL),
    "a foreseen branch costs its place": _rule(f"{A}; b 2f; nop; 2: {A}; {B}", 2, BRANCH),
    "a branch that is never taken goes with what follows": _rule(f"cmp r0, r0; {A}; bne 2f; 2: {B}", 2, BRANCH),
    "a branch that is always taken": _rule("cmp r0, r0; beq 2f; nop; 2:", 1, BRANCH),
    # As often to one side as to the other, a counter is always wrong. Not taken, two MOVs are one cycle more.
    "a branch that is foreseen wrongly: eight cycles": _rule(f"eors.w r3, r3, r2; beq 2f; {A}; {B}; 2:", 1 + 8 + (0 + 1) / 2, BRANCH,
        setup="movs r3, #0; movs r2, #1"),
    # Beside it, not taken, one of the two MOVs; the other with SUBS.
    "six where the flags are known for three cycles": _rule(
        f"eors.w r3, r3, r2; {A}; {A}; {B}; {A}; {B}; beq 2f; {A}; {B}; 2:", 4 + 6 + (0 + 1) / 2, BRANCH, setup="movs r3, #0; movs r2, #1"
    ),
    "not where for two": _rule(
        f"eors.w r3, r3, r2; {A}; {A}; {B}; beq 2f; {A}; {B}; 2:", 3 + 8 + (0 + 1) / 2, BRANCH, setup="movs r3, #0; movs r2, #1"
    ),
    "call and return, foreseen": _rule("bl FUNCTION", 2, PREDICTOR, tail=".thumb_func\nFUNCTION: bx lr"),
    # Ends of branches two halfwords apart have 32 places: 40 of them share 8 places two by two.
    "branches that share a place of the predictor": _rule(_repeat("b 2f\nnop\n2:", 40), 40 + 16 * 8, PREDICTOR),
    "32 do not": _rule(_repeat("b 2f\nnop\n2:", 32), 32, PREDICTOR),
    "division: seven cycles, alone": _rule("sdiv r0, r1, r2", 7, f"{LLVM}: latency 7, single issue"),
    "TBB: two cycles to issue": _rule(f"tbb [pc, r2]; .byte 1, 1; 2: {A}; {B}", 2 + 1, f"{LLVM}: single issue, takes two cycles", setup="movs r2, #0"),
    "float division: sixteen cycles, beside one other": _rule(f"vdiv.f32 s0, s1, s2; {A}", 16, FLOAT),
    "whichever is the older": _rule(f"{A}; vdiv.f32 s0, s1, s2", 16, FLOAT),
    "square root: fourteen": _rule(f"vsqrt.f32 s0, s1; {A}", 14, FLOAT),
    "two of float arithmetic do not go together": _rule("vadd.f32 s0, s1, s2; vmul.f32 s3, s4, s5", 2, FLOAT),
    "a float sum is there after three cycles": _rule(_then("vadd.f32 s0, s1, s2", "vmul.f32 s3, s0, s4"), 4, FLOAT),
    "to be stored after one": _rule(_then("vadd.f32 s0, s1, s2", "vstr s0, [r6]"), 2, FLOAT),
    "to be added to by VMLA after two": _rule(_then("vmul.f32 s0, s1, s2", "vmla.f32 s0, s3, s4"), 3, FLOAT),
    "VFMA adds to its result after three": _rule(_then("vfma.f32 s0, s1, s2", "vfma.f32 s0, s3, s4"), 6 - LOOP, FLOAT),
    "and multiplies it after five": _rule(_then("vfma.f32 s0, s1, s2", "vmul.f32 s3, s0, s4"), 6, FLOAT),
    "of VMLA after six": _rule(_then("vmla.f32 s0, s1, s2", "vmul.f32 s3, s0, s4"), 7, FLOAT),
    "of VFMA to be stored after three": _rule(_then("vfma.f32 s0, s1, s2", "vstr s0, [r6]"), 4, FLOAT),
    "VFMA does not go with a load": _rule("vfma.f32 s0, s1, s2; vldr s4, [r6]", 2, FLOAT),
    "no VADD in three cycles after VFMA": _rule(_then("vfma.f32 s0, s1, s2", "vadd.f32 s4, s5, s6"), 5, FLOAT),
    "nor VLDM": _rule(f"vfma.f32 s0, s1, s2; {A}\nvldmia r6, {{s4-s7}}", 4 + 2, FLOAT),
    "exception": _rule("svc #0", 1 + 12 + 1 + 10, AS_M4),
}  # fmt: skip


def _line_by_line(
    base: str, bits: int, accesses: str, cycles: float, source: str, setup: str, deviation: str = ""
) -> Microbenchmark:
    """`accesses`, and four cycles more: each round uses the next line of 2 ** `bits` bytes at `base`."""
    step = f"add.w r2, r2, #32; {B}\nbfc r2, #{bits}, #{32 - bits}; {A}\nadd.w r3, {base}, r2; {B}\n{A}; {B}"
    return _rule(
        f"{accesses}\n{step}",
        4 + cycles,
        source,
        setup=f"{setup}; mov r3, {base}; movs r2, #0",
        rounds=4096,
        deviation=deviation,
    )


def _ram(name: str, address: int, bits: int, wait: int) -> dict[str, Microbenchmark]:
    """What a cache does for a memory of 2 ** `bits` bytes at least, whose reads take `wait` cycles."""
    at = f"ldr r10, ={address}"
    copied = "5: ldr r3, [r0, r2]; str r3, [r1, r2]; adds r2, #4; cmp r2, #128; bne 5b"
    return {
        f"{name} beyond the cache": _line_by_line("r10", bits, f"ldr.w r0, [r3]; {A}", 1 + wait, CACHE, at),
        f"{name} in the cache": _rule(f"ldr.w r0, [r10]; {A}\nldr.w r0, [r10, #64]; {A}", 2, CACHE, setup=at),
        f"{name}: a store brings its line in": _line_by_line(
            "r10", bits, f"str.w r0, [r3]; {A}\nldr.w r0, [r3, #4]; {A}", 2, "ARMv7-M ARM B3.1: SRAM is write-back, write-allocate", at
        ),
        f"{name} executed from the cache": _rule(
            _repeat("mov.w r8, r9", 14) + "\nmov r8, r9", 8, CACHE,
            setup=f"adr.w r0, 1f; ldr r1, ={address}; movs r2, #0; {copied}; adds r1, #1; bx r1",
        ),
    }  # fmt: skip


def _three_places(way_bytes: int, miss: int) -> dict[str, Microbenchmark]:
    """Code in two, and in three, lines of one set of a cache with two ways of `way_bytes`."""
    # The MOV keeps the branches apart in the predictor.
    places = [
        f"b.w 2f\n.space {way_bytes - 4}\n2:",
        f"mov.w r8, r9; b.w 3f\n.space {way_bytes - 8}\n3:",
    ]
    return {
        "two lines of code in a set are kept": _rule(places[0], 1, CACHE),
        "three are not": _rule("\n".join(places), 2 + 3 * miss, CACHE),
    }


def _misses(name: str, lines: int, wait: int, rest: int) -> dict[str, Microbenchmark]:
    """Loops of `lines` lines of code, all of which miss: `rest` cycles pass until a line's end is there."""
    filler = _repeat("mov.w r8, r9", lines * 8 - 2) + "\nmov r8, r9"
    # MOV.N goes with SUBS, BNE alone.
    cycles = lines * 4 - 1 + 1 + lines * (wait + rest)
    return {name: _rule(filler, cycles, CACHE)}


H7A3_WAIT = 6
H7A3_MISS = AXI + H7A3_WAIT
FLASH_STEPS = "ldr.w r0, [r5]; mov.w r8, r8; ldr.w r0, [r1]; mov.w r8, r8; ldr.w r0, [r2]; mov.w r8, r8; ldr.w r0, [r3]; mov.w r8, r8"
H7A3 = {
    "code in the cache does not wait": _rule(_repeat("mov.w r8, r9", 4000), 2000, CACHE),
    # 24 KB: three lines for two ways. A line is two flash words, the second 7 cycles after the first, of which the
    # first is executed for two.
    **_misses("24 KB of loop miss the cache in every line", 768, H7A3_MISS, H7A3_WAIT + 1 - 2),
    "without caches each flash word is waited for": _rule("mov.w r8, r9; mov.w r8, r9; mov.w r8, r9; mov.w r8, r9; mov.w r8, r9; mov.w r8, r9; mov r8, r9", 4 + 2 * H7A3_MISS, CACHE, memory="off"),
    **_three_places(8192, H7A3_MISS),
    "constants beyond the cache": _line_by_line("r5", 16, f"ldr.w r0, [r3]; {A}", 1 + H7A3_MISS, CACHE, ""),
    "16 KB of constants are kept": _line_by_line("r5", 14, f"ldr.w r0, [r3]; {A}", 1, CACHE, ""),
    # The second flash word of the line is there 7 cycles after the first, and asked for one after it.
    "words of the flash word that was asked for came with it": _line_by_line(
        "r5", 16, f"ldr.w r0, [r3]; {A}\nldr.w r0, [r3, #8]; {A}", 2 + H7A3_MISS, STREAMING, "",
    ),
    "the rest of a line comes after what was asked for": _line_by_line(
        "r5", 16, f"ldr.w r0, [r3]; {A}\nldr.w r0, [r3, #16]; {A}", 2 + H7A3_MISS + H7A3_WAIT, CACHE, ""
    ),
    "constants in the cache": _rule(f"ldr.w r0, [r5]; {A}\nldr.w r0, [r5, #64]; {A}", 2, CACHE),
    "four lines of a set are kept": _rule(FLASH_STEPS, 4, CACHE, setup="add.w r1, r5, #4096; add.w r2, r5, #8192; add.w r3, r5, #12288"),
    "five are not": _rule(f"{FLASH_STEPS}; ldr.w r0, [r10]; mov.w r8, r8", 5 + 5 * H7A3_MISS, CACHE,
        setup="add.w r1, r5, #4096; add.w r2, r5, #8192; add.w r3, r5, #12288; add.w r10, r5, #16384"),
    "without a data cache each constant is read": _rule(f"ldr.w r0, [r5]; {A}\nldr.w r0, [r5, #64]; {A}", 2 + 2 * H7A3_MISS, CACHE, memory="no data cache"),
    **_ram("AXI SRAM", 0x2400_0000, 16, AXI),
    **_ram("AHB SRAM", 0x3000_0000, 16, 12),
    **_ram("SRD SRAM", 0x3800_0000, 15, 16),
}  # fmt: skip

F746_WAIT = 7
F746_MISS = AXI + F746_WAIT
THROUGH_ITCM = "adr.w r0, 1f; ldr r1, =0xF8200001; add r0, r0, r1; bx r0"
ART = "RM0385 3.3.2: 64 lines of 256 bits, prefetch on ITCM"
F746 = {
    "code in the cache does not wait": _rule(_repeat("mov.w r8, r9", 1000), 500, CACHE),
    # 6 KB: three lines for two ways. A line is one read of flash.
    **_misses("6 KB of loop miss the cache in every line", 192, F746_MISS, 0),
    "without caches each 256 bits are waited for": _rule(_repeat("mov.w r8, r9", 14) + "\nmov r8, r9", 8 + 2 * F746_MISS, CACHE, memory="off"),
    **_three_places(2048, F746_MISS),
    "constants beyond the cache": _line_by_line("r5", 13, f"ldr.w r0, [r3]; {A}", 1 + F746_MISS, CACHE, ""),
    "4 KB of constants are kept": _line_by_line("r5", 12, f"ldr.w r0, [r3]; {A}", 1, CACHE, ""),
    "without a data cache each constant is read": _rule(f"ldr.w r0, [r5]; {A}\nldr.w r0, [r5, #64]; {A}", 2 + 2 * F746_MISS, CACHE, memory="no data cache"),
    "four lines of a set are kept": _rule(FLASH_STEPS, 4, CACHE, setup="add.w r1, r5, #1024; add.w r2, r5, #2048; add.w r3, r5, #3072"),
    "five are not": _rule(f"{FLASH_STEPS}; ldr.w r0, [r10]; mov.w r8, r8", 5 + 5 * F746_MISS, CACHE,
        setup="add.w r1, r5, #1024; add.w r2, r5, #2048; add.w r3, r5, #3072; add.w r10, r5, #4096"),
    **_ram("SRAM", 0x2002_0000, 13, AXI),
    "through ITCM the accelerator keeps constants": _rule(f"ldr.w r0, [r10]; {A}\nldr.w r0, [r10, #64]; {A}", 2, ART,
        setup="ldr r0, =0xF8200000; add.w r10, r5, r0", memory="art"),
    "through ITCM the accelerator keeps 64 lines": _rule(_repeat("mov.w r8, r9", 510) + "\nmov r8, r9", 256, ART, setup=THROUGH_ITCM, memory="art"),
    "but no more": _rule(_repeat("mov.w r8, r9", 518) + "\nmov r8, r9", 260 + 65 * F746_WAIT, ART, setup=THROUGH_ITCM, memory="art"),
    "without it each 256 bits are waited for": _rule(_repeat("mov.w r8, r9", 14) + "\nmov r8, r9", 8 + 2 * F746_WAIT, ART, setup=THROUGH_ITCM, memory="itcm"),
    # Eight instructions are four cycles of the 1 + 7 of the next line.
    "prefetch hides what is executed": _rule(_repeat("mov.w r8, r9", 518) + "\nmov r8, r9", 260 + F746_WAIT + 64 * (F746_WAIT + 1 - 4), ART, setup=THROUGH_ITCM, memory="prefetch"),
}  # fmt: skip

H7A3_ACR, F746_ACR = 0x5200_2000, 0x4002_3C00
H7A3_BENCH = Bench(
    "nucleo_h7a3zi_q",
    "cortex-m7",
    {
        "fast": {H7A3_ACR: H7A3_WAIT, SCB_CCR: BOTH_CACHES},
        "no data cache": {H7A3_ACR: H7A3_WAIT, SCB_CCR: INSTRUCTIONS_ONLY},
        "off": {H7A3_ACR: H7A3_WAIT, SCB_CCR: OFF},
    },
    PIPELINE | H7A3,
    PIPELINE.keys() - {"exception"},
)
F746_BENCH = Bench(
    "disco_f746ng",
    "cortex-m7",
    {
        "fast": {F746_ACR: F746_WAIT, SCB_CCR: BOTH_CACHES},
        "no data cache": {F746_ACR: F746_WAIT, SCB_CCR: INSTRUCTIONS_ONLY},
        "off": {F746_ACR: F746_WAIT, SCB_CCR: OFF},
        "itcm": {F746_ACR: F746_WAIT, SCB_CCR: BOTH_CACHES},
        "art": {F746_ACR: F746_WAIT | 1 << 9, SCB_CCR: BOTH_CACHES},
        "prefetch": {F746_ACR: F746_WAIT | 1 << 9 | 1 << 8, SCB_CCR: BOTH_CACHES},
    },
    PIPELINE | F746,
    PIPELINE.keys() - {"exception"},
)
