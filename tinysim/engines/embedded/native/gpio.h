/* STM32 GPIO port (RM0432): set and reset of outputs, and inputs that see the outputs and the pulls.
 * Nothing is wired to the pins. All its state is in registers that read as written. */
#ifndef TINYSIM_GPIO_H
#define TINYSIM_GPIO_H

#include "registers.h"

/* `base` is the port's address. False where the register reads as written. */
bool gpio_read(const struct registers *registers, uint32_t base, uint32_t offset, uint32_t *value);

/* False where memory is short. */
bool gpio_write(struct registers *registers, uint32_t base, uint32_t offset, uint32_t value, uint32_t mask);

#endif
