/* Registers of the STM32H7A3 that the board support uses; addresses, offsets and bits from RM0455
 * (STM32H7A3). */
#ifndef STM32H7A3_H
#define STM32H7A3_H

#include "stm32_gpio.h"
#include "stm32_tim.h"
#include "stm32_usart.h"
#include <stddef.h>
#include <stdint.h>

/* RM0455, power control: registers. */
struct pwr_registers {
    volatile uint32_t CR1;
    volatile uint32_t CSR1;
    volatile uint32_t CR2;
    volatile uint32_t CR3;
    volatile uint32_t CPUCR;
    volatile uint32_t reserved_14;
    volatile uint32_t SRDCR;
};

#define PWR                ((struct pwr_registers *)0x58024800u)
#define PWR_CSR1_ACTVOSRDY (1u << 13)
#define PWR_CR3_BYPASS     (1u << 0)
#define PWR_CR3_LDOEN      (1u << 1)
#define PWR_CR3_SMPSEN     (1u << 2)
#define PWR_SRDCR_VOSRDY   (1u << 13)
#define PWR_SRDCR_VOS_0    (3u << 14)

/* RM0455, reset and clock control: registers. */
struct rcc_registers {
    volatile uint32_t CR;
    volatile uint32_t HSICFGR;
    volatile uint32_t CRRCR;
    volatile uint32_t CSICFGR;
    volatile uint32_t CFGR;
    volatile uint32_t reserved_14;
    volatile uint32_t CDCFGR1;
    volatile uint32_t CDCFGR2;
    volatile uint32_t SRDCFGR;
    volatile uint32_t reserved_24;
    volatile uint32_t PLLCKSELR;
    volatile uint32_t PLLCFGR;
    volatile uint32_t PLL1DIVR;
    volatile uint32_t reserved_34[8];
    volatile uint32_t CDCCIP2R;
    volatile uint32_t reserved_58[58];
    volatile uint32_t AHB4ENR;
    volatile uint32_t APB3ENR;
    volatile uint32_t APB1LENR;
};

_Static_assert(offsetof(struct rcc_registers, CDCCIP2R) == 0x54, "RM0455: RCC_CDCCIP2R");
_Static_assert(offsetof(struct rcc_registers, AHB4ENR) == 0x140, "RM0455: RCC_AHB4ENR");

#define RCC                         ((struct rcc_registers *)0x58024400u)
#define RCC_CR_PLL1ON               (1u << 24)
#define RCC_CR_PLL1RDY              (1u << 25)
#define RCC_CFGR_SW_PLL1            (3u << 0)
#define RCC_CFGR_SWS                (7u << 3)
#define RCC_CFGR_SWS_PLL1           (3u << 3)
#define RCC_CDCFGR1_CDPPRE_DIV2     (4u << 4)
#define RCC_CDCFGR2_CDPPRE1_DIV2    (4u << 4)
#define RCC_CDCFGR2_CDPPRE2_DIV2    (4u << 8)
#define RCC_SRDCFGR_SRDPPRE_DIV2    (4u << 4)
#define RCC_PLLCKSELR_PLLSRC_HSI    (0u << 0)
#define RCC_PLLCKSELR_DIVM1(m)      ((m) << 4)
#define RCC_PLLCFGR_PLL1VCOSEL_WIDE (0u << 1)
#define RCC_PLLCFGR_PLL1RGE_8_16    (3u << 2) /* the PLL's input is between 8 and 16 MHz */
#define RCC_PLLCFGR_DIVP1EN         (1u << 16)
#define RCC_PLL1DIVR_DIVN1(n)       (((n) - 1u) << 0)
#define RCC_PLL1DIVR_DIVP1(p)       (((p) - 1u) << 9)
#define RCC_CDCCIP2R_USART234578SEL (7u << 0)
#define RCC_AHB4ENR_GPIODEN         (1u << 3)
#define RCC_APB1LENR_TIM2EN         (1u << 0)
#define RCC_APB1LENR_USART3EN       (1u << 18)

/* RM0455, embedded flash memory: FLASH access control register. */
struct flash_registers {
    volatile uint32_t ACR;
};

#define FLASH                  ((struct flash_registers *)0x52002000u)
#define FLASH_ACR_LATENCY      (0xFu << 0)
#define FLASH_ACR_LATENCY_6WS  (6u << 0)
#define FLASH_ACR_WRHIGHFREQ_3 (3u << 4)

#define GPIOD  ((struct gpio_registers *)0x58020C00u)
#define USART3 ((struct stm32_usart_registers *)0x40004800u)

#endif
