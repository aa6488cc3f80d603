/* The devices of the chip, their interrupt lines, and what happens by itself. */
#ifndef TINYSIM_DEVICES_H
#define TINYSIM_DEVICES_H

#include "chip.h"

/* Adds a device. Returns what is wrong with the description, or NULL. */
const char *devices_add(struct chip *chip, const struct device_description *description);

void devices_reset(struct chip *chip, uint64_t now);

/* Lets everything happen that is due up to `now`, in its order; returns the tick of what is due next, or
 * NEVER. */
uint64_t devices_run(struct chip *chip, uint64_t now);

/* The device at an address of peripheral space, or NO_DEVICE. */
uint32_t devices_at(const struct chip *chip, uint32_t address);

/* False where the register reads as written. */
bool devices_read(struct chip *chip, uint32_t number, uint32_t offset, uint32_t *value, uint64_t now);
bool devices_write(struct chip *chip, uint32_t number, uint32_t offset, uint32_t value, uint32_t mask,
                   uint64_t now);

/* The core's clock, or those of devices, have changed: `device_hz` has one entry a device. */
void devices_clock(struct chip *chip, const uint32_t *device_hz, uint64_t now);

/* Puts a character, or LINE_BREAK, on the line to the console; false where too many wait there. */
bool devices_send(struct chip *chip, uint16_t character, uint64_t now);

const struct device *devices_console(const struct chip *chip);

#endif
