#include "gpio.h"

/* RM0432, GPIO registers. */
enum { MODER = 0x00, PUPDR = 0x0C, IDR = 0x10, ODR = 0x14, BSRR = 0x18, BRR = 0x28 };
enum { PINS = 16, MODE_OUTPUT = 1, MODE_ANALOG = 3, PULL_UP = 1 };

/* A pin reads its output, or what its pull makes of a line that is not wired; an analog one reads 0. */
static uint32_t inputs(uint32_t modes, uint32_t pulls, uint32_t outputs)
{
    uint32_t value = 0;
    for (uint32_t pin = 0; pin < PINS; pin++) {
        uint32_t mode = modes >> 2 * pin & 3u;
        uint32_t level = mode == MODE_OUTPUT ? outputs >> pin & 1u : (pulls >> 2 * pin & 3u) == PULL_UP;
        value |= (mode == MODE_ANALOG ? 0 : level) << pin;
    }
    return value;
}

bool gpio_read(const struct registers *registers, uint32_t base, uint32_t offset, uint32_t *value)
{
    switch (offset) {
    case IDR:
        *value = inputs(registers_read(registers, base + MODER), registers_read(registers, base + PUPDR),
                        registers_read(registers, base + ODR));
        return true;
    case BSRR:
    case BRR:
        *value = 0;
        return true;
    default:
        return false;
    }
}

bool gpio_write(struct registers *registers, uint32_t base, uint32_t offset, uint32_t value, uint32_t mask)
{
    uint32_t outputs = registers_read(registers, base + ODR);
    value &= mask;
    switch (offset) {
    case IDR:
        return true;
    case BSRR:
        /* "If both BSx and BRx are set, BSx has priority" (RM0432, GPIO port bit set/reset register). */
        return registers_write(registers, base + ODR,
                               ((outputs & ~(value >> PINS)) | value) & ((1u << PINS) - 1));
    case BRR:
        return registers_write(registers, base + ODR, outputs & ~value);
    default:
        return registers_write(registers, base + offset,
                               (registers_read(registers, base + offset) & ~mask) | value);
    }
}
