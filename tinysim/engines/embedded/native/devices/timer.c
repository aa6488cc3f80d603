#include "timer.h"

#include <string.h>

#include "clock.h"
#include "device.h"

/* RM0432 38.4. */
enum {
    CR1 = 0x00,
    DIER = 0x0C,
    SR = 0x10,
    EGR = 0x14,
    CNT = 0x24,
    PSC = 0x28,
    ARR = 0x2C,
    CCR1 = 0x34,
    CCR4 = 0x40
};
enum {
    CR1_CEN = 1u << 0,
    CR1_UDIS = 1u << 1,
    CR1_URS = 1u << 2,
    CR1_OPM = 1u << 3,
    CR1_DIR = 1u << 4,
    CR1_ARPE = 1u << 7
};
enum { SR_UIF = 1u << 0, SR_EVENTS = 0x1F, EGR_UG = 1u << 0, UIFCPY = 1u << 31, CR1_UIFREMAP = 1u << 11 };

static void plan(struct timer *timer);

void timer_reset(struct timer *timer, uint64_t now)
{
    *timer = (struct timer){
        .counter_mask = timer->counter_mask,
        .clock_hz = timer->clock_hz,
        .core_hz = timer->core_hz,
        .arr = timer->counter_mask,
        .arr_active = timer->counter_mask,
        .at_ticks = now,
        .due = NEVER,
    };
}

static bool counts(const struct timer *timer)
{
    return (timer->cr1 & CR1_CEN) != 0 && timer->clock_hz != 0 && timer->arr_active != 0;
}

static bool counts_down(const struct timer *timer)
{
    return (timer->cr1 & CR1_DIR) != 0;
}

/* One count takes core_hz * (PSC + 1) / clock_hz core periods; phases are measured in 1 / clock_hz of one. */
static uint64_t units_per_count(const struct timer *timer)
{
    return (uint64_t)timer->core_hz * (timer->psc_active + 1u);
}

/* Counts from the present value to the next update event: the overflow itself is the last of them. */
static uint64_t counts_to_update(const struct timer *timer)
{
    if (counts_down(timer)) {
        return (uint64_t)timer->counter + 1;
    }
    return timer->counter <= timer->arr_active ? (uint64_t)timer->arr_active - timer->counter + 1
                                               : (uint64_t)timer->counter_mask - timer->counter + 1;
}

static void load_shadows(struct timer *timer)
{
    timer->arr_active = timer->arr;
    timer->psc_active = timer->psc;
}

static uint32_t start_value(const struct timer *timer)
{
    return counts_down(timer) ? timer->arr_active : 0;
}

static void update(struct timer *timer)
{
    if ((timer->cr1 & CR1_UDIS) == 0) {
        timer->sr |= SR_UIF;
        load_shadows(timer);
    }
    if ((timer->cr1 & CR1_OPM) != 0) {
        timer->cr1 &= ~(uint32_t)CR1_CEN;
    }
    timer->counter = start_value(timer);
}

/* Sets the compare flags of the channels whose value lies within the next `count` counts. */
static void compare(struct timer *timer, uint64_t count)
{
    for (uint32_t channel = 0; channel < TIMER_CHANNELS; channel++) {
        uint64_t distance = counts_down(timer) ? (uint64_t)timer->counter - timer->ccr[channel]
                                               : (uint64_t)timer->ccr[channel] - timer->counter;
        if (distance != 0 && distance <= count) {
            timer->sr |= 2u << channel;
        }
    }
}

/* At the value that an update event sets, a channel with that very value matches too. */
static void compare_start(struct timer *timer)
{
    for (uint32_t channel = 0; channel < TIMER_CHANNELS; channel++) {
        if (timer->ccr[channel] == timer->counter) {
            timer->sr |= 2u << channel;
        }
    }
}

/* Turns `amount` times `units`, together with the phase, into whole counts; the rest is the new phase. */
static uint64_t take_counts(struct timer *timer, uint64_t amount, uint64_t units)
{
    uint64_t per_count = units_per_count(timer);
    uint64_t count = scale_down_more(amount, units, timer->phase, per_count);
    /* The products may wrap, their difference is exact. */
    timer->phase = amount * units + timer->phase - count * per_count;
    return count;
}

