"""The built-in anomaly detection set: sounds of four machines, some with a fault.

A machine is a motor that drives a fan through a pair of gears. Its sound has the harmonics of its shaft, the
teeth's mesh among them, and the noise of flowing air; both follow load and speed, which change. Around it are
the noise of a hall, other machines' hum and now and then a knock. Faults are a bearing (bursts of a resonance
at the rate at which balls pass its damage), imbalance (the shaft's low harmonics, and everything louder and
softer once a turn) and rattle (a loose part, knocking at random), from hardly audible to plain.

The features are those of ad01 (tinysim.features.log_mel) of the sound as a recorder stores it, in 16 bits.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
import numpy.typing as npt

from tinysim.builtin.arithmetic import Float64Array, Random, cosine, exp2, exponential, sine
from tinysim.builtin.sample import Sample, Split
from tinysim.features.log_mel import RATE_HZ, log_mel

NAME = "tinysim-ad"
CLASSES = ("normal", "anomaly")
TEST_INPUTS = 24

MACHINES = 4
Fault = Literal["bearing", "imbalance", "rattle"]
FAULTS: tuple[Fault, ...] = ("bearing", "imbalance", "rattle")

SAMPLES = 10 * RATE_HZ

Int16Array = npt.NDArray[np.int16]

_NORMAL, _ANOMALY = range(2)
_HARMONICS = 64
_BLOCK = 8000
# Angles as whole numbers, whose sums are exact: this many steps a turn.
_TURN = 2.0**40


@dataclass(frozen=True, eq=False)
class Recording:
    """A machine's sound, [SAMPLES] at RATE_HZ; `severity` is 0 for a sound machine, else up to 1."""

    machine: int
    fault: Fault | None
    severity: float
    sound: Int16Array


def make_sample(split: Split, number: int) -> Sample:
    """Return an input: of "test", half are anomalies; of "training", none is."""
    return as_sample(make_recording(split, number), number)


def as_sample(recording: Recording, number: int) -> Sample:
    """Return the input that shows a recording."""
    features = log_mel(recording.sound.astype(np.float64) / 32768.0)
    label = _NORMAL if recording.fault is None else _ANOMALY
    name = f"tinysim_ad_{CLASSES[label]}_{number:06}"
    if recording.fault is not None:
        name += f"_{recording.fault}"
    return Sample(f"{name}.bin", label, features.astype("<f4").tobytes())


def make_recording(split: Split, number: int) -> Recording:
    """Return the sound that `make_sample` makes an input of."""
    if split == "training":
        return record(Random(NAME, split, number), number % MACHINES)
    place = _test_order()[number]
    random = Random(NAME, split, number)
    anomalies = TEST_INPUTS // 2
    if place >= anomalies:
        return record(random, place % MACHINES)
    # Machines, faults and severities are mixed: there are 4, 3 and as many as anomalies.
    return record(random, place % MACHINES, FAULTS[place % len(FAULTS)], (place + 1) / anomalies)


def record(random: Random, machine: int, fault: Fault | None = None, severity: float = 0.0) -> Recording:
    """Return ten seconds of a machine, 0 to MACHINES - 1, with or without a fault of `severity` up to 1."""
    build = _build(machine)
    time_s = np.arange(SAMPLES) / RATE_HZ
    load = _load(random, time_s)
    # A motor slows down under load.
    speed_hz = build.speed_hz * (1.0 + random.uniform(-0.015, 0.015)) * (1.02 - 0.04 * load)
    steps = np.rint(speed_hz / RATE_HZ * _TURN).astype(np.int64)
    angle = np.cumsum(steps) + int(random.uniform() * _TURN)
    sound = _harmonics(build, angle, load)
    flow = _noise(random, build.flow) * (0.4 + 0.6 * load)
    flow = flow + 1.5 * build.flow[1] * _band_noise(random, time_s, build.whistle_hz, 16) * load
    sound = sound + flow
    surroundings = _surroundings(random, time_s)
    # The microphone stands nearer or farther.
    gain = 0.02 * _from_db(random.uniform(-5.0, 5.0))
    # Last, so that a fault changes nothing but its own.
    if fault is not None:
        sound = _FAULTS[fault](random, build, angle, sound, severity)
    stored = np.rint((sound + surroundings) * (gain * 32768.0))
    stored = np.minimum(np.maximum(stored, -32768.0), 32767.0)
    return Recording(machine, fault, severity, stored.astype(np.int16))


