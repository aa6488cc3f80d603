#include "devices.h"

#include <stdlib.h>
#include <string.h>

#include "types.h"

#define DECLARED(NAME) extern const struct device_type NAME;
DEVICE_TYPES(DECLARED)

#define LISTED(NAME) &(NAME),
static const struct device_type *const TYPES[] = {DEVICE_TYPES(LISTED)};

static const struct device_type *find_type(const char *name)
{
    for (size_t number = 0; number < sizeof TYPES / sizeof *TYPES; number++) {
        if (strcmp(TYPES[number]->name, name) == 0) {
            return TYPES[number];
        }
    }
    return NULL;
}

/* Makes room for one more state. Those that are there may move. */
static bool add_state(struct chip *chip, struct device *device)
{
    uint32_t bytes = (device->type->state_bytes + 7u) & ~7u;
    uint8_t *states = realloc(chip->device_states, chip->device_state_bytes + bytes + 8);
    if (states == NULL) {
        return false;
    }
    memset(states + chip->device_state_bytes, 0, bytes);
    device->state_offset = chip->device_state_bytes;
    chip->device_states = states;
    chip->device_state_bytes += bytes;
    for (uint32_t number = 0; number <= chip->device_count; number++) {
        chip->devices[number].state = states + chip->devices[number].state_offset;
    }
    return true;
}

static bool add_pages(struct chip *chip, const struct device *device)
{
    if (chip->device_pages == NULL) {
        chip->device_pages = calloc(PERIPHERALS_BYTES / REGISTER_PAGE_BYTES, 1);
    }
    if (chip->device_pages == NULL) {
        return false;
    }
    uint32_t first = device->address - PERIPHERALS;
    for (uint32_t offset = first; offset < first + device->bytes; offset += REGISTER_PAGE_BYTES) {
        chip->device_pages[offset / REGISTER_PAGE_BYTES] = (uint8_t)(chip->device_count + 1);
    }
    return true;
}

static void set_interrupts(struct device *device, const struct device_description *description)
{
    for (uint32_t line = 0; line < description->interrupt_count; line++) {
        device->interrupts[line] = description->interrupts[line];
    }
    device->line_count = description->interrupt_count;
    while (device->line_count != 0 && device->line_count < device->type->lines) {
        device->interrupts[device->line_count] = device->interrupts[device->line_count - 1];
        device->line_count++;
    }
}

static bool has_valid_place(const struct device_description *description)
{
    uint32_t offset = description->address - PERIPHERALS;
    return offset < PERIPHERALS_BYTES && description->bytes <= PERIPHERALS_BYTES - offset &&
           description->bytes != 0 && (offset | description->bytes) % REGISTER_PAGE_BYTES == 0;
}

const char *devices_add(struct chip *chip, const struct device_description *description)
{
    if (chip->device_count == DEVICES_MAXIMUM) {
        return "too many devices";
    }
    struct device *device = &chip->devices[chip->device_count];
    *device = (struct device){
        .type = find_type(description->model),
        .chip = chip,
        .address = description->address,
        .bytes = description->bytes,
    };
    if (device->type == NULL) {
        return "there is no such model";
    }
    if (!has_valid_place(description) || description->interrupt_count > DEVICE_LINES ||
        description->option_count > DEVICE_OPTIONS) {
        return "it does not lie where devices do, or has too many interrupts or options";
    }
    for (uint32_t line = 0; line < description->interrupt_count; line++) {
        if (description->interrupts[line] >= INTERRUPTS_MAXIMUM || device->type->interrupt == NULL) {
            return "there is no such interrupt";
        }
    }
    for (uint32_t number = 0; number < chip->device_count; number++) {
        device->number += chip->devices[number].type == device->type ? 1 : 0;
    }
    set_interrupts(device, description);
    if (!add_state(chip, device) || !add_pages(chip, device)) {
        return "out of memory";
    }
    for (uint32_t number = 0; number < description->option_count; number++) {
        if (device->type->configure == NULL ||
            !device->type->configure(device, &description->options[number])) {
            return description->options[number].name;
        }
    }
    chip->device_count++;
    return NULL;
}

static uint64_t due_of(const struct device *device)
{
    return device->type->due == NULL ? NEVER : device->type->due(device);
}

