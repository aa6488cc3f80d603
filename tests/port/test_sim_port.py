"""sim:// as a pyserial program sees it: the benchmark firmware, or guests that misbehave, behind it."""

from __future__ import annotations

import io
import itertools
import struct
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import serial
from serial.threaded import LineReader, ReaderThread

import tinysim  # noqa: F401  (registers sim://)
from tests.firmware.fake_model import FAKE_MODELS
from tests.timing.assembler import assemble
from tinysim.benchmark import BENCHMARKS
from tinysim.board import load_board
from tinysim.errors import GuestFault, GuestHang, UserError
from tinysim.firmware import build_firmware
from tinysim.port import protocol_sim

FLASH, STACK = 0x0800_0000, 0x200A_0000
READY = b"m-ready\r\n"
NAME = b"m-name-dut-[tinysim]\r\n"
LIMIT_S = 600.0
"""Host time after which a test gives up; none should come near it, however busy the host is."""

# Sets up the UART that the board's console is on, at 115200 baud: r0 is its address.
UART = "ldr r0, =0x40008000; ldr r1, =8888; str r1, [r0, #12]; movs r1, #13; str r1, [r0]; "
# Sends back what it receives, and never sleeps.
ECHO = UART + (
    "again: ldr r2, [r0, #28]; lsls r2, r2, #26; bpl again; ldr r2, [r0, #36]; str r2, [r0, #40]; b again; "
    ".ltorg"
)


@pytest.fixture(scope="module")
def url(tmp_path_factory) -> str:
    folder = tmp_path_factory.mktemp("port")
    build = build_firmware(
        load_board("nucleo_l4r5zi"),
        BENCHMARKS["kws"],
        FAKE_MODELS["kws"].write(folder / "model"),
        toolchain="zig",
        build_folder=folder / "build",
    )
    return f"sim://nucleo_l4r5zi?firmware={build.elf}&engine=embedded"


@pytest.fixture
def port(url):
    with serial.serial_for_url(url, timeout=2) as port:
        assert port.read_until(READY).endswith(READY)
        yield port


def guest(tmp_path: Path, source: str) -> str:
    """A guest that starts at FLASH + 0x44; its exceptions spin at FLASH + 0x40."""
    code = assemble(f"handler: b handler; nop; {source}")
    path = tmp_path / "guest.bin"
    path.write_bytes(struct.pack("<16I", STACK, FLASH + 0x45, *[FLASH + 0x41] * 14) + code)
    return f"sim://nucleo_l4r5zi?firmware={path}&engine=embedded"


def test_a_command_is_answered(port):
    port.write(b"name%")
    assert port.read_until(READY) == NAME + READY


def test_timeouts_are_virtual_time(port):
    port.timeout = 3.0
    before = port.now()
    assert port.read(1) == b""
    assert port.now().time_ns - before.time_ns == pytest.approx(3e9, rel=1e-6)


@pytest.fixture
def hasty_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """A host so slow that an hour passes between any two looks at its clock, and that cannot wait."""
    hours = itertools.count(0.0, 3600.0)

    def refuse(*_arguments: object) -> None:
        raise AssertionError("waits in host time")

    monkeypatch.setattr(serial.serialutil.Timeout, "TIME", staticmethod(lambda: next(hours)))
    monkeypatch.setattr(time, "monotonic", lambda: next(hours))
    monkeypatch.setattr(time, "sleep", refuse)


@pytest.mark.usefixtures("hasty_clock")
def test_the_hasty_clock_ends_what_counts_host_time(port):
    port.write(b"name%")
    assert serial.SerialBase.read_until(port, READY) == b"m"


@pytest.mark.parametrize(
    ("read", "answer"),
    [
        (lambda port: port.read_until(READY), NAME + READY),
        (lambda port: port.read_until(READY, 1000), NAME + READY),
        (lambda port: port.read_until(READY, 5), NAME[:5]),
        (lambda port: port.read_until(), NAME),
        (lambda port: port.readline(), NAME),
        (lambda port: next(port), NAME),
        (lambda port: port.readlines(), [NAME, READY]),
        (lambda port: list(port.iread_until()), [NAME, READY]),
        (lambda port: port.readall(), NAME + READY),
        (lambda port: port.read(1000), NAME + READY),
        (lambda port: io.BufferedReader(port).readline(), NAME),
    ],
)
@pytest.mark.usefixtures("hasty_clock")
def test_every_way_to_read_waits_in_virtual_time(port, read: Callable[[Any], Any], answer: Any):
    port.write(b"name%")
    assert read(port) == answer


