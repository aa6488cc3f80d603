/* General-purpose ports of the STM32 L4, U5, H7, F7 and G0 series. Source: RM0432 (STM32L4+) 8.4. */
#ifndef STM32_GPIO_H
#define STM32_GPIO_H

#include <stdint.h>

struct gpio_registers {
    volatile uint32_t MODER;
    volatile uint32_t OTYPER;
    volatile uint32_t OSPEEDR;
    volatile uint32_t PUPDR;
    volatile uint32_t IDR;
    volatile uint32_t ODR;
    volatile uint32_t BSRR;
    volatile uint32_t LCKR;
    volatile uint32_t AFR[2];
};

enum { GPIO_MODER_ALTERNATE = 2u, GPIO_PUPDR_PULL_UP = 1u };

/* Hands a pin over to a peripheral. */
static inline void gpio_set_alternate_function(struct gpio_registers *port, uint32_t pin, uint32_t function)
{
    uint32_t place = pin % 8 * 4;
    port->AFR[pin / 8] = (port->AFR[pin / 8] & ~(0xFu << place)) | (function << place);
    port->MODER = (port->MODER & ~(3u << (2 * pin))) | (GPIO_MODER_ALTERNATE << (2 * pin));
}

static inline void gpio_pull_up(struct gpio_registers *port, uint32_t pin)
{
    port->PUPDR = (port->PUPDR & ~(3u << (2 * pin))) | (GPIO_PUPDR_PULL_UP << (2 * pin));
}

#endif
