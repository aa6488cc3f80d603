"""The image on the embedded engine, through the sim:// port: replies as on this machine, and its traces."""

from __future__ import annotations

import random
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import serial
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

import tinysim  # noqa: F401  (registers sim://)
from tests.firmware.fake_model import FAKE_MODELS
from tests.firmware.protocol_model import ProtocolModel
from tests.firmware.test_protocol import BANNER, CASES, READY, download
from tests.toolchain.installed import INSTALLED_TOOLCHAINS
from tinysim.benchmark import BENCHMARKS
from tinysim.board import Board, board_ids, load_board
from tinysim.firmware import build_firmware
from tinysim.port.errors import PortGuestFault
from tinysim.toolchain import DEFAULT_TOOLCHAIN

NOWHERE = 0x6000_0000
HARD_FAULT = 3
BUS_FAULT = 5
# What an input begins with to provoke it, and a bit of CFSR that tells it (ARMv7-M B3.2.15).
FAULTS = {"read of nothing": (1, 1 << 9), "call into nothing": (2, 1 << 8)}

LAP = re.compile(rb"m-lap-us-[0-9]+")


# Every board with the default toolchain, and one board with every toolchain.
TARGETS = [(board, DEFAULT_TOOLCHAIN) for board in board_ids()]
TARGETS += [("nucleo_l4r5zi", name) for name in INSTALLED_TOOLCHAINS if name != DEFAULT_TOOLCHAIN]


@pytest.fixture(scope="module", params=TARGETS, ids="-".join)
def target(request: pytest.FixtureRequest) -> tuple[Board, str]:
    board, toolchain = request.param
    return load_board(board), toolchain


@pytest.fixture(scope="module")
def board(target: tuple[Board, str]) -> Board:
    return target[0]


