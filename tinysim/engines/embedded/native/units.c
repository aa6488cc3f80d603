#include "units.h"

#include "gpio.h"
#include "requests.h"

static uint64_t time_ps(const struct core *core, uint64_t now)
{
    return clock_time_ps(&core->state.clock, now);
}

void units_reset(struct core *core, uint64_t now)
{
    struct state *state = &core->state;
    crc_reset(&state->crc);
    rng_reset(&state->rng);
    rtc_reset(&state->rtc, time_ps(core, now));
    gpdma_reset(&state->gpdma);
    for (uint32_t number = 0; number < DMAS_MAXIMUM; number++) {
        dma_reset(&state->dmas[number]);
    }
    for (uint32_t number = 0; number < LPTIMS_MAXIMUM; number++) {
        lptim_reset(&state->lptims[number], now);
    }
    state->uses_dma = false;
}

bool units_read(struct core *core, const struct unit *unit, uint32_t offset, uint32_t *value, uint64_t now)
{
    struct state *state = &core->state;
    switch (unit->kind) {
    case UNIT_CRC:
        *value = crc_read(&state->crc, offset);
        return true;
    case UNIT_RNG:
        return rng_read(&state->rng, offset, value);
    case UNIT_GPIO:
        return gpio_read(&core->registers, unit->address, offset, value);
    case UNIT_RTC:
    case UNIT_RTC_WITH_SR:
        return rtc_read(&state->rtc, offset, value, time_ps(core, now));
    case UNIT_LPTIM:
    case UNIT_LPTIM_WITH_CCR2:
        return lptim_read(&state->lptims[unit->index], offset, value, now);
    case UNIT_DMA_CHANNELS:
    case UNIT_DMA_STREAMS:
        *value = dma_read(&state->dmas[unit->index], offset);
        return true;
    case UNIT_GPDMA:
        *value = gpdma_read(&state->gpdma, offset);
        return true;
    case UNIT_KINDS:
        break;
    }
    return false;
}

/* Bytes that a narrow write leaves alone are as they were. A flag that a 1 clears is then read as 0. */
static uint32_t widened(struct core *core, const struct unit *unit, uint32_t offset, uint32_t value,
                        uint32_t mask, uint64_t now)
{
    uint32_t before = 0;
    if (mask != UINT32_MAX && !units_read(core, unit, offset, &before, now)) {
        before = registers_read(&core->registers, unit->address + offset);
    }
    return (before & ~mask) | (value & mask);
}

bool units_write(struct core *core, const struct unit *unit, uint32_t offset, uint32_t value, uint32_t mask,
                 uint64_t now)
{
    struct state *state = &core->state;
    switch (unit->kind) {
    case UNIT_CRC:
        crc_write(&state->crc, offset, value, mask);
        return true;
    case UNIT_RNG:
        return rng_write(&state->rng, offset,
                         mask == UINT32_MAX ? value : widened(core, unit, offset, value, mask, now));
    case UNIT_GPIO:
        if (!gpio_write(&core->registers, unit->address, offset, value, mask)) {
            core_fail(core, "out of memory", UC_ERR_NOMEM);
        }
        return true;
    case UNIT_RTC:
    case UNIT_RTC_WITH_SR:
        return rtc_write(&state->rtc, offset, widened(core, unit, offset, value, mask, now),
                         time_ps(core, now));
    case UNIT_LPTIM:
    case UNIT_LPTIM_WITH_CCR2:
        return lptim_write(&state->lptims[unit->index], offset, widened(core, unit, offset, value, mask, now),
                           now);
    case UNIT_DMA_CHANNELS:
    case UNIT_DMA_STREAMS:
        state->uses_dma = true;
        dma_write(&state->dmas[unit->index], offset, widened(core, unit, offset, value, mask, now));
        requests_plan(core, unit, now);
        return true;
    case UNIT_GPDMA:
        state->uses_dma = true;
        gpdma_write(&state->gpdma, offset, widened(core, unit, offset, value, mask, now));
        requests_plan(core, unit, now);
        return true;
    case UNIT_KINDS:
        break;
    }
    return false;
}

void units_clock(struct core *core, const struct unit *unit, uint32_t clock_hz, uint64_t now)
{
    struct state *state = &core->state;
    if (unit->kind == UNIT_RTC || unit->kind == UNIT_RTC_WITH_SR) {
        rtc_clock(&state->rtc, clock_hz, time_ps(core, now));
    } else if (unit->kind == UNIT_LPTIM || unit->kind == UNIT_LPTIM_WITH_CCR2) {
        lptim_clock(&state->lptims[unit->index], clock_hz, state->clock.core_hz, now);
    }
}

uint64_t units_advance(struct core *core, const struct unit *unit, uint64_t now)
{
    struct state *state = &core->state;
    uint64_t due_ps;
    switch (unit->kind) {
    case UNIT_RTC:
    case UNIT_RTC_WITH_SR:
        due_ps = rtc_advance(&state->rtc, time_ps(core, now));
        return due_ps == NEVER ? NEVER : clock_ticks_at(&state->clock, due_ps);
    case UNIT_LPTIM:
    case UNIT_LPTIM_WITH_CCR2:
        timer_advance(&state->lptims[unit->index].counter, now);
        return state->lptims[unit->index].counter.due;
    case UNIT_DMA_CHANNELS:
    case UNIT_DMA_STREAMS:
    case UNIT_GPDMA:
        return requests_advance(core, unit, now);
    case UNIT_CRC:
    case UNIT_RNG:
    case UNIT_GPIO:
    case UNIT_KINDS:
        break;
    }
    return NEVER;
}

bool units_interrupt(const struct core *core, const struct unit *unit, uint32_t line)
{
    const struct state *state = &core->state;
    switch (unit->kind) {
    case UNIT_RNG:
        return line == 0 && rng_interrupt(&state->rng);
    case UNIT_RTC:
    case UNIT_RTC_WITH_SR:
        /* The second line is the alarms'. Chips with one line for both give it twice. */
        return line == 0 ? rtc_wakeup_interrupt(&state->rtc) : line == 1 && rtc_alarm_interrupt(&state->rtc);
    case UNIT_LPTIM:
    case UNIT_LPTIM_WITH_CCR2:
        return line == 0 && lptim_interrupt(&state->lptims[unit->index]);
    case UNIT_DMA_CHANNELS:
    case UNIT_DMA_STREAMS:
        return line < state->dmas[unit->index].channels && dma_interrupt(&state->dmas[unit->index], line);
    case UNIT_GPDMA:
        return gpdma_interrupt(&state->gpdma, line);
    case UNIT_CRC:
    case UNIT_GPIO:
    case UNIT_KINDS:
        break;
    }
    return false;
}
