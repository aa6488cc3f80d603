"""What differs between the cores of the Cortex-M family, as data for the native core."""

from __future__ import annotations

from dataclasses import dataclass

from unicorn import arm_const

from tinysim.chip import Core

_NO_FPU = (0, 0, 0)


@dataclass(frozen=True)
class CoreType:
    """A kind of core. Identification values are from the cores' technical reference manuals.

    `exception_return` is EXC_RETURN to thread mode on the main stack without a floating-point frame.
    """

    unicorn_model: int
    cpuid: int
    exception_return: int = 0xFFFF_FFF9
    secure_bank: int = 0
    has_bit_band: bool = False
    has_cycle_counter: bool = True
    has_configurable_faults: bool = True
    has_stack_limits: bool = False
    has_v8_mpu: bool = False


CORE_TYPES = {
    # Unicorn has no Cortex-M0+: the instructions are those of a Cortex-M0.
    "cortex-m0+": CoreType(
        arm_const.UC_CPU_ARM_CORTEX_M0,
        cpuid=0x410C_C601,
        has_cycle_counter=False,
        has_configurable_faults=False,
    ),
    "cortex-m4": CoreType(arm_const.UC_CPU_ARM_CORTEX_M4, cpuid=0x410F_C241, has_bit_band=True),
    "cortex-m7": CoreType(arm_const.UC_CPU_ARM_CORTEX_M7, cpuid=0x411F_C272),
    # Without TrustZone in use EXC_RETURN names the non-secure state (ARMv8-M ARM, D1.2.31 and B3.18).
    "cortex-m33": CoreType(
        arm_const.UC_CPU_ARM_CORTEX_M33,
        cpuid=0x410F_D214,
        exception_return=0xFFFF_FFB8,
        secure_bank=1,
        has_stack_limits=True,
        has_v8_mpu=True,
    ),
}

_MEDIA_AND_FLOAT_REGISTERS = {
    None: _NO_FPU,
    "fpv4-sp-d16": (0x1011_0021, 0x1100_0011, 0),
    "fpv5-sp-d16": (0x1011_0021, 0x1100_0011, 0x0000_0040),
    "fpv5-d16": (0x1011_0221, 0x1200_0011, 0x0000_0040),
}


# Cortex-M7 technical reference manual (Arm DDI 0489), 3.3.2 to 3.3.4: one level of separate caches with
# lines of eight words; data caches have four ways, instruction caches two.
_CLIDR, _CTR = 0x0900_0003, 0x8303_C003
_LINE_BYTES = 32


def _cache_size(size_bytes: int, ways: int) -> int:
    """CCSIDR: WB, RA and WA as each cache has them, sets - 1, ways - 1, line size."""
    if size_bytes == 0:
        return 0
    sets = size_bytes // ways // _LINE_BYTES
    return 0xF000_0000 | (sets - 1) << 13 | (ways - 1) << 3 | 1


def core_model(core: Core) -> dict[str, object]:
    """Return the members of `struct core_model` for a board's core."""
    kind = CORE_TYPES[core.name]
    return {
        "unicorn_model": kind.unicorn_model,
        "cpuid": kind.cpuid,
        "interrupts": core.external_interrupts,
        "priority_bits": core.nvic_priority_bits,
        "exception_return": kind.exception_return,
        "secure_bank": kind.secure_bank,
        "has_fpu": core.fpu is not None,
        "has_bit_band": kind.has_bit_band,
        "has_cycle_counter": kind.has_cycle_counter,
        "has_configurable_faults": kind.has_configurable_faults,
        "has_mask_levels": kind.has_configurable_faults,
        "has_stack_limits": kind.has_stack_limits,
        "mpu_type": core.mpu_regions << 8,
        "has_v8_mpu": kind.has_v8_mpu,
        "cache_level": _CLIDR if core.data_cache_bytes else 0,
        "cache_type": _CTR if core.data_cache_bytes else 0,
        "cache_size": (_cache_size(core.data_cache_bytes, 4), _cache_size(core.instruction_cache_bytes, 2)),
        "mvfr": _MEDIA_AND_FLOAT_REGISTERS[core.fpu],
    }