@pytest.fixture(scope="module")
def image(target: tuple[Board, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("image")
    model = FAKE_MODELS["kws"].write(folder / "model")
    # An input that begins with 1 makes the model read where nothing is; one that begins with 2, call into
    # nothing; one that begins with 3 overflow the stack.
    source = model / "model.c"
    misbehave = """
static int recurse(volatile int *depth)
{
    volatile int more[64] = {*depth};
    return recurse(more) + more[1];
}

void model_invoke(void)
{
    if (input[0] == 1) {
        output[0] = *(volatile int8_t *)0x60000000;
    } else if (input[0] == 2) {
        ((void (*)(void))0x60000001)();
    } else if (input[0] == 3) {
        volatile int depth = 0;
        output[0] = (int8_t)recurse(&depth);
    }"""
    source.write_text(source.read_text().replace("\nvoid model_invoke(void)\n{", misbehave))
    board, toolchain = target
    return build_firmware(
        board, BENCHMARKS["kws"], model, toolchain=toolchain, build_folder=folder / "build"
    ).elf


@pytest.fixture
def device(board: Board, image: Path) -> Iterator[serial.SerialBase]:
    port = serial.serial_for_url(f"sim://{board.id}?firmware={image}&engine=embedded", timeout=2)
    yield port
    port.close()


def read_replies(port: serial.SerialBase, count: int) -> bytes:
    """Return what the device says up to and with its `count`-th m-ready."""
    received = b""
    for _ in range(count):
        received += port.read_until(READY.encode())
    return received


def without_times(text: bytes) -> bytes:
    return LAP.sub(b"m-lap-us-N", text)


def test_the_banner_and_every_command(device: serial.SerialBase) -> None:
    model = ProtocolModel("kws")
    assert without_times(read_replies(device, 1)) == without_times(model.start())
    # One after the other on one device: the state of earlier cases is part of what is compared.
    for name, (sent, _) in CASES.items():
        complete = sent.encode("latin-1") + (b"" if sent.endswith("%") else b"%")
        expected = model.feed(complete)
        device.write(complete)
        assert without_times(read_replies(device, expected.count(b"m-ready\r\n"))) == without_times(
            expected
        ), name


def test_results_are_those_of_the_model_in_python(device: serial.SerialBase) -> None:
    model = ProtocolModel("kws")
    model.start()
    read_replies(device, 1)
    generator = random.Random(1)
    for chunk_bytes in (1, 26, 31, 38):
        content = b"\0" + generator.randbytes(489)
        for command in (download(content, chunk_bytes) + b"infer 3 2%results%").split(b"%")[:-1]:
            device.write(command + b"%")
            assert without_times(read_replies(device, 1)) == without_times(model.feed(command + b"%"))


def laps(text: bytes) -> list[int]:
    return [int(lap.removeprefix(b"m-lap-us-")) for lap in LAP.findall(text)]


def test_the_clock_is_in_microseconds_and_runs_while_the_device_sleeps(device: serial.SerialBase) -> None:
    read_replies(device, 1)
    device.write(b"timestamp%")
    [first] = laps(read_replies(device, 1))
    device.timeout = 0.5
    assert device.read(1) == b""
    device.write(b"timestamp%")
    [second] = laps(read_replies(device, 1))
    # Half a second of sleep, ten characters in and twenty-five out at 115,200 baud: nothing else takes time.
    assert 500_000 < second - first < 505_000


def test_core_and_console_run_at_the_board_s_rates(device: serial.SerialBase, board: Board) -> None:
    read_replies(device, 1)
    engine = device.engine  # type: ignore[attr-defined]
    assert engine.core_hz == board.clock.core_hz
    assert engine.guest_baud == pytest.approx(board.console.baud, rel=0.001)


def test_what_arrives_before_the_device_is_ready_is_dropped(device: serial.SerialBase) -> None:
    device.write(b"name%" * 2)
    device.timeout = 0.1
    assert without_times(device.read(10_000)) == without_times(BANNER.encode())


def test_back_to_back_commands_are_all_obeyed(device: serial.SerialBase) -> None:
    read_replies(device, 1)
    # Replies are longer than commands: all wait in the ring, which holds 4096 bytes.
    device.write(b"name%" * 800)
    assert read_replies(device, 800) == b"m-name-dut-[tinysim]\r\nm-ready\r\n" * 800


def test_a_flood_is_survived_and_no_command_is_made_of_its_pieces(device: serial.SerialBase) -> None:
    read_replies(device, 1)
    # Each asks for more than there is time to say; a piece of it would be an unknown command.
    flood = b"profile%" * 10_240
    device.timeout = 0.05
    received = bytearray()
    for first in range(0, len(flood), 65_536):
        device.write(flood[first : first + 65_536])
        device.flush()
        while arrived := device.read(65_536):
            received += arrived
    replies = bytes(received).split(b"m-ready\r\n")
    whole = b"m-profile-[ULPMark for tinyML Firmware V0.0.1]\r\nm-model-[kws01]\r\n"
    refused = b"e-[Input overrun, command ignored]\r\n"
    assert set(replies[:-1]) == {whole, refused}
    assert replies[-1] == b""
    device.timeout = 2
    device.write(b"%name%")
    assert read_replies(device, 2).endswith(b"m-name-dut-[tinysim]\r\nm-ready\r\n")


def test_garbage_is_survived(device: serial.SerialBase) -> None:
    read_replies(device, 1)
    device.timeout = 0.05
    garbage = random.Random(1).randbytes(100_000)
    for first in range(0, len(garbage), 65_536):
        device.write(garbage[first : first + 65_536])
        device.flush()
        while received := device.read(65_536):
            assert all(character in b"\r\n" or 32 <= character <= 126 for character in received)
    device.timeout = 2
    device.write(b"%name%")
    assert read_replies(device, 2).endswith(b"m-name-dut-[tinysim]\r\nm-ready\r\n")


@dataclass(frozen=True)
class FaultRecord:
    """The firmware's fault_record, as a debugger reads it."""

    r0: int
    r1: int
    r2: int
    r3: int
    r12: int
    lr: int
    pc: int
    xpsr: int
    exception: int
    cfsr: int
    hfsr: int
    mmfar: int
    bfar: int


def symbol_address(image: Path, name: str) -> int:
    with image.open("rb") as file:
        table = ELFFile(file).get_section_by_name(".symtab")
        assert isinstance(table, SymbolTableSection)
        [symbol] = table.get_symbol_by_name(name) or []
        return int(symbol["st_value"])


@pytest.mark.parametrize("kind", FAULTS)
def test_a_fault_leaves_a_record(device: serial.SerialBase, board: Board, image: Path, kind: str) -> None:
    first_byte, cfsr = FAULTS[kind]
    read_replies(device, 1)
    device.write(download(bytes([first_byte]) + bytes(489)) + b"infer 1 0%")
    with pytest.raises(PortGuestFault, match=r"(?s)0x60000000.*model_invoke"):
        device.read(10_000)
    # The firmware's handler has run too: on a board, its record is what there is to read.
    engine = device.engine  # type: ignore[attr-defined]
    assert "fault_halt" in engine.whereabouts()
    size = struct.calcsize("<13I")
    record = FaultRecord(
        *struct.unpack("<13I", engine.read_memory(symbol_address(image, "fault_record"), size))
    )
    if board.chip.core.name == "cortex-m0+":
        # ARMv6-M has one kind of fault, and nothing that tells more of it.
        assert record.exception == HARD_FAULT
        assert (record.cfsr, record.bfar) == (0, 0)
    else:
        assert record.exception == BUS_FAULT
        assert record.cfsr & cfsr
        assert kind != "read of nothing" or record.bfar == NOWHERE
    if kind == "read of nothing":
        assert 0 <= record.pc - (symbol_address(image, "model_invoke") & ~1) < 256
    else:
        assert record.pc == NOWHERE


def test_an_overflowing_stack_leaves_memory_instead_of_overwriting_it(device: serial.SerialBase) -> None:
    read_replies(device, 1)
    device.write(download(b"\3" + bytes(489)) + b"infer 1 0%")
    with pytest.raises(PortGuestFault, match="recurse"):
        device.read(10_000)
