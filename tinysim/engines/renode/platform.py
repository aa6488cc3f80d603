"""What Renode is told of chips and boards: `.repl` and `.resc`, written from their data and kept beside it.

People include them from Renode's monitor, so they are checked in; `python -m tinysim.engines.renode.platform`
writes them anew. Renode's own models and ours (`platforms/renode/*.cs`) are named here, and nowhere else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import pairwise
from pathlib import Path

from tinysim.board import Board, board_ids, load_board
from tinysim.chip import Chip, ChipDevice, DmaRequest, Memory, Option, RegisterBlock, chip_ids, read_chip
from tinysim.clock_trees import clocks_after_reset
from tinysim.resources import resource_folder

_CPU_TYPES = {
    "cortex-m0+": "cortex-m0+",
    "cortex-m4": "cortex-m4f",
    "cortex-m7": "cortex-m7",
    "cortex-m33": "cortex-m33",
}
_HAS_CYCLE_COUNTER = {"cortex-m4", "cortex-m7", "cortex-m33"}
_RTC_HZ = 32_000

Attributes = Mapping[str, object]


def _uart(_chip: Chip, device: ChipDevice, after_reset_hz: int) -> Attributes:
    low_power = {"lowPower": "true"} if device.model == "stm32_lpuart" else {}
    fifo = {} if device.options.get("fifo", True) else {"fifo": "false"}
    return {"frequency": after_reset_hz, **fifo, **low_power}


def _timer(_chip: Chip, device: ChipDevice, after_reset_hz: int) -> Attributes:
    bits = device.options["counter_bits"]
    return {"frequency": after_reset_hz, "initialLimit": "0xFFFFFFFF" if bits == 32 else "0xFFFF"}


def _rtc(_chip: Chip, device: ChipDevice, _after_reset_hz: int) -> Attributes:
    return {"frequency": _RTC_HZ, **({"hasSr": "true"} if device.model == "stm32_rtc_with_sr" else {})}


def _low_power_timer(_chip: Chip, device: ChipDevice, after_reset_hz: int) -> Attributes:
    two_channels = {"twoChannels": "true"} if device.model == "stm32_lptim_with_ccr2" else {}
    return {"frequency": after_reset_hz, **two_channels}


def _gpio(_chip: Chip, device: ChipDevice, _after_reset_hz: int) -> Attributes:
    return {"modeResetValue": f"0x{device.options.get('mode_reset', 0):08X}"}


def _dma(chip: Chip, device: ChipDevice, _after_reset_hz: int) -> Attributes:
    kinds = {"stm32_dma_channels": "channels", "stm32_dma_streams": "streams", "stm32_gpdma": "linked"}
    attributes: dict[str, object] = {"kind": f'"{kinds[device.model]}"', "channels": len(device.irq)}
    if device.size_bytes != 1024:
        attributes["size"] = f"0x{device.size_bytes:X}"
    if "request_register" in device.options:
        attributes["requestRegister"] = f"0x{device.options['request_register']:08X}"
    elif device.model == "stm32_dma_streams":
        alike = [other.name for other in chip.device if other.model == device.model]
        attributes["number"] = alike.index(device.name) + 1
    requests = (
        f"{uart.name}: {_requests(uart.options['dma_receive'])} {_requests(uart.options['dma_transmit'])}"
        for uart in chip.uarts
        if "dma_receive" in uart.options
    )
    return {**attributes, "requests": f'"{"; ".join(requests)}"'}


def _requests(requests: Option) -> str:
    def text(request: DmaRequest) -> str:
        return str(request) if isinstance(request, int) else ".".join(map(str, request))

    assert isinstance(requests, tuple)
    return ",".join(text(request) for request in requests)


def _nothing(_chip: Chip, _device: ChipDevice, _after_reset_hz: int) -> Attributes:
    return {}


_MODELS: Mapping[str, tuple[str, Callable[[Chip, ChipDevice, int], Attributes]]] = {
    "stm32_usart": ("UART.Stm32Usart", _uart),
    "stm32_lpuart": ("UART.Stm32Usart", _uart),
    "stm32_timer": ("Timers.STM32_Timer", _timer),
    "stm32_dma_channels": ("Miscellaneous.Stm32Dma", _dma),
    "stm32_dma_streams": ("Miscellaneous.Stm32Dma", _dma),
    "stm32_gpdma": ("Miscellaneous.Stm32Dma", _dma),
    "stm32_crc": ("Miscellaneous.Stm32Crc", _nothing),
    "stm32_rng": ("Miscellaneous.Stm32Rng", _nothing),
    "stm32_rtc": ("Miscellaneous.Stm32Rtc", _rtc),
    "stm32_rtc_with_sr": ("Miscellaneous.Stm32Rtc", _rtc),
    "stm32_lptim": ("Miscellaneous.Stm32LowPowerTimer", _low_power_timer),
    "stm32_lptim_with_ccr2": ("Miscellaneous.Stm32LowPowerTimer", _low_power_timer),
    "stm32_gpio": ("GPIOPort.STM32_GPIOPort", _gpio),
}
"""By the names of devices' models in a chip's file: Renode's type, and what its attributes are."""

