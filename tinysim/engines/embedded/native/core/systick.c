#include "systick.h"

#include "clock.h"

enum { ENABLE = 1u << 0, TICKINT = 1u << 1, CLKSOURCE = 1u << 2, COUNTFLAG = 1u << 16 };
enum { COUNTER_MASK = 0xFFFFFF };

/* The reference clock is the core's divided by 8 on STM32 (RM0432 11.2: "HCLK/8"). */
static uint64_t divider(const struct systick *systick)
{
    return (systick->control & CLKSOURCE) != 0 ? 1 : 8;
}

void systick_reset(struct systick *systick)
{
    *systick = (struct systick){.zero_at = NEVER};
}

/* A reload value of 0 stops the counter at its next reload. */
static bool runs(const struct systick *systick)
{
    return (systick->control & ENABLE) != 0 && systick->zero_at != NEVER;
}

bool systick_advance(struct systick *systick, uint64_t now)
{
    if (!runs(systick) || systick->zero_at > now) {
        return false;
    }
    uint64_t period = (systick->reload + 1) * divider(systick);
    systick->count_flag = true;
    systick->zero_at =
        systick->reload == 0 ? NEVER : systick->zero_at + ((now - systick->zero_at) / period + 1) * period;
    return (systick->control & TICKINT) != 0;
}

uint64_t systick_due(const struct systick *systick)
{
    return runs(systick) && (systick->control & TICKINT) != 0 ? systick->zero_at : NEVER;
}

static uint32_t value_at(const struct systick *systick, uint64_t now)
{
    if ((systick->control & ENABLE) == 0) {
        return systick->value;
    }
    if (systick->zero_at == NEVER) {
        return 0;
    }
    uint64_t remaining = (systick->zero_at - now + divider(systick) - 1) / divider(systick);
    return remaining > systick->reload ? 0 : (uint32_t)remaining;
}

/* Starts to count down from `value`; from 0 the next clock loads the reload value. */
static void start(struct systick *systick, uint32_t value, uint64_t now)
{
    if (value == 0 && systick->reload == 0) {
        systick->zero_at = NEVER;
    } else {
        systick->zero_at = now + (value == 0 ? systick->reload + 1u : value) * divider(systick);
    }
}

uint32_t systick_read(struct systick *systick, uint32_t offset, uint64_t now)
{
    uint32_t value = 0;
    switch (offset) {
    case SYSTICK_CSR:
        value = systick->control | (systick->count_flag ? COUNTFLAG : 0u);
        systick->count_flag = false;
        return value;
    case SYSTICK_RVR:
        return systick->reload;
    case SYSTICK_CVR:
        return value_at(systick, now);
    default:
        return 0;
    }
}

void systick_write(struct systick *systick, uint32_t offset, uint32_t value, uint64_t now)
{
    uint32_t current = value_at(systick, now);
    switch (offset) {
    case SYSTICK_CSR:
        systick->control = value & (ENABLE | TICKINT | CLKSOURCE);
        systick->value = current;
        if ((value & ENABLE) != 0) {
            start(systick, current, now);
        }
        break;
    case SYSTICK_RVR:
        systick->reload = value & COUNTER_MASK;
        if ((systick->control & ENABLE) != 0 && systick->zero_at == NEVER) {
            start(systick, 0, now);
        }
        break;
    case SYSTICK_CVR:
        systick->count_flag = false;
        systick->value = 0;
        if ((systick->control & ENABLE) != 0) {
            start(systick, 0, now);
        }
        break;
    default:
        break;
    }
}