/* A line is high while any of those that share it drives it high. */
static void drive(struct chip *chip, uint32_t number, uint32_t line, bool level)
{
    struct chip_state *state = &chip->state;
    uint32_t interrupt = chip->devices[number].interrupts[line];
    uint16_t bit = (uint16_t)(1u << line);
    if (level != ((state->levels[number] & bit) != 0)) {
        state->levels[number] ^= bit;
        state->high_sources[interrupt] = (uint8_t)(state->high_sources[interrupt] + (level ? 1 : -1));
    }
    chip->core.interrupt(chip->core.core, interrupt, state->high_sources[interrupt] != 0);
}

/* Something has happened to a device: its lines, and when it has to be looked after again. */
static void update(struct chip *chip, uint32_t number)
{
    const struct device *device = &chip->devices[number];
    chip->state.due[number] = due_of(device);
    for (uint32_t line = 0; line < device->line_count; line++) {
        drive(chip, number, line, device->type->interrupt(device, line));
    }
}

static void advance(struct chip *chip, uint32_t number, uint64_t now)
{
    struct device *device = &chip->devices[number];
    bool serves_requests = chip->serves_requests;
    if (device->type->advance != NULL) {
        chip->serves_requests = serves_requests || device->type->serve != NULL;
        device->type->advance(device, now);
        chip->serves_requests = serves_requests;
    }
}

static void settle(struct chip *chip, uint64_t now)
{
    for (uint32_t number = 0; number < chip->device_count; number++) {
        if (chip->devices[number].type->settles) {
            advance(chip, number, now);
            update(chip, number);
        }
    }
}

/* Carries out what devices ask the DMA controllers for; all lines may change by that. */
static void serve_requests(struct chip *chip, uint64_t now)
{
    bool any = false;
    if (!chip->state.has_requests || chip->serves_requests) {
        return;
    }
    chip->serves_requests = true;
    for (uint32_t number = 0; number < chip->device_count; number++) {
        struct device *device = &chip->devices[number];
        any = (device->type->serve != NULL && device->type->serve(device, now)) || any;
    }
    chip->serves_requests = false;
    if (!any) {
        return;
    }
    for (uint32_t number = 0; number < chip->device_count; number++) {
        if (chip->devices[number].type->requests != NULL) {
            update(chip, number);
        }
    }
    settle(chip, now);
}

void devices_reset(struct chip *chip, uint64_t now)
{
    memset(chip->state.levels, 0, sizeof chip->state.levels);
    memset(chip->state.high_sources, 0, sizeof chip->state.high_sources);
    chip->state.has_requests = false;
    for (uint32_t number = 0; number < chip->device_count; number++) {
        struct device *device = &chip->devices[number];
        if (device->type->reset != NULL) {
            device->type->reset(device, now);
        }
        chip->state.due[number] = due_of(device);
    }
}

/* The guest may use another UART than the board's own: the host's line is then that one's. */
static void choose_console(struct chip *chip)
{
    const struct device *console = devices_console(chip);
    if (chip->state.console_is_settled || console->type->uart->listens(console)) {
        return;
    }
    for (uint32_t number = 0; number < chip->device_count; number++) {
        const struct device *device = &chip->devices[number];
        if (device->type->uart != NULL && device->type->uart->listens(device)) {
            chip->state.console = number;
            return;
        }
    }
}

const struct device *devices_console(const struct chip *chip)
{
    return &chip->devices[chip->state.console];
}

static void restart_polling(struct chip *chip, uint64_t now)
{
    polling_restart(&chip->polling, now, chip->core.moment(chip->core.core).instructions);
}

static void run_line(struct chip *chip, uint64_t now)
{
    choose_console(chip);
    struct device *console = &chip->devices[chip->state.console];
    uint16_t character = line_arrive(&chip->line, console->type->uart->frame_ticks(console));
    console->type->uart->receive(console, (uint8_t)character, (character & LINE_BREAK) != 0, now);
    restart_polling(chip, now);
    serve_requests(chip, now);
    update(chip, chip->state.console);
}

void device_sent(struct device *device, uint8_t data, uint64_t now)
{
    struct chip *chip = device->chip;
    uint32_t number = (uint32_t)(device - chip->devices);
    if (!chip->state.console_is_settled) {
        chip->state.console = number;
        chip->state.console_is_settled = true;
    }
    if (number == chip->state.console) {
        struct core_moment moment = chip->core.moment(chip->core.core);
        restart_polling(chip, now);
        line_sent(&chip->line, (struct line_byte){
                                   .time_ps = clock_time_ps(&chip->state.clock, now),
                                   .instructions = moment.instructions,
                                   .cycles = moment.cycles,
                                   .data = data,
                               });
    }
}

