"""Cycles of Cortex-M4 instructions, from the Cortex-M4 technical reference manual (Arm 100166).

Section 3.3.1 gives the table of instructions, 3.3.2 the pairing of loads and stores, 7.2.3 the
floating-point instructions. Memory is taken to answer at once; waiting for flash is added elsewhere.

Not modelled: the early end of a division (the middle of "2 to 12" is taken), a conditional instruction
that is skipped (it costs as if executed), and contention between a literal load and the fetch unit.
"""

from __future__ import annotations

from capstone import CsInsn
from capstone import arm_const as arm

DIVISION_CYCLES = 7
FLOAT_DIVISION_CYCLES = 14
FLOAT_MULTIPLY_ACCUMULATE_CYCLES = 3
PIPELINE_RELOAD_CYCLES = 3

LOADS = frozenset(
    {
        arm.ARM_INS_LDR,
        arm.ARM_INS_LDRB,
        arm.ARM_INS_LDRH,
        arm.ARM_INS_LDRSB,
        arm.ARM_INS_LDRSH,
        arm.ARM_INS_LDRT,
        arm.ARM_INS_LDRBT,
        arm.ARM_INS_LDRHT,
        arm.ARM_INS_LDRSBT,
        arm.ARM_INS_LDRSHT,
        arm.ARM_INS_LDREX,
        arm.ARM_INS_LDREXB,
        arm.ARM_INS_LDREXH,
    }
)
STORES = frozenset(
    {
        arm.ARM_INS_STR,
        arm.ARM_INS_STRB,
        arm.ARM_INS_STRH,
        arm.ARM_INS_STRT,
        arm.ARM_INS_STRBT,
        arm.ARM_INS_STRHT,
        arm.ARM_INS_STREX,
        arm.ARM_INS_STREXB,
        arm.ARM_INS_STREXH,
    }
)
LOADS_MULTIPLE = frozenset({arm.ARM_INS_LDM, arm.ARM_INS_LDMDB, arm.ARM_INS_POP})
STORES_MULTIPLE = frozenset({arm.ARM_INS_STM, arm.ARM_INS_STMDB, arm.ARM_INS_PUSH})
FLOAT_MULTIPLE = frozenset(
    {
        arm.ARM_INS_VLDMIA,
        arm.ARM_INS_VLDMDB,
        arm.ARM_INS_VSTMIA,
        arm.ARM_INS_VSTMDB,
        arm.ARM_INS_VPUSH,
        arm.ARM_INS_VPOP,
    }
)
_DIVISIONS = frozenset({arm.ARM_INS_SDIV, arm.ARM_INS_UDIV})
_FLOAT_LONG = frozenset({arm.ARM_INS_VDIV, arm.ARM_INS_VSQRT})
_FLOAT_MULTIPLY_ACCUMULATE = frozenset(
    {
        arm.ARM_INS_VMLA,
        arm.ARM_INS_VMLS,
        arm.ARM_INS_VNMLA,
        arm.ARM_INS_VNMLS,
        arm.ARM_INS_VFMA,
        arm.ARM_INS_VFMS,
        arm.ARM_INS_VFNMA,
        arm.ARM_INS_VFNMS,
    }
)
_SPECIAL_REGISTER = frozenset({arm.ARM_INS_MRS, arm.ARM_INS_MSR})
_TABLE_BRANCHES = frozenset({arm.ARM_INS_TBB, arm.ARM_INS_TBH})
_MEMORY = (
    LOADS
    | STORES
    | LOADS_MULTIPLE
    | STORES_MULTIPLE
    | FLOAT_MULTIPLE
    | {arm.ARM_INS_LDRD, arm.ARM_INS_STRD, arm.ARM_INS_VLDR, arm.ARM_INS_VSTR}
)


def register_list_length(instruction: CsInsn) -> int:
    """Return N of the manual's "1+N": registers (words) moved by a load or store of several."""
    registers = [operand.reg for operand in instruction.operands if operand.type == arm.ARM_OP_REG]
    if instruction.id in (arm.ARM_INS_PUSH, arm.ARM_INS_POP):
        return len(registers)
    moved = registers if instruction.id in (arm.ARM_INS_VPUSH, arm.ARM_INS_VPOP) else registers[1:]
    return sum(2 if arm.ARM_REG_D0 <= register <= arm.ARM_REG_D31 else 1 for register in moved)


