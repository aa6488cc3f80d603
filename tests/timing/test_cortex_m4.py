"""Each rule of the Cortex-M4 technical reference manual (Arm 100166, 3.3 and 7.2.3), as hand-counted code."""

import pytest

from tests.timing.assembler import disassemble
from tinysim.board import load_board
from tinysim.timing import timing_model

RULES = {
    "data processing: one cycle each": ("add r0, r1, r2; mvn r3, r4; sxtb16 r5, r6; ssat r0, #8, r1", 4),
    "multiply and multiply-accumulate: one cycle": (
        "mul r0, r1, r2; mla r0, r1, r2, r3; smlad r4, r5, r6, r4",
        3,
    ),
    "long multiply: one cycle on M4": ("smull r0, r1, r2, r3; smlal r0, r1, r2, r3", 2),
    "division: the middle of 2 to 12": ("sdiv r0, r1, r2", 7),
    "a single load: two cycles": ("ldr r0, [r1]", 2),
    "LDR R0,[R1]; LDR R1,[R2]: three cycles": ("ldr r0, [r1]; ldr r1, [r2]", 3),
    "LDR R0,[R1,R2]; STR R0,[R3,#20]: three cycles": ("ldr r0, [r1, r2]; str r0, [r3, #20]", 3),
    "LDR R0,[R1,R2]; STR R1,[R3,R2]: three cycles": ("ldr r0, [r1, r2]; str r1, [r3, r2]", 3),
    "three loads: four cycles": ("ldr r0, [r1, r5]; ldr r1, [r2]; ldr r2, [r3, #4]", 4),
    "a load whose address the load before brought: not pipelined": ("ldr r0, [r1]; ldr r2, [r0]", 4),
    "post-indexed loads from one pointer: pipelined": ("ldr r0, [r1], #4; ldr r2, [r1], #4", 3),
    "STR with an immediate offset: one cycle": ("str r0, [r1, #4]", 1),
    "STR with a register offset: two cycles": ("str r0, [r1, r2]", 2),
    "nothing is pipelined after a store": ("str r0, [r1, #4]; ldr r2, [r3]", 3),
    "an address from the data operation before: one more": ("add r0, r1, r2; ldr r3, [r0]", 4),
    "an address from two operations before: no stall": ("add r0, r1, r2; nop; ldr r3, [r0]", 4),
    "LDRD: three cycles": ("ldrd r0, r1, [r2]", 3),
    "a three element LDM: four cycles": ("ldm r0, {r1, r2, r3}", 4),
    "an eight element store: nine cycles": ("push {r4-r11}", 9),
    "LDM is not pipelined with a load before": ("ldr r0, [r1]; ldm r2, {r3, r4}", 5),
    "a NOP disappears under a load": ("ldr r0, [r1]; nop; mov r2, r3", 3),
    "IT folds onto a 16-bit instruction": ("cmp r0, #0; it eq; moveq r1, #1", 2),
    "IT after a 32-bit instruction: one cycle": ("cmp.w r0, #0; it eq; moveq r1, #1", 3),
    "DSB and DMB need not wait": ("dsb; dmb", 2),
    "ISB refills the pipeline": ("isb", 4),
    "float add and multiply: one cycle": ("vadd.f32 s0, s1, s2; vmul.f32 s3, s4, s5", 2),
    "float multiply-accumulate: three cycles": ("vmla.f32 s0, s1, s2; vfma.f32 s3, s4, s5", 6),
    "float division and square root: fourteen cycles": ("vdiv.f32 s0, s1, s2; vsqrt.f32 s3, s4", 28),
    "float load of four words: 1 + N": ("vldmia r0, {s0-s3}", 5),
    "a branch not taken: one cycle": ("beq .", 1),
}


@pytest.fixture(scope="module")
def model():
    return timing_model(load_board("nucleo_l4r5zi").chip)


@pytest.mark.parametrize("rule", RULES)
def test_rule(model, rule):
    source, cycles = RULES[rule]
    instructions = disassemble(source)
    assert model.describe_block(0x0800_0000, instructions).cycles == cycles


def test_cycles_before_each_instruction(model):
    block = model.describe_block(
        0x0800_0000, disassemble("ldr r0, [r1]; ldr r2, [r3]; mov r6, r7; push {r4, r5}")
    )
    assert block.cycles_before == (0, 2, 3, 4)
    assert block.cycles == 7


NARROW, WIDE = "mov r0, r1", "mov.w r0, r1"
PREFETCH = {
    # "groups of three or more unaligned wide instructions will take one extra cycle"
    "two unaligned wide instructions": ([NARROW, WIDE, WIDE, NARROW], 4),
    "three unaligned wide instructions": ([NARROW, WIDE, WIDE, WIDE, NARROW], 6),
    "eight unaligned wide instructions": ([NARROW, *[WIDE] * 8, NARROW], 11),
    "eight aligned wide instructions": ([WIDE] * 8, 8),
    "three unaligned wide instructions after a load": (["ldr r2, [r3]", *[WIDE] * 3, NARROW], 7),
    "narrow instructions": ([NARROW] * 12, 12),
}


@pytest.mark.parametrize("name", PREFETCH)
def test_the_prefetch_unit_keeps_up_or_not(model, name):
    source, cycles = PREFETCH[name]
    assert model.describe_block(0x0800_0000, disassemble("; ".join(source))).cycles == cycles


@pytest.mark.parametrize(
    ("source", "leaving"),
    [
        ("b .", 1),
        ("beq .", 1),
        ("bl .", 1),
        ("bx lr", 1),
        ("bx r3", 3),
        ("pop {r4, pc}", 3),
        ("ldr pc, [r0]", 3),
    ],
)
def test_a_target_that_is_known_early_is_fetched_early(model, source, leaving):
    block = model.describe_block(0x0800_0000, disassemble(source))
    assert (block.is_branch, block.leaving) == (True, leaving)


@pytest.mark.parametrize(
    ("address", "source", "entered"), [(0, WIDE, 0), (2, WIDE, 1), (0, NARROW, 0), (2, NARROW, 0)]
)
def test_a_branch_to_an_unaligned_wide_instruction_takes_one_more(model, address, source, entered):
    assert model.describe_block(0x0800_0000 + address, disassemble(source)).entered == entered
