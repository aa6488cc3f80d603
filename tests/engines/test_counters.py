"""The timers' arithmetic against counting every clock, one after the other."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.engines.one_device import device_library

NEVER = (1 << 64) - 1
CR1, DIER, SR, EGR, CNT, PSC, ARR, CCR1 = 0x00, 0x0C, 0x10, 0x14, 0x24, 0x28, 0x2C, 0x34
CEN, UDIS, URS, OPM, DIR, ARPE = 1, 2, 4, 8, 16, 128
CHANNELS = 4


@pytest.fixture(scope="module")
def native() -> Any:
    return device_library().functions


def native_timer() -> Any:
    return device_library().ffi.new("struct timer *", {"counter_mask": 0xFFFF})


@dataclass
class CountedTimer:
    """A timer that looks at every clock (RM0432 38.3)."""

    mask: int
    cr1: int = 0
    sr: int = 0
    arr: int = 0
    psc: int = 0
    arr_active: int = 0
    psc_active: int = 0
    counter: int = 0
    prescaled: int = 0
    ccr: list[int] = field(default_factory=lambda: [0] * CHANNELS)

    def match(self) -> None:
        for channel, value in enumerate(self.ccr):
            if value == self.counter:
                self.sr |= 2 << channel

    def clock(self) -> None:
        if not self.cr1 & CEN or self.arr_active == 0:
            return
        self.prescaled += 1
        if self.prescaled <= self.psc_active:
            return
        self.prescaled = 0
        down = self.cr1 & DIR
        if (down and self.counter == 0) or (not down and self.counter in (self.arr_active, self.mask)):
            if not self.cr1 & UDIS:
                self.sr |= 1
                self.arr_active, self.psc_active = self.arr, self.psc
            if self.cr1 & OPM:
                self.cr1 &= ~CEN
            self.counter = self.arr_active if down else 0
        else:
            self.counter += -1 if down else 1
        self.match()

    def write(self, offset: int, value: int) -> None:
        if offset == CR1:
            self.cr1 = value
            if not value & ARPE:
                self.arr_active = self.arr
        elif offset == SR:
            self.sr &= value
        elif offset == EGR:
            self.sr |= value & 0x1E
            if value & 1:
                if not self.cr1 & UDIS:
                    self.arr_active, self.psc_active = self.arr, self.psc
                    if not self.cr1 & URS:
                        self.sr |= 1
                self.counter = self.arr_active if self.cr1 & DIR else 0
                self.prescaled = 0
        elif offset == CNT:
            self.counter = value & self.mask
        elif offset == PSC:
            self.psc = value
        elif offset == ARR:
            self.arr = value & self.mask
            if not self.cr1 & ARPE:
                self.arr_active = self.arr
        else:
            self.ccr[(offset - CCR1) // 4] = value & self.mask


SMALL = st.integers(0, 30)
WRITES = st.one_of(
    st.tuples(st.just(CR1), st.sampled_from([CEN, CEN | OPM, CEN | DIR, CEN | ARPE, CEN | UDIS, URS, 0])),
    st.tuples(st.just(SR), st.integers(0, 31)),
    st.tuples(st.just(EGR), st.integers(0, 31)),
    st.tuples(st.sampled_from([CNT, ARR, CCR1, CCR1 + 4, CCR1 + 12]), SMALL),
    st.tuples(st.just(PSC), st.integers(0, 5)),
)


@given(
    steps=st.lists(st.tuples(st.integers(0, 200), WRITES), max_size=30),
    ratio=st.sampled_from([(1, 1), (1, 2), (1, 8), (2, 1), (3, 7)]),
)
@example(
    steps=[(0, (CR1, CEN | OPM)), (0, (PSC, 1)), (0, (ARR, 1)), (3, (CR1, CEN)), (1, (CR1, CEN))],
    ratio=(1, 1),
)
@settings(max_examples=300, deadline=None)
def test_the_timer_counts_as_if_every_clock_was_looked_at(native, steps, ratio):
    clock_hz, core_hz = ratio
    timer = native_timer()
    native.timer_reset(timer, 0)
    native.timer_clock(timer, clock_hz, core_hz, 0)
    counted = CountedTimer(0xFFFF, arr=0xFFFF, arr_active=0xFFFF)
    now = clocks = 0
    # The fraction of a clock that has passed starts anew with UG, as the prescaler does.
    fraction = 0
    for wait, (offset, value) in steps:
        now += wait
        was_counting = bool(counted.cr1 & CEN and counted.arr_active)
        if was_counting:
            fraction += wait * clock_hz
            while fraction >= core_hz:
                fraction -= core_hz
                clocks += 1
                counted.clock()
                if not (counted.cr1 & CEN and counted.arr_active):
                    fraction = 0
                    break
        native.timer_advance(timer, now)
        if ratio == (1, 1):
            assert (timer.counter, timer.sr) == (counted.counter, counted.sr)
        native.timer_write(timer, offset, value, now)
        counted.write(offset, value)
        if offset == EGR and value & 1:
            fraction = 0
        assert timer.cr1 == counted.cr1


def interrupt(native, timer: Any) -> bool:
    return native.timer_update_interrupt(timer) or native.timer_compare_interrupt(timer)


@given(
    arr=st.integers(1, 50),
    psc=st.integers(0, 6),
    compare=st.integers(0, 60),
    dier=st.integers(1, 31),
    ratio=st.sampled_from([(1, 1), (1, 3), (2, 1), (60, 120), (16, 120)]),
    down=st.booleans(),
)
@settings(max_examples=300, deadline=None)
def test_the_next_interrupt_is_where_it_is_said_to_be(native, arr, psc, compare, dier, ratio, down):
    timer = native_timer()
    native.timer_reset(timer, 0)
    native.timer_clock(timer, *ratio, 0)
    for offset, value in ((PSC, psc), (ARR, arr), (CCR1, compare), (EGR, 1), (SR, 0), (DIER, dier)):
        native.timer_write(timer, offset, value, 0)
    native.timer_write(timer, CR1, CEN | (DIR if down else 0), 0)
    for _round in range(5):
        due = timer.due
        if due == NEVER:
            assert not dier & 1
            return
        native.timer_advance(timer, due - 1)
        assert not interrupt(native, timer)
        native.timer_advance(timer, due)
        assert interrupt(native, timer)
        native.timer_write(timer, SR, 0, due)


@given(waits=st.lists(st.integers(1, 500), min_size=1, max_size=20), parts=st.integers(1, 5))
def test_when_it_is_looked_at_makes_no_difference(native, waits, parts):
    def count(times: list[int]) -> tuple[int, int]:
        timer = native_timer()
        native.timer_reset(timer, 0)
        native.timer_clock(timer, 3, 7, 0)
        for offset, value in ((PSC, 2), (ARR, 40), (EGR, 1), (SR, 0), (CR1, CEN)):
            native.timer_write(timer, offset, value, 0)
        for time in times:
            native.timer_advance(timer, time)
        return timer.counter, timer.sr

    total = sum(waits)
    seen = [sum(waits[: number + 1]) for number in range(len(waits))]
    assert count(seen) == count([total * part // parts for part in range(1, parts + 1)])


CSR, RVR, CVR = 0x10, 0x14, 0x18


@dataclass
class CountedSystick:
    """SysTick clock by clock (ARMv7-M ARM, B3.3.1)."""

    enabled: bool = False
    reload: int = 0
    value: int = 0
    flag: bool = False
    interrupts: int = 0

    def clock(self) -> None:
        if not self.enabled:
            return
        if self.value == 0:
            self.value = self.reload
            return
        self.value -= 1
        if self.value == 0:
            self.flag = True
            self.interrupts += 1


@given(
    steps=st.lists(
        st.tuples(
            st.integers(0, 100),
            st.one_of(
                st.tuples(st.just(CSR), st.sampled_from([7, 5, 4])),
                st.tuples(st.just(CVR), st.integers(0, 9)),
                st.just((0, 0)),
            ),
        ),
        max_size=30,
    ),
    reload=st.integers(1, 40),
)
@settings(max_examples=300, deadline=None)
def test_systick_counts_as_if_every_clock_was_looked_at(native, steps, reload):
    systick = device_library().ffi.new("struct systick *", {"zero_at": NEVER})
    counted = CountedSystick(reload=reload)
    native.systick_write(systick, RVR, reload, 0)
    now = 0
    for wait, (offset, value) in steps:
        for _clock in range(wait):
            now += 1
            counted.clock()
            before = counted.interrupts
            due = native.systick_due(systick)
            if native.systick_advance(systick, now):
                assert due == now
            assert counted.interrupts == before
        assert native.systick_read(systick, CVR, now) == counted.value
        if offset == CSR:
            native.systick_write(systick, CSR, value, now)
            counted.enabled = bool(value & 1)
        elif offset == CVR:
            native.systick_write(systick, CVR, value, now)
            counted.value, counted.flag = 0, False
    assert bool(native.systick_read(systick, CSR, now) & 1 << 16) == counted.flag
