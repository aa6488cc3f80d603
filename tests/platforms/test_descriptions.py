"""What Renode is told of a board (.repl, .resc) agrees with board.toml, from which the other engine is built."""

from __future__ import annotations

import re

import pytest

from tests.platforms.description import Entry, read_description, register_rules
from tinysim.board import Board, DmaRequest, Memory, StatusRegister, board_ids, load_board

CPU_TYPES = {
    "cortex-m0+": "cortex-m0+",
    "cortex-m4": "cortex-m4f",
    "cortex-m7": "cortex-m7",
    "cortex-m33": "cortex-m33",
}
CLOCK_CONTROLLERS = {
    "stm32l4_rcc": "Miscellaneous.Stm32L4Clocks",
    "stm32u5_rcc": "Miscellaneous.Stm32U5Clocks",
    "stm32h7a3_rcc": "Miscellaneous.Stm32H7A3Clocks",
    "stm32f7_rcc": "Miscellaneous.Stm32F7Clocks",
    "stm32g0_rcc": "Miscellaneous.Stm32G0Clocks",
}
RAM, ROM = "Memory.MappedMemory", "Miscellaneous.ErasedFlash"


@pytest.fixture(params=board_ids())
def board(request: pytest.FixtureRequest) -> Board:
    return load_board(request.param)


@pytest.fixture
def description(board: Board) -> dict[str, Entry]:
    return read_description(board.folder / f"{board.id}.repl")


def mapped(description: dict[str, Entry], kinds: set[str]) -> dict[int, tuple[str, int]]:
    """What lies at each KiB of the memory map: a memory's name and the offset in it."""
    places: dict[int, tuple[str, int]] = {}
    for entry in description.values():
        if entry.type in kinds:
            for address in entry.addresses:
                for offset in range(0, entry.number("size"), 1024):
                    assert address + offset not in places, f"{entry.name} overlaps another memory"
                    places[address + offset] = entry.name, offset
    return places


def addresses(memory: Memory) -> list[int]:
    return [memory.address] + ([] if memory.alias_address is None else [memory.alias_address])


def kibibytes(memories: list[Memory]) -> set[int]:
    return {
        address + offset
        for memory in memories
        for address in addresses(memory)
        for offset in range(0, memory.size_bytes, 1024)
    }


def test_memories_have_the_same_places_and_sizes(board: Board, description: dict[str, Entry]) -> None:
    writable = [memory for memory in board.memory if memory.kind != "rom"]
    read_only = [memory for memory in board.memory if memory.kind == "rom"]
    assert set(mapped(description, {RAM})) == kibibytes(writable)
    assert set(mapped(description, {ROM})) == kibibytes(read_only)


def test_flash_starts_erased_and_ram_cleared(board: Board, description: dict[str, Entry]) -> None:
    places = mapped(description, {RAM})
    for memory in board.memory:
        if memory.kind != "rom" and memory.mirror_of is None:
            for offset in range(0, memory.size_bytes, 1024):
                name, _ = places[memory.address + offset]
                assert ("ResetByte" in description[name].attributes) == (memory.kind == "flash")
                if memory.kind == "flash":
                    assert description[name].number("ResetByte") == 0xFF


def test_aliases_and_mirrors_show_the_same_memory(board: Board, description: dict[str, Entry]) -> None:
    places = mapped(description, {RAM, ROM})
    for memory in board.memory:
        shown_at = []
        if memory.alias_address is not None:
            shown_at.append((memory.alias_address, memory.address))
        if memory.mirror_of is not None:
            original = next(other for other in board.memory if other.name == memory.mirror_of)
            shown_at.append((memory.address, original.address + memory.mirror_offset_bytes))
        for address, original_address in shown_at:
            for offset in range(0, memory.size_bytes, 1024):
                assert places[address + offset] == places[original_address + offset]


def test_core_and_interrupt_controller(board: Board, description: dict[str, Entry]) -> None:
    cpu, nvic = description["cpu"], description["nvic"]
    assert cpu.text("cpuType") == CPU_TYPES[board.core.name]
    assert cpu.number("PerformanceInMips") * 1_000_000 == board.core.clock_hz
    assert nvic.number("priorityMask") == 0xFF & ~((1 << (8 - board.core.nvic_priority_bits)) - 1)
    assert nvic.output == ("cpu", 0)
    assert ("dwt" in description) == (board.core.name != "cortex-m0+")


