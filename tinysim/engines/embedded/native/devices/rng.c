/* STM32 true random number generator (RM0432), which is none here: the same numbers in every run. */
#include "device.h"

struct rng {
    uint32_t control;
    uint32_t value;
};

/* RM0432, RNG registers. */
enum { CR = 0x00, SR = 0x04, DR = 0x08 };
enum { CR_RNGEN = 1u << 2, CR_IE = 1u << 3, SR_DRDY = 1u << 0 };

static void reset(struct device *device, uint64_t now)
{
    (void)now;
    struct rng *rng = device->state;
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

static bool read(struct device *device, uint32_t offset, uint32_t *value, uint64_t now)
{
    (void)now;
    struct rng *rng = device->state;
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

static bool write(struct device *device, uint32_t offset, uint32_t value, uint32_t mask, uint64_t now)
{
    struct rng *rng = device->state;
    value = device_merged(device, offset, value, mask, now);
    if (offset == CR) {
        rng->control = value;
    }
    return offset <= DR;
}

static bool interrupt(const struct device *device, uint32_t line)
{
    const struct rng *rng = device->state;
    return line == 0 && runs(rng) && (rng->control & CR_IE) != 0;
}

const struct device_type stm32_rng = {
    .name = "stm32_rng",
    .state_bytes = sizeof(struct rng),
    .lines = 1,
    .settles = true,
    .reset = reset,
    .read = read,
    .write = write,
    .interrupt = interrupt,
};
