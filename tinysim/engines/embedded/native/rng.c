#include "rng.h"

/* RM0432, RNG registers. */
enum { CR = 0x00, SR = 0x04, DR = 0x08 };
enum { CR_RNGEN = 1u << 2, CR_IE = 1u << 3, SR_DRDY = 1u << 0 };

void rng_reset(struct rng *rng)
{
    *rng = (struct rng){.value = 0x2545F491u};
}

static bool runs(const struct rng *rng)
{
    return (rng->control & CR_RNGEN) != 0;
}

/* Marsaglia's xorshift with the triple 13, 17, 5: never 0, which drivers take for a fault. */
static uint32_t next(struct rng *rng)
{
    rng->value ^= rng->value << 13;
    rng->value ^= rng->value >> 17;
    rng->value ^= rng->value << 5;
    return rng->value;
}

bool rng_read(struct rng *rng, uint32_t offset, uint32_t *value)
{
    switch (offset) {
    case CR:
        *value = rng->control;
        return true;
    case SR:
        *value = runs(rng) ? SR_DRDY : 0u;
        return true;
    case DR:
        *value = runs(rng) ? next(rng) : 0;
        return true;
    default:
        return false;
    }
}

bool rng_write(struct rng *rng, uint32_t offset, uint32_t value)
{
    if (offset == CR) {
        rng->control = value;
    }
    return offset <= DR;
}

bool rng_interrupt(const struct rng *rng)
{
    return runs(rng) && (rng->control & CR_IE) != 0;
}
