#include "bus.h"

#include <stdlib.h>

#include "devices.h"
#include "exceptions.h"
#include "system.h"

enum {
    PERIPHERALS = 0x40000000,
    PERIPHERALS_BYTES = 0x20000000,
    PERIPHERAL_BITS = 0x42000000, /* bit-band alias of the first megabyte (ARMv7-M: Cortex-M4 TRM, 3.7) */
    RAM = 0x20000000,
    RAM_BITS = 0x22000000,
    BITS_BYTES = 0x02000000,
    EXTERNAL_CONTROL_BYTES = 0x2000, /* memory controllers that some chips have there */
    PRIVATE_BYTES = 0x00100000,
    PAGE_BYTES = REGISTER_PAGE_BYTES,
};
#define EXTERNAL_CONTROL 0xA0000000u
#define PRIVATE          0xE0000000u
#define CYCLE_COUNTER    0xE0001000u
#define SYSTEM_TIMER     0xE000E000u

/* What is on a page of peripheral space. */
enum {
    NO_DEVICE = 0,
    FIRST_USART = 1,
    FIRST_TIMER = FIRST_USART + USARTS_MAXIMUM,
    FIRST_UNIT = FIRST_TIMER + TIMERS_MAXIMUM
};

/* A mapped range: Unicorn tells offsets, devices go by address. */
struct bus_range {
    struct core *core;
    uint32_t address;
};

/* The tick and cycle of a device access. Without the exact place in the block, its start stands for it. */
static uint64_t access_ticks(struct core *core)
{
    uint64_t ticks = core->block_start_cycles + core->state.sleep_ticks;
    if (core->access_is_exact) {
        ticks = core_ticks_at_pc(core, core->access_pc);
        core->access_is_exact = false;
    }
    return ticks;
}

static uint32_t place(const struct core *core)
{
    return core->block == NULL ? 0 : core->block->address;
}

static uint32_t read_unmodelled(struct core *core, uint32_t address)
{
    uint32_t value = registers_read(&core->registers, address);
    if (registers_count(&core->registers, address, place(core), false, value)) {
        polling_restart(&core->polling, core_ticks(core), core->state.instructions);
    } else {
        polling_read(&core->polling, address, place(core), value);
    }
    return value;
}

static uint32_t device_at(const struct core *core, uint32_t address)
{
    uint32_t offset = address - PERIPHERALS;
    return offset < PERIPHERALS_BYTES ? core->devices[offset / PAGE_BYTES] : NO_DEVICE;
}

static uint32_t read_word(struct core *core, uint32_t address, uint64_t now)
{
    if (address - PRIVATE < PRIVATE_BYTES) {
        return system_read(core, address, now, now - core->state.sleep_ticks);
    }
    uint32_t device = device_at(core, address);
    if (device >= FIRST_UNIT) {
        uint32_t number = device - FIRST_UNIT;
        uint32_t value;
        if (devices_read_unit(core, number, address - core->units[number].address, &value, now)) {
            return value;
        }
    } else if (device >= FIRST_TIMER) {
        uint32_t number = device - FIRST_TIMER;
        uint32_t value;
        if (devices_read_timer(core, number, address - core->timer_places[number].address, &value, now)) {
            return value;
        }
    } else if (device != NO_DEVICE) {
        uint32_t number = device - FIRST_USART;
        return devices_read_usart(core, number, address - core->usart_places[number].address);
    }
    return read_unmodelled(core, address);
}

static void write_unmodelled(struct core *core, uint32_t address, uint32_t value, uint32_t mask)
{
    uint32_t before = registers_read(&core->registers, address);
    value = (before & ~mask) | (value & mask);
    if (registers_count(&core->registers, address, place(core), true, value)) {
        polling_restart(&core->polling, core_ticks(core), core->state.instructions);
    }
    if (!registers_write(&core->registers, address, value)) {
        core_fail(core, "out of memory", UC_ERR_NOMEM);
    }
    if (core->has_timing && timing_is_control(&core->timing_parameters, address)) {
        timing_written(&core->state.timing, address, value);
    }
    if (address - core->clock_control_address < PAGE_BYTES && value != before && !core->clocks_written()) {
        core_fail(core, "the clocks cannot be worked out", UC_ERR_OK);
    }
}

/* Bytes that a narrow write leaves alone: as they were, except where a 1 is what changes nothing. */
static uint32_t widened_for_timer(struct core *core, uint32_t number, uint32_t offset, uint32_t value,
                                  uint32_t mask, uint64_t now)
{
    enum { SR = 0x10 };
    uint32_t before = UINT32_MAX;
    if (mask == UINT32_MAX) {
        return value;
    }
    if (offset != SR) {
        (void)devices_read_timer(core, number, offset, &before, now);
    }
    return (before & ~mask) | (value & mask);
}

