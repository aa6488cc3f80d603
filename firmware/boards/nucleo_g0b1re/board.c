/* NUCLEO-G0B1RE: 64 MHz from the internal oscillator, TIM2 as time base, console on USART2 (PA2, PA3). */
#include "board.h"
#include "board_config.h"
#include "cortex_m.h"

#define CONSOLE_ALTERNATE_FUNCTION 1u /* DS13560, alternate functions: PA2 USART2_TX, PA3 USART2_RX */

/* RM0444 4.1.4: 64 MHz need voltage range 1, in which the chip starts. */
static void start_clocks(void)
{
    FLASH->ACR =
        (FLASH->ACR & ~FLASH_ACR_LATENCY) | FLASH_ACR_LATENCY_2WS | FLASH_ACR_PRFTEN | FLASH_ACR_ICEN;
    while ((FLASH->ACR & FLASH_ACR_LATENCY) != FLASH_ACR_LATENCY_2WS) {
    }

    /* 16 MHz x 8 / 2: the VCO (128 MHz) lies within 64 to 344 MHz. */
    RCC->PLLCFGR = RCC_PLLCFGR_PLLSRC_HSI | RCC_PLLCFGR_PLLM(1u) | RCC_PLLCFGR_PLLN(8u) |
                   RCC_PLLCFGR_PLLR(2u) | RCC_PLLCFGR_PLLREN;
    RCC->CR |= RCC_CR_PLLON;
    while (!(RCC->CR & RCC_CR_PLLRDY)) {
    }
    RCC->CFGR = RCC_CFGR_SW_PLLR;
    while ((RCC->CFGR & RCC_CFGR_SWS) != RCC_CFGR_SWS_PLLR) {
    }
}

/* The APB prescaler is 1, so the timer's clock is the core's. */
static void start_time_base(void)
{
    RCC->APBENR1 |= RCC_APBENR1_TIM2EN;
    (void)RCC->APBENR1; /* RM0444 5.2.17: a peripheral answers two cycles after its clock is enabled */
    tim_start_microseconds(TIM2, CORE_CLOCK_HZ);
}

static void start_console(void)
{
    RCC->IOPENR |= RCC_IOPENR_GPIOAEN;
    RCC->APBENR1 |= RCC_APBENR1_USART2EN;
    RCC->CCIPR &= ~RCC_CCIPR_USART2SEL; /* kernel clock PCLK, which is the core's */
    (void)RCC->APBENR1;

    gpio_set_alternate_function(GPIOA, 2, CONSOLE_ALTERNATE_FUNCTION);
    gpio_set_alternate_function(GPIOA, 3, CONSOLE_ALTERNATE_FUNCTION);
    gpio_pull_up(GPIOA, 3); /* the receive line idles high, cable or not */

    console_start(USART_BRR(CORE_CLOCK_HZ, CONSOLE_BAUD));
}

void board_init(void)
{
    start_clocks();
    start_time_base();
    start_console();
}

uint32_t microseconds(void)
{
    return TIM2->CNT;
}
