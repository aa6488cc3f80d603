"""Which addresses a block of code accesses, as sums that can be worked out when the block is entered.

Watching every access while it happens would slow the emulator several times over. Within a block nearly
every address is a register's value at entry, perhaps shifted, plus a constant; or the same with a value
that an earlier instruction of the block loaded. Those sums are found here, once a block.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from capstone import CsInsn
from capstone import arm_const as arm

from tinysim.timing import instructions as kinds

_WORD_MASK = 0xFFFF_FFFF
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


@dataclass(frozen=True)
class Term:
    """A register at entry, or what load number `loaded` of the block brought, shifted left by `shift`."""

    register: int | None = None
    loaded: int | None = None
    shift: int = 0


@dataclass(frozen=True)
class Sum:
    """At most two terms and a constant, modulo 2^32."""

    terms: tuple[Term, ...]
    constant: int

    def plus(self, other: Sum) -> Sum | None:
        """Add two sums, or return None where the result has more than two terms."""
        terms = self.terms + other.terms
        return Sum(terms, (self.constant + other.constant) & _WORD_MASK) if len(terms) <= 2 else None

    def shifted(self, shift: int) -> Sum | None:
        """Shift left, or return None where a term would be shifted by more than 31."""
        if any(term.shift + shift > 31 for term in self.terms):
            return None
        terms = tuple(Term(term.register, term.loaded, term.shift + shift) for term in self.terms)
        return Sum(terms, (self.constant << shift) & _WORD_MASK)


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


def find_ranges(accesses: Sequence[Access]) -> list[AccessRange] | None:
    """Return the ranges that cover all `accesses`, or None where some access is in none.

    Accesses of unknown address are left out: nothing is known of them, here as elsewhere.
    """
    by_register: dict[int, list[tuple[int, int, int]]] = {}
    for access in accesses:
        if access.address is None:
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


def constant(value: int) -> Sum:
    """Return the sum that is just `value`."""
    return Sum((), value & _WORD_MASK)


def find_accesses(instructions: Sequence[CsInsn], *, with_stores: bool = False) -> list[Access]:
    """Return the loads, and the stores where they are wanted, of a block in order of execution.

    With their addresses where they can be told.
    """
    return _Follower(with_stores).follow(instructions)


class _Follower:
    """Follows register values through a block."""

    def __init__(self, with_stores: bool) -> None:
        self.with_stores = with_stores
        self.values: dict[int, Sum | None] = {number: Sum((Term(number),), 0) for number in range(15)}
        self.accesses: list[Access] = []

    def follow(self, instructions: Sequence[CsInsn]) -> list[Access]:
        for position, instruction in enumerate(instructions):
            before = dict(self.values)
            results = self._results(position, instruction)
            for register in kinds.destination_registers(instruction):
                if register in _CORE_REGISTERS:
                    self.values[_CORE_REGISTERS[register]] = None
            self.values.update(results)
            # What a conditional instruction leaves behind is either of two values.
            if instruction.cc not in (arm.ARM_CC_AL, arm.ARM_CC_INVALID):
                for number, value in before.items():
                    if self.values[number] != value:
                        self.values[number] = None
        return self.accesses

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

    def _data_processing(self, instruction: CsInsn) -> Sum | None:
        operands = list(instruction.operands)
        kind = instruction.id
        if kind in (arm.ARM_INS_MOV, arm.ARM_INS_MOVS, arm.ARM_INS_MOVW) and len(operands) == 2:
            return self._operand(operands[1], instruction)
        if kind == arm.ARM_INS_MOVT and len(operands) == 2:
            low = self._value(operands[0].reg, instruction)
            if low is None or low.terms:
                return None
            return constant((low.constant & 0xFFFF) | (operands[1].imm & 0xFFFF) << 16)
        if kind in (arm.ARM_INS_ADD, arm.ARM_INS_ADDW, arm.ARM_INS_SUB, arm.ARM_INS_SUBW):
            left, right = (operands[0], operands[1]) if len(operands) == 2 else (operands[1], operands[2])
            first, second = self._operand(left, instruction), self._operand(right, instruction)
            if first is None or second is None:
                return None
            if kind in (arm.ARM_INS_SUB, arm.ARM_INS_SUBW):
                return None if second.terms else first.plus(constant(-second.constant))
            return first.plus(second)
        if kind == arm.ARM_INS_ADR and len(operands) == 2:
            return constant(((instruction.address + 4) & ~3) + operands[1].imm)
        if kind == arm.ARM_INS_LSL and len(operands) == 3 and operands[2].type == arm.ARM_OP_IMM:
            source = self._operand(operands[1], instruction)
            return None if source is None else source.shifted(operands[2].imm)
        return None

    def _operand(self, operand: Any, instruction: CsInsn) -> Sum | None:
        kind = operand.type
        if kind == arm.ARM_OP_IMM:
            return constant(operand.imm)
        if kind != arm.ARM_OP_REG:
            return None
        value = self._value(operand.reg, instruction)
        shift = operand.shift
        if value is None or shift.type == arm.ARM_SFT_INVALID:
            return value
        return value.shifted(shift.value) if shift.type == arm.ARM_SFT_LSL else None

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
            self.accesses.append(Access(position, address, size))
            target = _CORE_REGISTERS.get(first)
            if target is not None:
                whole = size == 4 and address is not None
                results[target] = Sum((Term(loaded=len(self.accesses) - 1),), 0) if whole else None
        elif kind in kinds.DOUBLE_LOADS:
            self.accesses.append(Access(position, address, 4, 2))
        elif kind == arm.ARM_INS_VLDR:
            self.accesses.append(Access(position, address, 4, 2 if kinds.is_double(first) else 1))
        elif self.with_stores:
            words = 2 if kind in kinds.DOUBLE_STORES or kinds.is_double(first) else 1
            self.accesses.append(Access(position, address, size, words, is_store=True))
        return results

    def _displaced(self, base: Sum | None, memory: Any, instruction: CsInsn) -> Sum | None:
        if base is None:
            return None
        part = memory.mem
        if part.index == 0:
            return base.plus(constant(part.disp))
        index = self._value(part.index, instruction)
        shift = memory.shift.value or part.lshift
        if index is None or part.scale < 0:
            return None
        scaled = index.shifted(shift)
        return None if scaled is None else base.plus(scaled)

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
        if self.with_stores or not is_store:
            self.accesses.append(Access(position, moved if downwards else base, 4, words, is_store=is_store))
        number = _CORE_REGISTERS.get(base_register)
        return {number: moved} if number is not None and kinds.base_update(instruction) else {}
