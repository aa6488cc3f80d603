/* NUCLEO-U385RG-Q: 96 MHz from the internal oscillator, TIM2 as time base, console on USART1 (PA9, PA10). */
#include "board.h"
#include "board_config.h"
#include "cortex_m.h"

#define CONSOLE_ALTERNATE_FUNCTION 7u /* DS14830, alternate functions: PA9 USART1_TX, PA10 USART1_RX */

/*
 * RM0487, dynamic voltage scaling: 96 MHz need range 1 and its booster, which runs from MSIS. Both are up
 * before the clock is raised from the 12 MHz after reset.
 */
static void start_clocks(void)
{
    RCC->AHB1ENR2 |= RCC_AHB1ENR2_PWREN;
    (void)RCC->AHB1ENR2; /* a peripheral answers two cycles after its clock is enabled */

    RCC->CFGR4 = RCC_CFGR4_BOOSTSEL_MSIS;
    PWR->VOSR |= PWR_VOSR_BOOSTEN;
    while (!(PWR->VOSR & PWR_VOSR_BOOSTRDY)) {
    }
    PWR->VOSR = (PWR->VOSR & ~PWR_VOSR_R2EN) | PWR_VOSR_R1EN;
    while (!(PWR->VOSR & PWR_VOSR_R1RDY)) {
    }

    FLASH->ACR = FLASH_ACR_LATENCY_2WS | FLASH_ACR_PRFTEN;
    while ((FLASH->ACR & FLASH_ACR_LATENCY) != FLASH_ACR_LATENCY_2WS) {
    }

    /* MSIS stays the system clock: from here on it is MSIRC0, 96 MHz, undivided. */
    RCC->ICSCR1 = (RCC->ICSCR1 & ~(RCC_ICSCR1_MSISSEL | RCC_ICSCR1_MSISDIV)) | RCC_ICSCR1_MSIRGSEL;
    while (!(RCC->CR & RCC_CR_MSISRDY)) {
    }
}

/* RM0487, ICACHE: it invalidates itself at reset, and is in front of all that is read from flash. */
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