static void write_word(struct core *core, uint32_t address, uint32_t value, uint32_t mask, uint64_t now)
{
    if (address - PRIVATE < PRIVATE_BYTES) {
        system_write(core, address, value, mask, now, now - core->state.sleep_ticks);
        return;
    }
    uint32_t device = device_at(core, address);
    if (device >= FIRST_UNIT) {
        uint32_t number = device - FIRST_UNIT;
        if (devices_write_unit(core, number, address - core->units[number].address, value, mask, now)) {
            return;
        }
    } else if (device >= FIRST_TIMER) {
        uint32_t number = device - FIRST_TIMER;
        uint32_t offset = address - core->timer_places[number].address;
        value = widened_for_timer(core, number, offset, value, mask, now);
        if (devices_write_timer(core, number, offset, value, now)) {
            return;
        }
    } else if (device != NO_DEVICE) {
        uint32_t number = device - FIRST_USART;
        devices_write_usart(core, number, address - core->usart_places[number].address, value & mask, now);
        return;
    }
    write_unmodelled(core, address, value, mask);
}

static bool is_device(uint32_t address)
{
    return address - PERIPHERALS < PERIPHERALS_BYTES || address - EXTERNAL_CONTROL < EXTERNAL_CONTROL_BYTES;
}

bool bus_load(struct core *core, uint32_t address, uint32_t bytes, uint32_t *value, uint64_t now)
{
    const uint8_t *memory = memories_at(&core->memories, address, bytes);
    if (memory == NULL && !is_device(address)) {
        return false;
    }
    if (memory == NULL) {
        *value = read_word(core, address & ~3u, now) >> 8 * (address & 3u);
        return true;
    }
    *value = 0;
    for (uint32_t byte = 0; byte < bytes; byte++) {
        *value |= (uint32_t)memory[byte] << 8 * byte;
    }
    return true;
}

bool bus_store(struct core *core, uint32_t address, uint32_t bytes, uint32_t value, uint64_t now)
{
    uint8_t *memory = memories_at(&core->memories, address, bytes);
    if (memory == NULL && is_device(address)) {
        uint32_t shift = 8 * (address & 3u);
        uint32_t mask = (bytes == 4 ? UINT32_MAX : (1u << 8 * bytes) - 1) << shift;
        write_word(core, address & ~3u, value << shift, mask, now);
        return true;
    }
    if (memory == NULL || !memories_find(&core->memories, address)->writable) {
        return false;
    }
    for (uint32_t byte = 0; byte < bytes; byte++) {
        memory[byte] = (uint8_t)(value >> 8 * byte);
    }
    return true;
}

static bool is_bit_alias(const struct core *core, uint32_t address)
{
    return core->model.has_bit_band &&
           (address - PERIPHERAL_BITS < BITS_BYTES || address - RAM_BITS < BITS_BYTES);
}

/* A word of the alias stands for one bit. */
static uint32_t bit_target(uint32_t address, uint32_t *bit)
{
    uint32_t number = address % BITS_BYTES / 4;
    *bit = number % 32;
    return (address - address % BITS_BYTES - BITS_BYTES) + number / 32 * 4;
}

static uint32_t read_bit(struct core *core, uint32_t address, uint64_t now)
{
    uint32_t bit;
    uint32_t target = bit_target(address, &bit);
    uint32_t word =
        target < PERIPHERALS ? memories_word(&core->memories, target) : read_word(core, target, now);
    return word >> bit & 1u;
}

static void write_bit(struct core *core, uint32_t address, uint32_t value, uint64_t now)
{
    uint32_t bit;
    uint32_t target = bit_target(address, &bit);
    uint8_t *place = memories_at(&core->memories, target, 4);
    if (target >= PERIPHERALS) {
        uint32_t word = read_word(core, target, now);
        write_word(core, target, (word & ~(1u << bit)) | (value & 1u) << bit, UINT32_MAX, now);
    } else if (place != NULL) {
        store_word(place, (load_word(place) & ~(1u << bit)) | (value & 1u) << bit);
    }
}

static uint64_t on_read(uc_engine *uc, uint64_t offset, unsigned bytes, void *user)
{
    (void)uc;
    struct bus_range *range = user;
    struct core *core = range->core;
    uint32_t address = range->address + (uint32_t)offset;
    uint64_t now = access_ticks(core);
    if (is_bit_alias(core, address)) {
        return read_bit(core, address, now);
    }
    uint32_t word = read_word(core, address & ~3u, now);
    uint32_t mask = bytes >= 4 ? UINT32_MAX : (1u << 8 * bytes) - 1;
    return word >> 8 * (address & 3u) & mask;
}

