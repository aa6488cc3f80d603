/* A chip with one device, for tests of devices by themselves. */
#include "engine.h"

struct chip;

/* A device with one interrupt a line, 0 to `lines` - 1, on a chip whose core runs at `core_hz`; NULL where
 * the chip refuses the description. */
struct chip *one_device(const struct device_description *description, uint32_t core_hz);
void one_device_free(struct chip *chip);

/* False where the register reads as written. */
bool one_device_read(struct chip *chip, uint32_t offset, uint32_t *value, uint64_t now);
bool one_device_write(struct chip *chip, uint32_t offset, uint32_t value, uint32_t mask, uint64_t now);
void one_device_clock(struct chip *chip, uint32_t clock_hz, uint64_t now);

/* Lets happen what is due up to `now`; returns the tick of what is due next, or UINT64_MAX. */
uint64_t one_device_run(struct chip *chip, uint64_t now);
bool one_device_interrupt(const struct chip *chip, uint32_t line);
