"""The structures and functions of native/engine.h, as ctypes sees them."""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Callable
from ctypes import POINTER, c_bool, c_char_p, c_int32, c_uint8, c_uint32, c_uint64, c_void_p
from enum import IntEnum
from typing import Any

from tinysim.timing.structures import NativeBlock, NativeParameters

FOLLOWS_MAXIMUM = 32
REGISTER_USES_MAXIMUM = 256
REGISTER_BLOCKS_MAXIMUM = 128
REQUESTS_MAXIMUM = 4
UNIT_LINES = 16
NO_INTERRUPT = 0xFFFF

REGISTER_NAMES = (
    *(f"r{number}" for number in range(13)),
    *("sp", "lr", "pc", "xpsr", "msp", "psp", "control", "primask", "basepri", "faultmask"),
)
FAULT_REGISTERS = 16


class StopReason(IntEnum):
    """`enum stop_reason`."""

    OUTPUT = 1
    DEADLINE = 2
    IDLE = 3
    FAULT = 4
    LOCKUP = 5
    ERROR = 6


class UnitKind(IntEnum):
    """`enum unit_kind`."""

    CRC = 0
    RNG = 1
    GPIO = 2
    RTC = 3
    RTC_WITH_SR = 4
    LPTIM = 5
    LPTIM_WITH_CCR2 = 6
    DMA_CHANNELS = 7
    DMA_STREAMS = 8
    GPDMA = 9


class CoreModel(ctypes.Structure):
    """`struct core_model`."""

    _fields_ = (
        ("unicorn_model", c_int32),
        ("cpuid", c_uint32),
        ("interrupts", c_uint32),
        ("priority_bits", c_uint32),
        ("exception_return", c_uint32),
        ("secure_bank", c_uint32),
        ("has_fpu", c_bool),
        ("has_bit_band", c_bool),
        ("has_cycle_counter", c_bool),
        ("has_configurable_faults", c_bool),
        ("has_mask_levels", c_bool),
        ("has_stack_limits", c_bool),
        ("mpu_type", c_uint32),
        ("has_v8_mpu", c_bool),
        ("cache_level", c_uint32),
        ("cache_type", c_uint32),
        ("cache_size", c_uint32 * 2),
        ("mvfr", c_uint32 * 3),
    )


class RegisterFollow(ctypes.Structure):
    """`struct register_follow`."""

    _fields_ = (("status_bit", c_uint32), ("enable_bit", c_uint32), ("enable_address", c_uint32))


class RegisterRule(ctypes.Structure):
    """`struct register_rule`."""

    _fields_ = (
        ("address", c_uint32),
        ("reset", c_uint32),
        ("set", c_uint32),
        ("clear", c_uint32),
        ("follow_count", c_uint32),
        ("follows", RegisterFollow * FOLLOWS_MAXIMUM),
    )


class RegisterUse(ctypes.Structure):
    """`struct register_use`."""

    _fields_ = (
        ("address", c_uint32),
        ("pc", c_uint32),
        ("value", c_uint32),
        ("reads", c_uint64),
        ("writes", c_uint64),
    )


class RegisterBlock(ctypes.Structure):
    """`struct register_block`."""

    _fields_ = (("address", c_uint32), ("pc", c_uint32), ("reads", c_uint64), ("writes", c_uint64))


class Polling(ctypes.Structure):
    """`struct engine_polling`."""

    _fields_ = (
        ("time_ps", c_uint64),
        ("instructions", c_uint64),
        ("reads", c_uint64),
        ("address", c_uint32),
        ("pc", c_uint32),
        ("value", c_uint32),
    )


class Moment(ctypes.Structure):
    """`struct engine_moment`."""

    _fields_ = (("time_ps", c_uint64), ("instructions", c_uint64), ("cycles", c_uint64))


class LineByte(ctypes.Structure):
    """`struct line_byte`."""

    _fields_ = (
        ("time_ps", c_uint64),
        ("instructions", c_uint64),
        ("cycles", c_uint64),
        ("data", c_uint8),
    )


LINE_BYTE = struct.Struct("@QQQB0Q")
"""`struct line_byte` again: to read many of them, which takes ctypes several times as long."""


class Fault(ctypes.Structure):
    """`struct fault`."""

    _fields_ = (
        ("exception", c_uint32),
        ("cfsr", c_uint32),
        ("hfsr", c_uint32),
        ("address", c_uint32),
        ("has_address", c_uint32),
        ("registers", c_uint32 * FAULT_REGISTERS),
        ("xpsr", c_uint32),
    )


