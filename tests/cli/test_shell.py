"""`tinysim shell` as people use it: through pipes, from a terminal, with serial programs on a real pts."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import pytest
import serial

from tests.firmware.fake_model import FAKE_MODELS
from tests.renode_here import needs_renode, needs_renode_launcher
from tinysim.benchmark import BENCHMARKS
from tinysim.board import load_board
from tinysim.cli import main
from tinysim.errors import UserError
from tinysim.firmware import build_firmware
from tinysim.image import load_image
from tinysim.shell.pseudo_terminal import clear_place

LIMIT_S = 600.0
"""Host time after which a test gives up; none should come near it, however busy the host is."""

READY = b"m-ready\r\n"
NAME = b"m-name-dut-[tinysim]\r\n" + READY
ENDED_BY_SIGTERM = 128 + signal.SIGTERM


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("a folder")
    model = FAKE_MODELS["kws"].write(folder / "model")
    board = load_board("nucleo_l4r5zi")
    return build_firmware(board, BENCHMARKS["kws"], model, toolchain="zig", build_folder=folder / "build").elf


def command(image: Path, *arguments: str | Path, engine: str = "embedded") -> list[str]:
    shell = [sys.executable, "-m", "tinysim", "shell", "--firmware", str(image), "--engine", engine]
    return [*shell, *(str(argument) for argument in arguments)]


@contextlib.contextmanager
def running(arguments: list[str], **settings: object) -> Generator[subprocess.Popen[bytes], None, None]:
    process = subprocess.Popen(arguments, stderr=subprocess.PIPE, **settings)  # type: ignore[call-overload]
    try:
        yield process
    finally:
        process.terminate()  # not kill: it may have a Renode to end
        process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                stream.close()


def wait_until(condition: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    deadline_s = time.monotonic() + LIMIT_S
    while not condition():
        assert process.poll() is None, process.stderr and process.stderr.read().decode()
        assert time.monotonic() < deadline_s
        time.sleep(0.01)


@pytest.fixture
def board(image: Path, tmp_path: Path) -> Iterator[tuple[Path, subprocess.Popen[bytes]]]:
    """A board whose serial port is at a path."""
    path = tmp_path / "board"
    with running(command(image, "--pty", path), stdin=subprocess.DEVNULL) as process:
        wait_until(lambda: os.path.lexists(path), process)
        yield path, process


def ask(port: serial.Serial, text: bytes) -> bytes:
    port.write(text)
    return port.read_until(READY)


def name(port: serial.Serial) -> bool:
    """Return whether the board says its name; what it said when it booted may come before."""
    port.write(b"name%")
    return port.read_until(NAME).endswith(NAME)


def use_as_any_serial_program(path: Path) -> None:
    with serial.Serial(str(path), 115200, timeout=LIMIT_S) as port:
        assert name(port)
        assert ask(port, b"db load 490%") == b"m-[Expecting 490 bytes]\r\n" + READY
        for start in range(0, 490, 35):
            answer = ask(port, b"db " + bytes(range(35)).hex().encode() + b"%")
            assert answer.startswith(b"m-load-done\r\n" if start == 455 else READY)
        results = ask(port, b"infer 1 0%")
        assert b"m-results-[" in results
    with serial.Serial(str(path), 9600, timeout=LIMIT_S) as port:
        # The board stayed on while nobody had its port open.
        assert ask(port, b"results%").splitlines()[0] in results.splitlines()


def test_a_serial_program_uses_the_board_on_a_pseudo_terminal(
    board: tuple[Path, subprocess.Popen[bytes]],
) -> None:
    use_as_any_serial_program(board[0])


@needs_renode
def test_a_serial_program_uses_a_board_on_renode(image: Path, tmp_path: Path) -> None:
    path = tmp_path / "board"
    shell = command(image, "--pty", path, engine="renode")
    with running(shell, stdin=subprocess.DEVNULL) as process:
        wait_until(lambda: os.path.lexists(path), process)
        use_as_any_serial_program(path)
        process.send_signal(signal.SIGINT)
        assert process.wait(LIMIT_S) == 0
    assert not os.path.lexists(path)


def test_the_link_goes_with_the_board_however_it_ends(
    board: tuple[Path, subprocess.Popen[bytes]],
) -> None:
    path, process = board
    process.send_signal(signal.SIGTERM)
    assert process.wait(LIMIT_S) == ENDED_BY_SIGTERM
    assert not os.path.lexists(path)


def test_ctrl_c_is_the_normal_end(board: tuple[Path, subprocess.Popen[bytes]]) -> None:
    path, process = board
    process.send_signal(signal.SIGINT)
    assert process.wait(LIMIT_S) == 0
    assert process.stderr is not None
    assert b"Traceback" not in process.stderr.read()
    assert not os.path.lexists(path)


def test_a_link_that_a_killed_board_left_is_taken_over(
    image: Path, board: tuple[Path, subprocess.Popen[bytes]]
) -> None:
    path, process = board
    process.kill()
    process.wait()
    assert os.path.lexists(path)
    with running(command(image, "--pty", path), stdin=subprocess.DEVNULL) as successor:
        assert successor.stderr is not None
        assert b"is at " in successor.stderr.readline()
        with serial.Serial(str(path), timeout=LIMIT_S) as port:
            assert name(port)


def wait_for_tick(folder: Path, moment_ns: int) -> None:
    """Wait until the kernel stamps what is new with a later moment: it does so by the tick."""
    clock = folder / "clock"
    clock.touch()
    while clock.stat().st_ctime_ns <= moment_ns:
        time.sleep(0.001)
        clock.touch()


def test_a_link_whose_terminal_another_program_got_since_is_taken_over(tmp_path: Path) -> None:
    link = tmp_path / "board"
    with contextlib.ExitStack() as others:
        ends = os.openpty()
        name_of_the_ended = os.ttyname(ends[1])
        link.symlink_to(name_of_the_ended)
        with pytest.raises(UserError, match="is in use"):
            clear_place(link)
        wait_for_tick(tmp_path, link.lstat().st_ctime_ns)
        for end in ends:
            os.close(end)
        for _ in range(64):  # other tests open terminals too, and may be first
            if os.path.exists(name_of_the_ended):
                break
            for end in os.openpty():
                others.callback(os.close, end)
        assert os.path.exists(name_of_the_ended)
        clear_place(link)
    assert not os.path.lexists(link)


def test_a_place_that_is_taken_is_refused(
    image: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "taken").write_text("precious")
    arguments = command(image, "--pty", tmp_path / "taken")[3:]
    assert main(arguments) == 2
    assert "taken exists and is not a link to a pseudo terminal: choose another" in capsys.readouterr().err
    assert (tmp_path / "taken").read_text() == "precious"


def test_commands_through_a_pipe_are_answered_and_that_is_all(image: Path) -> None:
    result = subprocess.run(
        command(image), input=b"name%infer 1 0%", capture_output=True, timeout=LIMIT_S, check=False
    )
    assert result.returncode == 0, result.stderr
    boot, *replies = result.stdout.split(READY)
    assert boot.startswith(b"m-timestamp-mode-performance\r\n")
    assert replies[0] == b"m-name-dut-[tinysim]\r\n"
    assert replies[1].startswith(b"e-[")
    assert replies[2:] == [b""]


def test_a_guest_that_faults_is_reported(image: Path, tmp_path: Path) -> None:
    nothing = tmp_path / "nothing.bin"
    content = bytearray(load_image(image, load_board("nucleo_l4r5zi")).segments[0].content)
    entry = int.from_bytes(content[4:8], "little") - 1 - 0x0800_0000
    content[entry : entry + 2] = b"\x00\xde"  # UDF
    nothing.write_bytes(content)
    result = subprocess.run(command(nothing), input=b"", capture_output=True, timeout=LIMIT_S, check=False)
    assert result.returncode == 1
    assert b"Traceback" not in result.stderr


class Person:
    """Somebody at a terminal."""

    def __init__(self) -> None:
        self.ours, self.theirs = os.openpty()
        self.seen = b""

    def type(self, keys: bytes) -> None:
        os.write(self.ours, keys)

    def see(self, text: bytes) -> None:
        deadline_s = time.monotonic() + LIMIT_S
        while text not in self.seen:
            readable, _, _ = select.select([self.ours], [], [], max(0, deadline_s - time.monotonic()))
            assert readable, self.seen
            self.seen += os.read(self.ours, 4096)

    def close(self) -> None:
        os.close(self.ours)
        os.close(self.theirs)


@pytest.fixture
def person() -> Iterator[Person]:
    person = Person()
    yield person
    person.close()


def test_a_person_types_and_leaves(image: Path, person: Person) -> None:
    before = termios.tcgetattr(person.theirs)
    with running(command(image), stdin=person.theirs, stdout=person.theirs) as process:
        person.see(b"m-ready")
        assert termios.tcgetattr(person.theirs) != before
        person.type(b"na")
        person.see(b"na")
        person.type(b"me%\x03")
        person.see(b"me%\\x03")
        person.see(b"m-name-dut-[tinysim]")
        assert process.poll() is None  # Ctrl-C went to the guest
        person.type(b"\x1d")
        assert process.wait(LIMIT_S) == 0
    assert termios.tcgetattr(person.theirs) == before


def test_the_terminal_is_as_it_was_even_where_the_shell_is_ended(image: Path, person: Person) -> None:
    before = termios.tcgetattr(person.theirs)
    with running(command(image, "--no-echo"), stdin=person.theirs, stdout=person.theirs) as process:
        person.see(b"m-ready")
        process.send_signal(signal.SIGTERM)
        assert process.wait(LIMIT_S) == ENDED_BY_SIGTERM
    assert termios.tcgetattr(person.theirs) == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--gdb", "0"], "0 is not in the range"),
        (["--gdb", "70000"], "70000 is not in the range"),
        (["--gdb", "3333", "--engine", "embedded"], "GDB needs the renode engine: use --engine renode"),
        (["--board", "nucleo_l4r5"], "nucleo_l4r5zi"),
        (["--firmware", "nowhere.elf", "--engine", "embedded"], "nowhere.elf"),
    ],
)
def test_mistakes_end_in_one_helpful_line(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["shell", *arguments]) == 2
    error = capsys.readouterr().err.strip()
    assert message in error.splitlines()[-1]
    assert "Traceback" not in error


def test_a_port_that_is_taken_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["shell", "--gdb", str(port)]) == 2
    assert f"cannot wait for GDB on port {port}: " in capsys.readouterr().err


@pytest.fixture
def no_renode(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("PYRENODE_BIN", "PYRENODE_PKG", "PYRENODE_BUILD_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("tinysim.engines.renode.installation.installed_renode", lambda: None)


@pytest.mark.parametrize("arguments", [["--engine", "renode"], ["--gdb", "49301"]])
@pytest.mark.usefixtures("no_renode")
def test_without_renode_one_line_says_what_to_do(
    arguments: list[str], image: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["shell", "--firmware", str(image), *arguments]) == 2
    assert capsys.readouterr().err == (
        "tinysim: Renode is not installed: run `make renode`, or set PYRENODE_BIN to its portable program\n"
    )


@pytest.mark.usefixtures("no_renode")
def test_a_package_without_a_program_cannot_open_the_monitor(
    image: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    package = tmp_path / "renode.pkg.tar.xz"
    package.write_bytes(b"")
    monkeypatch.setenv("PYRENODE_PKG", str(package))
    assert main(["shell", "--firmware", str(image), "--engine", "renode"]) == 2
    assert "has no program `renode` to open the monitor" in capsys.readouterr().err


@needs_renode_launcher
def test_renode_s_monitor_has_the_booted_board(image: Path) -> None:
    with running(command(image, engine="renode"), stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        shown = b""
        while b"m-ready" not in shown:
            piece = process.stdout.readline()
            assert piece, shown
            shown += piece
        process.stdin.write(b"mach\nemulation IsStarted\n")
        process.stdin.close()
        process.stdin = None
        rest = process.stdout.read().decode()
        assert process.wait(LIMIT_S) == 0
    assert "nucleo_l4r5zi" in rest
    assert "True" in rest


class Gdb:
    """A client of GDB's remote serial protocol (GDB manual, appendix E)."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=LIMIT_S)
        self._buffer = b""

    def ask(self, request: bytes, expected: bytes) -> bytes:
        """Return the first reply that starts with `expected`: Renode sends stop replies unasked too."""
        self._socket.sendall(b"$%s#%02x" % (request, sum(request) % 256))
        while True:
            while b"#" not in self._buffer[:-2]:
                piece = self._socket.recv(4096)
                assert piece, self._buffer
                self._buffer += piece
            packet, _, rest = self._buffer.partition(b"#")
            self._buffer = rest[2:]
            reply = packet.partition(b"$")[2]
            self._socket.sendall(b"+")
            if reply.startswith(expected):
                return reply

    def close(self) -> None:
        self._socket.close()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def listening_addresses(port: int) -> set[str]:
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return {row[1].partition(":")[0] for row in rows if row[3] == "0A" and int(row[1][9:], 16) == port}