@pytest.mark.usefixtures("hasty_clock")
def test_read_until_gives_up_at_its_virtual_timeout_and_no_sooner(port):
    port.timeout = 1.5
    port.write(b"name%")
    before = port.now()
    assert port.read_until(b"never") == NAME + READY
    assert port.now().time_ns - before.time_ns == 1_500_000_000
    assert port.last_byte_read().time_ns < before.time_ns + 10_000_000


def test_read_until_s_timeout_is_for_all_of_it(tmp_path):
    # A byte a millisecond or so, for ever: each comes long before the timeout.
    talk = "again: ldr r2, =1500; wait: subs r2, r2, #1; bne wait; str r1, [r0, #40]; b again; .ltorg"
    with serial.serial_for_url(guest(tmp_path, UART + talk), timeout=0.05) as port:
        received = port.read_until(b"\n")
        assert port.now().time_ns == pytest.approx(50_000_000, abs=1_000_000)
        assert 10 < len(received) < 200


def test_read_until_without_a_timeout_to_wait_takes_what_is_there(port):
    port.write(b"name%")
    port.flush()
    port.timeout = 0.1
    assert port.read(1) == b"m"
    while port.in_waiting < 5:
        pass
    port.timeout = 0
    before = port.now()
    assert port.read_until(b"never", 5) == NAME[1:6]
    assert port.now() == before


@pytest.mark.usefixtures("hasty_clock")
def test_a_pause_between_bytes_ends_a_read(port):
    port.timeout = 60
    port.inter_byte_timeout = 0.1
    port.write(b"name%")
    assert port.read(1000) == NAME + READY
    assert port.now().time_ns - port.last_byte_read().time_ns == 100_000_000
    before = port.now()
    assert port.read(1) == b""  # there is no pause before the first byte
    assert port.now().time_ns - before.time_ns == 60_000_000_000


@pytest.mark.usefixtures("hasty_clock")
def test_flush_takes_as_long_as_the_bytes_do(port):
    before = port.now()
    port.write(b"nam")  # nothing comes back
    port.flush()
    assert port.out_waiting == 0
    # Three of ten bits at 115200 baud, give or take a look at whether they have arrived.
    assert port.now().time_ns - before.time_ns == pytest.approx(260_000, abs=protocol_sim.POLL_NS)


@pytest.mark.usefixtures("hasty_clock")
def test_a_write_timeout_is_virtual_time(port):
    content = bytes(protocol_sim.UNSENT_MAX + 10_000)
    port.write_timeout = 0.5
    before = port.now()
    with pytest.raises(serial.SerialTimeoutException):
        port.write(content)
    assert port.now().time_ns - before.time_ns == 500_000_000
    port.write_timeout = 0
    before = port.now()
    room = protocol_sim.UNSENT_MAX - port.out_waiting
    assert port.write(content) == room
    assert port.write(content) == 0
    assert port.now() == before
    port.write_timeout = 60
    assert port.write(content) == len(content)
    port.flush()
    assert port.out_waiting == 0


@pytest.mark.usefixtures("hasty_clock")
def test_a_break_is_virtual_time(port):
    before = port.now()
    port.write(b"name%")
    port.send_break(0.25)
    assert port.now().time_ns - before.time_ns == 250_000_000
    assert port.read_all() == NAME + READY


def test_a_timeout_of_zero_does_not_wait(port):
    port.timeout = 0
    before = port.now()
    assert port.read(10) == b""
    assert port.now().time_ns - before.time_ns == protocol_sim.POLL_NS


def test_a_program_that_only_looks_comes_to_its_answer(port):
    port.timeout = 0
    port.write(b"name%")
    received = b""
    for _ in range(100):
        received += port.read(1000)
    assert received == NAME + READY


def test_read_returns_what_there_is_when_the_time_is_over(port):
    port.write(b"name%")
    port.timeout = 1
    assert port.read(1000) == NAME + READY


def test_in_waiting_lets_the_guest_run(port):
    port.write(b"name%")
    received = b""
    while len(received) < len(NAME + READY):
        received += port.read(port.in_waiting)
    assert received == NAME + READY


