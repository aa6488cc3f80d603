from __future__ import annotations

import pytest

from tests.fake_device import FakePort, Mischief
from tinysim.errors import GuestError, GuestHang
from tinysim.runner.device import Device
from tinysim.session import Session

INPUT = bytes(range(70))


def device(**options: object) -> Device:
    port = FakePort(**options)  # type: ignore[arg-type]
    booted = Device(Session(port))
    booted.wait_for_banner()
    return booted


def replace(old: bytes, *new: bytes) -> Mischief:
    """In replies to infer, send `new` in place of the lines that begin with `old`."""

    def mischief(command: str, lines: list[bytes]) -> list[bytes]:
        if not command.startswith("infer"):
            return lines
        return [part for line in lines for part in (new if line.startswith(old) else (line,))]

    return mischief


def test_an_honest_device_answers_every_command() -> None:
    dut = device()
    assert dut.name() == "fake"
    profile = dut.profile()
    assert (profile.firmware, profile.model) == ("ULPMark for tinyML Firmware V0.0.1", "kws01")
    assert dut.timestamp().lines[0].text.startswith("m-lap-us-")
    download = dut.load(INPUT)
    assert download.byte_count == 70
    assert download.stop.time_ns > download.start.time_ns
    inference = dut.infer(10, 1)
    assert inference.runtime_us == pytest.approx(500_000, abs=3000)
    assert inference.results[sum(INPUT) % 12] == 0.89
    assert inference.reply.lines[-1].text == "m-ready"


def test_the_counter_may_wrap_at_two_to_the_32_during_a_window() -> None:
    dut = device(lap_offset_us=(1 << 32) - 100_000)
    dut.load(INPUT)
    inference = dut.infer(10, 0)
    assert inference.stop_us < inference.start_us
    assert inference.runtime_us == pytest.approx(500_000, abs=3000)


def test_chatter_between_the_messages_is_ignored_but_kept_for_the_log() -> None:
    dut = device(mischief=replace(b"m-warmup-start", b"bytes 27648\nm-warmup-start-1", b"Initialized"))
    dut.load(INPUT)
    inference = dut.infer(1, 1)
    assert [line.text for line in inference.reply.lines][:2] == [
        "bytes 27648\nm-warmup-start-1",
        "Initialized",
    ]


def test_an_echo_is_no_harm() -> None:
    def echo(command: str, lines: list[bytes]) -> list[bytes]:
        return [command.encode() + b"%" + lines[0], *lines[1:]]

    dut = device(mischief=echo)
    assert dut.name() == "fake"
    dut.load(INPUT)
    assert dut.infer(3, 0).iterations == 3


@pytest.mark.parametrize(
    ("mischief", "message"),
    [
        (replace(b"m-infer-start", b"m-ready", b"m-infer-start-5"), "m-ready in reply to `infer 5 0` where"),
        (replace(b"m-results", b"m-results-[1.0]", b"m-results-[0.5]"), "sent m-results"),
        (replace(b"m-results"), "where m-results belongs"),
        (replace(b"m-infer-done", b"m-lap-us-7", b"m-infer-done"), "sent m-lap-us"),
        (replace(b"m-infer-start", b"m-infer-start-1"), "started 1 inferences instead of 5"),
        (replace(b"m-warmup-start", b"m-warmup-start-3"), "started 3 warm-up inferences instead of 0"),
        (replace(b"m-lap-us-STOP", b"m-lap-us-5"), "but 0.0.. s passed"),
        (replace(b"m-lap-us-START", b"m-lap-us-0", b"m-lap-us-90000000"), "sent m-lap-us"),
        (replace(b"m-results", b"m-results-[nan,1]"), "not finite"),
        (replace(b"m-results", b"m-results-[one]"), "not numbers"),
        (replace(b"m-infer-done", b"e-[out of memory]"), r"refused `infer 5 0`: e-\[out of memory\]"),
    ],
)
def test_a_forged_reply_is_an_error_and_not_a_figure(mischief: Mischief, message: str) -> None:
    dut = device(mischief=mischief)
    dut.load(INPUT)
    with pytest.raises(GuestError, match=message):
        dut.infer(5, 0)


@pytest.mark.parametrize("scale", [0.5, 2.0])
def test_a_device_clock_of_the_wrong_rate_is_found_out(scale: float) -> None:
    dut = device(lap_scale=scale)
    dut.load(INPUT)
    with pytest.raises(GuestError, match=r"the device's clock says that 100 inferences took"):
        dut.infer(100, 0)


def test_a_reply_sent_twice_is_noticed_at_the_next_command() -> None:
    dut = device(mischief=lambda _command, lines: lines + lines)
    dut.name()
    with pytest.raises(GuestError, match="m-name-dut in reply to `profile`"):
        dut.profile()


def test_silence_is_a_hang_after_the_limit_in_the_device_time() -> None:
    dut = device(mischief=lambda _command, _lines: [])
    before = dut.session.now().time_ns
    with pytest.raises(GuestHang, match=r"did not answer `name` within 5 s; its last line was 'm-ready'"):
        dut.name()
    assert dut.session.now().time_ns - before == pytest.approx(5e9, rel=1e-3)


def test_a_flood_is_an_error() -> None:
    dut = device(mischief=lambda _command, lines: [b"spam " * 10] * 10_000 + lines)
    with pytest.raises(GuestError, match="floods"):
        dut.infer(1, 0)


def test_an_energy_build_is_told_apart() -> None:
    port = FakePort()
    port.state.arrived.clear()
    port._send([b"m-timestamp-mode-energy", b"m-init-done", b"m-ready"])
    with pytest.raises(GuestError, match="energy build"):
        Device(Session(port)).wait_for_banner()


def test_synchronise_finds_a_device_that_is_in_the_middle_of_something() -> None:
    port = FakePort()
    port.write(b"db lo")
    assert Device(Session(port)).synchronise() == "fake"


def test_too_large_an_input_is_refused_in_the_reference_words() -> None:
    def too_large(command: str, lines: list[bytes]) -> list[bytes]:
        if command.startswith("db load"):
            return [b"Supplied buffer size 70 exceeds maximum of 60\nm-ready"]
        return lines

    dut = device(mischief=too_large)
    with pytest.raises(GuestError, match="refused `db load 70`: Supplied buffer size 70"):
        dut.load(INPUT)
