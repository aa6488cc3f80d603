/* NUCLEO-U575ZI-Q: 160 MHz from the internal oscillator, TIM2 as time base, console on USART1 (PA9, PA10). */
#include "board.h"
#include "board_config.h"
#include "cortex_m.h"

#define CONSOLE_ALTERNATE_FUNCTION 7u /* DS13737, alternate functions: PA9 USART1_TX, PA10 USART1_RX */

/*
 * RM0456, dynamic voltage scaling: 160 MHz need range 1, and above 55 MHz its booster, which runs from the
 * PLL's source divided to between 4 and 16 MHz. Both are up before the clock is raised.
 */
static void start_clocks(void)
{
    RCC->AHB3ENR |= RCC_AHB3ENR_PWREN;
    (void)RCC->AHB3ENR; /* RM0456, peripheral clock enabling delay: it takes two cycles */

    RCC->CR |= RCC_CR_HSION;
    while (!(RCC->CR & RCC_CR_HSIRDY)) {
    }
    /* 16 MHz x 20 / 2, booster at 8 MHz: the VCO (320 MHz) lies within 128 to 544 MHz. */
    RCC->PLL1CFGR = RCC_PLL1CFGR_PLL1SRC_HSI | RCC_PLL1CFGR_PLL1RGE_8_16 | RCC_PLL1CFGR_PLL1M(1u) |
                    RCC_PLL1CFGR_PLL1MBOOST_2 | RCC_PLL1CFGR_PLL1REN;
    RCC->PLL1DIVR = RCC_PLL1DIVR_PLL1N(20u) | RCC_PLL1DIVR_PLL1R(2u);

    PWR->VOSR |= PWR_VOSR_VOS_RANGE_1;
    while (!(PWR->VOSR & PWR_VOSR_VOSRDY)) {
    }
    PWR->VOSR |= PWR_VOSR_BOOSTEN;
    while (!(PWR->VOSR & PWR_VOSR_BOOSTRDY)) {
    }

    FLASH->ACR = FLASH_ACR_LATENCY_4WS | FLASH_ACR_PRFTEN;
    while ((FLASH->ACR & FLASH_ACR_LATENCY) != FLASH_ACR_LATENCY_4WS) {
    }

    RCC->CR |= RCC_CR_PLL1ON;
    while (!(RCC->CR & RCC_CR_PLL1RDY)) {
    }
    RCC->CFGR1 = RCC_CFGR1_SW_PLL1;
    while ((RCC->CFGR1 & RCC_CFGR1_SWS) != RCC_CFGR1_SWS_PLL1) {
    }
}

/* RM0456, ICACHE: it invalidates itself at reset, and is in front of all that is read from flash. */
static void start_cache(void)
{
    while (ICACHE->SR & ICACHE_SR_BUSYF) {
    }
    ICACHE->CR |= ICACHE_CR_EN;
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
    RCC->AHB2ENR1 |= RCC_AHB2ENR1_GPIOAEN;
    RCC->APB2ENR |= RCC_APB2ENR_USART1EN;
    RCC->CCIPR1 &= ~RCC_CCIPR1_USART1SEL; /* kernel clock PCLK2, which is the core's */
    (void)RCC->APB2ENR;

    gpio_set_alternate_function(GPIOA, 9, CONSOLE_ALTERNATE_FUNCTION);
    gpio_set_alternate_function(GPIOA, 10, CONSOLE_ALTERNATE_FUNCTION);
    gpio_pull_up(GPIOA, 10); /* the receive line idles high, cable or not */

    console_start(USART_BRR(CORE_CLOCK_HZ, CONSOLE_BAUD));
}

void board_init(void)
{
    start_clocks();
    start_cache();
    start_time_base();
    start_console();
}

uint32_t microseconds(void)
{
    return TIM2->CNT;
}
