"""What the model says of blocks and boards, put into the structures of native/timing.h."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any, NamedTuple

from tinysim.native import Interface, read_interface
from tinysim.timing.accesses import Access, AccessRange, find_ranges, sums_of
from tinysim.timing.block import BlockTiming, TimingModel
from tinysim.timing.parameters import memory_of
from tinysim.timing.values import Computation, Operation, Sum

Fields = dict[str, object]
"""Members of a structure by name; those that are left out are zero."""


class NativeBlock(NamedTuple):
    """A `struct timing_block`, and the arrays that it points into: they live as long as this does."""

    block: Any
    accesses: Any
    ranges: Any


@functools.cache
def timing_interface() -> Interface:
    """Return the interface of the native part of the model."""
    return read_interface(Path(__file__).parent / "native" / "timing.h")


def _sum(found: Sum) -> Fields:
    constants = timing_interface().constants
    terms = [
        term.register if term.register is not None else constants["TIMING_LOADED"] + (term.loaded or 0)
        for term in found.terms
    ]
    none = [constants["TIMING_NO_TERM"]] * (2 - len(terms))
    return {
        "constant": found.constant,
        "term": terms + none,
        "shift": [term.shift for term in found.terms],
    }


def _access(step: Access | Computation, timing: BlockTiming, followed: bool) -> Fields:
    constants = timing_interface().constants
    if isinstance(step, Computation):
        return {
            "operation": constants[step.operation.value],
            "known": True,
            "address": _sum(step.left),
            "right": _sum(step.right),
        }
    fields: Fields = {
        "operation": constants[Operation.ACCESS.value],
        "cycle": min(timing.cycles_before[step.instruction], 0xFFFF),
        "element_bytes": step.element_bytes,
        "elements": step.elements,
        "known": step.address is not None,
        "followed": followed,
        "is_store": step.is_store,
        "overlapped": step.instruction in timing.overlapped,
    }
    if step.address is not None:
        fields["address"] = _sum(step.address)
    return fields


def native_block(timing: BlockTiming, address: int, size_bytes: int) -> NativeBlock:
    """Return `timing` of the block of `size_bytes` at `address` as native code reads it."""
    interface = timing_interface()
    steps = timing.accesses[: interface.constants["TIMING_ACCESSES_MAXIMUM"]]
    terms = [term for step in steps for found in sums_of(step) for term in found.terms]
    followed = {term.loaded for term in terms if term.loaded is not None}
    accesses = interface.ffi.new(
        "struct timing_access[]",
        [_access(step, timing, number in followed) for number, step in enumerate(steps)],
    )
    found_ranges = find_ranges(steps)
    ranges = interface.ffi.new("struct timing_range[]", [_range(found) for found in found_ranges or ()])
    block = interface.ffi.new(
        "struct timing_block *",
        {
            "address": address,
            "end": address + size_bytes,
            "cycles": timing.cycles,
            "again": timing.again,
            "joined": timing.joined,
            "leaving": timing.leaving,
            "entered": timing.entered,
            "mispredicted": timing.mispredicted,
            "is_branch": timing.is_branch,
            "leaves_slot": timing.leaves_slot,
            "registers": sum({1 << term.register for term in terms if term.register is not None}),
            "access_count": len(accesses),
            "range_count": len(ranges),
            "only_ranges": found_ranges is not None,
            "accesses": accesses,
            "ranges": ranges,
        },
    )
    return NativeBlock(block, accesses, ranges)


def _range(found: AccessRange) -> Fields:
    return {
        "index": found.register,
        "alignment_mask": found.alignment - 1,
        "first": found.first,
        "last": found.last,
        "aligned": found.aligned,
    }


def native_parameters(model: TimingModel) -> Fields:
    """Return the members of `struct timing_parameters`."""
    parameters = model.parameters
    flash = parameters.flash
    memories = _memories(model)
    caches = [
        {
            "lines": cache.lines,
            "ways": cache.ways,
            "line_bytes": cache.line_bytes,
            "part_bytes": cache.line_bytes if cache.fills == "lines" else flash.read_width_bytes,
            "control_register": cache.control_register,
            "enable_bit": cache.enable_bit,
            "miss_cycles": cache.miss_cycles,
            "fills_whole_lines": cache.fills == "lines",
            "allocates_stores": cache.allocates_stores,
        }
        for cache in parameters.cache
    ]
    return {
        "memories": memories,
        "memory_count": len(memories),
        "caches": caches,
        "cache_count": len(caches),
        "latency_register": flash.latency_register,
        "latency_mask": flash.latency_mask,
        "prefetch_register": flash.prefetch_register,
        "prefetch_bit": flash.prefetch_bit,
        "predictor_entries": model.core.predictor_entries,
        "unaligned_cycles": model.core.unaligned_load_cycles,
    }


def _memories(model: TimingModel) -> list[Fields]:
    parameters = model.parameters
    own_alias = {path.memory for path in parameters.path if path.alias}
    memories: list[Fields] = []
    for path in parameters.path:
        memory = memory_of(model.chip, path)
        addresses = [memory.alias_address if path.alias else memory.address]
        if not path.alias and path.memory not in own_alias:
            addresses += [memory.alias_address]
        memories += [
            {
                "address": address,
                "bytes": memory.size_bytes,
                "home": memory.address,
                "wait_cycles": path.wait_cycles,
                "read_shift": parameters.flash.read_width_bytes.bit_length() - 1,
                "instruction_cache": _cache_number(model, path.instruction_cache),
                "data_cache": _cache_number(model, path.data_cache),
                "is_flash": memory.kind == "flash",
                "prefetches": path.prefetch,
            }
            for address in addresses
            if address is not None
        ]
    return memories


def _cache_number(model: TimingModel, name: str | None) -> int:
    if name is None:
        return timing_interface().constants["TIMING_NO_CACHE"]
    return model.parameters.cache_number(name)
