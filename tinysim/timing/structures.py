"""The C structures of native/timing.h, and how the model's descriptions are put into them."""

from __future__ import annotations

import ctypes

from tinysim.timing.accesses import Load, LoadRange, find_ranges
from tinysim.timing.block import BlockTiming, TimingModel

_NO_TERM = -1
_LOADED = 16
LOADS_MAXIMUM = 112


class NativeLoad(ctypes.Structure):
    """`struct timing_load`."""

    _fields_ = (
        ("term", ctypes.c_int8 * 2),
        ("shift", ctypes.c_uint8 * 2),
        ("constant", ctypes.c_uint32),
        ("element_bytes", ctypes.c_uint8),
        ("elements", ctypes.c_uint8),
        ("known", ctypes.c_bool),
        ("followed", ctypes.c_bool),
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
    """`struct timing_block`; keeps its loads and ranges alive as long as itself."""

    _fields_ = (
        ("address", ctypes.c_uint32),
        ("end", ctypes.c_uint32),
        ("cycles", ctypes.c_uint32),
        ("refill_direct", ctypes.c_uint8),
        ("refill_indirect", ctypes.c_uint8),
        ("ends_in_direct_branch", ctypes.c_bool),
        ("registers", ctypes.c_uint16),
        ("load_count", ctypes.c_uint16),
        ("range_count", ctypes.c_uint16),
        ("only_ranges", ctypes.c_bool),
        ("loads", ctypes.POINTER(NativeLoad)),
        ("ranges", ctypes.POINTER(NativeRange)),
    )


class NativeParameters(ctypes.Structure):
    """`struct timing_parameters`."""

    _fields_ = tuple(
        (name, ctypes.c_uint32)
        for name in (
            "flash_address",
            "flash_bytes",
            "flash_alias",
            "read_width_bytes",
            "latency_mask",
            "prefetch_bit",
            "instruction_cache_bit",
            "data_cache_bit",
            "instruction_cache_lines",
            "instruction_cache_line_bytes",
            "data_cache_lines",
            "data_cache_line_bytes",
        )
    )


def _native_load(load: Load, followed: bool) -> NativeLoad:
    native = NativeLoad(
        term=(_NO_TERM, _NO_TERM),
        element_bytes=load.element_bytes,
        elements=load.elements,
        known=load.address is not None,
        followed=followed,
    )
    if load.address is not None:
        native.constant = load.address.constant
        for place, term in enumerate(load.address.terms):
            native.term[place] = term.register if term.register is not None else _LOADED + (term.loaded or 0)
            native.shift[place] = term.shift
    return native


def native_block(timing: BlockTiming, address: int, size_bytes: int) -> NativeBlock:
    """Return `timing` of the block of `size_bytes` at `address` as native code reads it."""
    loads = timing.loads[:LOADS_MAXIMUM]
    terms = [term for load in loads if load.address is not None for term in load.address.terms]
    followed = {term.loaded for term in terms if term.loaded is not None}
    load_array = (NativeLoad * len(loads))(
        *(_native_load(load, number in followed) for number, load in enumerate(loads))
    )
    ranges = find_ranges(loads)
    range_array = (NativeRange * len(ranges or ()))(*(_native_range(found) for found in ranges or ()))
    return NativeBlock(
        address=address,
        end=address + size_bytes,
        cycles=timing.cycles,
        refill_direct=timing.refill_direct,
        refill_indirect=timing.refill_indirect,
        ends_in_direct_branch=timing.ends_in_direct_branch,
        registers=sum({1 << term.register for term in terms if term.register is not None}),
        load_count=len(loads),
        range_count=len(range_array),
        only_ranges=ranges is not None,
        loads=load_array,
        ranges=range_array,
    )


def _native_range(found: LoadRange) -> NativeRange:
    return NativeRange(found.register, found.alignment - 1, found.first, found.last, found.aligned)


def native_parameters(model: TimingModel) -> NativeParameters:
    """Return the parameters of `model` as native code reads them."""
    flash = next(memory for memory in model.board.memory if memory.kind == "flash")
    parameters = model.parameters
    return NativeParameters(
        flash_address=flash.address,
        flash_bytes=flash.size_bytes,
        flash_alias=flash.address if flash.alias_address is None else flash.alias_address,
        read_width_bytes=parameters.flash.read_width_bytes,
        latency_mask=parameters.flash.latency_mask,
        prefetch_bit=parameters.flash.prefetch_bit,
        instruction_cache_bit=parameters.flash.instruction_cache_bit,
        data_cache_bit=parameters.flash.data_cache_bit,
        instruction_cache_lines=parameters.instruction_cache.lines,
        instruction_cache_line_bytes=parameters.instruction_cache.line_bytes,
        data_cache_lines=parameters.data_cache.lines,
        data_cache_line_bytes=parameters.data_cache.line_bytes,
    )
