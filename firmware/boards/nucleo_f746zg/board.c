/* NUCLEO-F746ZG: 216 MHz from the internal oscillator, TIM2 as time base, console on USART3 (PD8, PD9). */
#include "board.h"
#include "board_config.h"
#include "cortex_m7.h"

/* RM0385 5.3, 6.4: what chips/stm32f746.h leaves to the boards that need it. */
#define GPIOD                  ((struct gpio_registers *)0x40020C00u)
#define RCC_AHB1ENR_GPIODEN    (1u << 3)
#define RCC_APB1ENR_USART3EN   (1u << 18)
#define RCC_DCKCFGR2_USART3SEL (3u << 4)

#define CONSOLE_ALTERNATE_FUNCTION 7u /* DS10916, alternate functions: PD8 USART3_TX, PD9 USART3_RX */

/*
 * RM0385 4.1.4: 216 MHz need the over-drive mode, entered with the PLL running but not yet in use. The
 * voltage scale is 1 after reset.
 */
static void start_clocks(void)
{
    RCC->APB1ENR |= RCC_APB1ENR_PWREN;
    (void)RCC->APB1ENR; /* RM0385 5.2.11: a peripheral answers two cycles after its clock is enabled */

    /* 16 MHz / 8 x 216 / 2: the PLL's input is 2 MHz, its VCO (432 MHz) at its limit; PLLQ may not be 0. */
    RCC->PLLCFGR = RCC_PLLCFGR_PLLSRC_HSI | RCC_PLLCFGR_PLLM(8u) | RCC_PLLCFGR_PLLN(216u) |
                   RCC_PLLCFGR_PLLP_DIV2 | RCC_PLLCFGR_PLLQ(9u);
    RCC->CR |= RCC_CR_PLLON;

    PWR->CR1 |= PWR_CR1_ODEN;
    while (!(PWR->CSR1 & PWR_CSR1_ODRDY)) {
    }
    PWR->CR1 |= PWR_CR1_ODSWEN;
    while (!(PWR->CSR1 & PWR_CSR1_ODSWRDY)) {
    }

    /* The accelerator serves what is read through ITCM; code linked here is read through AXI and the caches.
     */
    FLASH->ACR = FLASH_ACR_LATENCY_7WS | FLASH_ACR_PRFTEN | FLASH_ACR_ARTEN;
    while ((FLASH->ACR & FLASH_ACR_LATENCY) != FLASH_ACR_LATENCY_7WS) {
    }
    /* DS10916: APB1 may run at 54 MHz, APB2 at 108 MHz. */
    RCC->CFGR = RCC_CFGR_PPRE1_DIV4 | RCC_CFGR_PPRE2_DIV2;
    while (!(RCC->CR & RCC_CR_PLLRDY)) {
    }
    RCC->CFGR |= RCC_CFGR_SW_PLL;
    while ((RCC->CFGR & RCC_CFGR_SWS) != RCC_CFGR_SWS_PLL) {
    }
}

/* APB1 is divided, so its timers run at twice its clock. */
static void start_time_base(void)
{
    RCC->APB1ENR |= RCC_APB1ENR_TIM2EN;
    (void)RCC->APB1ENR;
    tim_start_microseconds(TIM2, 2 * APB1_CLOCK_HZ);
    dwt_unlock();
    dwt_start_cycle_counter();
}

static void start_console(void)
{
    RCC->AHB1ENR |= RCC_AHB1ENR_GPIODEN;
    RCC->APB1ENR |= RCC_APB1ENR_USART3EN;
    RCC->DCKCFGR2 &= ~RCC_DCKCFGR2_USART3SEL; /* kernel clock PCLK1 */
    (void)RCC->APB1ENR;

    gpio_set_alternate_function(GPIOD, 8, CONSOLE_ALTERNATE_FUNCTION);
    gpio_set_alternate_function(GPIOD, 9, CONSOLE_ALTERNATE_FUNCTION);
    gpio_pull_up(GPIOD, 9); /* the receive line idles high, cable or not */

    console_start(USART_BRR(APB1_CLOCK_HZ, CONSOLE_BAUD));
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
