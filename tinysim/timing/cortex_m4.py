"""Cycles of Cortex-M4 instructions, from the Cortex-M4 technical reference manual (Arm 100166).

Section 3.3.1 gives the table of instructions, 3.3.2 the pairing of loads and stores, 7.2.3 the
floating-point instructions. The prefetch unit is Arm's article 103488664. Memory is taken to answer at once;
waiting for flash is added elsewhere.

Not modelled: the early end of a division (the middle of "2 to 12" is taken), and a conditional instruction
that is skipped (it costs as if executed).
"""

from __future__ import annotations

from collections.abc import Sequence

from capstone import CsInsn
from capstone import arm_const as arm

from tinysim.timing import instructions as kinds
from tinysim.timing.pipeline import BlockCost

DIVISION_CYCLES = 7
FLOAT_DIVISION_CYCLES = 14
FLOAT_MULTIPLY_ACCUMULATE_CYCLES = 3
PIPELINE_RELOAD_CYCLES = 3
FORWARDED_RELOAD_CYCLES = 1
PREFETCH_BUFFER_WORDS = 3


def block_cost(address: int, instructions: Sequence[CsInsn]) -> BlockCost:
    """Return the cost of a block: the instructions one after the other, and waiting for the prefetch unit."""
    cycles = []
    overlapped = set()
    previous = None
    for place, instruction in enumerate(instructions):
        cycles.append(_instruction_cycles(instruction, previous))
        if previous is not None and _overlaps(instruction, previous):
            overlapped.add(place)
        previous = instruction
    if not instructions:
        return BlockCost((0,))
    sizes = [instruction.size for instruction in instructions]
    straight = prefetched(address, sizes, cycles, branched=False)
    branched = prefetched(address, sizes, cycles, branched=True)
    return BlockCost(
        straight,
        leaving=_reload_cycles(instructions[-1]),
        entered=max(0, branched[-1] - straight[-1]),
        overlapped=frozenset(overlapped),
    )