def interrupt(description: dict[str, Entry], entry: Entry) -> int:
    """The interrupt that the entry raises, through a combined input where several share it."""
    assert entry.output is not None, f"{entry.name} raises no interrupt"
    return arrives_at(description, entry.output)


def arrives_at(description: dict[str, Entry], output: tuple[str, int]) -> int:
    receiver, line = output
    if receiver == "nvic":
        return line
    combined = description[receiver]
    assert line < combined.number("numberOfInputs")
    return interrupt(description, combined)


def test_combined_inputs_are_used_once_each(description: dict[str, Entry]) -> None:
    outputs = [entry.output for entry in description.values() if entry.output]
    outputs += [output for entry in description.values() for output in entry.outputs]
    assert len(outputs) == len(set(outputs))
    inputs = {receiver: 0 for receiver, _line in outputs if receiver != "nvic"}
    for receiver, _line in outputs:
        inputs[receiver] = inputs.get(receiver, 0) + 1
    for name, count in inputs.items():
        if description[name].type == "Miscellaneous.CombinedInput":
            assert description[name].number("numberOfInputs") == count


def test_uarts(board: Board, description: dict[str, Entry]) -> None:
    found = {name: entry for name, entry in description.items() if entry.type.startswith("UART.")}
    assert set(found) == {uart.name for uart in board.uart}
    for uart in board.uart:
        entry = found[uart.name]
        assert entry.addresses == [uart.address]
        assert interrupt(description, entry) == uart.irq
        assert (entry.attributes.get("lowPower") == "true") == uart.low_power
        assert (entry.attributes.get("fifo") != "false") == uart.fifo


def test_timers(board: Board, description: dict[str, Entry]) -> None:
    found = {name: entry for name, entry in description.items() if entry.type == "Timers.STM32_Timer"}
    assert set(found) == {timer.name for timer in board.timer}
    for timer in board.timer:
        entry = found[timer.name]
        assert entry.addresses == [timer.address]
        assert interrupt(description, entry) == timer.irq
        assert entry.number("initialLimit") == (1 << timer.counter_bits) - 1


def test_clocks(board: Board, description: dict[str, Entry]) -> None:
    rcc = description["rcc"]
    assert rcc.type == CLOCK_CONTROLLERS[board.clock_control.registers]
    assert rcc.addresses == [board.clock_control.address]
    assert rcc.number("hse") == board.clock_control.hse_hz
    expected = {part.name: part.clock for part in (*board.uart, *board.timer)} | {"nvic": "core"}
    expected |= {device.name: device.clock for device in board.device if device.clock}
    if "dwt" in description:
        expected["dwt"] = "core"
    assert dict(pair.split("=") for pair in rcc.text("clocks").split()) == expected


def test_every_clock_starts_at_one_frequency(description: dict[str, Entry]) -> None:
    """No chip divides or multiplies its first oscillator before the guest asks for it."""
    frequencies = {
        entry.number(name)
        for entry in description.values()
        for name in ("frequency", "systickFrequency")
        if name in entry.attributes and entry.type != "Miscellaneous.Stm32Rtc"
    }
    assert len(frequencies) == 1


def test_ports(board: Board, description: dict[str, Entry]) -> None:
    found = {name: entry for name, entry in description.items() if entry.type == "GPIOPort.STM32_GPIOPort"}
    ports = {device.name: device for device in board.device if device.model == "stm32_gpio"}
    assert set(found) == set(ports)
    for name, entry in found.items():
        assert entry.addresses == [ports[name].address]
        assert int(entry.attributes.get("modeResetValue", "0"), 0) == ports[name].mode_reset


DEVICE_TYPES = {
    "stm32_crc": ("Miscellaneous.Stm32Crc", {}),
    "stm32_rng": ("Miscellaneous.Stm32Rng", {}),
    "stm32_rtc": ("Miscellaneous.Stm32Rtc", {}),
    "stm32_rtc_with_sr": ("Miscellaneous.Stm32Rtc", {"hasSr": "true"}),
    "stm32_lptim": ("Miscellaneous.Stm32LowPowerTimer", {}),
    "stm32_lptim_with_ccr2": ("Miscellaneous.Stm32LowPowerTimer", {"twoChannels": "true"}),
    "stm32_dma_channels": ("Miscellaneous.Stm32Dma", {"kind": '"channels"'}),
    "stm32_dma_streams": ("Miscellaneous.Stm32Dma", {"kind": '"streams"'}),
    "stm32_gpdma": ("Miscellaneous.Stm32Dma", {"kind": '"linked"'}),
}