void timer_advance(struct timer *timer, uint64_t now)
{
    if (now < timer->at_ticks) {
        return;
    }
    uint64_t elapsed = now - timer->at_ticks;
    timer->at_ticks = now;
    if (!counts(timer)) {
        return;
    }
    uint64_t count = take_counts(timer, elapsed, timer->clock_hz);
    bool periods_skipped = false;
    while (count != 0 && counts(timer)) {
        uint64_t to_update = counts_to_update(timer);
        if (count < to_update) {
            compare(timer, count);
            timer->counter =
                counts_down(timer) ? timer->counter - (uint32_t)count : timer->counter + (uint32_t)count;
            break;
        }
        compare(timer, to_update - 1);
        count -= to_update;
        uint32_t prescaler = timer->psc_active;
        update(timer);
        compare_start(timer);
        if (timer->psc_active != prescaler) {
            count = take_counts(timer, count, (uint64_t)timer->core_hz * (prescaler + 1u));
        } else if (!periods_skipped && count > timer->arr_active) {
            /* Every further period sets the same flags: one of them stands for all. */
            uint64_t period = (uint64_t)timer->arr_active + 1;
            count = count % period + period;
            periods_skipped = true;
        }
    }
    if (!counts(timer)) {
        timer->phase = 0; /* what has passed since it stopped itself is no part of a count to come */
    }
    plan(timer);
}

static uint64_t counts_to_interrupt(const struct timer *timer)
{
    uint64_t nearest = NEVER;
    uint64_t to_update = counts_to_update(timer);
    if ((timer->dier & SR_UIF) != 0 && (timer->cr1 & CR1_UDIS) == 0) {
        nearest = to_update;
    }
    for (uint32_t channel = 0; channel < TIMER_CHANNELS; channel++) {
        if ((timer->dier & 2u << channel) == 0 || timer->ccr[channel] > timer->arr_active) {
            continue;
        }
        uint64_t value = timer->ccr[channel];
        uint64_t distance;
        if (counts_down(timer)) {
            distance = value < timer->counter ? timer->counter - value
                                              : to_update + ((uint64_t)timer->arr_active - value);
        } else {
            distance = value > timer->counter ? value - timer->counter : to_update + value;
        }
        nearest = distance < nearest ? distance : nearest;
    }
    return nearest;
}

static void plan(struct timer *timer)
{
    timer->due = NEVER;
    if (!counts(timer) || (timer->dier & SR_EVENTS) == 0) {
        return;
    }
    uint64_t count = counts_to_interrupt(timer);
    if (count != NEVER) {
        uint64_t ticks = scale_up_less(count, units_per_count(timer), timer->phase, timer->clock_hz);
        timer->due = ticks > NEVER - timer->at_ticks ? NEVER : timer->at_ticks + ticks;
    }
}

void timer_clock(struct timer *timer, uint32_t clock_hz, uint32_t core_hz, uint64_t now)
{
    if (timer->clock_hz == clock_hz && timer->core_hz == core_hz) {
        return;
    }
    timer_advance(timer, now);
    /* The fraction of a count that has passed stays the same. */
    timer->phase = timer->core_hz == 0 ? 0 : scale_down(timer->phase, core_hz, timer->core_hz);
    timer->clock_hz = clock_hz;
    timer->core_hz = core_hz;
    plan(timer);
}

bool timer_update_interrupt(const struct timer *timer)
{
    return (timer->sr & timer->dier & SR_UIF) != 0;
}

bool timer_compare_interrupt(const struct timer *timer)
{
    return (timer->sr & timer->dier & SR_EVENTS & ~(uint32_t)SR_UIF) != 0;
}

