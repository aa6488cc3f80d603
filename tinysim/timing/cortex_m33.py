"""Cycles of Cortex-M33 instructions.

Arm publishes no table for this core. The rules are those that careful microbenchmarks found on an RP2350
(Cortex-M33 r1p0; "cortex-m33" in the pipeline cycle tests of github.com/jnk0le/random, quoted below), and
Arm's note KA001260 on MULS.

Not modelled: floating-point instructions that are issued "out of order", the early end of a division (the
middle of its range is taken), and the anomaly of LDM between POP and BX.
"""

from __future__ import annotations

from collections.abc import Sequence

from capstone import CsInsn
from capstone import arm_const as arm

from tinysim.timing import instructions as kinds
from tinysim.timing.pipeline import BlockCost

LOAD_LATENCY = 2
LONG_LATENCY = 2
DIVISION_CYCLES = 7
FLOAT_DIVISION_CYCLES = 14
FLOAT_MULTIPLY_ACCUMULATE_LATENCY = 4
FLOAT_ACCUMULATION_LATENCY = 3
FLOAT_BLOCKED_CYCLES = 2
FLOAT_LATENCY = 2
TAKEN_BRANCH_CYCLES = 2

_FLAGS = -1
_CORE = frozenset({*range(arm.ARM_REG_R0, arm.ARM_REG_R12 + 1), arm.ARM_REG_LR})
_LONG = kinds.MULTIPLICATIONS | kinds.SIGNAL_PROCESSING


def block_cost(address: int, instructions: Sequence[CsInsn]) -> BlockCost:
    """Return the cost of a block: in order, one instruction a cycle, waiting for operands."""
    ready: dict[int, int] = {}
    accumulator_ready: dict[int, int] = {}
    chained: frozenset[int] = frozenset()
    now = 0
    before = []
    float_free = 0
    previous: CsInsn | None = None
    paired = False
    for instruction in instructions:
        operands = kinds.operands_of(instruction)
        needed = operands.ordinary | operands.address | operands.shifted
        if instruction.id in kinds.EXTENDING_ADDITIONS:
            # "accumulate dependency can be chained like in multiply accumulates", but not from loads
            needed -= operands.ordinary & chained
        start = max([now, *(ready.get(register, 0) for register in needed)])
        start = max([start, *(accumulator_ready.get(register, 0) for register in operands.accumulated)])
        # "load to store latency is 1 cycle"; "can store result from accumulate stage in 1 cycle"
        waits = ready if _is_float(instruction) else accumulator_ready
        start = max([start, *(waits.get(register, 0) for register in operands.stored)])
        if kinds.reads_flags(instruction):
            start = max(start, ready.get(_FLAGS, 0))
        if _is_float(instruction):
            start = max(start, float_free)
        paired = previous is not None and not paired and _pairs(previous, instruction)
        if paired:
            # In the cycle of the instruction before, whose last cycle is now - 1.
            before.append(now)
            previous = instruction
            continue
        before.append(start)
        cycles = _issue_cycles(instruction)
        latency = _latency(instruction)
        chained -= operands.results
        if _can_be_accumulated(instruction):
            chained |= operands.results
        for register in operands.results:
            ready[register] = start + cycles - 1 + latency
            accumulator_ready[register] = start + cycles - 1 + _latency_to_accumulation(instruction)
        for register in operands.updated_base:
            ready[register] = accumulator_ready[register] = start + cycles
        if kinds.sets_flags(instruction):
            late = kinds.has_shifted_register(instruction)
            ready[_FLAGS] = start + cycles + late
        if instruction.id in kinds.FLOAT_MULTIPLY_ACCUMULATE:
            # "No other floating point instruction can be issued in the following 2 cycles"
            float_free = start + 1 + FLOAT_BLOCKED_CYCLES
        now = start + cycles
        previous = instruction
    before.append(now)
    return BlockCost(
        tuple(before), leaving=_leaving(instructions, paired), overlapped=_following_loads(instructions)
    )


def _following_loads(instructions: Sequence[CsInsn]) -> frozenset[int]:
    """Return the places of loads and stores that come right after a load.

    On Cortex-M3 and M4 these overlap only within one memory (see `cortex_m4`). That it is so on this core,
    which has two data buses too, is an assumption: no measurement is published.
    """
    return frozenset(
        place
        for place in range(1, len(instructions))
        if instructions[place].id in kinds.LOADS | kinds.STORES and instructions[place - 1].id in kinds.LOADS
    )


