"""The protocol on this machine: every command, every malformed one, and any stream of bytes at all."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.firmware.conftest import HostProgram, build_host_device
from tests.firmware.fake_model import FAKE_MODELS, FakeModel
from tests.firmware.protocol_model import HELP, ProtocolModel

Device = Callable[[str], HostProgram]

BANNER = "m-timestamp-mode-performance\r\nm-lap-us-1007\r\nm-init-done\r\nm-ready\r\n"
READY = "m-ready\r\n"
LOADED = "db load 4%db 01020304%"
LOADED_REPLY = f"m-[Expecting 4 bytes]\r\n{READY}m-load-done\r\n{READY}"

# Commands as the host sends them, and the whole reply: the protocol's description, case by case.
CASES = {
    "name": ("name%", f"m-name-dut-[tinysim]\r\n{READY}"),
    "timestamp": ("timestamp%", f"m-lap-us-1014\r\n{READY}"),
    "profile": (
        "profile%",
        f"m-profile-[ULPMark for tinyML Firmware V0.0.1]\r\nm-model-[kws01]\r\n{READY}",
    ),
    "help": ("help%", HELP.decode() + READY),
    "results before any": ("results%", f"m-results-[]\r\n{READY}"),
    "extra arguments": ("name a b c%", f"m-name-dut-[tinysim]\r\n{READY}"),
    "leading and repeated spaces": ("   db    load   4  %", f"m-[Expecting 4 bytes]\r\n{READY}"),
    "back to back": ("name%name%", 2 * f"m-name-dut-[tinysim]\r\n{READY}"),
    "empty": ("%", READY),
    "only spaces": ("    %", READY),
    "three terminators": ("%%%", 3 * READY),
    "unterminated": ("name", ""),
    "unknown": ("bogus%", f"e-[Unknown command: bogus]\r\n{READY}"),
    "unknown, first token only": ("bogus x%", f"e-[Unknown command: bogus]\r\n{READY}"),
    "whole tokens": (
        "names%infer2%nam%dbx%",
        "".join(f"e-[Unknown command: {word}]\r\n{READY}" for word in ("names", "infer2", "nam", "dbx")),
    ),
    "upper case": ("NAME%", f"e-[Unknown command: NAME]\r\n{READY}"),
    "line end from a terminal": ("name\r\n%", f"e-[Unknown command: name\\x0d\\x0a]\r\n{READY}"),
    "line end before": ("\nname%", f"e-[Unknown command: \\x0aname]\r\n{READY}"),
    "tab is no delimiter": ("db\tload%", f"e-[Unknown command: db\\x09load]\r\n{READY}"),
    "control and high bytes": (
        "\x00\x1b\x7f\x80\xff%",
        f"e-[Unknown command: \\x00\\x1b\\x7f\\x80\\xff]\r\n{READY}",
    ),
    "forged line": (
        "\r\nm-ready\r\n%",
        f"e-[Unknown command: \\x0d\\x0am-ready\\x0d\\x0a]\r\n{READY}",
    ),
    "80 characters": (f"{'x' * 80}%", f"e-[Unknown command: {'x' * 80}]\r\n{READY}"),
    "81 characters": (f"{'x' * 81}%", f"e-[Unknown command: {'x' * 80}]\r\n{READY}"),
    "1000 characters": (f"name {'x' * 1000}%", f"m-name-dut-[tinysim]\r\n{READY}"),
    "after a long one": (
        f"{'x' * 500}%name%",
        f"e-[Unknown command: {'x' * 80}]\r\n{READY}m-name-dut-[tinysim]\r\n{READY}",
    ),
    "db": ("db%", f"e-[Command 'db' requires a subcommand]\r\n{READY}"),
    "db load": ("db load%", f"e-[Command 'db load' requires the # of bytes]\r\n{READY}"),
    "db load 0": ("db load 0%", f"e-[Command 'db load' must be >0 bytes]\r\n{READY}"),
    "db load abc": ("db load abc%", f"e-[Command 'db load' must be >0 bytes]\r\n{READY}"),
    "db load -5": ("db load -5%", f"e-[Command 'db load' must be >0 bytes]\r\n{READY}"),
    "db load of very negative": (
        "db load -99999999999%",
        f"e-[Command 'db load' must be >0 bytes]\r\n{READY}",
    ),
    "db load 12abc": ("db load 12abc%", f"m-[Expecting 12 bytes]\r\n{READY}"),
    "db load +12": ("db load +12%", f"m-[Expecting 12 bytes]\r\n{READY}"),
    "db load 490": ("db load 490%", f"m-[Expecting 490 bytes]\r\n{READY}"),
    "db load extra": ("db load 490 extra%", f"m-[Expecting 490 bytes]\r\n{READY}"),
    "db load 491": ("db load 491%", f"Supplied buffer size 491 exceeds maximum of 490\n{READY}"),
    "db load of very much": (
        "db load 99999999999%",
        f"Supplied buffer size 2147483647 exceeds maximum of 490\n{READY}",
    ),
    "db load too much, then bytes": (
        "db load 491%db 00%",
        f"Supplied buffer size 491 exceeds maximum of 490\n{READY}"
        f"e-[Command 'db' requires a 'db load' first]\r\n{READY}",
    ),
    "bytes without db load": ("db 00%", f"e-[Command 'db' requires a 'db load' first]\r\n{READY}"),
    "odd digits": (
        "db load 4%db 012%",
        f"m-[Expecting 4 bytes]\r\n{READY}e-[Insufficent number of hex digits]\r\n{READY}",
    ),
    "odd digits without db load": ("db loadx%", f"e-[Insufficent number of hex digits]\r\n{READY}"),
    "no hex digit": (
        "db load 4%db 01zz02%db print%",
        f"m-[Expecting 4 bytes]\r\n{READY}e-[Invalid hex digit "
        f"'zz']\r\n{READY}m-buffer-01-00-00-00\r\n\r\n{READY}",
    ),
    "no hex digit, unprintable": (
        "db load 4%db \r\n%",
        f"m-[Expecting 4 bytes]\r\n{READY}e-[Invalid hex digit '\\x0d\\x0a']\r\n{READY}",
    ),
    "sign is no hex digit": (
        "db load 4%db -1%db +f%db 0x%",
        f"m-[Expecting 4 bytes]\r\n{READY}"
        + "".join(f"e-[Invalid hex digit '{pair}']\r\n{READY}" for pair in ("-1", "+f", "0x")),
    ),
    "load": (LOADED, LOADED_REPLY),
    "upper case digits": (
        "db load 2%db aB%db Fc%db print%",
        f"m-[Expecting 2 bytes]\r\n{READY}{READY}m-load-done\r\n{READY}m-buffer-ab-fc\r\n\r\n{READY}",
    ),
    "bytes past the last": (
        "db load 4%db 010203040506%db print%",
        f"m-[Expecting 4 bytes]\r\n{READY}m-load-done\r\n{READY}m-buffer-01-02-03-04\r\n\r\n{READY}",
    ),
    "bytes after load-done": (
        f"{LOADED}db 05%db print%",
        f"{LOADED_REPLY}e-[Command 'db' has all bytes already]\r\n{READY}m-buffer-01-02-03-04\r\n\r\n{READY}",
    ),
    "db print before load": ("db print%", READY),
    "db print of eight": (
        "db load 8%db print%",
        f"m-[Expecting 8 bytes]\r\n{READY}m-buffer-00-00-00-00-00-00-00-00\r\n{READY}",
    ),
    "db print of nine, arguments ignored": (
        "db load 9%db ff%db print 1 2%",
        f"m-[Expecting 9 bytes]\r\n{READY}{READY}"
        f"m-buffer-ff-00-00-00-00-00-00-00\r\nm-buffer-00\r\n\r\n{READY}",
    ),
    "db load anew keeps old bytes": (
        f"{LOADED}db load 3%db ff%db print%",
        f"{LOADED_REPLY}m-[Expecting 3 bytes]\r\n{READY}{READY}m-buffer-ff-02-03\r\n\r\n{READY}",
    ),
    "longest chunk": (
        f"db load 40%db {'5a' * 38}%db 0000%",
        f"m-[Expecting 40 bytes]\r\n{READY}{READY}m-load-done\r\n{READY}",
    ),
    "chunk cut at 80 characters": (
        f"db load 40%db {'5a' * 39}%",
        f"m-[Expecting 40 bytes]\r\n{READY}e-[Insufficent number of hex digits]\r\n{READY}",
    ),
    "infer without input": ("infer 1 0%", f"e-[Input has 0 bytes, expected 490]\r\n{READY}"),
    "infer on part of an input": (
        f"{LOADED}infer 1 0%",
        f"{LOADED_REPLY}e-[Input has 4 bytes, expected 490]\r\n{READY}",
    ),
    "no iterations": (
        "infer 0 0%infer -1 0%infer x%infer x -1%infer -99999999999%",
        5 * f"e-[Inference iterations must be >0]\r\n{READY}",
    ),
    "negative warm-up": (
        "infer 1 -1%infer 1 -x -1%",
        f"e-[Inference warmup must be >=0]\r\n{READY}e-[Input has 0 bytes, expected 490]\r\n{READY}",
    ),
}


def download(content: bytes, chunk_bytes: int = 31) -> bytes:
    """Return the commands that load `content`."""
    commands = b"db load %d%%" % len(content)
    for first in range(0, len(content), chunk_bytes):
        commands += b"db " + content[first : first + chunk_bytes].hex().encode() + b"%"
    return commands


@pytest.mark.parametrize(("sent", "reply"), CASES.values(), ids=CASES.keys())
def test_each_command_gets_its_reply(host_device: Device, sent: str, reply: str) -> None:
    assert host_device("kws")(stdin=sent.encode("latin-1")).decode("latin-1") == BANNER + reply


@pytest.mark.parametrize(("sent", "reply"), CASES.values(), ids=CASES.keys())
def test_the_model_in_python_says_the_same(sent: str, reply: str) -> None:
    device = ProtocolModel("kws")
    assert (device.start() + device.feed(sent.encode("latin-1"))).decode("latin-1") == BANNER + reply


@pytest.mark.parametrize(
    ("arguments", "iterations", "warmups"),
    [("", 1, 10), (" 3", 3, 10), (" 3 0", 3, 0), (" 2 5 9", 2, 5), (" 2 x", 2, 0), (" 2x 3y", 2, 3)],
)
def test_infer_takes_the_arguments_that_the_reference_takes(
    host_device: Device, arguments: str, iterations: int, warmups: int
) -> None:
    sent = download(bytes(range(256)) + bytes(234)) + f"infer{arguments}%results%".encode()
    trace = host_device("kws")("--trace", stdin=sent).decode().replace("\r", "").split("\n")
    begin = trace.index("<load input>")
    results = trace[-3]
    assert results.startswith("m-results-[0.")
    assert results.count(",") == 11
    # Input once, before the warm-up; everything written has left before T0, and before the first inference.
    assert trace[begin:] == [
        "<load input>",
        f"m-warmup-start-{warmups}",
        *["<infer>"] * warmups,
        "m-warmup-done",
        f"m-infer-start-{iterations}",
        "<drain>",
        "<microseconds>",
        "m-lap-us-<drain>",
        "1014",
        "<drain>",
        *["<infer>"] * iterations,
        "<microseconds>",
        "m-lap-us-<drain>",
        "1021",
        "m-infer-done",
        results,
        "m-ready",
        results,
        "m-ready",
        "",
    ]


@pytest.mark.parametrize("benchmark", FAKE_MODELS)
def test_profile_names_the_model(host_device: Device, benchmark: str) -> None:
    assert f"m-model-[{benchmark}01]\r\n".encode() in host_device(benchmark)(stdin=b"profile%")


@pytest.mark.parametrize("benchmark", ["kws", "ic"])
@pytest.mark.parametrize(("input_bytes", "output_bytes"), [(1, 1), (5000, 1000), (64, 64)])
def test_a_network_of_any_size(benchmark: str, input_bytes: int, output_bytes: int, tmp_path: Path) -> None:
    """Every score is printed in full, however many and however large they are."""
    fake = FakeModel(input_bytes, output_bytes, 1.0, -128, 64.0, 127)
    sent = Random(1).randbytes(input_bytes)
    output = build_host_device(tmp_path, benchmark, fake)(stdin=download(sent) + b"infer 1 0%")
    given = np.frombuffer(sent, np.int8) if benchmark == "kws" else np.frombuffer(sent, np.uint8) - 128
    scores = 64 * (fake.invoke(given.astype(np.int8)).astype(int) - 127)
    assert f"m-results-[{','.join(f'{score}.000' for score in scores)}]\r\n".encode() in output


def test_commands_completed_before_the_banner_ends_are_dropped(host_device: Device) -> None:
    device = host_device("kws")
    assert device("--early", "10", stdin=b"name%name%").decode() == BANNER
    # What was begun early and is completed later counts.
    assert (
        device("--early", "7", stdin=b"bad%nam" + b"e%").decode()
        == f"{BANNER}m-name-dut-[tinysim]\r\n{READY}"
    )


@pytest.mark.parametrize("gap", range(5))
def test_a_command_with_a_gap_is_refused(host_device: Device, gap: int) -> None:
    refused = f"e-[Input overrun, command ignored]\r\n{READY}"
    reply = host_device("kws")("--gap", str(gap), stdin=b"name%name%").decode()
    assert reply == f"{BANNER}{refused}m-name-dut-[tinysim]\r\n{READY}"


def inputs(benchmark: str) -> st.SearchStrategy[bytes]:
    size = FAKE_MODELS[benchmark].input_bytes
    if benchmark != "ad":
        return st.integers(0, 2**32).map(lambda seed: Random(seed).randbytes(size))
    usual = st.floats(-80, 40, width=32)
    windows = st.lists(st.one_of(usual, st.floats(width=32)), min_size=1, max_size=20)
    return windows.map(lambda window: struct.pack("<640f", *(window * 640)[:640]))


@pytest.mark.parametrize("benchmark", FAKE_MODELS)
@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_results_are_those_of_the_model_in_python(
    host_device: Device, benchmark: str, data: st.DataObject
) -> None:
    first, second = data.draw(inputs(benchmark)), data.draw(inputs(benchmark))
    chunk = data.draw(st.integers(1, 38))
    sent = download(first, chunk) + b"infer 2 1%" + download(second, chunk) + b"results%infer 1 0%results%"
    model = ProtocolModel(benchmark)
    assert host_device(benchmark)(stdin=sent) == model.start() + model.feed(sent)


words = st.sampled_from(
    [b"name", b"db", b"load", b"print", b"infer", b"results", b"timestamp", b"profile", b"help"]
)
numbers = st.one_of(
    st.integers(-3, 20).map(lambda number: b"%d" % number),
    st.sampled_from(
        [b"490", b"491", b"+7", b"-0", b"2147483648", b"\t5", b"9x", b"x", b"99999999999999999999"]
    ),
)
hexadecimal = st.binary(max_size=40).map(lambda content: content.hex().encode())
junk = st.binary(max_size=100)
# A count of inferences that is too large to wait for is no part of any of these.
commands = st.one_of(
    st.lists(words, max_size=3).map(b" ".join),
    st.tuples(st.just(b"db load"), numbers).map(b" ".join),
    st.tuples(st.just(b"db"), st.one_of(hexadecimal, junk)).map(b" ".join),
    st.tuples(
        st.just(b"infer"),
        st.integers(-2, 9).map(lambda n: b"%d" % n),
        st.sampled_from([b"", b"0", b"-1", b"x"]),
    ).map(b" ".join),
    junk,
)
streams = st.lists(
    st.tuples(commands, st.sampled_from([b"%", b" %", b"%%", b""])).map(b"".join), max_size=30
).map(b"".join)


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(early=st.one_of(st.just(b""), streams), sent=streams)
def test_any_stream_gets_the_reply_of_the_model_in_python(
    host_device: Device, early: bytes, sent: bytes
) -> None:
    model = ProtocolModel("kws")
    expected = model.start(early) + model.feed(sent)
    assert host_device("kws")("--early", str(len(early)), stdin=early + sent) == expected
