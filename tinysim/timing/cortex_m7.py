"""Cycles of Cortex-M7 instructions: two in order a cycle.

Arm publishes no table for this core. The rules are those that careful microbenchmarks found on an STM32H743
("cortex-m7" in the pipeline cycle tests of github.com/jnk0le/random, quoted below), which agree with
quinapalus.com/cm7cycles.html and with LLVM's ARMScheduleM7.td.

An instruction that is issued in cycle t has its early ALU and its address at t, its late ALU at t + 1, and
what it accumulates or stores at t + 2. Every result is ready at a time for each of these.

The branch target address cache is taken to have 64 entries with two-bit counters; Arm does not publish its
size.

Not modelled: the fetch queue (instructions are taken to be there), the sliding of pairs across branches, the
store buffer running full, and floating-point pairing beyond one arithmetic instruction a cycle.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from capstone import CsInsn
from capstone import arm_const as arm

from tinysim.timing import instructions as kinds
from tinysim.timing.pipeline import BlockCost

DIVISION_CYCLES = 7
FLOAT_DIVISION_CYCLES = 16
FLOAT_SQUARE_ROOT_CYCLES = 14
FLOAT_LATENCY = 3
FLOAT_MULTIPLY_ACCUMULATE_LATENCY = 5
FLOAT_BLOCKED_CYCLES = 3
TABLE_BRANCH_CYCLES = 2
UNALIGNED_LOAD_CYCLES = (3, 3)
PREDICTOR_ENTRIES = 64
MISPREDICTION_CYCLES = 8
EARLY_MISPREDICTION_CYCLES = 6
EARLY_FLAGS_CYCLES = 3

_LATE, _THIRD = 1, 2
_CHAINED = frozenset({arm.ARM_INS_VMLA, arm.ARM_INS_VMLS, arm.ARM_INS_VNMLA, arm.ARM_INS_VNMLS})
_FLAGS = -1
_SHIFTER_USERS = (
    kinds.BIT_FIELD_INSERTIONS
    | kinds.BIT_FIELD_EXTRACTIONS
    | kinds.REVERSALS
    | kinds.EXTENDING_ADDITIONS
    | kinds.PACKS
)
_BIT_AND_SIGNAL = kinds.BIT_MANIPULATIONS | kinds.SIGNAL_PROCESSING
_EARLY_OPERANDS = kinds.BIT_FIELD_EXTRACTIONS | kinds.REVERSALS | {arm.ARM_INS_PKHTB}
_UNPAIRED = kinds.MULTIPLE | kinds.DOUBLE_LOADS | kinds.DOUBLE_STORES | kinds.DIVISIONS | kinds.TABLE_BRANCHES


@dataclass(frozen=True)
class _Result:
    """When a result can be used by each part of the pipeline.

    Of what accumulates or stores it, `added` and `stored` are the first cycles of issue.
    """

    early: int
    late: int
    factor: int
    added: int
    stored: int

    @classmethod
    def at(cls, time: int, *, stored: int = 0, added: int | None = None) -> _Result:
        return cls(time, time, time, time - _THIRD if added is None else added, stored)


@dataclass
class _Pipeline:
    ready: dict[int, _Result] = field(default_factory=dict)
    cycle: int = 0
    older: CsInsn | None = None
    older_operands: kinds.Operands | None = None
    pair_full: bool = False
    float_free: int = 0
    slot_before: bool = False


def block_cost(address: int, instructions: Sequence[CsInsn]) -> BlockCost:
    """Return the cost of a block, issued in order in pairs where the rules allow it."""
    if not instructions:
        return BlockCost((0,))
    state = _Pipeline()
    before = _issue_all(state, instructions)
    leaves_slot = not state.pair_full
    again = _issue_all(state, instructions)[-1] - before[-1]
    joined = _issue_all(_Pipeline(slot_before=True), instructions)[-1]
    return BlockCost(
        tuple(before),
        mispredicted=_misprediction(instructions, before),
        again=again,
        joined=joined,
        leaves_slot=leaves_slot,
    )


def _issue_all(state: _Pipeline, instructions: Sequence[CsInsn]) -> list[int]:
    """Return the cycle in which each instruction is issued, and at last that after the last one."""
    cycles = []
    end = 0
    for instruction in instructions:
        cycle = _issue(state, instruction)
        cycles.append(cycle)
        end = max(end, cycle + _issue_cycles(instruction))
    return [*cycles, end]


def _misprediction(instructions: Sequence[CsInsn], before: Sequence[int]) -> int:
    """Return the penalty of going on otherwise than foreseen.

    "Branch misprediction penalty from 8 to 6 cycles ... instruction generating flags have to be placed at
    least 3 cycles before branch."
    """
    setters = [
        cycle
        for instruction, cycle in zip(instructions, before, strict=False)
        if kinds.sets_flags(instruction)
    ]
    if instructions and before[len(instructions) - 1] - (setters[-1] if setters else 0) >= EARLY_FLAGS_CYCLES:
        return EARLY_MISPREDICTION_CYCLES
    return MISPREDICTION_CYCLES


def _issue(state: _Pipeline, instruction: CsInsn) -> int:
    operands = kinds.operands_of(instruction)
    if state.older is None and state.slot_before:
        state.slot_before = False
        if instruction.id not in _UNPAIRED | _BIT_AND_SIGNAL:
            # "Not-taken branch can dual issue with following instruction"
            _finish(state, instruction, operands, -1, is_older=False)
            state.cycle = _issue_cycles(instruction) - 1
            return -1
    paired = not state.pair_full and state.older is not None and _may_pair(state, instruction, operands)
    cycle = state.cycle if paired else state.cycle + (state.older is not None)
    if paired and _earliest(state, instruction, operands, False) > cycle:
        paired = False
        cycle += 1
    if not paired:
        cycle = max(cycle, _earliest(state, instruction, operands, True))
    _finish(state, instruction, operands, cycle, is_older=not paired)
    duration = _issue_cycles(instruction)
    if paired:
        state.pair_full = True
        state.cycle = max(state.cycle, cycle + duration - 1)
    else:
        state.cycle = cycle + duration - 1
        state.older, state.older_operands = instruction, operands
        state.pair_full = instruction.id in _UNPAIRED
    return cycle


def _may_pair(state: _Pipeline, younger: CsInsn, operands: kinds.Operands) -> bool:
    """Tell whether `younger` may be issued in the same cycle as the instruction before it, operands apart."""
    older, older_operands = state.older, state.older_operands
    assert older is not None
    assert older_operands is not None
    kind, other = younger.id, older.id
    if kind in _UNPAIRED or other in _UNPAIRED:
        return False
    if kinds.leaves_block(older):
        return False  # the block goes on only where it is not taken: one branch a cycle is simplest
    if kind in kinds.MULTIPLICATIONS and (other in kinds.MULTIPLICATIONS or other in kinds.STORES):
        return False
    if other in kinds.MULTIPLICATIONS and kind in kinds.STORES:
        return False
    if kind in _BIT_AND_SIGNAL:
        return False  # "must be placed in older op"
    if kinds.has_shifted_register(younger) or kinds.has_shifted_constant(younger):
        if kinds.has_shifted_register(older) or kinds.has_shifted_constant(older):
            return False
        if other in _SHIFTER_USERS or other in kinds.SHIFTS:
            return False
    if kind in kinds.STORES and other in kinds.STORES:
        return False
    if kind in kinds.LOADS and other in kinds.LOADS and not _different_banks(older, younger):
        return False
    if _is_float_arithmetic(younger) and _is_float_arithmetic(older):
        return False
    if other in kinds.FLOAT_MULTIPLY_ACCUMULATE and str(younger.mnemonic).startswith(
        ("vldr", "vstr", "vmov")
    ):
        return False
    if kinds.reads_flags(younger) and kinds.sets_flags(older) and not kinds.leaves_block(younger):
        return False  # "flags generated in early ALU cannot be forwarded to late ALU in 0 cycles"
    return not (older_operands.updated_base & operands.address)


def _waits_for_multiply_accumulate(instruction: CsInsn) -> bool:
    """Tell whether the instruction has to keep a distance from a float multiply-accumulate.

    "vadd.f, vldm, vstm, vldr.d, vstr.d, vmov sd, #fimm instructions cannot be executed for 3 next cycles".
    """
    kind = instruction.id
    if kind in (arm.ARM_INS_VLDR, arm.ARM_INS_VSTR):
        return kinds.is_double(instruction.operands[0].reg)
    if kind == arm.ARM_INS_VMOV:
        return bool(instruction.operands[-1].type == arm.ARM_OP_FP)
    return kind in kinds.FLOAT_MULTIPLE or kind in (arm.ARM_INS_VADD, arm.ARM_INS_VSUB)


def _different_banks(older: CsInsn, younger: CsInsn) -> bool:
    """Tell whether two loads surely go to different banks ("even and odd words")."""
    first = next(operand.mem for operand in older.operands if operand.type == arm.ARM_OP_MEM)
    second = next(operand.mem for operand in younger.operands if operand.type == arm.ARM_OP_MEM)
    if first.base != second.base or first.index or second.index or older.writeback or younger.writeback:
        return False
    return bool((first.disp // 4 - second.disp // 4) % 2)


def _is_float_arithmetic(instruction: CsInsn) -> bool:
    name = str(instruction.mnemonic)
    return name.startswith("v") and not name.startswith(("vldr", "vstr", "vmov"))


def _earliest(state: _Pipeline, instruction: CsInsn, operands: kinds.Operands, is_older: bool) -> int:
    """Return the first cycle in which every operand will be there in time."""
    kind = instruction.id
    earliest = 0
    nowhere = _Result.at(0)

    def need(registers: frozenset[int], part: str, stage: int) -> None:
        nonlocal earliest
        for register in registers:
            earliest = max(earliest, getattr(state.ready.get(register, nowhere), part) - stage)

    need(operands.address, "early", 0)
    need(operands.shifted, "early", 0)
    # The tables of latencies: VMLA adds a cycle later than VFMA.
    need(operands.accumulated, "added", int(kind in _CHAINED))
    need(operands.stored, "stored", 0)
    if kind in kinds.MULTIPLICATIONS:
        need(operands.ordinary, "factor", _LATE)
    elif kind in _EARLY_OPERANDS:
        need(operands.ordinary, "early", 0)
    else:
        need(operands.ordinary, "late", _LATE)
    if kinds.reads_flags(instruction) and not kinds.leaves_block(instruction):
        need(frozenset({_FLAGS}), "late", _LATE)
    if _waits_for_multiply_accumulate(instruction):
        earliest = max(earliest, state.float_free)
    return earliest


def _finish(
    state: _Pipeline, instruction: CsInsn, operands: kinds.Operands, cycle: int, *, is_older: bool
) -> None:
    kind = instruction.id
    last = cycle + _issue_cycles(instruction) - 1
    if kind in kinds.LOADS | kinds.DOUBLE_LOADS | kinds.LOADS_MULTIPLE:
        whole = kind not in kinds.LOADS or kind in (arm.ARM_INS_LDR, arm.ARM_INS_LDREX, arm.ARM_INS_LDRT)
        # "can store any result in same cycle, including ldr, ldrh, ldrb"
        result = _Result(last + 2, last + 2, last + 3, last, last) if whole else _Result.at(last + 3)
    elif kind in kinds.MULTIPLICATIONS:
        result = _Result.at(last + 3)
    elif kind in kinds.FLOAT_MULTIPLY_ACCUMULATE:
        # "as vmul operand: vfma 5, vmla 6; as fma/mla accumulate: 3/2, x/3; as vstr operand: 3, 4"
        done = last + (kind in _CHAINED)
        result = _Result.at(
            done + 1 + FLOAT_MULTIPLY_ACCUMULATE_LATENCY,
            added=done + FLOAT_LATENCY,
            stored=done + FLOAT_LATENCY,
        )
        state.float_free = last + 1 + FLOAT_BLOCKED_CYCLES
    elif _is_float_arithmetic(instruction):
        # "as vadd, vmul operand: 3; as fma/mla accumulate: 3/2; as vstr operand: 1"
        result = _Result.at(last + 1 + FLOAT_LATENCY, added=last + FLOAT_LATENCY, stored=last + 1)
    elif _uses_early_alu(state, instruction, operands, cycle, is_older):
        # "result can't be used by AGU ... next cycle" after a reversal
        result = _Result(last + 1 + (kind in kinds.REVERSALS), last + 1, last + 1, last, last)
    else:
        result = _Result.at(last + 2)
    for register in operands.results:
        state.ready[register] = result
    for register in operands.updated_base:
        state.ready[register] = _Result.at(last + 1)
    if kinds.sets_flags(instruction):
        state.ready[_FLAGS] = _Result.at(last + 2)


def _uses_early_alu(
    state: _Pipeline, instruction: CsInsn, operands: kinds.Operands, cycle: int, is_older: bool
) -> bool:
    kind = instruction.id
    simple = kind in kinds.ADDITIONS | kinds.MOVES and is_older
    if kind in kinds.MOVES | kinds.ADDITIONS and (
        kinds.has_shifted_register(instruction) or kinds.has_shifted_constant(instruction)
    ):
        return False
    if not (simple or kind in kinds.SHIFTS | kinds.REVERSALS):
        return False
    there = _Result.at(0)
    return all(state.ready.get(register, there).early <= cycle for register in operands.ordinary)


def _issue_cycles(instruction: CsInsn) -> int:
    kind = instruction.id
    if kind in kinds.MULTIPLE:
        # "takes ceil(regnum/2) cycles to execute"
        return max(1, (kinds.register_list_length(instruction) + 1) // 2)
    if kind in kinds.DIVISIONS:
        return DIVISION_CYCLES
    if kind == arm.ARM_INS_VDIV:
        return FLOAT_DIVISION_CYCLES
    if kind == arm.ARM_INS_VSQRT:
        return FLOAT_SQUARE_ROOT_CYCLES
    if kind in kinds.TABLE_BRANCHES:
        return TABLE_BRANCH_CYCLES
    return 1