def address_registers(instruction: CsInsn) -> frozenset[int]:
    """Return the registers that a load or store computes its address from."""
    registers: set[int] = set()
    for operand in instruction.operands:
        if operand.type == arm.ARM_OP_MEM:
            registers |= {operand.mem.base, operand.mem.index}
    if instruction.id in (LOADS_MULTIPLE | STORES_MULTIPLE | FLOAT_MULTIPLE):
        stack = instruction.id in (
            arm.ARM_INS_PUSH,
            arm.ARM_INS_POP,
            arm.ARM_INS_VPUSH,
            arm.ARM_INS_VPOP,
        )
        registers.add(arm.ARM_REG_SP if stack else instruction.operands[0].reg)
    return frozenset(registers - {0})


def destination_registers(instruction: CsInsn) -> frozenset[int]:
    """Return the registers that the instruction writes, base update included."""
    return frozenset(instruction.regs_access()[1])


def is_memory_access(instruction: CsInsn) -> bool:
    """Tell whether the instruction loads or stores."""
    return instruction.id in _MEMORY


def writes_program_counter(instruction: CsInsn) -> bool:
    """Tell whether a load or a data operation puts its result into PC."""
    return arm.ARM_REG_PC in destination_registers(instruction)


def _index_register(instruction: CsInsn) -> bool:
    return any(operand.type == arm.ARM_OP_MEM and operand.mem.index != 0 for operand in instruction.operands)


def instruction_cycles(instruction: CsInsn, previous: CsInsn | None) -> int:
    """Return the cycles of `instruction` when it follows `previous` in the same block.

    A taken branch's pipeline refill is not included: it depends on the target (see `refill_cycles`).
    """
    kind = instruction.id
    if kind in _MEMORY:
        return _memory_cycles(instruction, previous)
    if kind in _DIVISIONS:
        return DIVISION_CYCLES
    if kind in _FLOAT_LONG:
        return FLOAT_DIVISION_CYCLES
    if kind in _FLOAT_MULTIPLY_ACCUMULATE:
        return FLOAT_MULTIPLY_ACCUMULATE_CYCLES
    if kind == arm.ARM_INS_IT:
        # "An IT instruction can be folded onto a preceding 16-bit Thumb instruction."
        return 0 if previous is not None and previous.size == 2 else 1
    if kind in _SPECIAL_REGISTER:
        return 2
    if kind == arm.ARM_INS_ISB:
        return 1 + PIPELINE_RELOAD_CYCLES
    if kind in _TABLE_BRANCHES:
        return 3
    return 1


def _memory_cycles(instruction: CsInsn, previous: CsInsn | None) -> int:
    kind = instruction.id
    addresses = address_registers(instruction)
    stall = 0
    if (
        previous is not None
        and not is_memory_access(previous)
        and previous.id != arm.ARM_INS_IT
        and destination_registers(previous) & addresses
    ):
        # "Any load or store that generates an address dependent on the result of a preceding data
        # processing operation stalls the pipeline for an additional cycle."
        stall = 1
    if kind in (LOADS_MULTIPLE | STORES_MULTIPLE | FLOAT_MULTIPLE):
        return 1 + register_list_length(instruction) + stall
    if kind in (arm.ARM_INS_LDRD, arm.ARM_INS_STRD):
        return 3 + stall
    if kind in (arm.ARM_INS_VLDR, arm.ARM_INS_VSTR):
        double = arm.ARM_REG_D0 <= instruction.operands[0].reg <= arm.ARM_REG_D31
        return (3 if double else 2) + stall
    if kind in STORES and not _index_register(instruction):
        # "STR Rx,[Ry,#imm] is always one cycle."
        return 1 + stall
    # "If the next instruction is an LDR or STR, and the destination of the first LDR is not used to
    # compute the address for the next instruction, then one cycle is removed from its cost."
    pipelined = (
        previous is not None
        and previous.id in LOADS
        and not ((destination_registers(previous) - _base_update(previous)) & addresses)
    )
    return (1 if pipelined else 2) + stall


def _base_update(instruction: CsInsn) -> frozenset[int]:
    if not instruction.writeback:
        return frozenset()
    return frozenset(operand.mem.base for operand in instruction.operands if operand.type == arm.ARM_OP_MEM)


def refill_cycles(target_address: int, target_size_bytes: int, direct: bool) -> int:
    """Return P of the manual's table: cycles to refill the pipeline at a branch target.

    "P ranges from 1 to 3 depending on the alignment and width of the target instruction, and whether
    the processor manages to speculate the address early": the target of a direct branch is known at
    decode; a 32-bit instruction that straddles two words takes one more fetch.
    """
    straddles = target_size_bytes == 4 and target_address % 4 != 0
    if not direct:
        return PIPELINE_RELOAD_CYCLES
    return 2 if straddles else 1
