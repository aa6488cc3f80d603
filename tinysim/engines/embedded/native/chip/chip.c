#include "chip.h"

#include <stdlib.h>

#include "devices.h"

void chip_free(struct chip *chip)
{
    registers_free(&chip->registers);
    memories_free(&chip->memories);
    free(chip->device_states);
    free(chip->device_pages);
}

static void count(struct chip *chip, uint32_t address, bool is_write, uint32_t value)
{
    struct core_moment moment = chip->core.moment(chip->core.core);
    if (registers_count(&chip->registers, address, moment.block_address, is_write, value)) {
        polling_restart(&chip->polling, moment.ticks, moment.instructions);
    } else if (!is_write) {
        polling_read(&chip->polling, address, moment.block_address, value);
    }
}

uint32_t chip_read(struct chip *chip, uint32_t address, uint64_t now)
{
    uint32_t number = devices_at(chip, address);
    uint32_t value;
    if (number != NO_DEVICE &&
        devices_read(chip, number, address - chip->devices[number].address, &value, now)) {
        return value;
    }
    value = registers_read(&chip->registers, address);
    count(chip, address, false, value);
    return value;
}

static void write_unmodelled(struct chip *chip, uint32_t address, uint32_t value, uint32_t mask)
{
    uint32_t before = registers_read(&chip->registers, address);
    value = (before & ~mask) | (value & mask);
    count(chip, address, true, value);
    if (!registers_write(&chip->registers, address, value)) {
        chip->core.out_of_memory(chip->core.core);
    }
    chip->core.register_written(chip->core.core, address, value, value != before);
}

void chip_write(struct chip *chip, uint32_t address, uint32_t value, uint32_t mask, uint64_t now)
{
    uint32_t number = devices_at(chip, address);
    if (number == NO_DEVICE ||
        !devices_write(chip, number, address - chip->devices[number].address, value, mask, now)) {
        write_unmodelled(chip, address, value, mask);
    }
}

static bool is_peripheral(uint32_t address)
{
    return address - PERIPHERALS < PERIPHERALS_BYTES || address - EXTERNAL_CONTROL < EXTERNAL_CONTROL_BYTES;
}

bool device_load(struct device *device, uint32_t address, uint32_t bytes, uint32_t *value, uint64_t now)
{
    struct chip *chip = device->chip;
    const uint8_t *memory = memories_at(&chip->memories, address, bytes);
    if (memory == NULL && !is_peripheral(address)) {
        return false;
    }
    if (memory == NULL) {
        *value = chip_read(chip, address & ~3u, now) >> 8 * (address & 3u);
        return true;
    }
    *value = 0;
    for (uint32_t byte = 0; byte < bytes; byte++) {
        *value |= (uint32_t)memory[byte] << 8 * byte;
    }
    return true;
}

bool device_store(struct device *device, uint32_t address, uint32_t bytes, uint32_t value, uint64_t now)
{
    struct chip *chip = device->chip;
    uint8_t *memory = memories_at(&chip->memories, address, bytes);
    if (memory == NULL && is_peripheral(address)) {
        uint32_t shift = 8 * (address & 3u);
        uint32_t mask = (bytes == 4 ? UINT32_MAX : (1u << 8 * bytes) - 1) << shift;
        chip_write(chip, address & ~3u, value << shift, mask, now);
        return true;
    }
    if (memory == NULL || !memories_find(&chip->memories, address)->writable) {
        return false;
    }
    for (uint32_t byte = 0; byte < bytes; byte++) {
        memory[byte] = (uint8_t)(value >> 8 * byte);
    }
    return true;
}

bool device_load_memory(struct device *device, uint32_t address, uint32_t *word)
{
    const uint8_t *place = memories_at(&device->chip->memories, address, 4);
    *word = place == NULL ? 0 : load_word(place);
    return place != NULL;
}

uint32_t device_register(const struct device *device, uint32_t address)
{
    return registers_read(&device->chip->registers, address);
}

void device_set_register(struct device *device, uint32_t address, uint32_t value)
{
    if (!registers_write(&device->chip->registers, address, value)) {
        device->chip->core.out_of_memory(device->chip->core.core);
    }
}

bool device_reset_register(struct device *device, uint32_t address, uint32_t reset)
{
    return registers_add_rule(&device->chip->registers,
                              &(struct register_rule){.address = address, .reset = reset});
}