def test_flush_delivers_and_the_input_buffer_can_be_dropped(port):
    port.write(b"name%")
    port.flush()
    assert port.out_waiting == 0
    port.timeout = 0.1
    assert port.read(1) == b"m"
    assert port.in_waiting == 1
    port.reset_input_buffer()
    port.timeout = 1
    assert port.read_until(READY) == NAME[2:] + READY


def test_bytes_are_stamped_at_the_line_s_pace(port):
    port.write(b"name%")
    port.read(1)
    first = port.last_byte_read()
    port.read(1)
    second = port.last_byte_read()
    # Ten bits at 115200 baud: 86.8 us.
    assert second.time_ns - first.time_ns == pytest.approx(86_806, rel=0.01)
    assert second.instructions > first.instructions


def test_a_snapshot_brings_everything_back(port):
    port.write(b"name%")
    port.read_until(READY)
    snapshot = port.snapshot()
    answers = []
    for _ in range(2):
        port.restore(snapshot)
        port.write(b"timestamp%profile%")
        answers.append((port.read_until(READY) + port.read_until(READY), port.now()))
    assert answers[0] == answers[1]


def test_settings_and_lines_of_a_real_port_are_accepted(port):
    port.baudrate = 9600
    port.dtr = port.rts = False
    port.send_break(0)
    port.break_condition = False
    assert (port.cts, port.dsr, port.ri, port.cd) == (True, True, False, True)
    port.write(b"name%")
    assert port.read_until(READY) == NAME + READY


def test_a_closed_port_refuses_and_opens_again(url):
    port = serial.serial_for_url(url, timeout=2)
    port.close()
    port.close()
    with pytest.raises(serial.PortNotOpenError):
        port.read()
    port.open()
    assert port.read_until(READY).startswith(b"m-timestamp-mode-performance")
    with pytest.raises(serial.SerialException):
        port.open()
    port.close()


class Lines(LineReader):
    def __init__(self) -> None:
        super().__init__()
        self.ready = threading.Semaphore(0)
        self.lines: list[str] = []

    def handle_line(self, line: str) -> None:
        self.lines.append(line)
        if line == "m-ready":
            self.ready.release()


@pytest.mark.parametrize("timeout", [0.05, None])
def test_a_reader_thread_and_a_writer_share_the_port(url, timeout):
    port = serial.serial_for_url(url, timeout=timeout)
    with ReaderThread(port, Lines) as reader:
        assert reader.ready.acquire(timeout=LIMIT_S)
        for _ in range(3):
            port.write(b"name%")
            assert reader.ready.acquire(timeout=LIMIT_S)
    assert reader.lines.count("m-name-dut-[tinysim]") == 3


def test_a_writer_comes_between_a_reader_thread_and_a_guest_that_never_sleeps(tmp_path):
    class Echo(Lines):
        def handle_line(self, line: str) -> None:
            super().handle_line(line)
            self.ready.release()

    port = serial.serial_for_url(guest(tmp_path, ECHO), timeout=None)
    with ReaderThread(port, Echo) as reader:
        for text in ("first", "second"):
            reader.write_line(text)
            assert reader.ready.acquire(timeout=LIMIT_S)
    assert reader.lines == ["first", "second"]


@pytest.fixture
def reading(tmp_path) -> Iterator[tuple[Any, threading.Thread, list[bytes]]]:
    """A port, a thread that is in a read which is not going to end by itself, and what that returns."""
    port = serial.serial_for_url(guest(tmp_path, "spin: b spin"), timeout=1e6)
    returned: list[bytes] = []
    thread = threading.Thread(target=lambda: returned.append(port.read(1)))
    thread.start()
    while port.now().time_ns == 0:
        pass
    yield port, thread, returned
    port.close()
    thread.join(LIMIT_S)


def test_a_read_can_be_cancelled_from_another_thread(reading):
    port, thread, returned = reading
    port.cancel_read()
    thread.join(LIMIT_S)
    assert returned == [b""]
    assert port.now().time_s < 1e6


def test_a_port_can_be_closed_while_another_thread_reads(reading):
    port, thread, returned = reading
    port.close()
    thread.join(LIMIT_S)
    assert returned == [b""]


