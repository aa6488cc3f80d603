/* The private peripheral bus: SysTick, NVIC, system control, debug and the cycle counter
 * (ARMv7-M ARM, B3.2 to B3.4, C1.8). */
#ifndef TINYSIM_SYSTEM_H
#define TINYSIM_SYSTEM_H

#include "core.h"

/* The configuration and control register, in which the guest switches the caches of the core on. */
static const uint32_t SYSTEM_CCR = 0xE000ED14u;

void system_reset(struct core *core);

/* A word of the private peripheral bus at `now` (a tick) and `cycles`. */
uint32_t system_read(struct core *core, uint32_t address, uint64_t now, uint64_t cycles);

/* Writes the bytes of `value` that `mask` selects. */
void system_write(struct core *core, uint32_t address, uint32_t value, uint32_t mask, uint64_t now,
                  uint64_t cycles);

#endif