class BlockDescription(ctypes.Structure):
    """`struct block_description`."""

    _fields_ = (("timing", POINTER(NativeBlock)), ("cycles_before", POINTER(c_uint32)))


DescribeBlock = ctypes.CFUNCTYPE(c_bool, c_uint32, POINTER(c_uint8), c_uint32, POINTER(BlockDescription))
ClocksWritten = ctypes.CFUNCTYPE(c_bool)

_SIGNATURES: dict[str, tuple[Any, ...]] = {
    # name: result, arguments
    "engine_create": (c_void_p, POINTER(CoreModel), c_uint32),
    "engine_add_memory": (c_bool, c_void_p, c_uint32, c_uint32, c_bool),
    "engine_add_mirror": (c_bool, c_void_p, c_uint32, c_uint32, c_bool, c_uint32),
    "engine_add_usart": (
        *(c_bool, c_void_p, c_uint32, c_uint32, c_bool, c_bool),
        *(POINTER(c_uint32), POINTER(c_uint32)),
    ),
    "engine_set_console": (None, c_void_p, c_uint32, c_bool),
    "engine_add_timer": (c_bool, c_void_p, c_uint32, c_uint32, c_uint32, c_uint32),
    "engine_add_unit": (
        *(c_bool, c_void_p, c_uint32, c_uint32, c_uint32),
        *(POINTER(c_uint32), c_uint32, c_uint32),
    ),
    "engine_add_register": (c_bool, c_void_p, POINTER(RegisterRule)),
    "engine_set_clock_control": (None, c_void_p, c_uint32, c_uint32, ClocksWritten),
    "engine_set_timing": (
        *(None, c_void_p, POINTER(NativeParameters)),
        *(c_uint32, c_uint32, DescribeBlock),
    ),
    "engine_start": (c_bool, c_void_p, c_uint32),
    "engine_destroy": (None, c_void_p),
    "engine_error": (c_char_p, c_void_p),
    "engine_set_clocks": (
        *(None, c_void_p, c_uint32),
        *(POINTER(c_uint32), POINTER(c_uint32), POINTER(c_uint32)),
    ),
    "engine_run": (c_uint32, c_void_p, c_uint64, c_uint32, c_bool),
    "engine_sleep_until": (None, c_void_p, c_uint64),
    "engine_now": (None, c_void_p, POINTER(Moment)),
    "engine_send": (c_uint32, c_void_p, c_char_p, c_uint32),
    "engine_send_break": (c_bool, c_void_p),
    "engine_unsent": (c_uint32, c_void_p),
    "engine_forget_unsent": (None, c_void_p),
    "engine_take": (c_uint32, c_void_p, POINTER(LineByte), c_uint32),
    "engine_waiting": (c_uint32, c_void_p),
    "engine_lost_bytes": (c_uint64, c_void_p),
    "engine_guest_baud": (c_uint32, c_void_p),
    "engine_core_hz": (c_uint32, c_void_p),
    "engine_registers": (None, c_void_p, POINTER(c_uint32)),
    "engine_read_memory": (c_bool, c_void_p, c_uint32, c_char_p, c_uint32),
    "engine_write_memory": (c_bool, c_void_p, c_uint32, c_char_p, c_uint32),
    "engine_peripheral_word": (c_uint32, c_void_p, c_uint32),
    "engine_fault": (None, c_void_p, POINTER(Fault)),
    "engine_is_sleeping": (c_bool, c_void_p),
    "engine_resets": (c_uint32, c_void_p),
    "engine_register_uses": (c_uint32, c_void_p, POINTER(RegisterUse)),
    "engine_forget_register_uses": (None, c_void_p),
    "engine_register_blocks": (c_uint32, c_void_p, POINTER(RegisterBlock)),
    "engine_polling": (None, c_void_p, POINTER(Polling)),
    "engine_console": (c_uint32, c_void_p),
    "engine_usart_sent_bytes": (c_uint64, c_void_p, c_uint32),
    "engine_snapshot": (c_void_p, c_void_p),
    "engine_restore": (c_bool, c_void_p, c_void_p),
    "engine_free_snapshot": (None, c_void_p),
}


def declare(library: ctypes.CDLL) -> None:
    """Give every function of the loaded library its types."""
    for name, (result, *arguments) in _SIGNATURES.items():
        function: Callable[..., Any] = getattr(library, name)
        function.restype = result  # type: ignore[attr-defined]
        function.argtypes = arguments  # type: ignore[attr-defined]
