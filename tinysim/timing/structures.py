"""The C structures of native/timing.h, and how the model's descriptions are put into them."""

from __future__ import annotations

import ctypes

from tinysim.timing.accesses import Access, AccessRange, find_ranges, sums_of
from tinysim.timing.block import BlockTiming, TimingModel
from tinysim.timing.parameters import memory_of
from tinysim.timing.values import Computation, Operation, Sum

_NO_TERM = -1
_LOADED = 16
_NO_CACHE = 0xFF
_MEMORIES_MAXIMUM = 8
_CACHES_MAXIMUM = 3
ACCESSES_MAXIMUM = 384


class NativeSum(ctypes.Structure):
    """`struct timing_sum`."""

    _fields_ = (
        ("constant", ctypes.c_uint32),
        ("term", ctypes.c_int16 * 2),
        ("shift", ctypes.c_uint8 * 2),
    )


class NativeAccess(ctypes.Structure):
    """`struct timing_access`."""

    _fields_ = (
        ("address", NativeSum),
        ("right", NativeSum),
        ("operation", ctypes.c_uint8),
        ("cycle", ctypes.c_uint16),
        ("element_bytes", ctypes.c_uint8),
        ("elements", ctypes.c_uint8),
        ("known", ctypes.c_bool),
        ("followed", ctypes.c_bool),
        ("is_store", ctypes.c_bool),
        ("overlapped", ctypes.c_bool),
    )


class NativeRange(ctypes.Structure):
    """`struct timing_range`."""

    _fields_ = (
        ("index", ctypes.c_uint8),
        ("alignment_mask", ctypes.c_uint8),
        ("first", ctypes.c_uint32),
        ("last", ctypes.c_uint32),
        ("aligned", ctypes.c_uint32),
    )


class NativeBlock(ctypes.Structure):
    """`struct timing_block`; keeps its accesses and ranges alive as long as itself."""

    _fields_ = (
        ("address", ctypes.c_uint32),
        ("end", ctypes.c_uint32),
        ("cycles", ctypes.c_uint32),
        ("again", ctypes.c_uint32),
        ("joined", ctypes.c_uint32),
        ("leaving", ctypes.c_uint8),
        ("entered", ctypes.c_uint8),
        ("mispredicted", ctypes.c_uint8),
        ("is_branch", ctypes.c_bool),
        ("leaves_slot", ctypes.c_bool),
        ("registers", ctypes.c_uint16),
        ("access_count", ctypes.c_uint16),
        ("range_count", ctypes.c_uint16),
        ("only_ranges", ctypes.c_bool),
        ("accesses", ctypes.POINTER(NativeAccess)),
        ("ranges", ctypes.POINTER(NativeRange)),
    )


class NativeMemory(ctypes.Structure):
    """`struct timing_memory`."""

    _fields_ = (
        ("address", ctypes.c_uint32),
        ("bytes", ctypes.c_uint32),
        ("home", ctypes.c_uint32),
        ("wait_cycles", ctypes.c_uint32),
        ("read_shift", ctypes.c_uint32),
        ("instruction_cache", ctypes.c_uint8),
        ("data_cache", ctypes.c_uint8),
        ("is_flash", ctypes.c_bool),
        ("prefetches", ctypes.c_bool),
    )


class NativeCache(ctypes.Structure):
    """`struct timing_cache_parameters`."""

    _fields_ = (
        ("lines", ctypes.c_uint32),
        ("ways", ctypes.c_uint32),
        ("line_bytes", ctypes.c_uint32),
        ("part_bytes", ctypes.c_uint32),
        ("control_register", ctypes.c_uint32),
        ("enable_bit", ctypes.c_uint32),
        ("miss_cycles", ctypes.c_uint32),
        ("fills_whole_lines", ctypes.c_bool),
        ("allocates_stores", ctypes.c_bool),
    )


class NativeParameters(ctypes.Structure):
    """`struct timing_parameters`."""

    _fields_ = (
        ("memories", NativeMemory * _MEMORIES_MAXIMUM),
        ("memory_count", ctypes.c_uint32),
        ("caches", NativeCache * _CACHES_MAXIMUM),
        ("cache_count", ctypes.c_uint32),
        ("latency_register", ctypes.c_uint32),
        ("latency_mask", ctypes.c_uint32),
        ("prefetch_register", ctypes.c_uint32),
        ("prefetch_bit", ctypes.c_uint32),
        ("predictor_entries", ctypes.c_uint32),
        ("unaligned_cycles", ctypes.c_uint32 * 2),
    )


