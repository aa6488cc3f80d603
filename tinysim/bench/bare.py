"""Unicorn without a hook on what it executes: what the engine's speed is compared with."""

from __future__ import annotations

from typing import Any

import unicorn
from unicorn import arm_const, unicorn_const

from tinysim.engines import Engine
from tinysim.engines.embedded.cores import CORE_TYPES

_READ_AND_WRITE = unicorn_const.UC_PROT_READ | unicorn_const.UC_PROT_WRITE
_STOP = 0x2000_0000
"""Where a call returns to: never executed, since the emulation ends there."""


class BareUnicorn:
    """Calls a function of an image on plain Unicorn, from the memory of an engine that has booted it.

    Where Unicorn may execute a page it looks at every store into it. `plain_ram` spares it that for pages
    that hold no code, as the engine does, and makes the comparison a harder one. Raises KeyError where the
    image has no such function.
    """

    def __init__(self, engine: Engine, function: str, *, plain_ram: bool) -> None:
        self._entry = {symbol.name: symbol.address for symbol in engine.image.symbols}[function]
        self._unicorn = unicorn.Uc(unicorn.UC_ARCH_ARM, unicorn.UC_MODE_THUMB)
        self._unicorn.ctl_set_cpu_model(CORE_TYPES[engine.board.chip.core.name].unicorn_model)
        if plain_ram:
            self._unicorn.ctl_set_tlb_mode(unicorn_const.UC_TLB_VIRTUAL)
            self._unicorn.hook_add(unicorn_const.UC_HOOK_TLB_FILL, self._permit)
        for memory in engine.board.chip.memory:
            if memory.mirror_of is None:
                self._unicorn.mem_map(memory.address, memory.size_bytes)
                self._unicorn.mem_write(memory.address, engine.read_memory(memory.address, memory.size_bytes))
        self._stack = engine.registers()["sp"]

    @staticmethod
    def _permit(_unicorn: Any, address: int, access: int, entry: Any, _user: Any) -> bool:
        """Called once a page: code pages may be executed, others only read and written."""
        entry.paddr = address
        is_fetch = access == unicorn_const.UC_MEM_FETCH
        entry.perms = unicorn_const.UC_PROT_ALL if is_fetch else _READ_AND_WRITE
        return True

    def call(self, times: int) -> None:
        """Call the function so many times."""
        for _ in range(times):
            self._unicorn.reg_write(arm_const.UC_ARM_REG_SP, self._stack)
            self._unicorn.reg_write(arm_const.UC_ARM_REG_LR, _STOP | 1)
            self._unicorn.emu_start(self._entry | 1, _STOP)
