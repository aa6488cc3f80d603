"""The native line cache against a model of a few lines, on any sequence of addresses."""

from __future__ import annotations

import ctypes
from collections import OrderedDict
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinysim.timing
from tests.native import shared_library

SOURCES = sorted((Path(tinysim.timing.__file__).parent / "native").glob("*.c"))
CACHE_BYTES = 4096


@pytest.fixture(scope="session")
def native():
    return shared_library("timing", SOURCES)


class Model:
    """Lines in order of use, each with the parts that were read."""

    def __init__(self, lines: int, line_bytes: int, part_bytes: int) -> None:
        self.lines, self.line_bytes, self.part_bytes = lines, line_bytes, part_bytes
        self.content: OrderedDict[int, set[int]] = OrderedDict()

    def access(self, address: int) -> bool:
        line, part = address // self.line_bytes, address // self.part_bytes
        if line not in self.content:
            if len(self.content) == self.lines:
                self.content.popitem(last=False)
            self.content[line] = set()
        self.content.move_to_end(line)
        hit = part in self.content[line]
        self.content[line].add(part)
        return hit


@given(
    addresses=st.lists(st.integers(0, 4095) | st.integers(0, 2**32 - 1), max_size=300),
    lines=st.sampled_from([1, 2, 8, 32, 64]),
)
def test_line_cache_replaces_the_least_recently_used(native, addresses, lines):
    cache = ctypes.create_string_buffer(CACHE_BYTES)
    native.line_cache_reset(cache, lines, 32, 8)
    native.line_cache_access.restype = ctypes.c_bool
    model = Model(lines, 32, 8)
    for address in addresses:
        assert native.line_cache_access(cache, address) == model.access(address)
