"""What an instruction is to a pipeline: its kind, and which registers it needs for what."""

from __future__ import annotations

from dataclasses import dataclass

from capstone import CsInsn
from capstone import arm_const as arm


def _named(*names: str) -> frozenset[int]:
    return frozenset(getattr(arm, f"ARM_INS_{name}") for name in names)


LOADS = _named(
    *("LDR", "LDRB", "LDRH", "LDRSB", "LDRSH", "LDRT", "LDRBT", "LDRHT", "LDRSBT", "LDRSHT"),
    *("LDREX", "LDREXB", "LDREXH", "LDA", "LDAB", "LDAH", "LDAEX", "LDAEXB", "LDAEXH"),
)
STORES = _named(
    *("STR", "STRB", "STRH", "STRT", "STRBT", "STRHT", "STREX", "STREXB", "STREXH"),
    *("STL", "STLB", "STLH", "STLEX", "STLEXB", "STLEXH"),
)
EXCLUSIVE_STORES = _named("STREX", "STREXB", "STREXH", "STLEX", "STLEXB", "STLEXH")
LOADS_MULTIPLE = _named("LDM", "LDMDB", "POP")
STORES_MULTIPLE = _named("STM", "STMDB", "PUSH")
FLOAT_LOADS_MULTIPLE = _named("VLDMIA", "VLDMDB", "VPOP")
FLOAT_STORES_MULTIPLE = _named("VSTMIA", "VSTMDB", "VPUSH")
FLOAT_MULTIPLE = FLOAT_LOADS_MULTIPLE | FLOAT_STORES_MULTIPLE
ON_THE_STACK = _named("PUSH", "POP", "VPUSH", "VPOP")
DOWNWARDS = _named("PUSH", "VPUSH", "LDMDB", "STMDB", "VLDMDB", "VSTMDB")
DOUBLE_LOADS = _named("LDRD")
DOUBLE_STORES = _named("STRD")
MULTIPLE = LOADS_MULTIPLE | STORES_MULTIPLE | FLOAT_MULTIPLE
MEMORY = LOADS | STORES | MULTIPLE | DOUBLE_LOADS | DOUBLE_STORES | _named("VLDR", "VSTR")

DIVISIONS = _named("SDIV", "UDIV")
FLOAT_LONG = _named("VDIV", "VSQRT")
FLOAT_MULTIPLY_ACCUMULATE = _named("VMLA", "VMLS", "VNMLA", "VNMLS", "VFMA", "VFMS", "VFNMA", "VFNMS")
FLOAT_ARITHMETIC = (
    FLOAT_LONG
    | FLOAT_MULTIPLY_ACCUMULATE
    | _named("VADD", "VSUB", "VMUL", "VNMUL", "VCVT", "VCVTR", "VCVTA", "VCVTN", "VCVTP", "VCVTM")
)
TABLE_BRANCHES = _named("TBB", "TBH")
DIRECT_BRANCHES = _named("B", "BL", "CBZ", "CBNZ")
INDIRECT_BRANCHES = _named("BX", "BLX", "BXNS", "BLXNS")
SPECIAL_REGISTER = _named("MRS", "MSR")
MOVES = _named("MOV", "MOVS", "MOVW", "MOVT", "MVN")
SHIFTS = _named("LSL", "LSR", "ASR", "ROR", "RRX")
ADDITIONS = _named("ADD", "ADDW", "SUB", "SUBW", "ADR")
REVERSALS = _named("REV", "REV16", "REVSH", "RBIT")
BIT_FIELD_EXTRACTIONS = _named("SBFX", "UBFX")
BIT_FIELD_INSERTIONS = _named("BFI", "BFC")
PACKS = _named("PKHBT", "PKHTB")
EXTENSIONS = _named("SXTB", "SXTH", "UXTB", "UXTH")
PAIR_EXTENSIONS = _named("SXTB16", "UXTB16")
EXTENDING_ADDITIONS = _named("SXTAB", "SXTAH", "SXTAB16", "UXTAB", "UXTAH", "UXTAB16")
SATURATIONS = _named("SSAT", "USAT", "SSAT16", "USAT16")
LONG_ACCUMULATES = _named(
    *("SMLAL", "UMLAL", "UMAAL", "SMLALD", "SMLALDX", "SMLSLD", "SMLSLDX"),
    *("SMLALBB", "SMLALBT", "SMLALTB", "SMLALTT"),
)
ACCUMULATES = LONG_ACCUMULATES | _named(
    *("MLA", "MLS", "SMLAD", "SMLADX", "SMLSD", "SMLSDX", "SMMLA", "SMMLAR", "SMMLS", "SMMLSR"),
    *("SMLABB", "SMLABT", "SMLATB", "SMLATT", "SMLAWB", "SMLAWT", "USADA8"),
)
MULTIPLICATIONS = ACCUMULATES | _named(
    *("MUL", "SMULL", "UMULL", "SMUAD", "SMUADX", "SMUSD", "SMUSDX", "SMMUL", "SMMULR", "USAD8"),
    *("SMULBB", "SMULBT", "SMULTB", "SMULTT", "SMULWB", "SMULWT"),
)
_PARALLEL = tuple(
    prefix + operation
    for prefix in ("S", "U", "Q", "UQ", "SH", "UH")
    for operation in ("ADD16", "ADD8", "ASX", "SAX", "SUB16", "SUB8")
)
SIGNAL_PROCESSING = (
    _named(*_PARALLEL, "QADD", "QSUB", "QDADD", "QDSUB", "SEL")
    | PACKS
    | EXTENDING_ADDITIONS
    | PAIR_EXTENSIONS
    | SATURATIONS
)
BIT_MANIPULATIONS = REVERSALS | BIT_FIELD_EXTRACTIONS | BIT_FIELD_INSERTIONS | EXTENSIONS | _named("CLZ")
IT_BLOCK = _named("IT")
NO_OPERATIONS = _named("NOP", "HINT")

