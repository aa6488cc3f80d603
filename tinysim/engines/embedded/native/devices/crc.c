/* STM32 CRC calculation unit with programmable polynomial (RM0432; the same unit in RM0385, RM0444, RM0455
 * and RM0456). */
#include "device.h"

struct crc {
    uint32_t control;
    uint32_t initial;
    uint32_t polynomial;
    uint32_t value; /* before REV_OUT */
    uint32_t scratch;
};

/* RM0432, CRC registers. */
enum { DR = 0x00, IDR = 0x04, CR = 0x08, INIT = 0x10, POL = 0x14 };
enum { CR_RESET = 1u << 0, CR_REV_OUT = 1u << 7, CR_WRITABLE = 0xF8 };
#define RESET_POLYNOMIAL 0x04C11DB7u

static void reset(struct device *device, uint64_t now)
{
    (void)now;
    struct crc *crc = device->state;
    *crc = (struct crc){.initial = UINT32_MAX, .polynomial = RESET_POLYNOMIAL, .value = UINT32_MAX};
}

static uint32_t polynomial_bits(const struct crc *crc)
{
    static const uint8_t sizes[] = {32, 16, 8, 7};
    return sizes[crc->control >> 3 & 3u];
}

static uint32_t ones(uint32_t bits)
{
    return bits == 32 ? UINT32_MAX : (1u << bits) - 1;
}

static uint32_t reversed(uint32_t value, uint32_t bits)
{
    uint32_t result = 0;
    for (uint32_t bit = 0; bit < bits; bit++) {
        result |= (value >> bit & 1u) << (bits - 1 - bit);
    }
    return result;
}

/* REV_IN: bit order reversed by byte, half-word or word, as far as the data are that wide. */
static uint32_t reversed_input(const struct crc *crc, uint32_t data, uint32_t bits)
{
    static const uint8_t groups[] = {1, 8, 16, 32};
    uint32_t group = groups[crc->control >> 5 & 3u];
    uint32_t result = 0;
    group = group < bits ? group : bits;
    for (uint32_t first = 0; first < bits; first += group) {
        result |= reversed(data >> first & ones(group), group) << first;
    }
    return result;
}

static void take(struct crc *crc, uint32_t data, uint32_t bits)
{
    uint32_t size = polynomial_bits(crc);
    uint32_t value = crc->value & ones(size);
    data = reversed_input(crc, data, bits);
    for (uint32_t bit = bits; bit-- != 0;) {
        uint32_t out = (value >> (size - 1) ^ data >> bit) & 1u;
        value = (value << 1 ^ (out != 0 ? crc->polynomial : 0)) & ones(size);
    }
    crc->value = value;
}

static uint32_t register_value(const struct crc *crc, uint32_t offset)
{
    uint32_t size = polynomial_bits(crc);
    switch (offset) {
    case DR:
        return (crc->control & CR_REV_OUT) != 0 ? reversed(crc->value & ones(size), size)
                                                : crc->value & ones(size);
    case IDR:
        return crc->scratch;
    case CR:
        return crc->control;
    case INIT:
        return crc->initial;
    case POL:
        return crc->polynomial;
    default:
        return 0;
    }
}

static bool read(struct device *device, uint32_t offset, uint32_t *value, uint64_t now)
{
    (void)now;
    *value = register_value(device->state, offset);
    return true;
}

/* `mask` tells the bytes written: data are taken 8, 16 or 32 bits at a time. */
static bool write(struct device *device, uint32_t offset, uint32_t value, uint32_t mask, uint64_t now)
{
    (void)now;
    struct crc *crc = device->state;
    uint32_t merged = (register_value(crc, offset) & ~mask) | (value & mask);
    switch (offset) {
    case DR: {
        uint32_t shift = (uint32_t)__builtin_ctz(mask);
        take(crc, (value & mask) >> shift, (uint32_t)__builtin_popcount(mask));
        break;
    }
    case IDR:
        crc->scratch = merged;
        break;
    case CR:
        crc->control = merged & CR_WRITABLE;
        if ((value & mask & CR_RESET) != 0) {
            crc->value = crc->initial;
        }
        break;
    case INIT:
        /* "CRC_DR is automatically initialized upon CRC_INIT register write access" (RM0432, CRC). */
        crc->initial = merged;
        crc->value = merged;
        break;
    case POL:
        crc->polynomial = merged;
        break;
    default:
        break;
    }
    return true;
}

const struct device_type stm32_crc = {
    .name = "stm32_crc",
    .state_bytes = sizeof(struct crc),
    .settles = true,
    .reset = reset,
    .read = read,
    .write = write,
};