static void on_write(uc_engine *uc, uint64_t offset, unsigned bytes, uint64_t value, void *user)
{
    (void)uc;
    struct bus_range *range = user;
    struct core *core = range->core;
    uint32_t address = range->address + (uint32_t)offset;
    uint64_t now = access_ticks(core);
    if (is_bit_alias(core, address)) {
        write_bit(core, address, (uint32_t)value, now);
        return;
    }
    uint32_t shift = 8 * (address & 3u);
    uint32_t mask = bytes >= 4 ? UINT32_MAX : ((1u << 8 * bytes) - 1) << shift;
    write_word(core, address & ~3u, (uint32_t)value << shift, mask, now);
}

static bool map_range(struct core *core, uint32_t address, uint32_t bytes, bool exact)
{
    if (bytes == 0) {
        return true;
    }
    struct bus_range **ranges = realloc(core->ranges, (core->range_count + 1) * sizeof(struct bus_range *));
    if (ranges == NULL) {
        return false;
    }
    core->ranges = ranges;
    struct bus_range *range = malloc(sizeof *range);
    if (range == NULL) {
        return false;
    }
    core->ranges[core->range_count++] = range;
    *range = (struct bus_range){.core = core, .address = address};
    uc_err error = uc_mmio_map(core->uc, address, bytes, on_read, range, on_write, range);
    if (error == UC_ERR_OK && exact) {
        /* Without permissions every access first reports itself together with its PC (see hooks.c). */
        error = uc_mem_protect(core->uc, address, bytes, UC_PROT_NONE);
    }
    if (error != UC_ERR_OK) {
        core_fail(core, "cannot map devices", error);
    }
    return error == UC_ERR_OK;
}

static int compare_addresses(const void *left, const void *right)
{
    uint32_t a = *(const uint32_t *)left;
    uint32_t b = *(const uint32_t *)right;
    return (a > b) - (a < b);
}

/* Maps a region whose `pages` (sorted) are those where the exact moment of an access matters. */
static bool map_region(struct core *core, uint32_t address, uint32_t bytes, const uint32_t *pages,
                       uint32_t count)
{
    uint32_t next = address;
    for (uint32_t number = 0; number < count; number++) {
        if (!map_range(core, next, pages[number] - next, false) ||
            !map_range(core, pages[number], PAGE_BYTES, true)) {
            return false;
        }
        next = pages[number] + PAGE_BYTES;
    }
    return map_range(core, next, address + bytes - next, false);
}

bool bus_map(struct core *core)
{
    static const uint32_t private_pages[] = {CYCLE_COUNTER, SYSTEM_TIMER};
    uint32_t pages[TIMERS_MAXIMUM + UNITS_MAXIMUM + 1];
    uint32_t count = 0;
    core->devices = calloc(PERIPHERALS_BYTES / PAGE_BYTES, 1);
    if (core->devices == NULL) {
        return false;
    }
    for (uint32_t number = 0; number < core->usart_count; number++) {
        core->devices[(core->usart_places[number].address - PERIPHERALS) / PAGE_BYTES] =
            (uint8_t)(FIRST_USART + number);
    }
    for (uint32_t number = 0; number < core->timer_count; number++) {
        core->devices[(core->timer_places[number].address - PERIPHERALS) / PAGE_BYTES] =
            (uint8_t)(FIRST_TIMER + number);
        pages[count++] = core->timer_places[number].address;
    }
    for (uint32_t number = 0; number < core->unit_count; number++) {
        const struct unit *unit = &core->units[number];
        uint32_t first = (unit->address - PERIPHERALS) / PAGE_BYTES;
        for (uint32_t page = first; page * PAGE_BYTES < unit->address - PERIPHERALS + unit->bytes; page++) {
            core->devices[page] = (uint8_t)(FIRST_UNIT + number);
        }
        if (unit->kind == UNIT_LPTIM || unit->kind == UNIT_LPTIM_WITH_CCR2) {
            pages[count++] = unit->address;
        }
    }
    if (core->clock_control_address != 0) {
        pages[count++] = core->clock_control_address;
    }
    qsort(pages, count, sizeof *pages, compare_addresses);
    return map_region(core, PERIPHERALS, PERIPHERALS_BYTES, pages, count) &&
           map_range(core, EXTERNAL_CONTROL, EXTERNAL_CONTROL_BYTES, false) &&
           map_region(core, PRIVATE, PRIVATE_BYTES, private_pages, 2) &&
           (!core->model.has_bit_band || map_range(core, RAM_BITS, BITS_BYTES, false));
}

void bus_free(struct core *core)
{
    for (uint32_t number = 0; number < core->range_count; number++) {
        free(core->ranges[number]);
    }
    free(core->ranges);
    free(core->devices);
}
