"""The memory protection unit's registers by themselves, under the undefined-behaviour sanitizer."""

from __future__ import annotations

import functools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.native import NativeLibrary, shared_library
from tinysim.engines.embedded.library import source_folders

WORDS = st.integers(0, 0xFFFF_FFFF)


@functools.cache
def library() -> NativeLibrary:
    core = source_folders()[1]
    return shared_library("mpu", [core / "mpu.c"], [core / "mpu.h"])


@pytest.fixture(scope="module")
def native() -> Any:
    return library().functions


def unit() -> Any:
    return library().ffi.new("struct mpu *")


@given(regions=st.dictionaries(st.integers(0, 15), st.tuples(WORDS, WORDS), max_size=16))
def test_protection_regions_read_back(native, regions):
    for is_v8 in (False, True):
        state = unit()
        for region, (base, attributes) in regions.items():
            native.mpu_write(state, 0x08, region, is_v8)
            native.mpu_write(state, 0x0C, base & ~0x1F if not is_v8 else base, is_v8)
            native.mpu_write(state, 0x10, attributes, is_v8)
        for region, (base, attributes) in regions.items():
            native.mpu_write(state, 0x08, region, is_v8)
            expected = base if is_v8 else base & ~0x1F | region
            assert native.mpu_read(state, 0x0C, 0x800, is_v8) == expected
            assert native.mpu_read(state, 0x10, 0x800, is_v8) == attributes


@pytest.mark.parametrize(
    ("permissions", "privileged", "unprivileged"), [(0, 0xC, 0), (1, 0xC, 0xC), (2, 4, 0), (3, 4, 4)]
)
def test_permissions_of_an_address(native, permissions, privileged, unprivileged):
    state = unit()

    def answers(address: int) -> list[int]:
        return [native.mpu_test_target(state, address, is_privileged) for is_privileged in (True, False)]

    native.mpu_write(state, 0x08, 6, True)
    native.mpu_write(state, 0x0C, 0x2000_0100 | permissions << 1, True)
    native.mpu_write(state, 0x10, 0x2000_01C1, True)
    assert answers(0x2000_0100) == [0xC_0000, 0xC_0000]  # it is not on
    native.mpu_write(state, 0x04, 1, True)
    found = [1 << 16 | 6 | access << 16 for access in (privileged, unprivileged)]
    assert answers(0x2000_0100) == answers(0x2000_01DF) == found
    assert answers(0x2000_00FF) == answers(0x2000_01E0) == [0, 0]
    assert answers(0xE000_ED00) == [0xC_0000, 0]
    native.mpu_write(state, 0x04, 5, True)
    assert answers(0x2000_00FF) == [0xC_0000, 0]
    # Where two regions overlap there is no access, and no region to name.
    native.mpu_write(state, 0x08, 7, True)
    native.mpu_write(state, 0x0C, 0x2000_01C0 | 2, True)
    native.mpu_write(state, 0x10, 0x2000_0201, True)
    assert answers(0x2000_01C0) == [0, 0]
    assert answers(0x2000_0100) == found


def test_protection_region_aliases(native):
    v8, v7 = unit(), unit()
    native.mpu_write(v8, 0x08, 4, True)
    for alias in range(4):
        native.mpu_write(v8, 0x0C + 8 * alias, 0x100 * alias, True)
    native.mpu_write(v8, 0x08, 6, True)
    assert native.mpu_read(v8, 0x0C, 0, True) == 0x200
    # Where the region is named in RBAR itself.
    native.mpu_write(v7, 0x0C, 0x2000_0000 | 1 << 4 | 3, False)
    assert native.mpu_read(v7, 0x08, 0, False) == 3
    assert native.mpu_read(v7, 0x0C, 0, False) == 0x2000_0003
