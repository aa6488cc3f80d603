"""The small devices by themselves, under the undefined-behaviour sanitizer, against Python's."""

from __future__ import annotations

import functools
import zlib
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.native import NativeLibrary, shared_library
from tinysim.engines.embedded.library import source_folders

SECOND_PS = 10**12
NEVER = (1 << 64) - 1
WORDS = st.integers(0, 0xFFFF_FFFF)

CRC_DR, CRC_CR, CRC_INIT, CRC_POL = 0x00, 0x08, 0x10, 0x14
CRC_SIZES = {32: 0, 16: 1, 8: 2, 7: 3}
MASKS = {8: 0xFF, 16: 0xFFFF, 32: 0xFFFF_FFFF}


@functools.cache
def library() -> NativeLibrary:
    folder = source_folders()[0]
    names = ("clock", "crc", "dma", "gpdma", "lptim", "mpu", "rng", "rtc", "timer")
    headers = [folder / f"{name}.h" for name in ("crc", "mpu", "rng", "rtc", "timer", "lptim")]
    return shared_library("units", [folder / f"{name}.c" for name in names], headers)


@pytest.fixture(scope="module")
def native() -> Any:
    return library().functions


def device(kind: str, **members: object) -> Any:
    return library().ffi.new(f"struct {kind} *", members)


def word() -> Any:
    """Room for what a register reads."""
    return library().ffi.new("uint32_t *")


class Crc:
    """The unit, as a driver uses it."""

    def __init__(self, native, size=32, polynomial=0x04C1_1DB7, initial=0xFFFF_FFFF, rev_in=0, rev_out=0):
        self.native, self.state = native, device("crc")
        native.crc_reset(self.state)
        control = CRC_SIZES[size] << 3 | rev_in << 5 | rev_out << 7
        for offset, value in ((CRC_POL, polynomial), (CRC_INIT, initial), (CRC_CR, control | 1)):
            native.crc_write(self.state, offset, value, 0xFFFF_FFFF)

    def feed(self, value: int, bits: int = 32) -> None:
        self.native.crc_write(self.state, CRC_DR, value, MASKS[bits])

    def value(self) -> int:
        return int(self.native.crc_read(self.state, CRC_DR))


def test_crc_of_a_word(native):
    crc = Crc(native)
    crc.feed(0xF407_A5C2)
    assert crc.value() == 0xB5E8_B5CD


@given(content=st.binary(max_size=40))
def test_crc_is_that_of_zip_files_when_reversed(native, content):
    crc = Crc(native, rev_in=1, rev_out=1)
    for byte in content:
        crc.feed(byte, 8)
    assert crc.value() ^ 0xFFFF_FFFF == zlib.crc32(content)


@pytest.mark.parametrize(
    ("size", "polynomial", "initial", "check"),
    [
        (16, 0x1021, 0xFFFF, 0x29B1),
        (8, 0x07, 0, 0xF4),
        (7, 0x09, 0, 0x75),
        (32, 0x04C1_1DB7, 0xFFFF_FFFF, 0x0376_E6E7),
    ],
)
def test_crc_check_values(native, size, polynomial, initial, check):
    """Of "123456789", as catalogues of CRCs give them."""
    crc = Crc(native, size, polynomial, initial)
    for byte in b"123456789":
        crc.feed(byte, 8)
    assert crc.value() == check


def reference_crc(size, polynomial, initial, rev_in, rev_out, data):
    """On lists of bits, the first being the highest."""

    def bits_of(value, count):
        return [value >> place & 1 for place in reversed(range(count))]

    register = bits_of(initial, size)
    taps = bits_of(polynomial, size)
    for value, width in data:
        bits = bits_of(value, width)
        group = min({0: 1, 1: 8, 2: 16, 3: 32}[rev_in], width)
        groups = [bits[first : first + group] for first in range(0, width, group)]
        for bit in (bit for part in groups for bit in reversed(part)):
            out = register.pop(0) ^ bit
            register.append(0)
            if out:
                register = [one ^ other for one, other in zip(register, taps, strict=True)]
    if rev_out:
        register.reverse()
    return int("".join(map(str, register)), 2)


