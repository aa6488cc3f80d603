#include "clock.h"

__extension__ typedef unsigned __int128 uint128;

static uint64_t saturate(uint128 value)
{
    return value > NEVER ? NEVER : (uint64_t)value;
}

uint64_t scale_down(uint64_t a, uint64_t b, uint64_t c)
{
    return scale_down_more(a, b, 0, c);
}

uint64_t scale_down_more(uint64_t a, uint64_t b, uint64_t more, uint64_t c)
{
    return saturate(((uint128)a * b + more) / c);
}

uint64_t scale_up(uint64_t a, uint64_t b, uint64_t c)
{
    return scale_up_less(a, b, 0, c);
}

uint64_t scale_up_less(uint64_t a, uint64_t b, uint64_t less, uint64_t c)
{
    return saturate(((uint128)a * b - less + c - 1) / c);
}

uint64_t clock_time_ps(const struct clock *clock, uint64_t ticks)
{
    return clock->base_ps + scale_down(ticks - clock->base_ticks, PICOSECONDS_PER_SECOND, clock->core_hz);
}

uint64_t clock_ticks_at(const struct clock *clock, uint64_t time_ps)
{
    uint64_t since = time_ps > clock->base_ps ? time_ps - clock->base_ps : 0;
    uint64_t ticks = scale_up(since, clock->core_hz, PICOSECONDS_PER_SECOND);
    return ticks > NEVER - clock->base_ticks ? NEVER : clock->base_ticks + ticks;
}

void clock_change(struct clock *clock, uint64_t ticks, uint32_t core_hz)
{
    clock->base_ps = clock_time_ps(clock, ticks);
    clock->base_ticks = ticks;
    clock->core_hz = core_hz;
}
