/* Registers of the STM32F746 that the board support uses; addresses, offsets and bits from RM0385
 * (STM32F74x). */
#ifndef STM32F746_H
#define STM32F746_H

#include "stm32_gpio.h"
#include "stm32_tim.h"
#include "stm32_usart.h"
#include <stddef.h>
#include <stdint.h>

/* RM0385 4.4: power control. */
struct pwr_registers {
    volatile uint32_t CR1;
    volatile uint32_t CSR1;
};

#define PWR              ((struct pwr_registers *)0x40007000u)
#define PWR_CR1_ODEN     (1u << 16)
#define PWR_CR1_ODSWEN   (1u << 17)
#define PWR_CSR1_ODRDY   (1u << 16)
#define PWR_CSR1_ODSWRDY (1u << 17)

/* RM0385 5.3: reset and clock control. */
struct rcc_registers {
    volatile uint32_t CR;
    volatile uint32_t PLLCFGR;
    volatile uint32_t CFGR;
    volatile uint32_t reserved_0c[9];
    volatile uint32_t AHB1ENR;
    volatile uint32_t AHB2ENR;
    volatile uint32_t AHB3ENR;
    volatile uint32_t reserved_3c;
    volatile uint32_t APB1ENR;
    volatile uint32_t APB2ENR;
    volatile uint32_t reserved_48[18];
    volatile uint32_t DCKCFGR2;
};

_Static_assert(offsetof(struct rcc_registers, APB2ENR) == 0x44, "RM0385: RCC_APB2ENR");
_Static_assert(offsetof(struct rcc_registers, DCKCFGR2) == 0x90, "RM0385: RCC_DCKCFGR2");

#define RCC                    ((struct rcc_registers *)0x40023800u)
#define RCC_CR_PLLON           (1u << 24)
#define RCC_CR_PLLRDY          (1u << 25)
#define RCC_CFGR_SW_PLL        (2u << 0)
#define RCC_CFGR_SWS           (3u << 2)
#define RCC_CFGR_SWS_PLL       (2u << 2)
#define RCC_CFGR_PPRE1_DIV4    (5u << 10)
#define RCC_CFGR_PPRE2_DIV2    (4u << 13)
#define RCC_PLLCFGR_PLLM(m)    ((m) << 0)
#define RCC_PLLCFGR_PLLN(n)    ((n) << 6)
#define RCC_PLLCFGR_PLLP_DIV2  (0u << 16)
#define RCC_PLLCFGR_PLLSRC_HSI (0u << 22)
#define RCC_PLLCFGR_PLLQ(q)    ((q) << 24)
#define RCC_AHB1ENR_GPIOAEN    (1u << 0)
#define RCC_AHB1ENR_GPIOBEN    (1u << 1)
#define RCC_APB1ENR_TIM2EN     (1u << 0)
#define RCC_APB1ENR_PWREN      (1u << 28)
#define RCC_APB2ENR_USART1EN   (1u << 4)
#define RCC_DCKCFGR2_USART1SEL (3u << 0)

/* RM0385 3.7: flash access control. */
struct flash_registers {
    volatile uint32_t ACR;
};

#define FLASH                 ((struct flash_registers *)0x40023C00u)
#define FLASH_ACR_LATENCY     (0xFu << 0)
#define FLASH_ACR_LATENCY_7WS (7u << 0)
#define FLASH_ACR_PRFTEN      (1u << 8)
#define FLASH_ACR_ARTEN       (1u << 9)

#define GPIOA  ((struct gpio_registers *)0x40020000u)
#define GPIOB  ((struct gpio_registers *)0x40020400u)
#define USART1 ((struct stm32_usart_registers *)0x40011000u)

#endif
