#include "devices.h"

#include <string.h>

#include "requests.h"
#include "units.h"

void devices_reset(struct core *core, uint64_t now)
{
    for (uint32_t number = 0; number < core->usart_count; number++) {
        usart_reset(&core->state.usarts[number]);
    }
    for (uint32_t number = 0; number < core->timer_count; number++) {
        timer_reset(&core->state.timers[number], now);
    }
    units_reset(core, now);
    core->state.unit_due = NEVER;
    memset(core->state.high_sources, 0, sizeof core->state.high_sources);
    memset(core->state.source_is_high, 0, sizeof core->state.source_is_high);
}

/* A line is high while any of those that share it drives it high. */
static void drive(struct core *core, uint32_t source, uint32_t exception, bool level)
{
    struct state *state = &core->state;
    uint32_t bit = 1u << source % 32;
    bool was_high = (state->source_is_high[source / 32] & bit) != 0;
    if (level != was_high) {
        state->source_is_high[source / 32] ^= bit;
        state->high_sources[exception] = (uint8_t)(state->high_sources[exception] + (level ? 1 : -1));
    }
    if (nvic_drive(&state->nvic, exception, state->high_sources[exception] != 0)) {
        core_exception_pended(core);
    }
}

static void drive_unit(struct core *core, uint32_t number)
{
    const struct unit *unit = &core->units[number];
    for (uint32_t line = 0; line < UNIT_LINES; line++) {
        if (unit->exceptions[line] != EXCEPTION_NONE) {
            drive(core, SOURCE_UNIT + number * UNIT_LINES + line, unit->exceptions[line],
                  units_interrupt(core, unit, line));
        }
    }
}

static void advance_units(struct core *core, uint64_t now)
{
    core->state.unit_due = NEVER;
    for (uint32_t number = 0; number < core->unit_count; number++) {
        uint64_t due = units_advance(core, &core->units[number], now);
        core->state.unit_due = due < core->state.unit_due ? due : core->state.unit_due;
        drive_unit(core, number);
    }
}

/* Carries out what the devices ask the DMA controllers for; all lines may change by that. */
static void serve_requests(struct core *core, uint64_t now)
{
    if (!requests_serve(core, now)) {
        return;
    }
    for (uint32_t number = 0; number < core->usart_count; number++) {
        drive(core, SOURCE_USART + number, core->usart_places[number].exception,
              usart_interrupt(&core->state.usarts[number]));
    }
    advance_units(core, now);
}

static void drive_usart(struct core *core, uint32_t number)
{
    drive(core, SOURCE_USART + number, core->usart_places[number].exception,
          usart_interrupt(&core->state.usarts[number]));
}

static void drive_timer(struct core *core, uint32_t number)
{
    const struct timer *timer = &core->state.timers[number];
    const struct device_place *place = &core->timer_places[number];
    drive(core, SOURCE_TIMER_UPDATE + number, place->exception, timer_update_interrupt(timer));
    drive(core, SOURCE_TIMER_COMPARE + number, place->compare_exception, timer_compare_interrupt(timer));
}

/* The guest may use another USART than the board's own: the host's line is then that one's. */
static void choose_console(struct core *core)
{
    struct state *state = &core->state;
    if (state->console_is_settled || usart_receives(&state->usarts[state->console])) {
        return;
    }
    for (uint32_t number = 0; number < core->usart_count; number++) {
        if (usart_receives(&state->usarts[number])) {
            state->console = number;
            return;
        }
    }
}

static void run_line(struct core *core, uint64_t now)
{
    choose_console(core);
    struct usart *usart = &core->state.usarts[core->state.console];
    uint16_t character = line_arrive(&core->line, usart->frame_ticks);
    usart_receive(usart, (uint8_t)character, (character & LINE_BREAK) != 0, now);
    polling_restart(&core->polling, now, core->state.instructions);
    serve_requests(core, now);
    drive_usart(core, core->state.console);
}