def _native_sum(found: Sum) -> NativeSum:
    native = NativeSum(constant=found.constant, term=(_NO_TERM, _NO_TERM))
    for place, term in enumerate(found.terms):
        native.term[place] = term.register if term.register is not None else _LOADED + (term.loaded or 0)
        native.shift[place] = term.shift
    return native


def _native_access(step: Access | Computation, timing: BlockTiming, followed: bool) -> NativeAccess:
    if isinstance(step, Computation):
        return NativeAccess(
            operation=step.operation,
            known=True,
            address=_native_sum(step.left),
            right=_native_sum(step.right),
        )
    native = NativeAccess(
        operation=Operation.ACCESS,
        cycle=min(timing.cycles_before[step.instruction], 0xFFFF),
        element_bytes=step.element_bytes,
        elements=step.elements,
        known=step.address is not None,
        followed=followed,
        is_store=step.is_store,
        overlapped=step.instruction in timing.overlapped,
    )
    if step.address is not None:
        native.address = _native_sum(step.address)
    return native


def native_block(timing: BlockTiming, address: int, size_bytes: int) -> NativeBlock:
    """Return `timing` of the block of `size_bytes` at `address` as native code reads it."""
    accesses = timing.accesses[:ACCESSES_MAXIMUM]
    terms = [term for access in accesses for found in sums_of(access) for term in found.terms]
    followed = {term.loaded for term in terms if term.loaded is not None}
    access_array = (NativeAccess * len(accesses))(
        *(_native_access(access, timing, number in followed) for number, access in enumerate(accesses))
    )
    ranges = find_ranges(accesses)
    range_array = (NativeRange * len(ranges or ()))(*(_native_range(found) for found in ranges or ()))
    return NativeBlock(
        address=address,
        end=address + size_bytes,
        cycles=timing.cycles,
        again=timing.again,
        joined=timing.joined,
        leaving=timing.leaving,
        entered=timing.entered,
        mispredicted=timing.mispredicted,
        is_branch=timing.is_branch,
        leaves_slot=timing.leaves_slot,
        registers=sum({1 << term.register for term in terms if term.register is not None}),
        access_count=len(accesses),
        range_count=len(range_array),
        only_ranges=ranges is not None,
        accesses=access_array,
        ranges=range_array,
    )


def _native_range(found: AccessRange) -> NativeRange:
    return NativeRange(found.register, found.alignment - 1, found.first, found.last, found.aligned)


def native_parameters(model: TimingModel) -> NativeParameters:
    """Return the parameters of `model` as native code reads them."""
    parameters = model.parameters
    flash = parameters.flash
    native = NativeParameters(
        cache_count=len(parameters.cache),
        latency_register=flash.latency_register,
        latency_mask=flash.latency_mask,
        prefetch_register=flash.prefetch_register,
        prefetch_bit=flash.prefetch_bit,
        predictor_entries=model.core.predictor_entries,
        unaligned_cycles=model.core.unaligned_load_cycles,
    )
    for number, cache in enumerate(parameters.cache):
        native.caches[number] = NativeCache(
            lines=cache.lines,
            ways=cache.ways,
            line_bytes=cache.line_bytes,
            part_bytes=cache.line_bytes if cache.fills == "lines" else flash.read_width_bytes,
            control_register=cache.control_register,
            enable_bit=cache.enable_bit,
            miss_cycles=cache.miss_cycles,
            fills_whole_lines=cache.fills == "lines",
            allocates_stores=cache.allocates_stores,
        )
    memories = _native_memories(model)
    native.memory_count = len(memories)
    for number, memory in enumerate(memories):
        native.memories[number] = memory
    return native


def _native_memories(model: TimingModel) -> list[NativeMemory]:
    parameters = model.parameters
    own_alias = {path.memory for path in parameters.path if path.alias}
    memories = []
    for path in parameters.path:
        memory = memory_of(model.chip, path)
        addresses = [memory.alias_address if path.alias else memory.address]
        if not path.alias and path.memory not in own_alias:
            addresses += [memory.alias_address]
        memories += [
            NativeMemory(
                address=address,
                bytes=memory.size_bytes,
                home=memory.address,
                wait_cycles=path.wait_cycles,
                read_shift=parameters.flash.read_width_bytes.bit_length() - 1,
                instruction_cache=_cache_number(model, path.instruction_cache),
                data_cache=_cache_number(model, path.data_cache),
                is_flash=memory.kind == "flash",
                prefetches=path.prefetch,
            )
            for address in addresses
            if address is not None
        ]
    return memories


def _cache_number(model: TimingModel, name: str | None) -> int:
    return _NO_CACHE if name is None else model.parameters.cache_number(name)
