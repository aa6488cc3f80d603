/* STM32 GPIO port (RM0432): set and reset of outputs, and inputs that see the outputs and the pulls.
 * Nothing is wired to the pins. All its state is in registers that read as written. */
#include <string.h>

#include "device.h"

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

static bool configure(struct device *device, const struct device_option *option)
{
    return strcmp(option->name, "mode_reset") == 0 && option->count == 1 &&
           device_reset_register(device, device->address + MODER, option->values[0]);
}

static bool read(struct device *device, uint32_t offset, uint32_t *value, uint64_t now)
{
    (void)now;
    uint32_t base = device->address;
    switch (offset) {
    case IDR:
        *value = inputs(device_register(device, base + MODER), device_register(device, base + PUPDR),
                        device_register(device, base + ODR));
        return true;
    case BSRR:
    case BRR:
        *value = 0;
        return true;
    default:
        return false;
    }
}

static bool write(struct device *device, uint32_t offset, uint32_t value, uint32_t mask, uint64_t now)
{
    (void)now;
    uint32_t outputs = device_register(device, device->address + ODR);
    value &= mask;
    switch (offset) {
    case IDR:
        break;
    case BSRR:
        /* "If both BSx and BRx are set, BSx has priority" (RM0432, GPIO port bit set/reset register). */
        device_set_register(device, device->address + ODR,
                            ((outputs & ~(value >> PINS)) | value) & ((1u << PINS) - 1));
        break;
    case BRR:
        device_set_register(device, device->address + ODR, outputs & ~value);
        break;
    default:
        device_set_register(device, device->address + offset,
                            (device_register(device, device->address + offset) & ~mask) | value);
        break;
    }
    return true;
}

const struct device_type stm32_gpio = {
    .name = "stm32_gpio",
    .settles = true,
    .configure = configure,
    .read = read,
    .write = write,
};