@dataclass(frozen=True, eq=False)
class _Build:
    """What makes a machine an individual.

    `idle` and `loaded` are amplitudes of the shaft's harmonics at no and full load, `flow` those of the air's
    noise by octave, from 8000 Hz downwards.
    """

    speed_hz: float
    idle: tuple[float, ...]
    loaded: tuple[float, ...]
    flow: tuple[float, ...]
    whistle_hz: float
    bearing_order: float
    housing_hz: float
    loose_part_hz: float


@lru_cache(maxsize=MACHINES)
def _build(machine: int) -> _Build:
    random = Random(NAME, "machine", machine)
    teeth, blades = random.integer(13, 19), random.integer(5, 9)
    idle, loaded = [], []
    for order in range(1, _HARMONICS + 1):
        level = _from_db(random.uniform(-12.0, 0.0)) / (1.0 + 0.15 * order)
        if order % blades == 0:
            level *= 2.5
        if order % teeth == 0:
            level *= 5.0
        elif order % teeth in (1, teeth - 1):
            level *= 2.0
        idle.append(level * random.uniform(0.2, 0.6))
        loaded.append(level * random.uniform(0.6, 1.2))
    slope = random.uniform(0.9, 1.3)
    flow, level = [], random.uniform(0.15, 0.3)
    for _ in range(6):
        flow.append(level * random.uniform(0.7, 1.3))
        level *= slope
    return _Build(
        speed_hz=24.0 + 6.5 * machine + random.uniform(0.0, 3.0),
        idle=tuple(idle),
        loaded=tuple(loaded),
        flow=tuple(flow),
        whistle_hz=random.uniform(1500.0, 5000.0),
        bearing_order=random.uniform(3.05, 4.95),
        housing_hz=random.uniform(2200.0, 4800.0),
        loose_part_hz=random.uniform(900.0, 2600.0),
    )


def _load(random: Random, time_s: Float64Array) -> Float64Array:
    """Return a load from 0 to 1 [SAMPLES]: a level that swings, and for some sounds a step, within 50 ms."""
    level, swing = random.uniform(0.25, 0.75), random.uniform(0.0, 0.2)
    load = level + swing * sine(time_s * random.uniform(0.1, 0.8) + random.uniform())
    if random.chance(0.5):
        step, when_s = random.uniform(-0.4, 0.4), random.uniform(1.0, 9.0)
        load = load + step * np.minimum(np.maximum((time_s - when_s) / 0.05, 0.0), 1.0)
    bounded: Float64Array = np.minimum(np.maximum(load, 0.0), 1.0)
    return bounded


def _harmonics(build: _Build, angle: npt.NDArray[np.int64], load: Float64Array) -> Float64Array:
    sound = np.empty(SAMPLES)
    # In blocks that stay in a processor's cache, which takes half the time.
    for start in range(0, SAMPLES, _BLOCK):
        block = slice(start, start + _BLOCK)
        turns = _turns(angle[block])
        before: Float64Array = np.zeros(_BLOCK)
        current, doubled_cosine = sine(turns), 2.0 * cosine(turns)
        at_idle, more_loaded = np.zeros(_BLOCK), np.zeros(_BLOCK)
        for idle, loaded in zip(build.idle, build.loaded, strict=True):
            at_idle += idle * current
            more_loaded += (loaded - idle) * current
            # sin (k + 1)x = 2 cos x sin kx - sin (k - 1)x.
            before, current = current, doubled_cosine * current - before
        sound[block] = at_idle + more_loaded * load[block]
    return sound


def _surroundings(random: Random, time_s: Float64Array) -> Float64Array:
    """Return what a microphone hears in the hall beside the machine."""
    level = _from_db(random.uniform(-26.0, -14.0))
    slope = random.uniform(0.8, 1.6)
    levels = []
    for _ in range(6):
        levels.append(level)
        level *= slope
    sound = _noise(random, tuple(levels))
    for _ in range(random.integer(0, 1)):
        hum_hz, hum = random.uniform(80.0, 700.0), _from_db(random.uniform(-32.0, -19.0))
        swelling = 0.6 + 0.4 * sine(time_s * random.uniform(0.05, 0.5) + random.uniform())
        sound = sound + hum * swelling * sine(time_s * hum_hz)
    knocks = random.integer(0, 2)
    rings = [_ring(random.uniform(400.0, 3000.0), random.uniform(3.0, 12.0)) for _ in range(knocks)]
    for ring in rings:
        _strike(sound, [random.integer(0, SAMPLES - 1)], [_from_db(random.uniform(-10.0, 2.0))], [ring])
    return sound