def test_a_read_that_is_cancelled_before_it_begins_does_not_wait(tmp_path):
    with serial.serial_for_url(guest(tmp_path, "spin: b spin"), timeout=1e6) as port:
        port.cancel_read()
        assert port.read(1) == b""
        port.cancel_read()
        assert port.read_until() == b""
        assert port.now().time_ns == 0
        port.timeout = 1
        assert port.read(1) == b""
        assert port.now().time_ns >= 1_000_000_000


def test_text_wrappers_work(url):
    with serial.serial_for_url(url, timeout=2) as port:
        text = io.TextIOWrapper(io.BufferedRWPair(port, port), newline="\r\n")
        assert text.readline() == "m-timestamp-mode-performance\r\n"
        while text.readline() != "m-ready\r\n":
            pass
        text.write("name%")
        text.flush()
        assert text.readline() == "m-name-dut-[tinysim]\r\n"


def test_a_program_that_never_reads_does_not_fill_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(protocol_sim, "RECEIVED_MAX", 4)
    url = guest(tmp_path, UART + "again: str r1, [r0, #40]; b again; .ltorg")
    with serial.serial_for_url(url, timeout=0.001) as port:
        port.write(bytes(100))
        port.flush()
        assert port.read(4) == bytes([13] * 4)
        assert port.read(1) == b"\r"


def test_waiting_for_a_guest_that_sleeps_for_good_is_an_error(tmp_path):
    with serial.serial_for_url(guest(tmp_path, "cpsid i; again: wfi; b again"), timeout=None) as port:
        with pytest.raises(serial.SerialException, match="sleeps with nothing to wake it"):
            port.read(1)
        # With a timeout it is just silent, as a real board would be.
        port.timeout = 1
        assert port.read(1) == b""


def test_waiting_for_a_guest_that_spins_is_an_error_that_says_where(tmp_path):
    url = guest(tmp_path, "nop; nop; spin: b spin") + "&patience_s=0.01"
    with serial.serial_for_url(url, timeout=None) as port, pytest.raises(GuestHang) as error:
        port.read(1)
    assert isinstance(error.value, serial.SerialException)
    assert "0x08000048" in str(error.value)


def test_a_fault_keeps_its_report(tmp_path):
    url = guest(tmp_path, "movs r0, #42; udf #1")
    with serial.serial_for_url(url, timeout=1) as port, pytest.raises(GuestFault) as error:
        port.read(1)
    assert isinstance(error.value, serial.SerialException)
    assert "0x08000046" in str(error.value)
    assert "0000002a" in str(error.value)


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ("sim://nucleo_l4r5zi", "names no firmware"),
        ("sim://nucleo_l4r5?firmware=x.elf", "did you mean nucleo_l4r5zi"),
        ("sim://nucleo_l4r5zi?firmware=missing.elf", "No such file"),
        ("sim://nucleo_l4r5zi?firmware=x.elf&speed=9", "unknown option 'speed'"),
        ("sim://nucleo_l4r5zi?firmware", "cannot read the options"),
        ("sim://nucleo_l4r5zi?firmware={image}&timing=maybe", "timing is on or off"),
        ("sim://nucleo_l4r5zi?firmware={image}&patience_s=-1", "patience_s is to be a number above 0"),
        ("sim://nucleo_l4r5zi?firmware={image}&engine=qemu", "unknown engine 'qemu'"),
        ("sim://[nucleo_l4r5zi?firmware=x.elf", "Invalid IPv6 URL"),
        ("sim://nucleo_l4r5zi?firmware=%00", "cannot read the image"),
    ],
)
def test_a_bad_url_is_one_line(url, bad, says):
    image = url.partition("firmware=")[2].partition("&")[0]
    with pytest.raises(UserError) as error:
        serial.serial_for_url(bad.format(image=image))
    assert isinstance(error.value, serial.SerialException)
    assert says in str(error.value)
    assert "\n" not in str(error.value)


def test_a_guest_that_resets_itself_for_ever_is_told_so(tmp_path):
    url = guest(tmp_path, "ldr r0, =0xe000ed0c; ldr r1, =0x05fa0004; str r1, [r0]; dsb; b handler")
    with (
        serial.serial_for_url(url, timeout=None) as port,
        pytest.raises(GuestHang, match="resets itself again and again"),
    ):
        port.read()
