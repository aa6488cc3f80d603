#include "bus.h"

#include <stdlib.h>

#include "exceptions.h"
#include "system.h"

enum {
    PERIPHERAL_BITS = 0x42000000, /* bit-band alias of the first megabyte (ARMv7-M: Cortex-M4 TRM, 3.7) */
    RAM = 0x20000000,
    RAM_BITS = 0x22000000,
    BITS_BYTES = 0x02000000,
    PRIVATE_BYTES = 0x00100000,
    PAGE_BYTES = REGISTER_PAGE_BYTES,
};
#define PRIVATE       0xE0000000u
#define CYCLE_COUNTER 0xE0001000u
#define SYSTEM_TIMER  0xE000E000u

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

static uint32_t read_word(struct core *core, uint32_t address, uint64_t now)
{
    return address - PRIVATE < PRIVATE_BYTES ? system_read(core, address, now, now - core->state.sleep_ticks)
                                             : chip_read(&core->chip, address, now);
}

static void write_word(struct core *core, uint32_t address, uint32_t value, uint32_t mask, uint64_t now)
{
    if (address - PRIVATE < PRIVATE_BYTES) {
        system_write(core, address, value, mask, now, now - core->state.sleep_ticks);
    } else {
        chip_write(&core->chip, address, value, mask, now);
    }
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
        target < PERIPHERALS ? memories_word(&core->chip.memories, target) : read_word(core, target, now);
    return word >> bit & 1u;
}

static void write_bit(struct core *core, uint32_t address, uint32_t value, uint64_t now)
{
    uint32_t bit;
    uint32_t target = bit_target(address, &bit);
    uint8_t *place = memories_at(&core->chip.memories, target, 4);
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
        /* Without permissions every access first reports itself together with its PC (see core/hooks.c). */
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
    uint32_t pages[DEVICES_MAXIMUM + 1];
    uint32_t count = 0;
    for (uint32_t number = 0; number < core->chip.device_count; number++) {
        const struct device *device = &core->chip.devices[number];
        if (device->type->is_exact) {
            pages[count++] = device->address;
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
}