static void run_usart(struct core *core, uint32_t number, uint64_t now)
{
    struct state *state = &core->state;
    uint8_t sent;
    if (usart_advance(&state->usarts[number], now, &sent)) {
        state->usart_sent_bytes[number]++;
        if (!state->console_is_settled) {
            state->console = number;
            state->console_is_settled = true;
        }
        if (number == state->console) {
            polling_restart(&core->polling, now, state->instructions);
            line_sent(&core->line, (struct line_byte){
                                       .time_ps = clock_time_ps(&state->clock, now),
                                       .instructions = state->instructions,
                                       .cycles = state->cycles,
                                       .data = sent,
                                   });
        }
    }
    serve_requests(core, now);
    drive_usart(core, number);
}

static void run_systick(struct core *core, uint64_t now)
{
    if (systick_advance(&core->state.systick, now)) {
        nvic_pend(&core->state.nvic, EXCEPTION_SYSTICK);
        core_exception_pended(core);
    }
}

uint64_t devices_run(struct core *core, uint64_t now)
{
    struct state *state = &core->state;
    for (;;) {
        /* At the same tick a character's arrival comes before the end of the idle time after the last. */
        enum { LINE, SYSTICK, USART, TIMER, UNIT } kind = LINE;
        uint32_t number = 0;
        uint64_t due = core->line.due;
        for (uint32_t usart = 0; usart < core->usart_count; usart++) {
            uint64_t own = usart_due(&state->usarts[usart]);
            if (own < due) {
                due = own;
                kind = USART;
                number = usart;
            }
        }
        for (uint32_t timer = 0; timer < core->timer_count; timer++) {
            if (state->timers[timer].due < due) {
                due = state->timers[timer].due;
                kind = TIMER;
                number = timer;
            }
        }
        if (systick_due(&state->systick) < due) {
            due = systick_due(&state->systick);
            kind = SYSTICK;
        }
        if (state->unit_due < due) {
            due = state->unit_due;
            kind = UNIT;
        }
        if (due > now) {
            return due;
        }
        switch (kind) {
        case LINE:
            run_line(core, due);
            break;
        case SYSTICK:
            run_systick(core, due);
            break;
        case USART:
            run_usart(core, number, due);
            break;
        case TIMER:
            timer_advance(&state->timers[number], due);
            drive_timer(core, number);
            break;
        case UNIT:
            advance_units(core, due);
            break;
        }
    }
}

uint32_t devices_read_usart(struct core *core, uint32_t number, uint32_t offset)
{
    uint32_t value = usart_read(&core->state.usarts[number], offset);
    drive_usart(core, number);
    return value;
}

void devices_write_usart(struct core *core, uint32_t number, uint32_t offset, uint32_t value, uint64_t now)
{
    usart_write(&core->state.usarts[number], offset, value, now);
    serve_requests(core, now);
    drive_usart(core, number);
    core_device_changed(core);
}

bool devices_read_timer(struct core *core, uint32_t number, uint32_t offset, uint32_t *value, uint64_t now)
{
    struct timer *timer = &core->state.timers[number];
    bool known = timer_read(timer, offset, value, core_moment_before(core, timer->due, now));
    drive_timer(core, number);
    return known;
}

bool devices_write_timer(struct core *core, uint32_t number, uint32_t offset, uint32_t value, uint64_t now)
{
    bool known = timer_write(&core->state.timers[number], offset, value, now);
    drive_timer(core, number);
    core_device_changed(core);
    return known;
}

bool devices_read_unit(struct core *core, uint32_t number, uint32_t offset, uint32_t *value, uint64_t now)
{
    bool known = units_read(core, &core->units[number], offset, value, now);
    drive_unit(core, number);
    return known;
}

bool devices_write_unit(struct core *core, uint32_t number, uint32_t offset, uint32_t value, uint32_t mask,
                        uint64_t now)
{
    bool known = units_write(core, &core->units[number], offset, value, mask, now);
    serve_requests(core, now);
    advance_units(core, now);
    core_device_changed(core);
    return known;
}

void devices_clock_unit(struct core *core, uint32_t number, uint32_t clock_hz, uint64_t now)
{
    units_clock(core, &core->units[number], clock_hz, now);
    advance_units(core, now);
}
