"""What the native model works out of registers, against Unicorn."""

from __future__ import annotations

import pytest
import unicorn
from hypothesis import given
from hypothesis import strategies as st
from unicorn import arm_const

from tests.timing.assembler import assemble
from tests.timing.machine import Machine

CODE = 0x0800_0000
OPERATIONS = (
    *("add", "sub", "rsb", "and", "bic", "orr", "orn", "eor", "mul", "lsl", "lsr", "asr", "ror"),
    *("mvn", "uxtb", "uxth", "sxtb", "sxth"),
)
WORDS = st.integers(0, 2**32 - 1) | st.integers(0, 40)


def source(operation: str) -> str:
    operands = "r0, r1" if operation in ("mvn", "uxtb", "uxth", "sxtb", "sxth") else "r0, r1, r2"
    return f"{operation} {operands}; ldr r3, [r0]; ldr r4, [r3]"


def executed(operation: str, first: int, second: int) -> int:
    emulator = unicorn.Uc(unicorn.UC_ARCH_ARM, unicorn.UC_MODE_THUMB)
    emulator.ctl_set_cpu_model(arm_const.UC_CPU_ARM_CORTEX_M4)
    emulator.mem_map(CODE, 0x1000)
    code = assemble(source(operation))
    emulator.mem_write(CODE, code)
    emulator.reg_write(arm_const.UC_ARM_REG_R1, first)
    emulator.reg_write(arm_const.UC_ARM_REG_R2, second)
    emulator.emu_start(CODE | 1, CODE + len(code), count=1)
    return emulator.reg_read(arm_const.UC_ARM_REG_R0)


@pytest.fixture(scope="module")
def machine() -> Machine:
    return Machine({})


@pytest.mark.parametrize("operation", OPERATIONS)
@given(first=WORDS, second=WORDS)
def test_a_computed_address_is_the_one_that_is_used(machine, operation, first, second):
    followed: list[int] = []
    machine.follow(lambda address: followed.append(address) or 0)
    machine.enter(source(operation), CODE, r1=first, r2=second)
    assert followed == [executed(operation, first, second)]
