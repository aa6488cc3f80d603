/* The devices other than USARTs and timers: how they are reached, when they do something by themselves, and
 * which interrupt lines they drive. */
#ifndef TINYSIM_UNITS_H
#define TINYSIM_UNITS_H

#include "core.h"

void units_reset(struct core *core, uint64_t now);

/* False where the register reads as written. */
bool units_read(struct core *core, const struct unit *unit, uint32_t offset, uint32_t *value, uint64_t now);
bool units_write(struct core *core, const struct unit *unit, uint32_t offset, uint32_t value, uint32_t mask,
                 uint64_t now);

void units_clock(struct core *core, const struct unit *unit, uint32_t clock_hz, uint64_t now);

/* Lets what is due at `now` happen. Returns the tick of what is due next, or NEVER. */
uint64_t units_advance(struct core *core, const struct unit *unit, uint64_t now);

/* Whether the unit holds its interrupt line `line` high. */
bool units_interrupt(const struct core *core, const struct unit *unit, uint32_t line);

#endif