@given(
    size=st.sampled_from(sorted(CRC_SIZES)),
    polynomial=WORDS,
    initial=WORDS,
    rev_in=st.integers(0, 3),
    rev_out=st.integers(0, 1),
    data=st.lists(
        st.sampled_from([8, 16, 32]).flatmap(
            lambda bits: st.tuples(st.integers(0, MASKS[bits]), st.just(bits))
        ),
        max_size=8,
    ),
)
def test_crc_is_polynomial_division(native, size, polynomial, initial, rev_in, rev_out, data):
    crc = Crc(native, size, polynomial, initial, rev_in, rev_out)
    for value, bits in data:
        crc.feed(value, bits)
    assert crc.value() == reference_crc(size, polynomial, initial, rev_in, rev_out, data)


def test_random_numbers_are_the_same_in_every_run_and_none_is_zero(native):
    runs = []
    for _run in range(2):
        state, value = device("rng"), word()
        native.rng_reset(state)
        assert native.rng_read(state, 0x04, value)
        assert value[0] == 0
        native.rng_write(state, 0x00, 1 << 2 | 1 << 3)
        assert native.rng_read(state, 0x04, value)
        assert value[0] == 1
        assert native.rng_interrupt(state)
        runs.append([native.rng_read(state, 0x08, value) and value[0] for _number in range(1000)])
    assert runs[0] == runs[1]
    assert len(set(runs[0])) == 1000
    assert 0 not in runs[0]


class Rtc:
    """The clock in its layout with SR, on LSI or LSE; `now` in seconds."""

    TR, DR, SSR, ICSR, PRER, WUTR, CR, ALRMAR, SR, SCR = (
        0x00,
        0x04,
        0x08,
        0x0C,
        0x10,
        0x14,
        0x18,
        0x40,
        0x50,
        0x5C,
    )

    def __init__(self, native, hz=32_768, prescaler=0x7F_00FF):
        self.native, self.state, self.now_ps = native, device("rtc", has_status_register=True), 0
        native.rtc_reset(self.state, 0)
        native.rtc_clock(self.state, hz, 0)
        self.write(self.ICSR, 1 << 7)
        assert self.read(self.ICSR) & 1 << 6
        self.write(self.PRER, prescaler)
        self.write(self.ICSR, 0)

    def read(self, register):
        value = word()
        assert self.native.rtc_read(self.state, register, value, self.now_ps)
        return value[0]

    def write(self, register, value):
        assert self.native.rtc_write(self.state, register, value, self.now_ps)

    def set(self, moment: datetime) -> None:
        self.write(self.ICSR, 1 << 7)
        self.write(self.TR, int(moment.strftime("%H%M%S"), 16))
        self.write(
            self.DR,
            int(moment.strftime("%y"), 16) << 16
            | moment.isoweekday() << 13
            | int(moment.strftime("%m%d"), 16),
        )
        self.write(self.ICSR, 0)

    def expect(self, moment: datetime) -> None:
        assert f"{self.read(self.TR):06x}" == moment.strftime("%H%M%S")
        date = self.read(self.DR)
        assert f"{date & ~(7 << 13):06x}" == moment.strftime("%y%m%d")
        assert date >> 13 & 7 == moment.isoweekday()


MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2099, 11, 30)).map(
    lambda moment: moment.replace(microsecond=0)
)


@given(moment=MOMENTS, steps=st.lists(st.integers(0, 10**6), max_size=5))
def test_the_calendar_is_python_s(native, moment, steps):
    rtc = Rtc(native)
    rtc.set(moment)
    for step in steps:
        rtc.now_ps += step * SECOND_PS
        moment += timedelta(seconds=step)
        rtc.expect(moment)
        assert rtc.read(Rtc.SSR) == 255