def _bearing(
    random: Random, build: _Build, angle: npt.NDArray[np.int64], sound: Float64Array, severity: float
) -> Float64Array:
    """Add a burst whenever a ball passes the damage, louder where the shaft presses on it."""
    passed = np.floor(angle.astype(np.float64) * (build.bearing_order / _TURN))
    positions = np.flatnonzero(passed[1:] > passed[:-1])
    # Balls slip a little.
    slips = np.rint((random.uniforms(len(positions)) - 0.5) * 6.0).astype(np.int64)
    level = _from_db(-8.0 + 20.0 * severity)
    pressed = 0.6 + 0.4 * cosine(_turns(angle[positions]))
    amplitudes = level * pressed * (0.7 + 0.6 * random.uniforms(len(positions)))
    rings = [_ring(build.housing_hz * factor, 1.6) for factor in (0.97, 1.0, 1.04)]
    result: Float64Array = sound.copy()
    _strike(result, (positions + slips).tolist(), amplitudes.tolist(), rings)
    return result


def _imbalance(
    random: Random, build: _Build, angle: npt.NDArray[np.int64], sound: Float64Array, severity: float
) -> Float64Array:
    """Make the shaft's lowest harmonics stronger, and everything louder and softer once a turn."""
    turns = _turns(angle)
    level = _from_db(-0.5 + 15.5 * severity)
    extra = sine(turns) + 0.5 * sine(2.0 * turns) + 0.25 * sine(3.0 * turns)
    return sound * (1.0 + (0.1 + 0.4 * severity) * cosine(turns + random.uniform())) + level * extra


def _rattle(
    random: Random, build: _Build, angle: npt.NDArray[np.int64], sound: Float64Array, severity: float
) -> Float64Array:
    """Add knocks at random, in a quicker or slower succession."""
    count = random.integer(100, 200)
    positions = sorted(random.integer(0, SAMPLES - 1) for _ in range(count))
    level = _from_db(2.5 + 13.5 * severity)
    amplitudes = level * (0.3 + 1.2 * random.uniforms(count))
    rings = [_ring(build.loose_part_hz * factor, 4.0) for factor in (1.0, 1.37, 2.13)]
    result: Float64Array = sound.copy()
    _strike(result, positions, amplitudes.tolist(), rings)
    return result


_FAULTS: dict[Fault, Callable[[Random, _Build, npt.NDArray[np.int64], Float64Array, float], Float64Array]] = {
    "bearing": _bearing,
    "imbalance": _imbalance,
    "rattle": _rattle,
}


def _noise(random: Random, levels: tuple[float, ...]) -> Float64Array:
    """Return noise [SAMPLES]: for each octave from 8000 Hz downwards, lines between random values."""
    sound: Float64Array = np.zeros(SAMPLES)
    for octave, level in enumerate(levels):
        sound = sound + level * _slow_noise(random, 2**octave)
    return sound


def _band_noise(random: Random, time_s: Float64Array, centre_hz: float, step: int) -> Float64Array:
    """Return noise around a frequency."""
    return _slow_noise(random, step) * cosine(time_s * centre_hz)


def _slow_noise(random: Random, step: int) -> Float64Array:
    """Return random values from -1 to 1, `step` samples apart, with straight lines between."""
    values = 2.0 * random.uniforms(SAMPLES // step + 1) - 1.0
    if step == 1:
        return values[:SAMPLES]
    fractions = np.arange(step) / step
    lines = values[:-1, np.newaxis] + (values[1:] - values[:-1])[:, np.newaxis] * fractions
    return lines.reshape(SAMPLES)


def _ring(frequency_hz: float, decay_ms: float) -> Float64Array:
    """Return a resonance that dies away, down to a thousandth."""
    decay_samples = decay_ms * RATE_HZ / 1000.0
    samples = np.arange(int(7.0 * decay_samples))
    return exponential(samples / -decay_samples) * sine(samples * (frequency_hz / RATE_HZ))


def _strike(
    sound: Float64Array, positions: list[int], amplitudes: list[float], rings: list[Float64Array]
) -> None:
    """Add a ring at each position in place, cut off at the end of the sound; rings take turns."""
    for number, (position, amplitude) in enumerate(zip(positions, amplitudes, strict=True)):
        place = sound[max(position, 0) : max(position, 0) + len(rings[number % len(rings)])]
        place += amplitude * rings[number % len(rings)][: len(place)]


def _turns(angle: npt.NDArray[np.int64]) -> Float64Array:
    """Return the fraction of a turn, 0 to below 1."""
    turns: Float64Array = (angle % int(_TURN)).astype(np.float64) / _TURN
    return turns


def _from_db(level_db: float) -> float:
    return float(exp2(level_db * 0.16609640474436813))


@lru_cache(maxsize=1)
def _test_order() -> list[int]:
    return Random(NAME, "order").shuffled(TEST_INPUTS)
