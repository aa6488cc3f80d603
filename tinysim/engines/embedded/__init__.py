"""The engine that every machine with pip has: Unicorn, and a native core of our own around it.

It knows images and boards as any engine does, and nothing of the benchmark.

Unicorn executes instructions. The native core (native/, compiled when first used) does the rest: it counts
blocks, keeps virtual time, takes exceptions, lets the core sleep, and models serial ports, timers and
SysTick. How it works is said where it is done; the traps it avoids are:

* Device registers that tell the time sit on pages without permissions: Unicorn reports the access with its PC
  first, so that a read in the middle of a block sees the exact cycle.
* EXC_RETURN addresses hold code that jumps to where the exception returns to: no way out of the emulator and
  back. WFI and WFE are watched, so that sleep costs no way out either.
* RAM has no hook at all: any hook on a page puts all writes to it on Unicorn's slow path. Code in RAM is
  compared with what was translated before each block.
* IPSR cannot be written through Unicorn's interface: its place in a saved context is found out at start, and
  checked. It is brought up to date only before code that reads it.

Not modelled: parity, hardware flow control, timer inputs and outputs, what the MPU forbids, TrustZone
(CONTROL.SFPA reads as set on Cortex-M33), traps of unaligned accesses, and wait states of peripherals. Within
a block the serial ports see the time of the block's start. docs/firmware.md says what each device does.
"""

from tinysim.engines.embedded.engine import EmbeddedEngine

__all__ = ["EmbeddedEngine"]
