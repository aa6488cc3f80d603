#include "one_device.h"

#include <stdlib.h>

#include "devices.h"

static struct core_moment moment(const void *core)
{
    (void)core;
    return (struct core_moment){.block_ticks = NEVER};
}

static void interrupt(void *core, uint32_t number, bool level)
{
    (void)core;
    (void)number;
    (void)level;
}

static void device_changed(void *core)
{
    (void)core;
}

struct chip *one_device(const struct device_description *description, uint32_t core_hz)
{
    struct chip *chip = calloc(1, sizeof *chip);
    if (chip == NULL) {
        return NULL;
    }
    chip->core =
        (struct chip_core){.moment = moment, .interrupt = interrupt, .device_changed = device_changed};
    chip->state.clock.core_hz = core_hz;
    line_reset(&chip->line);
    if (devices_add(chip, description) != NULL) {
        one_device_free(chip);
        return NULL;
    }
    devices_reset(chip, 0);
    return chip;
}

void one_device_free(struct chip *chip)
{
    chip_free(chip);
    free(chip);
}

bool one_device_read(struct chip *chip, uint32_t offset, uint32_t *value, uint64_t now)
{
    return devices_read(chip, 0, offset, value, now);
}

bool one_device_write(struct chip *chip, uint32_t offset, uint32_t value, uint32_t mask, uint64_t now)
{
    return devices_write(chip, 0, offset, value, mask, now);
}

void one_device_clock(struct chip *chip, uint32_t clock_hz, uint64_t now)
{
    devices_clock(chip, &clock_hz, now);
}

uint64_t one_device_run(struct chip *chip, uint64_t now)
{
    return devices_run(chip, now);
}

bool one_device_interrupt(const struct chip *chip, uint32_t line)
{
    return (chip->state.levels[0] >> line & 1u) != 0;
}
