from __future__ import annotations

import os
import re
import tty

import pytest
import serial
from hypothesis import given
from hypothesis import strategies as st

from tests.fake_device import BYTE_NS, FakePort
from tinysim.errors import GuestError
from tinysim.session import LINE_BYTES_MAX, HostClock, Session, printable
from tinysim.stamp import Stamp, StampedByte


class BytesPort:
    """Gives the bytes it was made with, one a millisecond."""

    def __init__(self, data: bytes) -> None:
        self.timeout: float | None = None
        self.data = data
        self.position = 0

    def now(self) -> Stamp:
        return Stamp(self.position * 1_000_000, self.position * 10, self.position * 100)

    def last_byte_read(self) -> Stamp:
        return self.now()

    def whereabouts(self) -> str:
        return "nowhere"

    def read(self, size: int = 1) -> bytes:
        taken = self.data[self.position : self.position + size]
        self.position += len(taken)
        return taken

    def read_line(self, size: int, deadline_ns: int) -> list[StampedByte]:
        line: list[StampedByte] = []
        while len(line) < size and not (line and line[-1].value == ord("\n")) and (byte := self.read(1)):
            line.append(StampedByte(byte[0], self.last_byte_read()))
        return line

    def write(self, data: bytes, /) -> int:
        return len(data)

    def close(self) -> None:
        pass


def lines_of(data: bytes) -> list[str]:
    session = Session(BytesPort(data))
    lines = []
    while (line := session.read_line(10**12)) is not None:
        lines.append(line.text)
    return lines


def test_a_line_is_stamped_at_its_first_and_its_last_byte() -> None:
    session = Session(BytesPort(b"m-ready\r\nabc\r\n"))
    assert session.read_line(10**12) is not None
    line = session.read_line(10**12)
    assert line is not None
    assert (line.began, line.stamp) == (Stamp(10_000_000, 100, 1000), Stamp(14_000_000, 140, 1400))


def test_lines_end_with_cr_lf_and_a_lone_lf_stays_inside() -> None:
    assert lines_of(b"bytes 27648\nm-warmup-start-0\r\nm-ready\r\nrest") == [
        "bytes 27648\nm-warmup-start-0",
        "m-ready",
    ]


def test_a_line_is_stamped_when_its_last_byte_has_arrived() -> None:
    session = Session(BytesPort(b"abc\r\nd\r\n"))
    first, second = session.read_line(10**12), session.read_line(10**12)
    assert first is not None
    assert second is not None
    assert first.stamp == Stamp(5_000_000, 50, 500)
    assert second.stamp == Stamp(8_000_000, 80, 800)


def test_a_port_without_a_clock_is_stamped_with_host_time_and_no_counts() -> None:
    class Bare(BytesPort):
        now = None  # type: ignore[assignment]
        last_byte_read = None  # type: ignore[assignment]

    session = Session(Bare(b"m-ready\r\n"), HostClock())
    line = session.read_line(10**12)
    assert line is not None
    assert line.stamp.instructions is None
    assert line.stamp.cycles is None
    assert line.stamp.time_ns >= 0


def test_a_real_serial_port_is_read_in_host_time() -> None:
    ours, theirs = os.openpty()
    tty.setraw(theirs)
    session = Session(serial.Serial(os.ttyname(theirs), 115200))
    before = session.now().time_ns
    os.write(ours, b"m-init-done\r\nm-rea")
    line = session.read_line(before + 10**12)
    assert line is not None
    assert line.text == "m-init-done"
    assert before <= line.stamp.time_ns <= session.now().time_ns
    deadline_ns = session.now().time_ns + 10**7
    assert session.read_line(deadline_ns) is None
    assert session.now().time_ns >= deadline_ns
    os.write(ours, b"dy\r\n")
    line = session.read_line(session.now().time_ns + 10**12)
    assert line is not None
    assert line.text == "m-ready"
    session.send(b"name%")
    sent = b""
    while len(sent) < 5:  # blocks until something is there
        sent += os.read(ours, 5)
    assert sent == b"name%"
    session.close()
    os.close(ours)
    os.close(theirs)


def test_read_line_gives_up_at_its_deadline_and_no_later() -> None:
    port = FakePort()
    session = Session(port)
    assert session.read_line(10 * BYTE_NS) is None
    assert port.now().time_ns == 10 * BYTE_NS
    line = session.read_line(10**12)
    assert line is not None
    assert line.text == "m-timestamp-mode-performance"


def test_a_long_line_is_cut_and_the_next_one_is_whole() -> None:
    lines = lines_of(b"x" * 5000 + b"\r\nm-ready\r\n")
    assert lines[0].endswith("x[cut]")
    assert len(lines[0]) <= LINE_BYTES_MAX + len("[cut]")
    assert lines[1] == "m-ready"


@pytest.mark.parametrize("chatter", [b"x", b"spam\r\n"])
def test_a_flood_ends_in_an_error(chatter: bytes) -> None:
    with pytest.raises(GuestError, match="floods the serial line"):
        lines_of(chatter * 200_000)


def test_control_characters_become_escapes() -> None:
    assert printable(b"\x1b[2Jm-ready\x00\x9b\r") == "\\x1b[2Jm-ready\\x00\\x9b\\x0d"


def test_a_forged_log_line_behind_a_lone_lf_is_defused() -> None:
    assert printable(b"hi\n00035.751 dut: m-ready") == "hi\\n00035.751 dut: m-ready"
    assert printable(b"hi\nthere") == "hi\nthere"


@given(st.binary(max_size=300))
def test_whatever_the_device_sends_is_safe_to_log(data: bytes) -> None:
    text = printable(data)
    assert all(char == "\n" or " " <= char <= "~" for char in text)
    assert not any(re.match(r"\d{5,}\.\d{3} ", part) for part in text.split("\n")[1:])


@given(st.lists(st.binary(max_size=40).filter(lambda line: b"\r" not in line)))
def test_every_line_comes_out_once_and_in_order(lines: list[bytes]) -> None:
    assert lines_of(b"".join(line + b"\r\n" for line in lines)) == [printable(line) for line in lines]