def request_names(requests: tuple[DmaRequest, ...]) -> str:
    return ",".join(
        str(request) if isinstance(request, int) else ".".join(map(str, request)) for request in requests
    )


def test_devices(board: Board, description: dict[str, Entry]) -> None:
    ours = {kind for kind, _attributes in DEVICE_TYPES.values()}
    devices = {device.name: device for device in board.device if device.model in DEVICE_TYPES}
    assert {name for name, entry in description.items() if entry.type in ours} == set(devices)
    requests = "; ".join(
        f"{uart.name}: {request_names(uart.dma_receive)} {request_names(uart.dma_transmit)}"
        for uart in board.uart
        if uart.dma_receive
    )
    for name, device in devices.items():
        entry = description[name]
        kind, attributes = DEVICE_TYPES[device.model]
        assert (entry.type, entry.addresses) == (kind, [device.address])
        assert attributes.items() <= entry.attributes.items()
        if kind == "Miscellaneous.Stm32Dma":
            assert [arrives_at(description, output) for output in entry.outputs] == list(device.irq)
            assert entry.number("channels") == len(device.irq)
            assert int(entry.attributes.get("requestRegister", "0"), 0) == device.request_register
            assert entry.text("requests") == requests
        elif device.irq:
            assert interrupt(description, entry) == device.irq[0]


def test_what_read_only_memory_holds(board: Board, description: dict[str, Entry]) -> None:
    words = {}
    for entry in description.values():
        if entry.type == ROM:
            pairs = [pair.split("=") for pair in entry.text("initial").replace(" ", "").split(";") if pair]
            words |= {entry.addresses[0] + int(offset, 16): int(value, 16) for offset, value in pairs}
    assert words == {word.address: word.value for word in board.factory_word}


def described_registers(description: dict[str, Entry]) -> dict[int, StatusRegister]:
    registers = {}
    for entry in description.values():
        if entry.type == ROM:
            continue
        (base,) = entry.addresses[:1] or [0]
        initial = dict(rule.split("=") for rule in entry.text("initial").replace(" ", "").split(";") if rule)
        resets = {int(offset, 16): int(value, 16) for offset, value in initial.items()}
        follows, sets, clears = (register_rules(entry.text(kind)) for kind in ("follows", "set", "clear"))
        for offset in {*resets, *follows, *sets, *clears}:
            pairs: list[tuple[int, int] | tuple[int, int, int]] = []
            for word in follows.get(offset, []):
                status, enable = word.split("=")
                source, _, bit = enable.rpartition(".")
                pairs.append(
                    (int(status), int(bit), base + int(source, 16)) if source else (int(status), int(bit))
                )
            registers[base + offset] = StatusRegister(
                name="",
                address=base + offset,
                reset=resets.get(offset, 0),
                follows=tuple(pairs),
                set=tuple(map(int, sets.get(offset, []))),
                clear=tuple(map(int, clears.get(offset, []))),
            )
    return registers


def test_what_the_chip_writes_into_its_registers(board: Board, description: dict[str, Entry]) -> None:
    expected = {
        register.address: register.model_copy(update={"name": ""}) for register in board.status_register
    }
    assert len(expected) == len(board.status_register)
    assert described_registers(description) == expected


def test_script_shows_the_console_and_runs_at_the_boards_clock(board: Board) -> None:
    script = (board.folder / f"{board.id}.resc").read_text()
    assert re.findall(r"^showAnalyzer (\w+)$", script, re.MULTILINE) == [board.console.uart]
    assert re.findall(r"^\$mips\?=(\d+)$", script, re.MULTILINE) == [str(board.core.clock_hz // 1_000_000)]
    flash = next(memory for memory in board.memory if memory.kind == "flash")
    assert f"sysbus LoadImage $bin {flash.address:#010x}\n" in script
    assert f"cpu VectorTableOffset {flash.address:#010x}\n" in script


def test_every_register_block_has_a_name(board: Board) -> None:
    assert set(board.register_blocks) <= set(board.peripherals)
    for part in (*board.uart, *board.timer, *board.device):
        assert board.peripherals[part.name] == part.address


def test_a_wrong_address_is_noticed(board: Board, description: dict[str, Entry]) -> None:
    moved = description[board.console.uart]
    moved.addresses = [moved.addresses[0] + 0x400]
    with pytest.raises(AssertionError):
        test_uarts(board, description)
