/* STM32 general-purpose and basic timers as counters: prescaler, auto-reload, update and compare events,
 * one-pulse mode, both directions (RM0432 38.3, 38.4, 40.3, 40.4). Inputs, outputs, DMA and slave modes do
 * not exist; a centre-aligned timer counts up. */
#ifndef TINYSIM_TIMER_H
#define TINYSIM_TIMER_H

#include <stdbool.h>
#include <stdint.h>

enum { TIMER_CHANNELS = 4 };

struct timer {
    uint32_t counter_mask;
    uint32_t clock_hz;
    uint32_t core_hz;
    uint32_t cr1;
    uint32_t dier;
    uint32_t sr;
    uint32_t arr;
    uint32_t psc;
    uint32_t ccr[TIMER_CHANNELS];
    uint32_t arr_active; /* what counts until the next update event */
    uint32_t psc_active;
    uint32_t counter; /* at `at_ticks` */
    uint64_t at_ticks;
    uint64_t phase; /* how far to the next count, in units of 1 / (clock_hz * (prescaler + 1)) core periods */
    uint64_t due;   /* the tick of the next event that raises an interrupt, or NEVER */
};

void timer_reset(struct timer *timer, uint64_t now);

/* From `now` on the timer is clocked at `clock_hz`, the core at `core_hz`. */
void timer_clock(struct timer *timer, uint32_t clock_hz, uint32_t core_hz, uint64_t now);

/* Counts up to `now`. */
void timer_advance(struct timer *timer, uint64_t now);

/* False where the register is not one that counts or is counted: it reads as written. */
bool timer_read(struct timer *timer, uint32_t offset, uint32_t *value, uint64_t now);
bool timer_write(struct timer *timer, uint32_t offset, uint32_t value, uint64_t now);

/* Advanced timers have a line of their own for compare events. */
bool timer_update_interrupt(const struct timer *timer);
bool timer_compare_interrupt(const struct timer *timer);

#endif
