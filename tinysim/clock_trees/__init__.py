"""Clock trees: from a clock controller's registers to the frequencies that follow from them, a family a file.

They know registers by offset, and nothing of engines or boards.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tinysim.chip import Chip
from tinysim.clock_trees.stm32f7 import stm32f7_rcc
from tinysim.clock_trees.stm32g0 import stm32g0_rcc
from tinysim.clock_trees.stm32h7a3 import stm32h7a3_rcc
from tinysim.clock_trees.stm32l4 import stm32l4_rcc
from tinysim.clock_trees.stm32u3 import stm32u3_rcc
from tinysim.clock_trees.stm32u5 import stm32u5_rcc
from tinysim.clock_trees.tree import Clocks, ReadRegister
from tinysim.errors import UserError

_TREES: Mapping[str, Callable[[ReadRegister, int], Clocks]] = {
    "stm32f7_rcc": stm32f7_rcc,
    "stm32g0_rcc": stm32g0_rcc,
    "stm32h7a3_rcc": stm32h7a3_rcc,
    "stm32l4_rcc": stm32l4_rcc,
    "stm32u3_rcc": stm32u3_rcc,
    "stm32u5_rcc": stm32u5_rcc,
}


def chip_clocks(chip: Chip, read: ReadRegister, hse_hz: int) -> Clocks:
    """Return a chip's clocks where its clock controller holds what `read` gives, with an external oscillator.

    Raises UserError where the chip names a clock tree that there is none of.
    """
    registers = chip.clock_control.registers
    if registers not in _TREES:
        raise UserError(f"chips/{chip.id}.toml: no clock tree {registers!r}: there are {', '.join(_TREES)}")
    return _TREES[registers](read, hse_hz)


def clocks_after_reset(chip: Chip, hse_hz: int) -> Clocks:
    """Return the clocks of a chip that has just been reset."""
    resets = {register.address: register.reset for register in chip.status_register}
    return chip_clocks(chip, lambda offset: resets.get(chip.clock_control.address + offset, 0), hse_hz)
