"""Number formats, memory functions and a long random session, each as a program under sanitizers."""

from __future__ import annotations

import math
import random
import struct
from pathlib import Path

import numpy as np
import pytest

from tests.firmware.conftest import FIRMWARE, HOST, build_host_program

PROTOCOL = FIRMWARE / "protocol"

QUIET_NAN = 0x7FC00000
# Zero, the smallest and largest subnormal and normal numbers, powers of two about those of integers,
# infinity, NaN.
CORNERS = [0, 1, 2, 0x7FFFFF, 0x800000, 0x800001, 0x7F7FFFFF, 0x7F000000, 0x3F800000, 0x3F7FFFFF, 0x3F800001,
           0x40490FDB, 0x4B000000, 0x4B7FFFFF, 0x4EFFFFFF, 0x4F000000, 0x4F000001, 0x34000000, 0x33800000,
           0x7F800000, 0x7FC00000, 0x7F800001]  # fmt: skip


def float32_bits(value: float) -> int:
    return int(struct.unpack("<I", struct.pack("<f", value))[0])


def float32(bits: int) -> float:
    return float(struct.unpack("<f", struct.pack("<I", bits))[0])


def test_numbers_are_printed_as_c_prints_them(tmp_path: Path) -> None:
    probe = build_host_program(
        tmp_path / "text_probe", [HOST / "text_probe.c", PROTOCOL / "text.c"], [PROTOCOL]
    )
    generator = random.Random(1)
    ties = [float32_bits((2 * k + 1) / 2**n) for n in range(1, 20) for k in range(0, 200, 3)]
    near = [bits + step for bits in ties for step in (-1, 1)]
    scores = [float32_bits(k / 256) for k in range(257)]
    thousandths = [float32_bits((k + 0.5) / 1000) for k in range(3000)]
    special = [
        0,
        1 << 31,
        1,
        0x007FFFFF,
        0x00800000,
        0x7F7FFFFF,
        0xFF7FFFFF,
        0x7F800000,
        0xFF800000,
        0x7FC00000,
    ]
    special += [
        0xFFC00001,
        float32_bits(0.9995),
        float32_bits(0.99951),
        float32_bits(16777216),
        float32_bits(2.0**21),
        float32_bits(-(2.0**21) + 0.25),
        float32_bits(-(2.0**31)),
        float32_bits(2.0**32),
    ]
    any_bits = [generator.getrandbits(32) for _ in range(30000)]
    everything = ties + near + scores + thousandths + special + any_bits

    lines = probe(stdin="\n".join(f"{bits:08x}" for bits in everything).encode()).decode().split("\n")

    assert len(lines) == len(everything) + 1
    for bits, line in zip(everything, lines, strict=False):
        value = float32(bits)
        fixed, _, truncated = line.partition(" ")
        # Python formats a double, and every float32 is one: correctly rounded, ties to even.
        assert fixed == f"{value:.3f}", hex(bits)
        if abs(value) < 2**21:
            # The reference multiplies in single precision, then drops the fraction.
            product = math.trunc(float32(float32_bits(value * 1000)))
            sign = "-" if product < 0 else ""
            assert truncated == f"{sign}{abs(product) // 1000}.{abs(product) % 1000:03d}", hex(bits)
        else:
            assert truncated == fixed, hex(bits)


def test_memory_functions_for_every_alignment(tmp_path: Path) -> None:
    probe = build_host_program(tmp_path / "memory_probe", [HOST / "memory_probe.c"], [FIRMWARE / "runtime"])
    assert probe() == b"ok\n"


def expected_arithmetic(a: int, b: int) -> list[int]:
    """What arithmetic_probe prints for a pair of words: single precision by numpy, integers by Python."""
    x, y = (np.array(word, np.uint32).view(np.float32) for word in (a, b))
    signed = a - (a >> 31 << 32)
    with np.errstate(all="ignore"):
        floats = [x + y, x - y, x * y, x / y, np.float32(np.int32(signed)), np.float32(np.uint32(a))]
    comparisons = [x == y, x < y, x <= y, x >= y, x > y, np.isnan(x) or np.isnan(y)]
    if np.isnan(x):
        integer = 0
    elif abs(x) < 2**31:
        integer = int(x)
    else:
        integer = -(2**31) if x < 0 else 2**31 - 1
    quotient, remainder = divmod(a, b) if b else (0, a)
    wide = a << 32 | b
    return [
        *(QUIET_NAN if np.isnan(value) else int(np.float32(value).view(np.uint32)) for value in floats),
        integer % 2**32,
        *map(int, comparisons),
        quotient,
        remainder << 32 | quotient,
        wide * (((~wide << 7) | a) % 2**64) % 2**64,
        (wide << (b & 63)) % 2**64,
        wide >> (b & 63),
    ]


def test_arithmetic_that_a_core_lacks_is_exact(tmp_path: Path) -> None:
    probe = build_host_program(
        tmp_path / "arithmetic_probe", [HOST / "arithmetic_probe.c"], [FIRMWARE / "runtime"]
    )
    generator = random.Random(1)
    corners = [sign << 31 | bits for sign in (0, 1) for bits in CORNERS]
    pairs = [(a, b) for a in corners for b in corners]
    pairs += [(generator.getrandbits(32), generator.getrandbits(32)) for _ in range(10000)]
    for _ in range(10000):  # exponents close to each other, significands with few bits: cancellation, ties
        base = generator.randrange(255)
        pair = (
            generator.getrandbits(1) << 31
            | min(base + generator.randrange(30), 255) << 23
            | generator.getrandbits(23) & generator.getrandbits(23) & -(1 << generator.randrange(23))
            for _ in range(2)
        )
        pairs.append((next(pair), next(pair)))

    lines = probe(stdin="\n".join(f"{a:x} {b:x}" for a, b in pairs).encode()).decode().splitlines()

    for (a, b), line in zip(pairs, lines, strict=True):
        assert [int(word, 16) for word in line.split()] == expected_arithmetic(a, b), f"{a:#x} {b:#x}"


@pytest.mark.parametrize("seed", [1, 2])
def test_a_long_random_session_keeps_every_promise(tmp_path: Path, seed: int) -> None:
    fuzz = build_host_program(
        tmp_path / "protocol_fuzz",
        [HOST / "protocol_fuzz.c", PROTOCOL / "protocol.c", PROTOCOL / "text.c"],
        [PROTOCOL, FIRMWARE / "benchmark"],
    )
    assert int(fuzz(str(seed), "200000").split()[0]) > 100