def _pairs(previous: CsInsn, instruction: CsInsn) -> bool:
    """Tell whether `instruction` takes no cycle of its own after `previous`.

    "only two 16 bit (.n) instructions can dual issue": a NOP, an IT or a branch as the second one.
    """
    if previous.size != 2 or instruction.size != 2 or kinds.leaves_block(previous):
        return False
    return (
        instruction.id
        in kinds.IT_BLOCK | kinds.NO_OPERATIONS | kinds.DIRECT_BRANCHES | kinds.INDIRECT_BRANCHES
    )


def _leaving(instructions: Sequence[CsInsn], paired: bool) -> int:
    """Return what a taken branch at the end costs beyond its own issue.

    "subs r7, #1 // 1 cycle; bne 1b // 2 cycles taken, 0 not taken"; after a 16-bit instruction that does not
    set the flags it is "effectively executing in 1 cycle".
    """
    if not instructions:
        return 0
    last = instructions[-1]
    own = 0 if paired else 1
    if last.id not in kinds.DIRECT_BRANCHES | kinds.INDIRECT_BRANCHES:
        return TAKEN_BRANCH_CYCLES
    if paired and not kinds.sets_flags(instructions[-2]):
        return TAKEN_BRANCH_CYCLES - 1
    return TAKEN_BRANCH_CYCLES - own


def _is_float(instruction: CsInsn) -> bool:
    return str(instruction.mnemonic).startswith("v")


def _issue_cycles(instruction: CsInsn) -> int:
    kind = instruction.id
    if kind in kinds.MULTIPLE:
        # "load/store multiple of x registers execute in exactly x cycles (also applies to FPU)"
        return max(1, kinds.register_list_length(instruction))
    if kind in kinds.DOUBLE_LOADS | kinds.DOUBLE_STORES:
        return 2
    if kind in (arm.ARM_INS_VLDR, arm.ARM_INS_VSTR):
        return 2 if kinds.is_double(instruction.operands[0].reg) else 1
    if kind in kinds.DIVISIONS:
        return DIVISION_CYCLES
    if kind in kinds.FLOAT_LONG:
        return FLOAT_DIVISION_CYCLES
    if kind == arm.ARM_INS_MUL and kinds.sets_flags(instruction):
        return 2  # KA001260: "MULS stalls for an additional cycle"
    if kinds.has_shifted_constant(instruction) and kinds.sets_flags(instruction):
        return 1 if kind in kinds.MOVES else 2
    if kind in kinds.TABLE_BRANCHES:
        return 1 + LOAD_LATENCY
    if kind == arm.ARM_INS_VMOV and _moves_two_to_core(instruction):
        return 2
    return 1


def _can_be_accumulated(instruction: CsInsn) -> bool:
    """Tell whether the next instruction may add to the result, though others get it a cycle later.

    "accumulate dependency can be chained from previous MAC, *xta* or operand2 (shifted reg/constant), insns"
    """
    return (
        instruction.id in kinds.MULTIPLICATIONS | kinds.EXTENDING_ADDITIONS
        or kinds.has_shifted_register(instruction)
        or kinds.has_shifted_constant(instruction)
    )


def _moves_two_to_core(instruction: CsInsn) -> bool:
    return _core_registers(instruction) == 2 and kinds.operands_of(instruction).results <= _CORE


def _core_registers(instruction: CsInsn) -> int:
    return sum(operand.type == arm.ARM_OP_REG and operand.reg in _CORE for operand in instruction.operands)


def _latency(instruction: CsInsn) -> int:
    kind = instruction.id
    if kind in kinds.LOADS | kinds.DOUBLE_LOADS | kinds.LOADS_MULTIPLE:
        return LOAD_LATENCY
    if kind in _LONG or kinds.has_shifted_register(instruction) or kinds.has_shifted_constant(instruction):
        return LONG_LATENCY
    if kind in kinds.FLOAT_MULTIPLY_ACCUMULATE:
        return FLOAT_MULTIPLY_ACCUMULATE_LATENCY
    if kind in (arm.ARM_INS_VADD, arm.ARM_INS_VSUB, arm.ARM_INS_VMUL, arm.ARM_INS_VNMUL, arm.ARM_INS_VCVT):
        return FLOAT_LATENCY
    if kind == arm.ARM_INS_VMOV:
        # "two S registers to two GPR ... 1 cycle of result latency", "two GPR to two S ... 2", "one S
        # register to one GPR ... 2", "one GPR to one S ... 1"
        to_core = kinds.operands_of(instruction).results <= _CORE
        return FLOAT_LATENCY if _core_registers(instruction) == (1 if to_core else 2) else 1
    return 1


def _latency_to_accumulation(instruction: CsInsn) -> int:
    if instruction.id in kinds.FLOAT_MULTIPLY_ACCUMULATE:
        return FLOAT_ACCUMULATION_LATENCY
    return _latency(instruction) if _is_float(instruction) else 1
