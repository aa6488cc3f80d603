/* The core's clock as the measure of virtual time.
 *
 * A tick is one period of the core's clock, whether the core executes or sleeps. All devices are timed in
 * ticks, so that what divides the same clock stays exact; wall time follows from the ticks and the frequency.
 */
#ifndef TINYSIM_CLOCK_H
#define TINYSIM_CLOCK_H

#include <stdint.h>

static const uint64_t NEVER = UINT64_MAX;
static const uint64_t PICOSECONDS_PER_SECOND = 1000000000000u;

struct clock {
    uint32_t core_hz;
    uint64_t base_ticks; /* when core_hz last changed */
    uint64_t base_ps;
};

uint64_t clock_time_ps(const struct clock *clock, uint64_t ticks);

/* The first tick at or after `time_ps`, which is not before the last change of frequency. */
uint64_t clock_ticks_at(const struct clock *clock, uint64_t time_ps);

/* From `ticks` on the core runs at `core_hz`. */
void clock_change(struct clock *clock, uint64_t ticks, uint32_t core_hz);

/* An interrupt that becomes due within a block of code is taken at its end. Until then what is read of its
 * device is the moment before it, or code would see a counter start again without what its handler does about
 * that. */
static inline uint64_t moment_before(uint64_t due, uint64_t now, uint64_t block_ticks)
{
    return due <= now && due > block_ticks ? due - 1 : now;
}

/* a * b / c without overflow, rounded down or up, at most NEVER. */
uint64_t scale_down(uint64_t a, uint64_t b, uint64_t c);
uint64_t scale_up(uint64_t a, uint64_t b, uint64_t c);

/* (a * b + more) / c, rounded down. */
uint64_t scale_down_more(uint64_t a, uint64_t b, uint64_t more, uint64_t c);

/* (a * b - less) / c, rounded up; `less` is at most a * b. */
uint64_t scale_up_less(uint64_t a, uint64_t b, uint64_t less, uint64_t c);

#endif