_SIZED_BY_US = ("Timers.STM32_Timer", "GPIOPort.STM32_GPIOPort")
"""Renode's own models that would take more room than the chip gives them."""


def _entry(name: str, kind: str, place: str, attributes: Attributes, lines: Iterable[str] = ()) -> str:
    rows = [*(f"{key}: {value}" for key, value in attributes.items()), *lines]
    return f"{name}: {kind} @ {place}\n" + "".join(f"    {row}\n" for row in rows)


def _at(*addresses: int) -> str:
    places = [f"sysbus 0x{address:08X}" for address in addresses]
    return places[0] if len(places) == 1 else f"{{ {'; '.join(places)} }}"


def _memory_entries(chip: Chip, memory: Memory) -> Iterator[str]:
    """A memory, in as many pieces as its mirrors show of it."""
    if memory.kind == "rom":
        words = [word for word in chip.factory_word if memory.address <= word.address < memory.end]
        initial = "; ".join(f"0x{word.address - memory.address:X}=0x{word.value:08X}" for word in words)
        attributes = {"size": f"0x{memory.size_bytes:X}", **({"initial": f'"{initial}"'} if words else {})}
        yield _entry(memory.name, "Miscellaneous.ErasedFlash", _at(memory.address), attributes)
        return
    mirrors = [each for each in chip.memory if each.mirror_of == memory.name]
    cuts = {0, memory.size_bytes}
    for mirror in mirrors:
        cuts |= {mirror.mirror_offset_bytes, mirror.mirror_offset_bytes + mirror.size_bytes}
    bounds = sorted(cuts)
    for number, (start, end) in enumerate(pairwise(bounds), start=1):
        addresses = [memory.address + start]
        if memory.alias_address is not None:
            addresses.append(memory.alias_address + start)
        addresses += [
            mirror.address + start - mirror.mirror_offset_bytes
            for mirror in mirrors
            if 0 <= start - mirror.mirror_offset_bytes < mirror.size_bytes
        ]
        erased = {"ResetByte": "0xFF"} if memory.kind == "flash" else {}
        name = memory.name if len(bounds) == 2 else f"{memory.name}{number}"
        yield _entry(name, "Memory.MappedMemory", _at(*addresses), {"size": f"0x{end - start:X}", **erased})


