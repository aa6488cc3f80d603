"""The small devices by themselves, under the undefined-behaviour sanitizer, against Python's."""

from __future__ import annotations

import zlib
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engines.one_device import OneDevice

CORE_HZ = 10**9
"""So that ticks are nanoseconds where a device keeps time."""
NEVER = (1 << 64) - 1
WORDS = st.integers(0, 0xFFFF_FFFF)

CRC_DR, CRC_CR, CRC_INIT, CRC_POL = 0x00, 0x08, 0x10, 0x14
CRC_SIZES = {32: 0, 16: 1, 8: 2, 7: 3}
MASKS = {8: 0xFF, 16: 0xFFFF, 32: 0xFFFF_FFFF}


class Crc:
    """The unit, as a driver uses it."""

    def __init__(self, size=32, polynomial=0x04C1_1DB7, initial=0xFFFF_FFFF, rev_in=0, rev_out=0):
        self.device = OneDevice("stm32_crc")
        control = CRC_SIZES[size] << 3 | rev_in << 5 | rev_out << 7
        for offset, value in ((CRC_POL, polynomial), (CRC_INIT, initial), (CRC_CR, control | 1)):
            self.device.write(offset, value)

    def feed(self, value: int, bits: int = 32) -> None:
        self.device.write(CRC_DR, value, mask=MASKS[bits])

    def value(self) -> int:
        return self.device.read(CRC_DR)


def test_crc_of_a_word():
    crc = Crc()
    crc.feed(0xF407_A5C2)
    assert crc.value() == 0xB5E8_B5CD


@given(content=st.binary(max_size=40))
def test_crc_is_that_of_zip_files_when_reversed(content):
    crc = Crc(rev_in=1, rev_out=1)
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
def test_crc_check_values(size, polynomial, initial, check):
    """Of "123456789", as catalogues of CRCs give them."""
    crc = Crc(size, polynomial, initial)
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
def test_crc_is_polynomial_division(size, polynomial, initial, rev_in, rev_out, data):
    crc = Crc(size, polynomial, initial, rev_in, rev_out)
    for value, bits in data:
        crc.feed(value, bits)
    assert crc.value() == reference_crc(size, polynomial, initial, rev_in, rev_out, data)


def test_random_numbers_are_the_same_in_every_run_and_none_is_zero():
    runs = []
    for _run in range(2):
        rng = OneDevice("stm32_rng", lines=1)
        assert rng.read(0x04) == 0
        rng.write(0x00, 1 << 2 | 1 << 3)
        assert rng.read(0x04) == 1
        assert rng.interrupt()
        runs.append([rng.read(0x08) for _number in range(1000)])
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

    def __init__(self, hz=32_768, prescaler=0x7F_00FF):
        self.device, self.now = OneDevice("stm32_rtc_with_sr", lines=2, core_hz=CORE_HZ), 0
        self.device.clock(hz)
        self.write(self.ICSR, 1 << 7)
        assert self.read(self.ICSR) & 1 << 6
        self.write(self.PRER, prescaler)
        self.write(self.ICSR, 0)

    def read(self, register):
        return self.device.read(register, self.now)

    def write(self, register, value):
        assert self.device.write(register, value, self.now)

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
def test_the_calendar_is_python_s(moment, steps):
    rtc = Rtc()
    rtc.set(moment)
    for step in steps:
        rtc.now += step * CORE_HZ
        moment += timedelta(seconds=step)
        rtc.expect(moment)
        assert rtc.read(Rtc.SSR) == 255


