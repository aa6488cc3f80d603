/*
 * Registers of the STM32L4R5 that the board support uses; addresses, offsets and bits from RM0432 (STM32L4+).
 */
#ifndef STM32L4R5_H
#define STM32L4R5_H

#include "stm32_gpio.h"
#include "stm32_tim.h"
#include "stm32_usart.h"
#include <stdint.h>

/* RM0432 5.4: power control. */
struct pwr_registers {
    volatile uint32_t CR1;
    volatile uint32_t CR2;
    volatile uint32_t CR3;
    volatile uint32_t CR4;
    volatile uint32_t SR1;
    volatile uint32_t SR2;
    volatile uint32_t reserved[26];
    volatile uint32_t CR5;
};

#define PWR            ((struct pwr_registers *)0x40007000u)
#define PWR_CR2_IOSV   (1u << 9)
#define PWR_SR2_VOSF   (1u << 10)
#define PWR_CR5_R1MODE (1u << 8)

/* RM0432 6.4: reset and clock control. */
struct rcc_registers {
    volatile uint32_t CR;
    volatile uint32_t ICSCR;
    volatile uint32_t CFGR;
    volatile uint32_t PLLCFGR;
    volatile uint32_t PLLSAI1CFGR;
    volatile uint32_t PLLSAI2CFGR;
    volatile uint32_t CIER;
    volatile uint32_t CIFR;
    volatile uint32_t CICR;
    volatile uint32_t reserved_24;
    volatile uint32_t AHB1RSTR;
    volatile uint32_t AHB2RSTR;
    volatile uint32_t AHB3RSTR;
    volatile uint32_t reserved_34;
    volatile uint32_t APB1RSTR1;
    volatile uint32_t APB1RSTR2;
    volatile uint32_t APB2RSTR;
    volatile uint32_t reserved_44;
    volatile uint32_t AHB1ENR;
    volatile uint32_t AHB2ENR;
    volatile uint32_t AHB3ENR;
    volatile uint32_t reserved_54;
    volatile uint32_t APB1ENR1;
    volatile uint32_t APB1ENR2;
    volatile uint32_t APB2ENR;
    volatile uint32_t reserved_64;
    volatile uint32_t AHB1SMENR;
    volatile uint32_t AHB2SMENR;
    volatile uint32_t AHB3SMENR;
    volatile uint32_t reserved_74;
    volatile uint32_t APB1SMENR1;
    volatile uint32_t APB1SMENR2;
    volatile uint32_t APB2SMENR;
    volatile uint32_t reserved_84;
    volatile uint32_t CCIPR;
};

#define RCC                    ((struct rcc_registers *)0x40021000u)
#define RCC_CR_HSION           (1u << 8)
#define RCC_CR_HSIRDY          (1u << 10)
#define RCC_CR_PLLON           (1u << 24)
#define RCC_CR_PLLRDY          (1u << 25)
#define RCC_CFGR_SW_PLL        (3u << 0)
#define RCC_CFGR_SWS           (3u << 2)
#define RCC_CFGR_SWS_PLL       (3u << 2)
#define RCC_CFGR_HPRE_DIV2     (8u << 4)
#define RCC_PLLCFGR_PLLSRC_HSI (2u << 0)
#define RCC_PLLCFGR_PLLM(m)    (((m) - 1u) << 4)
#define RCC_PLLCFGR_PLLN(n)    ((n) << 8)
#define RCC_PLLCFGR_PLLREN     (1u << 24)
#define RCC_PLLCFGR_PLLR_DIV2  (0u << 25)
#define RCC_AHB2ENR_GPIOGEN    (1u << 6)
#define RCC_APB1ENR1_TIM2EN    (1u << 0)
#define RCC_APB1ENR1_PWREN     (1u << 28)
#define RCC_APB1ENR2_LPUART1EN (1u << 0)
#define RCC_CCIPR_LPUART1SEL   (3u << 10)

/* RM0432 3.7: flash access control. */
struct flash_registers {
    volatile uint32_t ACR;
};

#define FLASH                 ((struct flash_registers *)0x40022000u)
#define FLASH_ACR_LATENCY     (0xFu << 0)
#define FLASH_ACR_LATENCY_5WS (5u << 0)
#define FLASH_ACR_PRFTEN      (1u << 8)
#define FLASH_ACR_ICEN        (1u << 9)
#define FLASH_ACR_DCEN        (1u << 10)

#define GPIOG   ((struct gpio_registers *)0x48001800u)
#define LPUART1 ((struct stm32_usart_registers *)0x40008000u)

#endif
