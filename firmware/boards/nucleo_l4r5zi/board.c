/* NUCLEO-L4R5ZI: 120 MHz from the internal oscillator, TIM2 as time base, LPUART1 on PG7 and PG8 as console.
 */
#include "board.h"
#include "board_config.h"
#include "cortex_m.h"

#define CONSOLE_ALTERNATE_FUNCTION 8u /* DS12023 table 17: PG7 LPUART1_TX, PG8 LPUART1_RX */

/*
 * RM0432 5.1.8: above 80 MHz the regulator has to be in range 1 boost mode, and the step must go through a
 * system clock divided by two, held for a microsecond.
 */
static void start_clocks(void)
{
    RCC->APB1ENR1 |= RCC_APB1ENR1_PWREN;
    (void)RCC->APB1ENR1; /* RM0432 6.2.20: a peripheral answers two cycles after its clock is enabled */

    RCC->CFGR = RCC_CFGR_HPRE_DIV2;
    PWR->CR5 &= ~PWR_CR5_R1MODE;
    while (PWR->SR2 & PWR_SR2_VOSF) {
    }

    FLASH->ACR = FLASH_ACR_LATENCY_5WS | FLASH_ACR_PRFTEN | FLASH_ACR_ICEN | FLASH_ACR_DCEN;
    while ((FLASH->ACR & FLASH_ACR_LATENCY) != FLASH_ACR_LATENCY_5WS) {
    }

    RCC->CR |= RCC_CR_HSION;
    while (!(RCC->CR & RCC_CR_HSIRDY)) {
    }
    /* 16 MHz / 2 x 30 / 2: the PLL's input stays below its limit of 8 MHz, its VCO (240 MHz) below 344 MHz.
     */
    RCC->PLLCFGR = RCC_PLLCFGR_PLLSRC_HSI | RCC_PLLCFGR_PLLM(2u) | RCC_PLLCFGR_PLLN(30u) |
                   RCC_PLLCFGR_PLLR_DIV2 | RCC_PLLCFGR_PLLREN;
    RCC->CR |= RCC_CR_PLLON;
    while (!(RCC->CR & RCC_CR_PLLRDY)) {
    }
    RCC->CFGR = RCC_CFGR_HPRE_DIV2 | RCC_CFGR_SW_PLL;
    while ((RCC->CFGR & RCC_CFGR_SWS) != RCC_CFGR_SWS_PLL) {
    }
    for (uint32_t step = 0; step < CORE_CLOCK_HZ / 1000000u; step++) {
        __asm volatile("nop"); /* each round takes at least a cycle of 60 MHz: two microseconds or more */
    }
    RCC->CFGR = RCC_CFGR_SW_PLL;
}

/* The APB1 prescaler is 1, so the timer's clock is the core's. */
static void start_time_base(void)
{
    RCC->APB1ENR1 |= RCC_APB1ENR1_TIM2EN;
    (void)RCC->APB1ENR1;
    tim_start_microseconds(TIM2, CORE_CLOCK_HZ);
    dwt_start_cycle_counter();
}

static void start_console(void)
{
    PWR->CR2 |= PWR_CR2_IOSV; /* RM0432 5.1.3: PG2 to PG15 are supplied by VDDIO2 */
    RCC->AHB2ENR |= RCC_AHB2ENR_GPIOGEN;
    RCC->APB1ENR2 |= RCC_APB1ENR2_LPUART1EN;
    RCC->CCIPR &= ~RCC_CCIPR_LPUART1SEL; /* kernel clock PCLK1: 1042 times the baud rate, within 3 to 4096 */
    (void)RCC->APB1ENR2;

    gpio_set_alternate_function(GPIOG, 7, CONSOLE_ALTERNATE_FUNCTION);
    gpio_set_alternate_function(GPIOG, 8, CONSOLE_ALTERNATE_FUNCTION);
    gpio_pull_up(GPIOG, 8); /* the receive line idles high, cable or not */

    console_start(LPUART_BRR(CORE_CLOCK_HZ, CONSOLE_BAUD));
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