def prefetched(
    address: int, sizes: Sequence[int], cycles: Sequence[int], *, branched: bool
) -> tuple[int, ...]:
    """Return the cycle in which each instruction of a block starts, and at last the block's cycles.

    "Cortex-M3 has a 3-word prefetch buffer, and always reads a 32-bit aligned word into the buffer if there
    is space in the buffer" (Arm article 103488664, which applies to the Cortex-M4 too). A word can be decoded
    two cycles after it was asked for, in the last cycle of the instruction before; from rest, the unit asks a
    cycle after there was space. So "groups of three or more unaligned wide instructions will take one extra
    cycle", after an instruction that let the buffer fill, and "branches to unaligned wide instructions will
    take one extra cycle" (measured: compendium.i-0.nl, instruction alignment). The buffer is empty where the
    block was `branched` to, else full.
    """
    first = address % 4 // 2
    asked = [-3] if branched else [-4] * PREFETCH_BUFFER_WORDS
    decoded_to: list[tuple[int, int]] = [(first, -4)]  # halfwords decoded so far, and since which cycle

    def decodable(word: int) -> int:
        while len(asked) <= word:
            wanted = 2 * (len(asked) - PREFETCH_BUFFER_WORDS + 1)
            space = next((cycle for place, cycle in decoded_to if place >= wanted), -4)
            following = asked[-1] + 1
            asked.append(following if space <= following else space + 1)
        return asked[word] + 2

    starts = []
    place = first
    free = 0
    for size, duration in zip(sizes, cycles, strict=True):
        last = place + size // 2 - 1
        decoded = max(free - 1, *(decodable(word) for word in range(place // 2, last // 2 + 1)))
        place = last + 1
        decoded_to.append((place, decoded))
        if duration == 0:  # decoded together with the instruction before
            starts.append(free)
            continue
        starts.append(decoded + 1)
        free = decoded + 1 + duration
    return (*starts, free)


def _reload_cycles(instruction: CsInsn) -> int:
    """Return P of the manual's table: cycles to refill the pipeline after a taken branch.

    "P ranges from 1 to 3 depending on the alignment and width of the target instruction, and whether the
    processor manages to speculate the address early." The target of a direct branch is known at decode, and
    "short subroutine returns are optimized to take advantage of the forwarding behavior in the case of BX LR"
    (Cortex-M3 manual, DDI 0337G 1.4). What the target's place costs is paid where it is entered.
    """
    if instruction.id in kinds.DIRECT_BRANCHES:
        return FORWARDED_RELOAD_CYCLES
    if instruction.id == arm.ARM_INS_BX and instruction.operands[0].reg == arm.ARM_REG_LR:
        return FORWARDED_RELOAD_CYCLES
    return PIPELINE_RELOAD_CYCLES


def _instruction_cycles(instruction: CsInsn, previous: CsInsn | None) -> int:
    """Return the cycles of `instruction` when it follows `previous` in the same block, without any refill."""
    kind = instruction.id
    if previous is not None and _waits_for_float(instruction, previous):
        return _instruction_cycles(instruction, None) + 1
    if kind in kinds.MEMORY:
        return _memory_cycles(instruction, previous)
    if kind in kinds.NO_OPERATIONS:
        # "LDR can eat a following NOP": measured by github.com/jnk0le/random and by compendium.i-0.nl.
        return 0 if previous is not None and previous.id in kinds.LOADS else 1
    if kind in kinds.DIVISIONS:
        return DIVISION_CYCLES
    if kind in kinds.FLOAT_LONG:
        return FLOAT_DIVISION_CYCLES
    if kind in kinds.FLOAT_MULTIPLY_ACCUMULATE:
        return FLOAT_MULTIPLY_ACCUMULATE_CYCLES
    if kind in kinds.IT_BLOCK:
        # "An IT instruction can be folded onto a preceding 16-bit Thumb instruction."
        return 0 if previous is not None and previous.size == 2 else 1
    if kind in kinds.SPECIAL_REGISTER:
        return 2
    if kind == arm.ARM_INS_ISB:
        return 1 + PIPELINE_RELOAD_CYCLES
    if kind in kinds.TABLE_BRANCHES:
        return 3
    return 1


def _waits_for_float(instruction: CsInsn, previous: CsInsn) -> bool:
    """Tell whether an instruction uses the result of the floating-point arithmetic just before it.

    Such arithmetic takes "one cycle longer if their result is consumed by the following instruction", but for
    multiply and accumulate, which "consume their addend one cycle later" (7.2.3).
    """
    if previous.id not in kinds.FLOAT_ARITHMETIC:
        return False
    operands = kinds.operands_of(instruction)
    return bool(kinds.operands_of(previous).results & (operands.ordinary | operands.stored))


def _memory_cycles(instruction: CsInsn, previous: CsInsn | None) -> int:
    kind = instruction.id
    addresses = kinds.address_registers(instruction)
    stall = 0
    if (
        previous is not None
        and not kinds.is_memory_access(previous)
        and previous.id not in kinds.IT_BLOCK
        and kinds.destination_registers(previous) & addresses
    ):
        # "Any load or store that generates an address dependent on the result of a preceding data
        # processing operation stalls the pipeline for an additional cycle."
        stall = 1
    if kind in kinds.MULTIPLE:
        return 1 + kinds.register_list_length(instruction) + stall
    if kind in kinds.DOUBLE_LOADS | kinds.DOUBLE_STORES:
        return 3 + stall
    if kind in (arm.ARM_INS_VLDR, arm.ARM_INS_VSTR):
        return (3 if kinds.is_double(instruction.operands[0].reg) else 2) + stall
    if _ends_at_once(instruction):
        return 1 + stall
    return (1 if previous is not None and _overlaps(instruction, previous) else 2) + stall


def _overlaps(instruction: CsInsn, previous: CsInsn) -> bool:
    """Tell whether a load or store starts while the load before it ends.

    "If the next instruction is an LDR or STR, and the destination of the first LDR is not used to compute the
    address for the next instruction, then one cycle is removed from its cost." "Load pipelining happens only
    when targeting the same memory block by all loads" (measured: github.com/jnk0le/random), which is told
    when the code runs.
    """
    if instruction.id not in kinds.LOADS | kinds.STORES or previous.id not in kinds.LOADS:
        return False
    if _ends_at_once(instruction):
        return False
    loaded = kinds.destination_registers(previous) - kinds.base_update(previous)
    return not loaded & kinds.address_registers(instruction)


def _ends_at_once(instruction: CsInsn) -> bool:
    """Tell whether the core does not wait for a store.

    "STR Rx,[Ry,#imm] is always one cycle"; "STREX is treated more like an LDR" (3.3.2).
    """
    return instruction.id in kinds.STORES - kinds.EXCLUSIVE_STORES and not any(
        operand.type == arm.ARM_OP_MEM and operand.mem.index != 0 for operand in instruction.operands
    )