/* The device that is due first, the first of several; NO_DEVICE: the line is, or nothing. */
static uint32_t first_due(const struct chip *chip, uint64_t *due)
{
    /* At the same tick a character's arrival comes before the end of the idle time after the last. */
    uint32_t first = NO_DEVICE;
    *due = chip->line.due;
    for (uint32_t number = 0; number < chip->device_count; number++) {
        if (chip->state.due[number] < *due) {
            *due = chip->state.due[number];
            first = number;
        }
    }
    return first;
}

static void run_device(struct chip *chip, uint32_t number, uint64_t now)
{
    advance(chip, number, now);
    if (chip->devices[number].type->requests != NULL) {
        serve_requests(chip, now);
    }
    update(chip, number);
}

uint64_t devices_run(struct chip *chip, uint64_t now)
{
    for (;;) {
        uint64_t due;
        uint32_t number = first_due(chip, &due);
        if (due > now) {
            return due;
        }
        if (number == NO_DEVICE) {
            run_line(chip, due);
        } else {
            run_device(chip, number, due);
        }
    }
}

uint32_t devices_at(const struct chip *chip, uint32_t address)
{
    uint32_t offset = address - PERIPHERALS;
    if (offset >= PERIPHERALS_BYTES || chip->device_pages == NULL) {
        return NO_DEVICE;
    }
    return chip->device_pages[offset / REGISTER_PAGE_BYTES] - 1u;
}

bool devices_read(struct chip *chip, uint32_t number, uint32_t offset, uint32_t *value, uint64_t now)
{
    struct device *device = &chip->devices[number];
    bool known = device->type->read(device, offset, value, now);
    update(chip, number);
    return known;
}

bool devices_write(struct chip *chip, uint32_t number, uint32_t offset, uint32_t value, uint32_t mask,
                   uint64_t now)
{
    struct device *device = &chip->devices[number];
    bool known = device->type->write(device, offset, value, mask, now);
    if (device->type->serve != NULL) {
        chip->state.has_requests = true;
    }
    if (device->type->requests != NULL || device->type->settles) {
        serve_requests(chip, now);
    }
    if (device->type->settles) {
        settle(chip, now);
    }
    update(chip, number);
    chip->core.device_changed(chip->core.core);
    return known;
}

void devices_clock(struct chip *chip, const uint32_t *device_hz, uint64_t now)
{
    for (uint32_t number = 0; number < chip->device_count; number++) {
        struct device *device = &chip->devices[number];
        if (device->type->clock != NULL) {
            device->type->clock(device, device_hz[number], now);
        }
    }
    settle(chip, now);
    for (uint32_t number = 0; number < chip->device_count; number++) {
        chip->state.due[number] = due_of(&chip->devices[number]);
    }
}

bool devices_send(struct chip *chip, uint16_t character, uint64_t now)
{
    const struct device *console = devices_console(chip);
    chip->core.device_changed(chip->core.core);
    return line_put(&chip->line, character, now, console->type->uart->frame_ticks(console));
}

uint64_t device_time_ps(const struct device *device, uint64_t ticks)
{
    return clock_time_ps(&device->chip->state.clock, ticks);
}

uint64_t device_ticks_at(const struct device *device, uint64_t time_ps)
{
    return clock_ticks_at(&device->chip->state.clock, time_ps);
}

uint32_t device_core_hz(const struct device *device)
{
    return device->chip->state.clock.core_hz;
}

uint32_t device_line_baud(const struct device *device)
{
    return device->chip->line_baud;
}

uint64_t device_block_ticks(const struct device *device)
{
    const struct chip_core *core = &device->chip->core;
    return core->moment(core->core).block_ticks;
}

uint32_t device_merged(struct device *device, uint32_t offset, uint32_t value, uint32_t mask, uint64_t now)
{
    uint32_t before = 0;
    if (mask != UINT32_MAX && !device->type->read(device, offset, &before, now)) {
        before = device_register(device, device->address + offset);
    }
    return (before & ~mask) | (value & mask);
}

bool device_is_requested(const struct device *device, uint32_t request)
{
    const struct chip *chip = device->chip;
    for (uint32_t number = 0; number < chip->device_count; number++) {
        const struct device *other = &chip->devices[number];
        if (other->type->requests != NULL && other->type->requests(other, request)) {
            return true;
        }
    }
    return false;
}
