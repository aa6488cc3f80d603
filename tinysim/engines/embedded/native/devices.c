#include "devices.h"

void devices_reset(struct core *core, uint64_t now)
{
    for (uint32_t number = 0; number < core->usart_count; number++) {
        usart_reset(&core->state.usarts[number]);
    }
    for (uint32_t number = 0; number < core->timer_count; number++) {
        timer_reset(&core->state.timers[number], now);
    }
}

static void drive(struct core *core, uint32_t exception, bool level)
{
    if (nvic_drive(&core->state.nvic, exception, level)) {
        core_interrupts_changed(core);
    }
}

static void drive_usart(struct core *core, uint32_t number)
{
    drive(core, core->usart_places[number].exception, usart_interrupt(&core->state.usarts[number]));
}

static void drive_timer(struct core *core, uint32_t number)
{
    drive(core, core->timer_places[number].exception, timer_interrupt(&core->state.timers[number]));
}

static void run_line(struct core *core, uint64_t now)
{
    struct usart *usart = &core->state.usarts[core->console];
    uint16_t character = line_arrive(&core->line, usart->frame_ticks);
    usart_receive(usart, (uint8_t)character, (character & LINE_BREAK) != 0, now);
    drive_usart(core, core->console);
}

static void run_usart(struct core *core, uint32_t number, uint64_t now)
{
    struct state *state = &core->state;
    uint8_t sent;
    if (usart_advance(&state->usarts[number], now, &sent) && number == core->console) {
        line_sent(&core->line, (struct line_byte){
                                   .time_ps = clock_time_ps(&state->clock, now),
                                   .instructions = state->instructions,
                                   .cycles = state->cycles,
                                   .data = sent,
                               });
    }
    drive_usart(core, number);
}

static void run_systick(struct core *core, uint64_t now)
{
    if (systick_advance(&core->state.systick, now)) {
        nvic_pend(&core->state.nvic, EXCEPTION_SYSTICK);
        core_interrupts_changed(core);
    }
}

uint64_t devices_run(struct core *core, uint64_t now)
{
    struct state *state = &core->state;
    for (;;) {
        /* At the same tick a character's arrival comes before the end of the idle time after the last. */
        enum { LINE, SYSTICK, USART, TIMER } kind = LINE;
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
    drive_usart(core, number);
    core_device_changed(core);
}

bool devices_read_timer(struct core *core, uint32_t number, uint32_t offset, uint32_t *value, uint64_t now)
{
    bool known = timer_read(&core->state.timers[number], offset, value, now);
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