@needs_renode_launcher
def test_gdb_stops_the_board_at_main_and_serial_programs_can_talk_to_it(image: Path, tmp_path: Path) -> None:
    port, path = free_port(), tmp_path / "board"
    symbols = load_image(image, load_board("nucleo_l4r5zi")).symbols
    address = next(symbol.address for symbol in symbols if symbol.name == "main") & ~1
    with running(
        command(image, "--gdb", str(port), "--pty", path, engine="auto"),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
    ) as process:
        wait_until(lambda: bool(listening_addresses(port)), process)
        assert listening_addresses(port) == {"0100007F"}  # 127.0.0.1, in the order of this machine
        gdb = Gdb(port)
        try:
            gdb.ask(b"qSupported", b"PacketSize")
            gdb.ask(b"Z1,%x,2" % address, b"OK")
            gdb.ask(b"c", b"T05hwbreak")
            gdb.ask(b"pf", address.to_bytes(4, "little").hex().encode())
            gdb.ask(b"z1,%x,2" % address, b"OK")
            with serial.Serial(str(path), timeout=LIMIT_S) as line:
                gdb._socket.sendall(b"$c#63")
                line.read_until(READY)
                assert name(line)
        finally:
            gdb.close()
        assert process.stdin is not None
        process.stdin.close()
        process.stdin = None
        assert process.wait(LIMIT_S) == 0
    assert not os.path.lexists(path)
