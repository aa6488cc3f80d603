/* The devices of the chip and their interrupt lines. */
#ifndef TINYSIM_DEVICES_H
#define TINYSIM_DEVICES_H

#include "core.h"

void devices_reset(struct core *core, uint64_t now);

/* Lets everything happen that is due at `now`; returns the tick of what is due next, or NEVER. */
uint64_t devices_run(struct core *core, uint64_t now);

uint32_t devices_read_usart(struct core *core, uint32_t number, uint32_t offset);
void devices_write_usart(struct core *core, uint32_t number, uint32_t offset, uint32_t value, uint64_t now);

/* False where the register reads as written. */
bool devices_read_timer(struct core *core, uint32_t number, uint32_t offset, uint32_t *value, uint64_t now);
bool devices_write_timer(struct core *core, uint32_t number, uint32_t offset, uint32_t value, uint64_t now);
bool devices_read_unit(struct core *core, uint32_t number, uint32_t offset, uint32_t *value, uint64_t now);
bool devices_write_unit(struct core *core, uint32_t number, uint32_t offset, uint32_t value, uint32_t mask,
                        uint64_t now);

/* The unit's clock, or the core's, has changed. */
void devices_clock_unit(struct core *core, uint32_t number, uint32_t clock_hz, uint64_t now);

#endif
