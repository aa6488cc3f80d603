/*
 * Registers of the STM32U575 that the board support uses; addresses, offsets and bits from RM0456 (STM32U5).
 * TrustZone is off (option TZEN, as delivered), so the addresses are the non-secure ones.
 */
#ifndef STM32U575_H
#define STM32U575_H

#include "stm32_gpio.h"
#include "stm32_tim.h"
#include "stm32_usart.h"
#include <stddef.h>
#include <stdint.h>

/* RM0456, power control: registers. */
struct pwr_registers {
    volatile uint32_t CR1;
    volatile uint32_t CR2;
    volatile uint32_t CR3;
    volatile uint32_t VOSR;
};

#define PWR                  ((struct pwr_registers *)0x46020800u)
#define PWR_VOSR_BOOSTRDY    (1u << 14)
#define PWR_VOSR_VOSRDY      (1u << 15)
#define PWR_VOSR_VOS_RANGE_1 (3u << 16)
#define PWR_VOSR_BOOSTEN     (1u << 18)

/* RM0456, reset and clock control: registers. */
struct rcc_registers {
    volatile uint32_t CR;
    volatile uint32_t reserved_04;
    volatile uint32_t ICSCR1;
    volatile uint32_t ICSCR2;
    volatile uint32_t ICSCR3;
    volatile uint32_t CRRCR;
    volatile uint32_t reserved_18;
    volatile uint32_t CFGR1;
    volatile uint32_t CFGR2;
    volatile uint32_t CFGR3;
    volatile uint32_t PLL1CFGR;
    volatile uint32_t PLL2CFGR;
    volatile uint32_t PLL3CFGR;
    volatile uint32_t PLL1DIVR;
    volatile uint32_t reserved_38[21];
    volatile uint32_t AHB2ENR1;
    volatile uint32_t AHB2ENR2;
    volatile uint32_t AHB3ENR;
    volatile uint32_t reserved_98;
    volatile uint32_t APB1ENR1;
    volatile uint32_t APB1ENR2;
    volatile uint32_t APB2ENR;
    volatile uint32_t reserved_a8[14];
    volatile uint32_t CCIPR1;
};

_Static_assert(offsetof(struct rcc_registers, AHB2ENR1) == 0x8C, "RM0456: RCC_AHB2ENR1");
_Static_assert(offsetof(struct rcc_registers, CCIPR1) == 0xE0, "RM0456: RCC_CCIPR1");

#define RCC                       ((struct rcc_registers *)0x46020C00u)
#define RCC_CR_HSION              (1u << 8)
#define RCC_CR_HSIRDY             (1u << 10)
#define RCC_CR_PLL1ON             (1u << 24)
#define RCC_CR_PLL1RDY            (1u << 25)
#define RCC_CFGR1_SW_PLL1         (3u << 0)
#define RCC_CFGR1_SWS             (3u << 2)
#define RCC_CFGR1_SWS_PLL1        (3u << 2)
#define RCC_PLL1CFGR_PLL1SRC_HSI  (2u << 0)
#define RCC_PLL1CFGR_PLL1RGE_8_16 (3u << 2) /* the PLL's input is between 8 and 16 MHz */
#define RCC_PLL1CFGR_PLL1M(m)     (((m) - 1u) << 8)
#define RCC_PLL1CFGR_PLL1MBOOST_2 (1u << 12)
#define RCC_PLL1CFGR_PLL1REN      (1u << 18)
#define RCC_PLL1DIVR_PLL1N(n)     (((n) - 1u) << 0)
#define RCC_PLL1DIVR_PLL1R(r)     (((r) - 1u) << 24)
#define RCC_AHB2ENR1_GPIOAEN      (1u << 0)
#define RCC_AHB3ENR_PWREN         (1u << 2)
#define RCC_APB1ENR1_TIM2EN       (1u << 0)
#define RCC_APB2ENR_USART1EN      (1u << 14)
#define RCC_CCIPR1_USART1SEL      (3u << 0)

/* RM0456, embedded flash memory: FLASH access control register. */
struct flash_registers {
    volatile uint32_t ACR;
};

#define FLASH                 ((struct flash_registers *)0x40022000u)
#define FLASH_ACR_LATENCY     (0xFu << 0)
#define FLASH_ACR_LATENCY_4WS (4u << 0)
#define FLASH_ACR_PRFTEN      (1u << 8)

/* RM0456, instruction cache: registers. */
struct icache_registers {
    volatile uint32_t CR;
    volatile uint32_t SR;
};

#define ICACHE          ((struct icache_registers *)0x40030400u)
#define ICACHE_CR_EN    (1u << 0)
#define ICACHE_SR_BUSYF (1u << 0)

#define GPIOA  ((struct gpio_registers *)0x42020000u)
#define USART1 ((struct stm32_usart_registers *)0x40013800u)

#endif