@given(milliseconds=st.lists(st.integers(1, 1500), min_size=1, max_size=20))
def test_looking_and_setting_alarms_does_not_slow_it_down(native, milliseconds):
    rtc = Rtc(native)
    rtc.set(datetime(2023, 1, 1))
    elapsed = 0
    for step in milliseconds:
        elapsed += step
        rtc.now_ps = elapsed * 10**9
        rtc.write(Rtc.CR, 1 << 5)
        counts = elapsed * 256 // 1000
        assert 255 - rtc.read(Rtc.SSR) == counts % 256
        rtc.expect(datetime(2023, 1, 1) + timedelta(seconds=counts // 256))


@given(reload=st.integers(0, 0xFFFF), select=st.integers(0, 7))
def test_the_wake_up_timer_s_period(native, reload, select):
    rtc = Rtc(native)
    rtc.write(Rtc.WUTR, reload)
    rtc.write(Rtc.CR, select | 1 << 10 | 1 << 14)
    count = reload + 1 + (0x1_0000 if select >= 6 else 0)
    period_s = count if select >= 4 else count * 2 ** (4 - select) / 32_768
    for number in (1, 2):
        due_ps = native.rtc_advance(rtc.state, rtc.now_ps)
        assert due_ps == pytest.approx(number * period_s * SECOND_PS, abs=2)
        native.rtc_advance(rtc.state, due_ps - 1)
        assert not native.rtc_wakeup_interrupt(rtc.state)
        rtc.now_ps = due_ps
        native.rtc_advance(rtc.state, due_ps)
        assert native.rtc_wakeup_interrupt(rtc.state)
        rtc.write(Rtc.SCR, 1 << 2)
        assert not native.rtc_wakeup_interrupt(rtc.state)


@given(moment=MOMENTS, ahead=st.integers(1, 86_400 * 25), masks=st.integers(0, 7))
def test_an_alarm_comes_when_time_matches_next(native, moment, ahead, masks):
    rtc = Rtc(native)
    rtc.set(moment)
    at = moment + timedelta(seconds=ahead)
    # Masked from the day downwards: whatever is masked matches always.
    bits = [(31, "%d", 24), (23, "%H", 16), (15, "%M", 8)]
    alarm = int(at.strftime("%d%H%M%S"), 16)
    formats = ["%S"]
    for place, (bit, form, _shift) in enumerate(bits):
        if masks >> place & 1:
            alarm |= 1 << bit
        else:
            formats.append(form)
    rtc.write(Rtc.ALRMAR, alarm)
    rtc.write(Rtc.CR, 1 << 8 | 1 << 12)
    due_ps = native.rtc_advance(rtc.state, 0)
    assert due_ps % SECOND_PS == 0
    due = moment + timedelta(seconds=due_ps // SECOND_PS)
    assert moment < due <= at
    assert all(due.strftime(form) == at.strftime(form) for form in formats)
    native.rtc_advance(rtc.state, due_ps)
    assert native.rtc_alarm_interrupt(rtc.state)


def test_an_alarm_at_no_time_of_day_never_comes(native):
    rtc = Rtc(native)
    rtc.write(Rtc.ALRMAR, 1 << 31 | 0x7F)
    rtc.write(Rtc.CR, 1 << 8)
    assert native.rtc_advance(rtc.state, 0) == NEVER


@given(
    compare=st.integers(0, 200),
    reload=st.integers(1, 200),
    prescaler=st.integers(0, 7),
    ticks=st.lists(st.integers(0, 3000), min_size=1, max_size=10),
)
def test_the_low_power_timer_counts_and_compares(native, compare, reload, prescaler, ticks):
    state, value = device("lptim"), word()
    native.lptim_reset(state, 0)
    native.lptim_clock(state, 1, 1, 0)
    for offset, written in ((0x0C, prescaler << 9), (0x10, 1), (0x18, reload), (0x14, compare), (0x10, 5)):
        native.lptim_write(state, offset, written, 0)
    native.lptim_read(state, 0x00, value, 0)
    assert value[0] & 0x18 == 0x18
    native.lptim_write(state, 0x04, 0xFFFF_FFFF, 0)
    now = 0
    for step in ticks:
        before, now = now, now + step
        native.lptim_read(state, 0x1C, value, now)
        assert value[0] == (now >> prescaler) % (reload + 1)
        native.lptim_read(state, 0x00, value, now)
        counts = [count % (reload + 1) for count in range((before >> prescaler) + 1, (now >> prescaler) + 1)]
        # The flag of the reload value comes as the counter leaves it.
        assert value[0] & 3 == (compare in counts) | (0 in counts) << 1
        native.lptim_write(state, 0x04, 3, now)


@given(regions=st.dictionaries(st.integers(0, 15), st.tuples(WORDS, WORDS), max_size=16))
def test_protection_regions_read_back(native, regions):
    for is_v8 in (False, True):
        state = device("mpu")
        for region, (base, attributes) in regions.items():
            native.mpu_write(state, 0x08, region, is_v8)
            native.mpu_write(state, 0x0C, base & ~0x1F if not is_v8 else base, is_v8)
            native.mpu_write(state, 0x10, attributes, is_v8)
        for region, (base, attributes) in regions.items():
            native.mpu_write(state, 0x08, region, is_v8)
            expected = base if is_v8 else base & ~0x1F | region
            assert native.mpu_read(state, 0x0C, 0x800, is_v8) == expected
            assert native.mpu_read(state, 0x10, 0x800, is_v8) == attributes


@pytest.mark.parametrize(
    ("permissions", "privileged", "unprivileged"), [(0, 0xC, 0), (1, 0xC, 0xC), (2, 4, 0), (3, 4, 4)]
)
def test_permissions_of_an_address(native, permissions, privileged, unprivileged):
    state = device("mpu")

    def answers(address: int) -> list[int]:
        return [native.mpu_test_target(state, address, is_privileged) for is_privileged in (True, False)]

    native.mpu_write(state, 0x08, 6, True)
    native.mpu_write(state, 0x0C, 0x2000_0100 | permissions << 1, True)
    native.mpu_write(state, 0x10, 0x2000_01C1, True)
    assert answers(0x2000_0100) == [0xC_0000, 0xC_0000]  # it is not on
    native.mpu_write(state, 0x04, 1, True)
    found = [1 << 16 | 6 | access << 16 for access in (privileged, unprivileged)]
    assert answers(0x2000_0100) == answers(0x2000_01DF) == found
    assert answers(0x2000_00FF) == answers(0x2000_01E0) == [0, 0]
    assert answers(0xE000_ED00) == [0xC_0000, 0]
    native.mpu_write(state, 0x04, 5, True)
    assert answers(0x2000_00FF) == [0xC_0000, 0]
    # Where two regions overlap there is no access, and no region to name.
    native.mpu_write(state, 0x08, 7, True)
    native.mpu_write(state, 0x0C, 0x2000_01C0 | 2, True)
    native.mpu_write(state, 0x10, 0x2000_0201, True)
    assert answers(0x2000_01C0) == [0, 0]
    assert answers(0x2000_0100) == found


def test_protection_region_aliases(native):
    v8, v7 = device("mpu"), device("mpu")
    native.mpu_write(v8, 0x08, 4, True)
    for alias in range(4):
        native.mpu_write(v8, 0x0C + 8 * alias, 0x100 * alias, True)
    native.mpu_write(v8, 0x08, 6, True)
    assert native.mpu_read(v8, 0x0C, 0, True) == 0x200
    # Where the region is named in RBAR itself.
    native.mpu_write(v7, 0x0C, 0x2000_0000 | 1 << 4 | 3, False)
    assert native.mpu_read(v7, 0x08, 0, False) == 3
    assert native.mpu_read(v7, 0x0C, 0, False) == 0x2000_0003


ACCESSES = st.lists(
    st.tuples(st.integers(0, 0x3F).map(lambda word: 4 * word), WORDS, st.integers(0, 10**15)), max_size=40
)


@given(accesses=ACCESSES, layout=st.booleans())
@settings(max_examples=300, deadline=None)
def test_any_access_to_the_clock_and_the_timer_is_defined(native, accesses, layout):
    rtc, lptim = device("rtc", has_status_register=layout), device("lptim", two_channels=layout)
    value = word()
    native.rtc_reset(rtc, 0)
    native.rtc_clock(rtc, 32_000, 0)
    native.lptim_reset(lptim, 0)
    native.lptim_clock(lptim, 32_000, 120_000_000, 0)
    now = 0
    for offset, written, step in accesses:
        now += step
        native.rtc_write(rtc, offset, written, now)
        native.rtc_read(rtc, offset, value, now)
        assert native.rtc_advance(rtc, now) > now
        native.lptim_write(lptim, offset, written, now // 10**4)
        native.lptim_read(lptim, offset, value, now // 10**4)
