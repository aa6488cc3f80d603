/* The core's 24-bit down counter (ARMv7-M ARM, B3.3). */
#ifndef TINYSIM_SYSTICK_H
#define TINYSIM_SYSTICK_H

#include <stdbool.h>
#include <stdint.h>

struct systick {
    uint32_t control; /* ENABLE, TICKINT, CLKSOURCE */
    uint32_t reload;
    bool count_flag;
    uint32_t value;   /* while stopped */
    uint64_t zero_at; /* the tick at which it counts to 0 next, while it runs */
};

enum { SYSTICK_CSR = 0x10, SYSTICK_RVR = 0x14, SYSTICK_CVR = 0x18, SYSTICK_CALIB = 0x1C };

void systick_reset(struct systick *systick);
uint32_t systick_read(struct systick *systick, uint32_t offset, uint64_t now);
void systick_write(struct systick *systick, uint32_t offset, uint32_t value, uint64_t now);

/* The tick at which its exception becomes pending next, or NEVER. */
uint64_t systick_due(const struct systick *systick);

/* Counts up to `now`; returns true where it reached 0 and its interrupt is on. */
bool systick_advance(struct systick *systick, uint64_t now);

#endif