_ALWAYS = (arm.ARM_CC_AL, arm.ARM_CC_INVALID)
_CARRY_USERS = _named("ADC", "SBC", "RSC", "RRX")


@dataclass(frozen=True)
class Operands:
    """The registers (Capstone's numbers) of an instruction, by the part of a pipeline that needs them."""

    ordinary: frozenset[int] = frozenset()
    address: frozenset[int] = frozenset()
    shifted: frozenset[int] = frozenset()
    accumulated: frozenset[int] = frozenset()
    stored: frozenset[int] = frozenset()
    results: frozenset[int] = frozenset()
    updated_base: frozenset[int] = frozenset()


def register_list_length(instruction: CsInsn) -> int:
    """Return how many words a load or store of several registers moves."""
    return sum(2 if is_double(register) else 1 for register in listed_registers(instruction))


def is_double(register: int) -> bool:
    """Tell whether a register is a double-precision one."""
    return bool(arm.ARM_REG_D0 <= register <= arm.ARM_REG_D31)


def listed_registers(instruction: CsInsn) -> list[int]:
    """Return the registers that a load or store of several moves, lowest address first."""
    registers = [operand.reg for operand in instruction.operands if operand.type == arm.ARM_OP_REG]
    return registers if instruction.id in ON_THE_STACK else registers[1:]


def multiple_base(instruction: CsInsn) -> int:
    """Return the register that a load or store of several registers takes its address from."""
    if instruction.id in ON_THE_STACK:
        return int(arm.ARM_REG_SP)
    return int(instruction.operands[0].reg)


def address_registers(instruction: CsInsn) -> frozenset[int]:
    """Return the registers that a load or store computes its address from."""
    if instruction.id in MULTIPLE:
        return frozenset({multiple_base(instruction)})
    registers: set[int] = set()
    for operand in instruction.operands:
        if operand.type == arm.ARM_OP_MEM:
            registers |= {operand.mem.base, operand.mem.index}
    return frozenset(registers - {0})


def destination_registers(instruction: CsInsn) -> frozenset[int]:
    """Return the registers that the instruction writes, base update included."""
    return frozenset(instruction.regs_access()[1])


def is_memory_access(instruction: CsInsn) -> bool:
    """Tell whether the instruction loads or stores."""
    return instruction.id in MEMORY


def base_update(instruction: CsInsn) -> frozenset[int]:
    """Return the address register that a load or store also writes."""
    if instruction.id in ON_THE_STACK:
        return frozenset({arm.ARM_REG_SP})
    if not instruction.writeback:
        return frozenset()
    if instruction.id in MULTIPLE:
        return frozenset({multiple_base(instruction)})
    return frozenset(operand.mem.base for operand in instruction.operands if operand.type == arm.ARM_OP_MEM)


def is_conditional(instruction: CsInsn) -> bool:
    """Tell whether the condition flags decide over the instruction."""
    return instruction.id not in IT_BLOCK and instruction.cc not in _ALWAYS


def reads_flags(instruction: CsInsn) -> bool:
    """Tell whether the instruction needs the condition flags."""
    return is_conditional(instruction) or instruction.id in _CARRY_USERS or instruction.id == arm.ARM_INS_SEL


