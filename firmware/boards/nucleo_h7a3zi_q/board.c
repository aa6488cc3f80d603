/* NUCLEO-H7A3ZI-Q: 280 MHz from the internal oscillator, TIM2 as time base, console on USART3 (PD8, PD9). */
#include "board.h"
#include "board_config.h"
#include "cortex_m7.h"

#define CONSOLE_ALTERNATE_FUNCTION 7u /* DS13195, alternate functions: PD8 USART3_TX, PD9 USART3_RX */

/*
 * RM0455, system supply startup: the voltage stays as it is until the supply has been chosen, once after
 * power-on. On this board the step-down converter feeds the core directly (UM2408). 280 MHz need VOS0.
 */
static void raise_voltage(void)
{
    PWR->CR3 = (PWR->CR3 & ~(PWR_CR3_BYPASS | PWR_CR3_LDOEN)) | PWR_CR3_SMPSEN;
    while (!(PWR->CSR1 & PWR_CSR1_ACTVOSRDY)) {
    }
    PWR->SRDCR |= PWR_SRDCR_VOS_0;
    while (!(PWR->SRDCR & PWR_SRDCR_VOSRDY)) {
    }
}

static void start_clocks(void)
{
    raise_voltage();

    FLASH->ACR = FLASH_ACR_LATENCY_6WS | FLASH_ACR_WRHIGHFREQ_3;
    while ((FLASH->ACR & FLASH_ACR_LATENCY) != FLASH_ACR_LATENCY_6WS) {
    }

    /* 64 MHz / 8 x 70 / 2: the VCO (560 MHz) lies within the wide range's 128 to 560 MHz. */
    RCC->PLLCKSELR = RCC_PLLCKSELR_PLLSRC_HSI | RCC_PLLCKSELR_DIVM1(8u);
    RCC->PLLCFGR = RCC_PLLCFGR_PLL1VCOSEL_WIDE | RCC_PLLCFGR_PLL1RGE_8_16 | RCC_PLLCFGR_DIVP1EN;
    RCC->PLL1DIVR = RCC_PLL1DIVR_DIVN1(70u) | RCC_PLL1DIVR_DIVP1(2u);
    RCC->CR |= RCC_CR_PLL1ON;
    while (!(RCC->CR & RCC_CR_PLL1RDY)) {
    }

    /* DS13195: no APB may run at more than 140 MHz. */
    RCC->CDCFGR1 = RCC_CDCFGR1_CDPPRE_DIV2;
    RCC->CDCFGR2 = RCC_CDCFGR2_CDPPRE1_DIV2 | RCC_CDCFGR2_CDPPRE2_DIV2;
    RCC->SRDCFGR = RCC_SRDCFGR_SRDPPRE_DIV2;
    RCC->CFGR = RCC_CFGR_SW_PLL1;
    while ((RCC->CFGR & RCC_CFGR_SWS) != RCC_CFGR_SWS_PLL1) {
    }
}

/* APB1 is divided by two, and its timers run at twice its clock. */
static void start_time_base(void)
{
    RCC->APB1LENR |= RCC_APB1LENR_TIM2EN;
    (void)RCC->APB1LENR; /* RM0455, peripheral clock gating: the clock is there after a delay */
    tim_start_microseconds(TIM2, 2 * APB_CLOCK_HZ);
    dwt_unlock();
    dwt_start_cycle_counter();
}

static void start_console(void)
{
    RCC->AHB4ENR |= RCC_AHB4ENR_GPIODEN;
    RCC->APB1LENR |= RCC_APB1LENR_USART3EN;
    RCC->CDCCIP2R &= ~RCC_CDCCIP2R_USART234578SEL; /* kernel clock PCLK1 */
    (void)RCC->APB1LENR;

    gpio_set_alternate_function(GPIOD, 8, CONSOLE_ALTERNATE_FUNCTION);
    gpio_set_alternate_function(GPIOD, 9, CONSOLE_ALTERNATE_FUNCTION);
    gpio_pull_up(GPIOD, 9); /* the receive line idles high, cable or not */

    console_start(USART_BRR(APB_CLOCK_HZ, CONSOLE_BAUD));
}

void board_init(void)
{
    start_clocks();
    start_caches();
    start_time_base();
    start_console();
}

uint32_t microseconds(void)
{
    return TIM2->CNT;
}
