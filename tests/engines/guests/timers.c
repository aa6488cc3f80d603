/* Prescalers, auto-reload, compare, one-pulse mode, both directions, flags and interrupts. */
#include "guest.h"

static volatile uint32_t updates;
static volatile uint32_t compares;

void TIM2_Handler(void)
{
    if (TIM2->SR & 1) {
        updates = updates + 1;
    }
    if (TIM2->SR & 2) {
        compares = compares + 1;
    }
    TIM2->SR = 0;
}

static void wait(uint32_t cycles)
{
    uint32_t start = DWT_CYCCNT;
    while (DWT_CYCCNT - start < cycles) {
    }
}

void guest(void)
{
    DCB_DEMCR = 1u << 24;
    DWT_CTRL = 1;

    /* A microsecond time base: the prescaler takes effect at an update event. */
    TIM2->PSC = 3;
    TIM2->ARR = 0xFFFFFFFFu;
    TIM2->EGR = 1;
    result(TIM2->SR);
    TIM2->SR = 0;
    TIM2->CR1 = 1;
    uint32_t cycles = DWT_CYCCNT;
    uint32_t micros = TIM2->CNT;
    wait(40000);
    micros = TIM2->CNT - micros;
    cycles = DWT_CYCCNT - cycles;
    result(cycles / 4 - micros <= 1 || micros - cycles / 4 <= 1);
    TIM2->CR1 = 0;

    /* A period of 100 counts at 4 cycles; a compare in the middle. */
    TIM2->ARR = 99;
    TIM2->CCR[0] = 50;
    TIM2->EGR = 1;
    TIM2->SR = 0;
    TIM2->DIER = 3;
    enable_interrupt(TIM2_IRQ, 0x80);
    TIM2->CR1 = 1;
    wait(4 * 100 * 10 + 4 * 60);
    TIM2->CR1 = 0;
    result(updates);
    result(compares);
    TIM2->DIER = 0;

    /* The 16-bit timer wraps. */
    TIM3->ARR = 0xFFFFFFFFu;
    result(TIM3->ARR);
    TIM3->CNT = 0xFFF0;
    TIM3->CR1 = 1;
    wait(64);
    result(TIM3->SR & 1);
    result(TIM3->CNT < 0xFFF0);
    TIM3->CR1 = 0;

    /* One pulse: stops at the update. */
    TIM6->ARR = 20;
    TIM6->EGR = 1;
    TIM6->SR = 0;
    TIM6->CR1 = 1 | 1 << 3;
    wait(100);
    result(TIM6->CR1 & 1);
    result(TIM6->SR & 1);
    result(TIM6->CNT);

    /* Down: from the reload value. */
    TIM3->ARR = 9;
    TIM3->PSC = 999;
    TIM3->CR1 = 1 << 4;
    TIM3->EGR = 1;
    result(TIM3->CNT);
    TIM3->SR = 0;
    TIM3->CR1 = 1 | 1 << 4;
    wait(2500);
    result(TIM3->CNT);
    wait(8000);
    result(TIM3->CNT);
    result(TIM3->SR & 1);

    /* URS: a software update sets no flag; UDIS: none at all. */
    TIM3->SR = 0;
    TIM3->CR1 = 1 << 2;
    TIM3->EGR = 1;
    result(TIM3->SR & 1);
}
