"""What the engine on Renode promises, with guests whose every instruction is known."""

from __future__ import annotations

import itertools

import pytest

from tests.engines_renode.conftest import MakeEngine
from tests.engines_renode.guests import ECHO
from tinysim.board import board_ids, load_board
from tinysim.engines import Engine, Stop
from tinysim.engines.renode.engine import RenodeEngine, instructions_per_ms
from tinysim.stamp import StampedByte

CHARACTER_NS = 10 * 1e9 / 115_200
MILLISECOND_NS = 1_000_000

COUNT_DOWN = """
    ldr r0, =ROUNDS
loop:
    subs r0, #1
    bne loop
    wfi
    .pool
"""


def is_an_engine(engine: RenodeEngine) -> Engine:
    """For the type checker."""
    return engine


def text(output: list[StampedByte]) -> bytes:
    return bytes(byte.value for byte in output)


def run_for(engine: RenodeEngine, duration_ns: int) -> list[StampedByte]:
    output: list[StampedByte] = []
    end_ns = engine.now().time_ns + duration_ns
    while engine.now().time_ns < end_ns:
        engine.run(end_ns)
        output += engine.take_output()
    return output


@pytest.mark.parametrize("rounds", [1, 1000, 1_234_567])
def test_instructions_are_counted_exactly(make_engine: MakeEngine, rounds: int) -> None:
    engine = make_engine(COUNT_DOWN.replace("ROUNDS", str(rounds)))
    assert engine.run(100 * MILLISECOND_NS) is Stop.ASLEEP
    assert engine.now().instructions == 1 + 2 * rounds + 1
    assert engine.now().cycles == engine.now().instructions
    assert engine.now().time_ns == 100 * MILLISECOND_NS


def test_time_follows_cycles_per_instruction(make_engine: MakeEngine) -> None:
    engine = make_engine("loop: adds r0, #1\n b loop", cycles_per_instruction=1.5)
    assert engine.run(MILLISECOND_NS) is Stop.DEADLINE
    assert engine.instructions_per_ms == 80_000
    assert engine.now().instructions == 80_000
    assert engine.now().cycles == 120_000


@pytest.mark.parametrize(
    ("cycles_per_instruction", "expected"),
    [(1.0, 120_000), (1.4, 85_714), (1.395, 86_022), (0.7, 171_429), (500.0, 1000)],
)
def test_whole_instructions_a_millisecond(cycles_per_instruction: float, expected: int) -> None:
    assert instructions_per_ms(load_board("nucleo_l4r5zi"), cycles_per_instruction) == expected


def test_speeds_between_whole_numbers_of_instructions_a_microsecond(make_engine: MakeEngine) -> None:
    engine = make_engine(
        "loop: adds r0, #1\n b loop", on=load_board("nucleo_g0b1re"), cycles_per_instruction=1.7
    )
    assert engine.instructions_per_ms == 37_647
    # 64.7 % of each 10 ms at 38 a microsecond, the rest at 37, however a run is divided.
    for until_us, instructions in ((1003, 38_114), (6_470, 245_860), (7_001, 265_507), (100_000, 3_764_700)):
        engine.run(until_us * 1000)
        assert engine.now().time_ns == until_us * 1000
        assert engine.now().instructions == instructions
    assert engine.now().cycles == pytest.approx(64_000 * 100, rel=1e-4)


def test_a_state_is_reached_again_at_a_speed_between_whole_numbers(make_engine: MakeEngine) -> None:
    engine = make_engine("loop: adds r0, #1\n b loop", cycles_per_instruction=1.37)
    engine.run(3 * MILLISECOND_NS + 1000)
    kept, then = engine.snapshot(), engine.now()
    engine.run(8 * MILLISECOND_NS)
    later, registers = engine.now(), engine.registers()
    engine.restore(kept)
    assert engine.now() == then
    engine.run(8 * MILLISECOND_NS)
    assert (engine.now(), engine.registers()) == (later, registers)


@pytest.mark.parametrize("board_id", board_ids())
def test_every_board_takes_and_gives_bytes_at_the_pace_of_the_line(
    make_engine: MakeEngine, board_id: str
) -> None:
    engine = make_engine(ECHO, on=load_board(board_id), handler="handler")
    greeting = run_for(engine, MILLISECOND_NS)
    assert text(greeting) == b"!"
    asleep = engine.now()
    assert engine.unsent() == 0
    engine.send(b"GHI")
    assert engine.unsent() == 3
    output = run_for(engine, MILLISECOND_NS)
    assert text(output) == b"HIJ"
    assert engine.unsent() == 0
    # In through the line, and out again.
    assert output[0].stamp.time_ns - asleep.time_ns == pytest.approx(2 * CHARACTER_NS, rel=0.02)
    for one, next_one in itertools.pairwise(output):
        assert next_one.stamp.time_ns - one.stamp.time_ns == pytest.approx(CHARACTER_NS, rel=0.02)
    assert engine.now().instructions - asleep.instructions == 3 * 7


