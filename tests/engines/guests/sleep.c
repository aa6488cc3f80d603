/* WFI, WFE, SEV, sleep on exit, and the cycle counter, which does not count in sleep. */
#include "guest.h"

static volatile uint32_t ticks;
static volatile uint32_t stop_after;

void SysTick_Handler(void)
{
    ticks = ticks + 1;
    if (ticks == stop_after) {
        SCB_SCR = 0;
        SYST_CSR = 0;
    }
}

void guest(void)
{
    DCB_DEMCR = 1u << 24;
    DWT_CTRL = 1;
    SYST_RVR = 3999; /* a millisecond */
    SYST_CVR = 0;
    SYST_CSR = 7;
    uint32_t before = DWT_CYCCNT;
    while (ticks < 5) {
        WFI();
    }
    result(DWT_CYCCNT - before < 500);

    /* PRIMASK keeps the handler from running, but not WFI from ending. */
    CPSID_I();
    uint32_t seen = ticks;
    WFI();
    result(ticks - seen);
    CPSIE_I();
    result(ticks - seen);

    /* An event that came before is not slept over. */
    SEV();
    WFE();
    seen = ticks;
    WFE(); /* woken by the exception, whose end is an event, too */
    result(ticks - seen);
    __asm volatile("cmp r0, r0\n\tit eq\n\twfieq" ::: "cc", "memory");
    result(ticks - seen >= 1);

    /* SEVONPEND: an interrupt that is not enabled is an event. */
    SYST_CSR = 0;
    SEV();
    WFE();
    SCB_SCR = 1u << 4;
    TIM2->ARR = 999;
    TIM2->EGR = 1;
    TIM2->SR = 0;
    TIM2->DIER = 1;
    TIM2->CR1 = 1;
    WFE();
    result(TIM2->SR & 1);
    TIM2->CR1 = 0;
    TIM2->DIER = 0;
    TIM2->SR = 0;

    /* Sleep on exit: this code goes on only once a handler has cleared the bit. */
    SCB_SCR = 1u << 1;
    stop_after = ticks + 4;
    seen = ticks;
    SYST_CVR = 0;
    SYST_CSR = 7;
    while (ticks == seen) {
    }
    result(ticks - seen);
}