class _Lines:
    """Interrupt lines: several devices that share one go through a combined input, one input each."""

    def __init__(self, irqs: Iterable[int]) -> None:
        self._uses = Counter(irqs)
        self._taken: Counter[int] = Counter()

    def receiver(self, irq: int) -> str:
        """Return where the next device's line for `irq` goes."""
        if self._uses[irq] == 1:
            return f"nvic@{irq}"
        self._taken[irq] += 1
        return f"irq{irq}@{self._taken[irq] - 1}"

    def entries(self) -> Iterator[str]:
        for irq, count in sorted(self._uses.items()):
            if count > 1:
                attributes = {"numberOfInputs": count}
                yield _entry(
                    f"irq{irq}", "Miscellaneous.CombinedInput", "none", attributes, [f"-> nvic@{irq}"]
                )


def _own_lines(device: ChipDevice) -> tuple[int, ...]:
    """Renode's models have one line each, but for DMA controllers, which have one a channel."""
    return device.irq if _MODELS[device.model][0] == "Miscellaneous.Stm32Dma" else device.irq[:1]


def _device_entry(chip: Chip, device: ChipDevice, lines: _Lines, after_reset_hz: int) -> str:
    kind, attributes = _MODELS[device.model]
    receivers = [lines.receiver(irq) for irq in _own_lines(device)]
    if len(receivers) > 1:
        outputs = [f"{channel} -> {receiver}" for channel, receiver in enumerate(receivers)]
    else:
        outputs = [f"{'' if kind == 'Timers.STM32_Timer' else 'IRQ '}-> {receiver}" for receiver in receivers]
    place = _at(device.address)
    if kind in _SIZED_BY_US:
        place = f"sysbus <0x{device.address:08X}, +0x{device.size_bytes:X}>"
    return _entry(device.name, kind, place, attributes(chip, device, after_reset_hz), outputs)


def _bits(bits: Iterable[int]) -> str:
    return " ".join(map(str, bits))


def _rules(chip: Chip, block: RegisterBlock) -> Attributes:
    """What the chip itself writes into the registers of a block, as `ChipRegisters` reads it."""
    rules: dict[str, list[str]] = {"initial": [], "follows": [], "set": [], "clear": []}
    for register in chip.status_register:
        if not block.address <= register.address < block.end:
            continue
        place = f"0x{register.address - block.address:02X}"
        if register.reset:
            rules["initial"].append(f"{place}=0x{register.reset:X}")
        if register.follows:
            pairs = []
            for status, enable, *elsewhere in register.follows:
                source = f"0x{elsewhere[0] - block.address:02X}." if elsewhere else ""
                pairs.append(f"{status}={source}{enable}")
            rules["follows"].append(f"{place}: {' '.join(pairs)}")
        if register.set:
            rules["set"].append(f"{place}: {_bits(register.set)}")
        if register.clear:
            rules["clear"].append(f"{place}: {_bits(register.clear)}")
    return {name: f'"{"; ".join(texts)}"' for name, texts in rules.items() if texts}


def _register_blocks(chip: Chip) -> Iterator[RegisterBlock]:
    """The blocks that Renode keeps registers for; one that starts within another is part of that."""
    ruled = {register.block for register in chip.status_register}
    blocks = [*chip.register_blocks, *(block for block in chip.unmodelled if block.name in ruled)]
    end = 0
    for block in sorted(blocks, key=lambda block: block.address):
        if block.address >= end:
            yield block
            end = block.end