@given(milliseconds=st.lists(st.integers(1, 1500), min_size=1, max_size=20))
def test_looking_and_setting_alarms_does_not_slow_it_down(milliseconds):
    rtc = Rtc()
    rtc.set(datetime(2023, 1, 1))
    elapsed = 0
    for step in milliseconds:
        elapsed += step
        rtc.now = elapsed * CORE_HZ // 1000
        rtc.write(Rtc.CR, 1 << 5)
        counts = elapsed * 256 // 1000
        assert 255 - rtc.read(Rtc.SSR) == counts % 256
        rtc.expect(datetime(2023, 1, 1) + timedelta(seconds=counts // 256))


@given(reload=st.integers(0, 0xFFFF), select=st.integers(0, 7))
def test_the_wake_up_timer_s_period(reload, select):
    rtc = Rtc()
    rtc.write(Rtc.WUTR, reload)
    rtc.write(Rtc.CR, select | 1 << 10 | 1 << 14)
    count = reload + 1 + (0x1_0000 if select >= 6 else 0)
    period_s = count if select >= 4 else count * 2 ** (4 - select) / 32_768
    for number in (1, 2):
        due = rtc.device.run(rtc.now)
        assert due == pytest.approx(number * period_s * CORE_HZ, abs=2)
        assert rtc.device.run(due - 1) == due
        assert not rtc.device.interrupt(0)
        rtc.now = due
        rtc.device.run(due)
        assert rtc.device.interrupt(0)
        rtc.write(Rtc.SCR, 1 << 2)
        assert not rtc.device.interrupt(0)


@given(moment=MOMENTS, ahead=st.integers(1, 86_400 * 25), masks=st.integers(0, 7))
def test_an_alarm_comes_when_time_matches_next(moment, ahead, masks):
    rtc = Rtc()
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
    due_tick = rtc.device.run(0)
    assert due_tick % CORE_HZ == 0
    due = moment + timedelta(seconds=due_tick // CORE_HZ)
    assert moment < due <= at
    assert all(due.strftime(form) == at.strftime(form) for form in formats)
    rtc.device.run(due_tick)
    assert rtc.device.interrupt(1)


def test_an_alarm_at_no_time_of_day_never_comes():
    rtc = Rtc()
    rtc.write(Rtc.ALRMAR, 1 << 31 | 0x7F)
    rtc.write(Rtc.CR, 1 << 8)
    assert rtc.device.run(0) == NEVER


@given(
    compare=st.integers(0, 200),
    reload=st.integers(1, 200),
    prescaler=st.integers(0, 7),
    ticks=st.lists(st.integers(0, 3000), min_size=1, max_size=10),
)
def test_the_low_power_timer_counts_and_compares(compare, reload, prescaler, ticks):
    lptim = OneDevice("stm32_lptim", lines=1)
    lptim.clock(1)
    for offset, written in ((0x0C, prescaler << 9), (0x10, 1), (0x18, reload), (0x14, compare), (0x10, 5)):
        lptim.write(offset, written)
    assert lptim.read(0x00) & 0x18 == 0x18
    lptim.write(0x04, 0xFFFF_FFFF)
    now = 0
    for step in ticks:
        before, now = now, now + step
        assert lptim.read(0x1C, now) == (now >> prescaler) % (reload + 1)
        counts = [count % (reload + 1) for count in range((before >> prescaler) + 1, (now >> prescaler) + 1)]
        # The flag of the reload value comes as the counter leaves it.
        assert lptim.read(0x00, now) & 3 == (compare in counts) | (0 in counts) << 1
        lptim.write(0x04, 3, now)


ACCESSES = st.lists(
    st.tuples(st.integers(0, 0x3F).map(lambda word: 4 * word), WORDS, st.integers(0, 10**15)), max_size=40
)


@pytest.mark.parametrize("model", ["stm32_rtc", "stm32_rtc_with_sr", "stm32_lptim", "stm32_lptim_with_ccr2"])
@given(accesses=ACCESSES)
@settings(max_examples=150, deadline=None)
def test_any_access_to_what_keeps_time_is_defined(model, accesses):
    device = OneDevice(model, lines=1, core_hz=CORE_HZ)
    device.clock(32_000)
    now = 0
    for offset, written, step in accesses:
        now += step // 1000
        device.write(offset, written, now)
        device.read(offset, now)
        assert device.run(now) > now


@pytest.mark.parametrize(
    ("model", "options"),
    [
        ("stm32_teleporter", {}),
        ("stm32_crc", {"fifo": 1}),
        ("stm32_usart", {"fifos": 1}),
        ("stm32_timer", {"counter_bits": 17}),
        ("stm32_dma_channels", {"channels": 9}),
    ],
)
def test_what_no_device_knows_is_refused(model, options):
    with pytest.raises(ValueError, match="is refused"):
        OneDevice(model, **options)


def test_a_device_that_has_no_interrupt_takes_none():
    with pytest.raises(ValueError, match="is refused"):
        OneDevice("stm32_crc", lines=1)
