/*
 * Registers of the STM32U385 that the board support uses; addresses, offsets and bits from RM0487 (STM32U3).
 * TrustZone is off (option TZEN, as delivered), so the addresses are the non-secure ones.
 */
#ifndef STM32U385_H
#define STM32U385_H

#include "stm32_gpio.h"
#include "stm32_tim.h"
#include "stm32_usart.h"
#include <stddef.h>
#include <stdint.h>

/* RM0487, power control: registers. */
struct pwr_registers {
    volatile uint32_t CR1;
    volatile uint32_t CR2;
    volatile uint32_t CR3;
    volatile uint32_t VOSR;
};

#define PWR               ((struct pwr_registers *)0x40030800u)
#define PWR_VOSR_R1EN     (1u << 0)
#define PWR_VOSR_R2EN     (1u << 1)
#define PWR_VOSR_BOOSTEN  (1u << 8)
#define PWR_VOSR_R1RDY    (1u << 16)
#define PWR_VOSR_BOOSTRDY (1u << 24)

/* RM0487, reset and clock control: registers. */
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
    volatile uint32_t CFGR4;
    volatile uint32_t reserved_2c[23];
    volatile uint32_t AHB1ENR1;
    volatile uint32_t AHB2ENR1;
    volatile uint32_t AHB2ENR2;
    volatile uint32_t AHB1ENR2;
    volatile uint32_t reserved_98;
    volatile uint32_t APB1ENR1;
    volatile uint32_t APB1ENR2;
    volatile uint32_t APB2ENR;
    volatile uint32_t APB3ENR;
    volatile uint32_t reserved_ac[21];
    volatile uint32_t CCIPR1;
};

_Static_assert(offsetof(struct rcc_registers, AHB1ENR1) == 0x88, "RM0487: RCC_AHB1ENR1");
_Static_assert(offsetof(struct rcc_registers, CCIPR1) == 0x100, "RM0487: RCC_CCIPR1");

#define RCC                     ((struct rcc_registers *)0x40030C00u)
#define RCC_CR_MSISRDY          (1u << 2)
#define RCC_ICSCR1_MSIRGSEL     (1u << 23)
#define RCC_ICSCR1_MSISDIV      (3u << 29)
#define RCC_ICSCR1_MSISSEL      (1u << 31)
#define RCC_CFGR4_BOOSTSEL_MSIS (1u << 0)
#define RCC_AHB1ENR2_PWREN      (1u << 2)
#define RCC_AHB2ENR1_GPIOAEN    (1u << 0)
#define RCC_APB1ENR1_TIM2EN     (1u << 0)
#define RCC_APB2ENR_USART1EN    (1u << 14)
#define RCC_CCIPR1_USART1SEL    (1u << 0)

/* RM0487, embedded flash memory: FLASH access control register. */
struct flash_registers {
    volatile uint32_t ACR;
};

#define FLASH                 ((struct flash_registers *)0x40022000u)
#define FLASH_ACR_LATENCY     (0xFu << 0)
#define FLASH_ACR_LATENCY_2WS (2u << 0)
#define FLASH_ACR_PRFTEN      (1u << 8)

/* RM0487, instruction cache: registers. */
struct icache_registers {
    volatile uint32_t CR;
    volatile uint32_t SR;
};

#define ICACHE          ((struct icache_registers *)0x40030400u)
#define ICACHE_CR_EN    (1u << 0)
#define ICACHE_SR_BUSYF (1u << 0)

#define GPIOA ((struct gpio_registers *)0x42020000u)

#endif