def chip_description(chip: Chip) -> str:
    """Return the `.repl` of a chip."""
    after_reset_hz = clocks_after_reset(chip, hse_hz=0).core_hz
    lines = _Lines(irq for device in chip.device for irq in _own_lines(device))
    control = chip.clock_control
    registers = RegisterBlock(name="rcc", address=control.address)
    clocked = {"nvic": "core", "dwt": "core"} | {each.name: each.clock for each in chip.device if each.clock}
    cpu: dict[str, object] = {"cpuType": f'"{_CPU_TYPES[chip.core.name]}"'}
    if chip.core.name == "cortex-m7":
        cpu["numberOfMPURegions"] = chip.core.mpu_regions
    nvic = {
        "priorityMask": f"0x{0xFF & ~((1 << (8 - chip.core.nvic_priority_bits)) - 1):02X}",
        "systickFrequency": after_reset_hz,
    }
    entries = [
        entry for memory in chip.memory if memory.mirror_of is None for entry in _memory_entries(chip, memory)
    ]
    entries.append(_entry("nvic", "IRQControllers.NVIC", "sysbus 0xE000E000", nvic, ["IRQ -> cpu@0"]))
    entries.append(_entry("cpu", "CPU.CortexM", "sysbus", {**cpu, "nvic": "nvic"}))
    if chip.core.name in _HAS_CYCLE_COUNTER:
        entries.append(_entry("dwt", "Miscellaneous.DWT", "sysbus 0xE0001000", {"frequency": after_reset_hz}))
    else:
        del clocked["dwt"]
    entries += lines.entries()
    entries += [_device_entry(chip, device, lines, after_reset_hz) for device in chip.device]
    clock_control = {
        "size": "0x400",
        "clocks": f'"{" ".join(f"{name}={clock}" for name, clock in clocked.items())}"',
        **_rules(chip, registers),
    }
    entries.append(_entry("rcc", f"Miscellaneous.{clock_type(chip)}", _at(control.address), clock_control))
    entries += [
        _entry(
            block.name,
            "Miscellaneous.ChipRegisters",
            _at(block.address),
            {"size": f"0x{block.size_bytes:X}", **_rules(chip, block)},
        )
        for block in _register_blocks(chip)
    ]
    return (
        f"// {chip.id.upper()} as Renode sees it, written from {chip.id}.toml, where the sources are named.\n"
        "// Frequencies are those after reset; rcc moves them when the guest writes its registers.\n\n"
        + "\n".join(entries)
    )


def clock_type(chip: Chip) -> str:
    """Return the class of a chip's clock tree in `platforms/renode`: `Stm32L4Clocks` for `stm32l4_rcc`."""
    family = chip.clock_control.registers.removeprefix("stm32").removesuffix("_rcc")
    return f"Stm32{family.upper()}Clocks"


def board_description(board: Board) -> str:
    """Return the `.repl` of a board."""
    return (
        f"// {board.name} as Renode sees it, written from board.toml.\n"
        f'using "../chips/{board.chip.id}.repl"\n\n'
        f"cpu:\n    PerformanceInMips: {board.clock.core_hz // 1_000_000}\n\n"
        f"rcc:\n    hse: {board.clock.hse_hz or 0}\n"
    )


def board_script(board: Board) -> str:
    """Return the `.resc` of a board."""
    flash = f"0x{board.chip.flash.address:08X}"
    return f'''\
:name: {board.name}
:description: Runs $bin, an ELF, HEX or flat image, on a {board.name}. $mips: instructions a microsecond.

using sysbus
$name?="{board.id}"
$mips?={board.clock.core_hz // 1_000_000}

include $ORIGIN/../renode/stm32.resc
mach create $name
machine LoadPlatformDescription $ORIGIN/{board.id}.repl
cpu PerformanceInMips $mips

showAnalyzer {board.console.uart}

macro reset
"""
    sysbus LoadImage $bin {flash}
    cpu VectorTableOffset {flash}
"""
runMacro $reset
'''


def platform_files() -> dict[Path, str]:
    """Return every file that is written from the data of chips and boards, with its text."""
    folder = resource_folder("platforms")
    files = {}
    for chip_id in chip_ids(folder / "chips"):
        files[folder / "chips" / f"{chip_id}.repl"] = chip_description(
            read_chip(folder / "chips" / f"{chip_id}.toml")
        )
    for board in map(load_board, board_ids()):
        files[board.folder / f"{board.id}.repl"] = board_description(board)
        files[board.folder / f"{board.id}.resc"] = board_script(board)
    return files


def main() -> None:
    """Write them."""
    for path, text in platform_files().items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
