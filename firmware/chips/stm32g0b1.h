/* Registers of the STM32G0B1 that the board support uses; addresses, offsets and bits from RM0444
 * (STM32G0x1). */
#ifndef STM32G0B1_H
#define STM32G0B1_H

#include "stm32_gpio.h"
#include "stm32_tim.h"
#include "stm32_usart.h"
#include <stddef.h>
#include <stdint.h>

/* RM0444 5.4: reset and clock control. */
struct rcc_registers {
    volatile uint32_t CR;
    volatile uint32_t ICSCR;
    volatile uint32_t CFGR;
    volatile uint32_t PLLCFGR;
    volatile uint32_t reserved_10[9];
    volatile uint32_t IOPENR;
    volatile uint32_t AHBENR;
    volatile uint32_t APBENR1;
    volatile uint32_t reserved_40[5];
    volatile uint32_t CCIPR;
};

_Static_assert(offsetof(struct rcc_registers, IOPENR) == 0x34, "RM0444: RCC_IOPENR");
_Static_assert(offsetof(struct rcc_registers, CCIPR) == 0x54, "RM0444: RCC_CCIPR");

#define RCC                    ((struct rcc_registers *)0x40021000u)
#define RCC_CR_PLLON           (1u << 24)
#define RCC_CR_PLLRDY          (1u << 25)
#define RCC_CFGR_SW_PLLR       (2u << 0)
#define RCC_CFGR_SWS           (7u << 3)
#define RCC_CFGR_SWS_PLLR      (2u << 3)
#define RCC_PLLCFGR_PLLSRC_HSI (2u << 0)
#define RCC_PLLCFGR_PLLM(m)    (((m) - 1u) << 4)
#define RCC_PLLCFGR_PLLN(n)    ((n) << 8)
#define RCC_PLLCFGR_PLLREN     (1u << 28)
#define RCC_PLLCFGR_PLLR(r)    (((r) - 1u) << 29)
#define RCC_IOPENR_GPIOAEN     (1u << 0)
#define RCC_APBENR1_TIM2EN     (1u << 0)
#define RCC_APBENR1_USART2EN   (1u << 17)
#define RCC_CCIPR_USART2SEL    (3u << 2)

/* RM0444 3.7: flash access control. */
struct flash_registers {
    volatile uint32_t ACR;
};

#define FLASH                 ((struct flash_registers *)0x40022000u)
#define FLASH_ACR_LATENCY     (7u << 0)
#define FLASH_ACR_LATENCY_2WS (2u << 0)
#define FLASH_ACR_PRFTEN      (1u << 8)
#define FLASH_ACR_ICEN        (1u << 9)

#define GPIOA  ((struct gpio_registers *)0x50000000u)
#define USART2 ((struct stm32_usart_registers *)0x40004400u)

#endif