def sets_flags(instruction: CsInsn) -> bool:
    """Tell whether the instruction changes the condition flags."""
    if instruction.id in _CARRY_USERS:  # of these Capstone says so always
        return str(instruction.mnemonic).startswith(("adcs", "sbcs", "rscs", "rrxs"))
    return bool(instruction.update_flags) or instruction.id == arm.ARM_INS_VMRS


def leaves_block(instruction: CsInsn) -> bool:
    """Tell whether the instruction may go elsewhere than to the next one."""
    return (
        instruction.id in DIRECT_BRANCHES | INDIRECT_BRANCHES | TABLE_BRANCHES
        or arm.ARM_REG_PC in destination_registers(instruction)
    )


def has_shifted_register(instruction: CsInsn) -> bool:
    """Tell whether the second operand is a register that is shifted inline."""
    return (
        instruction.id
        not in MEMORY | PACKS | SATURATIONS | EXTENSIONS | EXTENDING_ADDITIONS | PAIR_EXTENSIONS
        and any(
            operand.type == arm.ARM_OP_REG and operand.shift.type != arm.ARM_SFT_INVALID
            for operand in instruction.operands
        )
    )


def has_shifted_constant(instruction: CsInsn) -> bool:
    """Tell whether the instruction's constant is eight bits that are shifted (not repeated) into place.

    Of the 32-bit data processing instructions with a "modified immediate constant" (ARMv7-M ARM, A5.3.2).
    """
    if instruction.size != 4 or instruction.id in MEMORY | DIRECT_BRANCHES | SHIFTS | BIT_MANIPULATIONS:
        return False
    if instruction.id in SIGNAL_PROCESSING or instruction.id in _named("MOVW", "MOVT", "ADDW", "SUBW", "ADR"):
        return False
    first = int.from_bytes(instruction.bytes[:2], "little")
    if first >> 9 & 0x7D != 0x78:  # 11110x0: data processing with a modified immediate
        return False
    second = int.from_bytes(instruction.bytes[2:], "little")
    return second >> 15 == 0 and ((first >> 10 & 1) << 3 | second >> 12 & 7) >= 4


def operands_of(instruction: CsInsn) -> Operands:
    """Return what the instruction needs each register for."""
    read, written = instruction.regs_access()
    kind = instruction.id
    sources = frozenset(read) - {arm.ARM_REG_PC, arm.ARM_REG_CPSR, arm.ARM_REG_ITSTATE}
    results = frozenset(written) - {arm.ARM_REG_PC, arm.ARM_REG_CPSR, arm.ARM_REG_ITSTATE}
    registers = [operand.reg for operand in instruction.operands if operand.type == arm.ARM_OP_REG]
    if kind in MEMORY:
        address = address_registers(instruction)
        updated = base_update(instruction)
        stored: frozenset[int] = frozenset()
        if (
            kind in STORES | DOUBLE_STORES | STORES_MULTIPLE | FLOAT_STORES_MULTIPLE
            or kind == arm.ARM_INS_VSTR
        ):
            listed = (
                listed_registers(instruction) if kind in MULTIPLE else registers[kind in EXCLUSIVE_STORES :]
            )
            stored = frozenset(listed)
            results = frozenset(registers[:1]) if kind in EXCLUSIVE_STORES else frozenset()
        return Operands(address=address, stored=stored, results=results - updated, updated_base=updated)
    if kind in ACCUMULATES:
        last = frozenset(registers[:2] if kind in LONG_ACCUMULATES else registers[3:])
        factors = frozenset(registers[2:4] if kind in LONG_ACCUMULATES else registers[1:3])
        return Operands(ordinary=factors, accumulated=last, results=results)
    if kind in FLOAT_MULTIPLY_ACCUMULATE:
        return Operands(
            ordinary=frozenset(registers[1:]), accumulated=frozenset(registers[:1]), results=results
        )
    if kind in BIT_FIELD_INSERTIONS | EXTENDING_ADDITIONS | PACKS or has_shifted_register(instruction):
        last_register = frozenset(registers[-1:])
        return Operands(
            ordinary=(sources | frozenset(registers[1:])) - last_register,
            shifted=last_register,
            results=results,
        )
    if kind == arm.ARM_INS_MOVT:
        sources |= frozenset(registers[:1])
    if kind in EXTENSIONS | PAIR_EXTENSIONS:
        sources |= frozenset(registers[1:])
    return Operands(ordinary=sources, results=results)
