/* STM32 true random number generator (RM0432), which is none here: the same numbers in every run. */
#ifndef TINYSIM_RNG_H
#define TINYSIM_RNG_H

#include <stdbool.h>
#include <stdint.h>

struct rng {
    uint32_t control;
    uint32_t value;
};

void rng_reset(struct rng *rng);

/* False where the register reads as written. */
bool rng_read(struct rng *rng, uint32_t offset, uint32_t *value);
bool rng_write(struct rng *rng, uint32_t offset, uint32_t value);

bool rng_interrupt(const struct rng *rng);

#endif
