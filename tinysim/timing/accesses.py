"""Which addresses a block of code accesses, as sums that can be worked out when the block is entered.

Watching every access while it happens would slow the emulator several times over. Within a block nearly
every address is a register's value at entry, perhaps shifted, plus a constant; or the same with a value
that an earlier instruction of the block loaded or computed. Those sums are found here, once a block.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from capstone import CsInsn
from capstone import arm_const as arm

from tinysim.timing import instructions as kinds
from tinysim.timing.values import Computation, Operation, Sum, Term, constant, entry

_NAMES = {getattr(arm, name): name for name in dir(arm) if name.startswith(("ARM_INS_LD", "ARM_INS_ST"))}
_RANGE_BYTES_MAX = 4096
"""A range with neither end in flash has no byte in it, flash being larger than this."""
_CORE_REGISTERS = {
    **{arm.ARM_REG_R0 + number: number for number in range(13)},
    arm.ARM_REG_SP: 13,
    arm.ARM_REG_LR: 14,
}
_ELEMENT_BYTES = {
    kind: size
    for size, letter in ((1, "B"), (2, "H"))
    for kind in kinds.LOADS | kinds.STORES
    if _NAMES[kind].removesuffix("T").endswith(letter)
}

_SIGNED_LOADS = frozenset(kind for kind in kinds.LOADS if _NAMES[kind].startswith("ARM_INS_LDRS"))
_EXTENSIONS = {
    arm.ARM_INS_UXTB: (8, False),
    arm.ARM_INS_UXTH: (16, False),
    arm.ARM_INS_SXTB: (8, True),
    arm.ARM_INS_SXTH: (16, True),
}
_OPERATIONS = {
    arm.ARM_INS_ADD: Operation.ADD,
    arm.ARM_INS_ADDW: Operation.ADD,
    arm.ARM_INS_SUB: Operation.SUBTRACT,
    arm.ARM_INS_SUBW: Operation.SUBTRACT,
    arm.ARM_INS_RSB: Operation.SUBTRACT,
    arm.ARM_INS_MUL: Operation.MULTIPLY,
    arm.ARM_INS_AND: Operation.AND,
    arm.ARM_INS_BIC: Operation.AND,
    arm.ARM_INS_ORR: Operation.OR,
    arm.ARM_INS_ORN: Operation.OR,
    arm.ARM_INS_EOR: Operation.EXCLUSIVE_OR,
    arm.ARM_INS_LSL: Operation.SHIFT_LEFT,
    arm.ARM_INS_LSR: Operation.SHIFT_RIGHT,
    arm.ARM_INS_ASR: Operation.SHIFT_RIGHT_SIGNED,
    arm.ARM_INS_ROR: Operation.ROTATE_RIGHT,
}
_SHIFTS = {
    arm.ARM_SFT_LSL: Operation.SHIFT_LEFT,
    arm.ARM_SFT_LSR: Operation.SHIFT_RIGHT,
    arm.ARM_SFT_ASR: Operation.SHIFT_RIGHT_SIGNED,
    arm.ARM_SFT_ROR: Operation.ROTATE_RIGHT,
}
_SHIFTS_BY_REGISTER = {
    arm.ARM_SFT_LSL_REG: Operation.SHIFT_LEFT,
    arm.ARM_SFT_LSR_REG: Operation.SHIFT_RIGHT,
    arm.ARM_SFT_ASR_REG: Operation.SHIFT_RIGHT_SIGNED,
    arm.ARM_SFT_ROR_REG: Operation.ROTATE_RIGHT,
}


@dataclass(frozen=True)
class Access:
    """One load or store of a block: `elements` neighbouring elements of `element_bytes` from `address`.

    `address` is None where it cannot be told at entry.
    """

    instruction: int
    address: Sum | None
    element_bytes: int
    elements: int = 1
    is_store: bool = False


@dataclass(frozen=True)
class AccessRange:
    """The accesses of a block at constant distances from one register's value at entry.

    All lie from `first` to `last` bytes of it (modulo 2^32), and are aligned where `aligned` bytes from it is
    a multiple of `alignment`.
    """

    register: int
    first: int
    last: int
    alignment: int
    aligned: int


def find_ranges(steps: Sequence[Access | Computation]) -> list[AccessRange] | None:
    """Return the ranges that cover all accesses among `steps`, or None where some access is in none.

    Accesses of unknown address are left out: nothing is known of them, here as elsewhere.
    """
    by_register: dict[int, list[tuple[int, int, int]]] = {}
    for access in steps:
        if isinstance(access, Computation) or access.address is None:
            continue
        terms = access.address.terms
        if len(terms) != 1 or terms[0].register is None or terms[0].shift:
            return None
        offset = (access.address.constant + 2**31) % 2**32 - 2**31
        last = offset + access.element_bytes * access.elements - 1
        by_register.setdefault(terms[0].register, []).append((offset, last, access.element_bytes))
    ranges = []
    for register, places in by_register.items():
        aligned, _, alignment = max(places, key=lambda place: place[2])
        if any((offset - aligned) % size for offset, _, size in places):
            return None
        first, last = min(place[0] for place in places), max(place[1] for place in places)
        if last - first > _RANGE_BYTES_MAX:
            return None
        ranges.append(AccessRange(register, first % 2**32, last % 2**32, alignment, aligned % 2**32))
    return ranges


def find_accesses(instructions: Sequence[CsInsn], *, with_stores: bool = False) -> list[Access | Computation]:
    """Return the loads, and the stores where they are wanted, of a block in order of execution.

    With their addresses where they can be told; between them stand the computations that these need.
    """
    return _without_idle(_Follower(with_stores).follow(instructions))


def sums_of(step: Access | Computation) -> tuple[Sum, ...]:
    """Return the sums that are worked out for a step of the list."""
    if isinstance(step, Computation):
        return (step.left, step.right)
    return () if step.address is None else (step.address,)


def _without_idle(steps: list[Access | Computation]) -> list[Access | Computation]:
    """Leave out computations that no address needs, and number the rest anew."""
    needed = {number for number, step in enumerate(steps) if isinstance(step, Access)}
    for number in range(len(steps) - 1, -1, -1):
        if number in needed:
            needed |= {
                term.loaded
                for found in sums_of(steps[number])
                for term in found.terms
                if term.loaded is not None
            }
    places = {number: place for place, number in enumerate(sorted(needed))}

    def moved(found: Sum) -> Sum:
        terms = tuple(
            term if term.loaded is None else replace(term, loaded=places[term.loaded]) for term in found.terms
        )
        return Sum(terms, found.constant)

    kept: list[Access | Computation] = []
    for number in sorted(needed):
        step = steps[number]
        if isinstance(step, Computation):
            kept.append(Computation(step.operation, moved(step.left), moved(step.right)))
        else:
            kept.append(step if step.address is None else replace(step, address=moved(step.address)))
    return kept


class _Follower:
    """Follows register values through a block."""

    def __init__(self, with_stores: bool) -> None:
        self.with_stores = with_stores
        self.values: dict[int, Sum | None] = {number: Sum((Term(number),), 0) for number in range(15)}
        self.steps: list[Access | Computation] = []

    def follow(self, instructions: Sequence[CsInsn]) -> list[Access | Computation]:
        for position, instruction in enumerate(instructions):
            before = dict(self.values)
            results = self._results(position, instruction)
            for register in kinds.destination_registers(instruction):
                if register in _CORE_REGISTERS:
                    self.values[_CORE_REGISTERS[register]] = None
            self.values.update(results)
            # What a conditional instruction leaves behind is either of two values.
            if kinds.is_conditional(instruction):
                for number, value in before.items():
                    if self.values[number] != value:
                        self.values[number] = None
        return self.steps

    def _value(self, register: int, instruction: CsInsn) -> Sum | None:
        if register == arm.ARM_REG_PC:
            return constant((instruction.address + 4) & ~3)
        number = _CORE_REGISTERS.get(register)
        return None if number is None else self.values[number]

    def _results(self, position: int, instruction: CsInsn) -> dict[int, Sum | None]:
        if kinds.is_memory_access(instruction):
            return self._memory(position, instruction)
        value = self._data_processing(instruction)
        if value is None or not instruction.operands or instruction.operands[0].type != arm.ARM_OP_REG:
            return {}
        number = _CORE_REGISTERS.get(instruction.operands[0].reg)
        return {} if number is None else {number: value}

    def _compute(self, operation: Operation, left: Sum | None, right: Sum | None) -> Sum | None:
        """Return the sum that stands for the result of an operation, None where an operand is not known."""
        if left is None or right is None:
            return None
        if operation is Operation.SUBTRACT and not right.terms:
            operation, right = Operation.ADD, constant(-right.constant)
        if operation is Operation.ADD and (found := left.plus(right)) is not None:
            return found
        if operation is Operation.SHIFT_LEFT and not right.terms and right.constant < 32:
            found = left.shifted(right.constant)
            if found is not None:
                return found
        self.steps.append(Computation(operation, left, right))
        return entry(len(self.steps) - 1)

    def _extended(self, value: Sum | None, bits: int, *, signed: bool) -> Sum | None:
        if not signed:
            return self._compute(Operation.AND, value, constant((1 << bits) - 1))
        raised = self._compute(Operation.SHIFT_LEFT, value, constant(32 - bits))
        return self._compute(Operation.SHIFT_RIGHT_SIGNED, raised, constant(32 - bits))

    def _data_processing(self, instruction: CsInsn) -> Sum | None:
        operands = list(instruction.operands)
        kind = instruction.id
        if kind in (arm.ARM_INS_MOV, arm.ARM_INS_MOVS, arm.ARM_INS_MOVW) and len(operands) == 2:
            return self._operand(operands[1], instruction)
        if kind == arm.ARM_INS_MOVT and len(operands) == 2:
            low = self._extended(self._value(operands[0].reg, instruction), 16, signed=False)
            return self._compute(Operation.OR, low, constant(operands[1].imm << 16))
        if kind == arm.ARM_INS_MVN and len(operands) == 2:
            return self._compute(
                Operation.EXCLUSIVE_OR, self._operand(operands[1], instruction), constant(-1)
            )
        if kind == arm.ARM_INS_ADR and len(operands) == 2:
            return constant(((instruction.address + 4) & ~3) + operands[1].imm)
        if kind in _EXTENSIONS and len(operands) == 2:
            bits, signed = _EXTENSIONS[kind]
            return self._extended(self._operand(operands[1], instruction), bits, signed=signed)
        if kind in kinds.BIT_FIELD_EXTRACTIONS and len(operands) == 4:
            value = self._operand(operands[1], instruction)
            lowest, bits = operands[2].imm, operands[3].imm
            right = self._compute(Operation.SHIFT_RIGHT, value, constant(lowest))
            return self._extended(right, bits, signed=kind == arm.ARM_INS_SBFX)
        if kind in _OPERATIONS and len(operands) in (2, 3):
            first, second = (self._operand(operand, instruction) for operand in operands[-2:])
            return self._operate(kind, first, second)
        if kind in (arm.ARM_INS_MLA, arm.ARM_INS_MLS) and len(operands) == 4:
            first, second, added = (self._operand(operand, instruction) for operand in operands[1:])
            product = self._compute(Operation.MULTIPLY, first, second)
            operation = Operation.ADD if kind == arm.ARM_INS_MLA else Operation.SUBTRACT
            return self._compute(operation, added, product)
        return None

    def _operate(self, kind: int, first: Sum | None, second: Sum | None) -> Sum | None:
        if kind in (arm.ARM_INS_BIC, arm.ARM_INS_ORN):
            second = self._compute(Operation.EXCLUSIVE_OR, second, constant(-1))
        if kind == arm.ARM_INS_RSB:
            first, second = second, first
        return self._compute(_OPERATIONS[kind], first, second)

    def _operand(self, operand: Any, instruction: CsInsn) -> Sum | None:
        kind = operand.type
        if kind == arm.ARM_OP_IMM:
            return constant(operand.imm)
        if kind != arm.ARM_OP_REG:
            return None
        if operand.reg == arm.ARM_REG_PC:
            return constant(instruction.address + 4)
        return self._shifted(self._value(operand.reg, instruction), operand.shift, instruction)

    def _shifted(self, value: Sum | None, shift: Any, instruction: CsInsn) -> Sum | None:
        if shift.type == arm.ARM_SFT_INVALID:
            return value
        if shift.type in _SHIFTS:
            return self._compute(_SHIFTS[shift.type], value, constant(shift.value))
        if shift.type in _SHIFTS_BY_REGISTER:
            by = self._value(shift.value, instruction)
            return self._compute(_SHIFTS_BY_REGISTER[shift.type], value, by)
        return None

    def _memory(self, position: int, instruction: CsInsn) -> dict[int, Sum | None]:
        kind = instruction.id
        if kind in kinds.MULTIPLE:
            return self._multiple(position, instruction)
        memory = next(operand for operand in instruction.operands if operand.type == arm.ARM_OP_MEM)
        base = self._value(memory.mem.base, instruction)
        moved = self._displaced(base, memory, instruction)
        results: dict[int, Sum | None] = {}
        if instruction.writeback:
            number = _CORE_REGISTERS.get(memory.mem.base)
            if number is not None:
                results[number] = self._post_indexed(base, instruction) if instruction.post_index else moved
        address = base if instruction.post_index else moved
        first = instruction.operands[0].reg
        size = _ELEMENT_BYTES.get(kind, 4)
        if kind in kinds.LOADS:
            self.steps.append(Access(position, address, size))
            target = _CORE_REGISTERS.get(first)
            if target is not None:
                found = entry(len(self.steps) - 1) if address is not None else None
                signed = kind in _SIGNED_LOADS
                results[target] = found if size == 4 else self._extended(found, 8 * size, signed=signed)
        elif kind in kinds.DOUBLE_LOADS:
            self.steps.append(Access(position, address, 4, 2))
            results |= self._loaded([first, instruction.operands[1].reg], address)
        elif kind == arm.ARM_INS_VLDR:
            self.steps.append(Access(position, address, 4, 2 if kinds.is_double(first) else 1))
        elif self.with_stores:
            words = 2 if kind in kinds.DOUBLE_STORES or kinds.is_double(first) else 1
            self.steps.append(Access(position, address, size, words, is_store=True))
        return results

    def _loaded(self, registers: Sequence[int], address: Sum | None) -> dict[int, Sum | None]:
        """Return what a load of several words leaves in its registers."""
        results: dict[int, Sum | None] = {}
        for place, register in enumerate(registers):
            if register in _CORE_REGISTERS and address is not None:
                word = address.plus(constant(4 * place))
                results[_CORE_REGISTERS[register]] = self._compute(Operation.PEEK, word, constant(0))
        return results

    def _displaced(self, base: Sum | None, memory: Any, instruction: CsInsn) -> Sum | None:
        part = memory.mem
        if part.index == 0:
            return self._compute(Operation.ADD, base, constant(part.disp))
        index = self._value(part.index, instruction)
        if part.scale < 0:
            return None
        scaled = self._compute(Operation.SHIFT_LEFT, index, constant(memory.shift.value or part.lshift))
        return self._compute(Operation.ADD, base, scaled)

    def _post_indexed(self, base: Sum | None, instruction: CsInsn) -> Sum | None:
        last = instruction.operands[-1]
        if base is None:
            return None
        if last.type == arm.ARM_OP_IMM:
            return base.plus(constant(-last.imm if last.subtracted else last.imm))
        return base.plus(constant(last.mem.disp)) if last.type == arm.ARM_OP_MEM else None

    def _multiple(self, position: int, instruction: CsInsn) -> dict[int, Sum | None]:
        words = kinds.register_list_length(instruction)
        kind = instruction.id
        base_register = kinds.multiple_base(instruction)
        base = self._value(base_register, instruction)
        downwards = kind in kinds.DOWNWARDS
        moved = None if base is None else base.plus(constant(-4 * words if downwards else 4 * words))
        is_store = kind not in kinds.LOADS_MULTIPLE | kinds.FLOAT_LOADS_MULTIPLE
        first = moved if downwards else base
        if self.with_stores or not is_store:
            self.steps.append(Access(position, first, 4, words, is_store=is_store))
        results = (
            self._loaded(kinds.listed_registers(instruction), first) if kind in kinds.LOADS_MULTIPLE else {}
        )
        number = _CORE_REGISTERS.get(base_register)
        if number is not None and kinds.base_update(instruction):
            results[number] = moved
        return results