bool timer_read(struct timer *timer, uint32_t offset, uint32_t *value, uint64_t now)
{
    timer_advance(timer, now);
    switch (offset) {
    case CR1:
        *value = timer->cr1;
        return true;
    case DIER:
        *value = timer->dier;
        return true;
    case SR:
        *value = timer->sr;
        return true;
    case EGR:
        *value = 0;
        return true;
    case CNT:
        *value = timer->counter;
        if ((timer->cr1 & CR1_UIFREMAP) != 0) {
            *value = (*value & ~UIFCPY) | ((timer->sr & SR_UIF) != 0 ? UIFCPY : 0u);
        }
        return true;
    case PSC:
        *value = timer->psc;
        return true;
    case ARR:
        *value = timer->arr;
        return true;
    default:
        if (offset >= CCR1 && offset <= CCR4) {
            *value = timer->ccr[(offset - CCR1) / 4];
            return true;
        }
        return false;
    }
}

static void generate(struct timer *timer, uint32_t events)
{
    timer->sr |= events & SR_EVENTS & ~(uint32_t)SR_UIF;
    if ((events & EGR_UG) == 0) {
        return;
    }
    if ((timer->cr1 & CR1_UDIS) == 0) {
        load_shadows(timer);
        if ((timer->cr1 & CR1_URS) == 0) {
            timer->sr |= SR_UIF;
        }
    }
    timer->counter = start_value(timer);
    timer->phase = 0;
}

bool timer_write(struct timer *timer, uint32_t offset, uint32_t value, uint64_t now)
{
    timer_advance(timer, now);
    switch (offset) {
    case CR1:
        timer->cr1 = value;
        if ((value & CR1_ARPE) == 0) {
            timer->arr_active = timer->arr;
        }
        break;
    case DIER:
        timer->dier = value;
        break;
    case SR:
        timer->sr &= value; /* "cleared by writing 0" */
        break;
    case EGR:
        generate(timer, value);
        break;
    case CNT:
        timer->counter = value & timer->counter_mask;
        break;
    case PSC:
        timer->psc = value & 0xFFFFu;
        break;
    case ARR:
        timer->arr = value & timer->counter_mask;
        if ((timer->cr1 & CR1_ARPE) == 0) {
            timer->arr_active = timer->arr;
        }
        break;
    default:
        if (offset < CCR1 || offset > CCR4) {
            return false;
        }
        timer->ccr[(offset - CCR1) / 4] = value & timer->counter_mask;
        break;
    }
    plan(timer);
    return true;
}

static bool configure(struct device *device, const struct device_option *option)
{
    struct timer *timer = device->state;
    uint32_t bits = option->count == 1 ? option->values[0] : 0;
    if (strcmp(option->name, "counter_bits") != 0 || (bits != 16 && bits != 32)) {
        return false;
    }
    timer->counter_mask = bits == 32 ? UINT32_MAX : 0xFFFFu;
    return true;
}

static void reset(struct device *device, uint64_t now)
{
    timer_reset(device->state, now);
}

static bool read(struct device *device, uint32_t offset, uint32_t *value, uint64_t now)
{
    struct timer *timer = device->state;
    return timer_read(timer, offset, value, moment_before(timer->due, now, device_block_ticks(device)));
}

static bool write(struct device *device, uint32_t offset, uint32_t value, uint32_t mask, uint64_t now)
{
    /* Bytes that a narrow write leaves alone: as they were, except where a 1 is what changes nothing. */
    uint32_t before = UINT32_MAX;
    if (mask != UINT32_MAX && offset != SR) {
        (void)read(device, offset, &before, now);
    }
    return timer_write(device->state, offset, (before & ~mask) | (value & mask), now);
}

static void clock(struct device *device, uint32_t clock_hz, uint64_t now)
{
    timer_clock(device->state, clock_hz, device_core_hz(device), now);
}

static uint64_t due(const struct device *device)
{
    const struct timer *timer = device->state;
    return timer->due;
}

static void advance(struct device *device, uint64_t now)
{
    timer_advance(device->state, now);
}

static bool interrupt(const struct device *device, uint32_t line)
{
    return line == 0 ? timer_update_interrupt(device->state) : timer_compare_interrupt(device->state);
}

const struct device_type stm32_timer = {
    .name = "stm32_timer",
    .state_bytes = sizeof(struct timer),
    .lines = 2,
    .is_exact = true,
    .configure = configure,
    .reset = reset,
    .read = read,
    .write = write,
    .clock = clock,
    .due = due,
    .advance = advance,
    .interrupt = interrupt,
};
