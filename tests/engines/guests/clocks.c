/* Goes from the 4 MHz of reset to 120 MHz and back to 16 MHz; a timer on a divided bus runs all the time. */
#include "guest.h"

void guest(void)
{
    TIM2->PSC = 0;
    TIM2->CR1 = 1;
    result(TIM2->CNT < 100);
    RCC_CFGR = 4u << 8; /* APB1 / 2: the timer's clock stays the core's */
    uint32_t before = TIM2->CNT;
    DCB_DEMCR = 1u << 24;
    DWT_CTRL = 1;
    uint32_t cycles = DWT_CYCCNT;
    for (uint32_t round = 0; round < 1000; round++) {
        __asm volatile("nop");
    }
    result(TIM2->CNT - before - (DWT_CYCCNT - cycles) < 30);

    RCC_CR |= 1u << 8;
    while (!(RCC_CR & 1u << 10)) {
    }
    RCC_PLLCFGR = 2u | 1u << 4 | 30u << 8 | 1u << 24; /* HSI16 / 2 * 30 / 2 */
    RCC_CR |= 1u << 24;
    while (!(RCC_CR & 1u << 25)) {
    }
    RCC_CFGR = 3u | 5u << 8; /* APB1 / 4: the timer has half the core's clock */
    while ((RCC_CFGR >> 2 & 3u) != 3u) {
    }
    before = TIM2->CNT;
    cycles = DWT_CYCCNT;
    for (uint32_t round = 0; round < 120000; round++) {
        __asm volatile("nop");
    }
    uint32_t counted = TIM2->CNT - before;
    cycles = DWT_CYCCNT - cycles;
    result(cycles / 2 - counted < 30 || counted - cycles / 2 < 30);
    result(cycles);

    RCC_CFGR = 1u;
    SYST_RVR = 15999; /* a millisecond at 16 MHz */
    SYST_CVR = 0;
    SYST_CSR = 5;
    while (!(SYST_CSR & 1u << 16)) {
    }
    result(SYST_CSR & 1u << 16);
}
