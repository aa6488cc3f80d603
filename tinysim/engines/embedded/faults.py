"""A guest's fault, said in the architecture's words (ARMv7-M ARM, B3.2.15 to B3.2.18)."""

from __future__ import annotations

from typing import Any

from tinysim.image import Image

REGISTER_NAMES = (
    *(f"r{number}" for number in range(13)),
    *("sp", "lr", "pc", "xpsr", "msp", "psp", "control", "primask", "basepri", "faultmask"),
)
"""In the order of native/engine.h; of a fault the first ones are known."""

_EXCEPTIONS = {2: "NMI", 3: "HardFault", 4: "MemManage", 5: "BusFault", 6: "UsageFault"}

_STATUS_BITS = {
    0: "execution where no code can be (IACCVIOL)",
    8: "execution of an address where nothing is (IBUSERR)",
    9: "read of an address where nothing is (PRECISERR)",
    10: "write to an address where nothing is (IMPRECISERR)",
    11: "exception return from a stack that is not in memory (UNSTKERR)",
    12: "stack overflow: exception frame outside RAM (STKERR)",
    16: "undefined instruction (UNDEFINSTR)",
    17: "jump to an address without the Thumb bit (INVSTATE)",
    18: "invalid exception return (INVPC)",
    19: "floating-point instruction while the FPU is off (NOCP)",
    20: "stack overflow: stack pointer below its limit (STKOF)",
    24: "unaligned access (UNALIGNED)",
    25: "division by zero (DIVBYZERO)",
}
_VECTTBL, _FORCED, _DEBUGEVT = 1 << 1, 1 << 30, 1 << 31


def fault_name(fault: Any) -> str:
    """Return a `struct fault`'s exception and why: "HardFault: undefined instruction (UNDEFINSTR)"."""
    reasons = [text for bit, text in _STATUS_BITS.items() if fault.cfsr >> bit & 1]
    if fault.hfsr & _DEBUGEVT:
        reasons.append("breakpoint without a debugger")
    if fault.hfsr & _VECTTBL:
        reasons.append("the vector table is not in memory (VECTTBL)")
    if not reasons and fault.hfsr & _FORCED:
        reasons.append("supervisor call where its exception cannot be taken")
    exception = _EXCEPTIONS.get(fault.exception, f"exception {fault.exception}")
    return f"{exception}: {', '.join(reasons) or 'cause unknown'}"


def fault_report(fault: Any, image: Image, *, locked_up: bool) -> str:
    """Return the fault, where it happened, and the registers at that moment, over several lines."""
    registers = dict(zip(REGISTER_NAMES[: len(fault.registers)], fault.registers, strict=True))
    address = f", address {fault.address:#010x}" if fault.has_address else ""
    lockup = "; the core has locked up" if locked_up else ""
    registers |= {"xpsr": fault.xpsr, "cfsr": fault.cfsr, "hfsr": fault.hfsr}
    cells = [f"{name:>4} {value:08x}" for name, value in registers.items()]
    return "\n".join(
        [
            f"{fault_name(fault)}{address}, at {image.symbolise(registers['pc'])}, "
            f"called from {image.symbolise(registers['lr'])}{lockup}",
            *("  ".join(cells[first : first + 5]) for first in range(0, len(cells), 5)),
        ]
    )