def test_no_byte_is_lost_however_many_come_at_once(make_engine: MakeEngine) -> None:
    engine = make_engine(ECHO, handler="handler")
    sent = bytes(value % 255 for value in range(3000))
    engine.send(sent)
    output = text(run_for(engine, 300 * MILLISECOND_NS))
    assert output == b"!" + bytes(value + 1 for value in sent)


def test_a_run_does_not_depend_on_how_it_is_divided(make_engine: MakeEngine) -> None:
    engines = [make_engine(ECHO, handler="handler") for _ in range(2)]
    runs = []
    for engine, step_ns in zip(engines, (37_000, 5 * MILLISECOND_NS), strict=True):
        output = []
        while engine.now().time_ns < 5 * MILLISECOND_NS:
            engine.run(min(engine.now().time_ns + step_ns, 5 * MILLISECOND_NS))
            output += engine.take_output()
        engine.send(b"abcdefgh")
        runs.append([*output, *run_for(engine, 5 * MILLISECOND_NS)])
    assert runs[0] == runs[1]


@pytest.mark.parametrize("board_id", board_ids())
def test_a_restored_state_goes_on_as_before(make_engine: MakeEngine, board_id: str) -> None:
    engine = make_engine(ECHO, on=load_board(board_id), handler="handler")
    run_for(engine, MILLISECOND_NS)
    engine.send(b"x")
    run_for(engine, MILLISECOND_NS)
    snapshot, taken = engine.snapshot(), engine.now()
    engine.send(b"abc")
    first = run_for(engine, MILLISECOND_NS)
    engine.send(b"more")
    for _ in range(3):
        engine.restore(snapshot)
        assert engine.now() == taken
        assert engine.unsent() == 0
        assert list(engine.take_output()) == []
        engine.send(b"abc")
        assert run_for(engine, MILLISECOND_NS) == first


def test_bytes_on_the_line_are_dropped_by_restore(make_engine: MakeEngine) -> None:
    engine = make_engine(ECHO, handler="handler")
    run_for(engine, MILLISECOND_NS)
    engine.send(b"abc")
    engine.run(engine.now().time_ns + 120_000)
    snapshot = engine.snapshot()
    engine.restore(snapshot)
    assert text(run_for(engine, MILLISECOND_NS)) == b""
    # A state that was itself restored is one as well.
    again = engine.snapshot()
    engine.restore(again)
    engine.send(b"z")
    assert text(run_for(engine, MILLISECOND_NS)) == b"{"


def test_memory_and_registers(make_engine: MakeEngine) -> None:
    engine = make_engine("ldr r0, =0x20000100\n ldr r1, =0x12345678\n str r1, [r0]\n wfi\n .pool")
    engine.run(MILLISECOND_NS)
    assert engine.read_memory(0x2000_0100, 4) == bytes.fromhex("78563412")
    assert engine.read_memory(0x0810_0000, 2) == b"\xff\xff"
    assert engine.registers()["r1"] == 0x1234_5678
    assert engine.registers()["pc"] == 0x0800_0408
    with pytest.raises(ValueError, match="no memory"):
        engine.read_memory(0x7000_0000, 4)


PRESCALED = """
    ldr r4, =0x40021000     @ RCC
    ldr r0, =CFGR
    str r0, [r4, #0x08]
    ldr r5, =0x40000000     @ TIM2
    ldr r0, =0xFFFFFFFF
    str r0, [r5, #0x2C]     @ ARR
    ldr r6, =0xE0001000     @ DWT
    movs r0, #1
    str r0, [r6]
    str r0, [r5]            @ CEN
    ldr r0, =100000
loop:
    subs r0, #1
    bne loop
    ldr r1, [r5, #0x24]     @ CNT
    ldr r2, [r6, #4]        @ CYCCNT
    wfi
    .pool
"""


@pytest.mark.parametrize(
    ("cfgr", "timer_hz", "core_hz"),
    [
        (0x000, 4_000_000, 4_000_000),
        (0x400, 4_000_000, 4_000_000),  # APB1 by 2: the timer at twice that
        (0x500, 2_000_000, 4_000_000),
        (0x700, 500_000, 4_000_000),
        (0x080, 2_000_000, 2_000_000),  # AHB by 2
        (0x4A0, 500_000, 500_000),
    ],
)
def test_timers_and_cycle_counter_follow_the_clock_controller(
    make_engine: MakeEngine, cfgr: int, timer_hz: int, core_hz: int
) -> None:
    engine = make_engine(PRESCALED.replace("CFGR", hex(cfgr)))
    assert engine.run(100 * MILLISECOND_NS) is Stop.ASLEEP
    registers = engine.registers()
    # The core itself keeps its speed: Renode cannot change that while it runs.
    loop_s = 200_000 / 120e6
    assert registers["r1"] == pytest.approx(loop_s * timer_hz, abs=2)
    assert registers["r2"] == pytest.approx(loop_s * core_hz, abs=2)
