/* Counters that start again, and whose interrupt counts how often: read together they never go back. */
#include "guest.h"

enum { PERIOD = 503, READINGS = 4000 };

static volatile uint32_t periods;
static volatile uint32_t ticks;

void TIM2_Handler(void)
{
    TIM2->SR = 0;
    periods = periods + 1;
}

void SysTick_Handler(void)
{
    ticks = ticks + 1;
}

#define A_WHILE() __asm volatile("nop\n\tnop\n\tnop\n\tnop\n\tnop\n\tnop\n\tnop\n\tnop" ::: "memory")

/* All of a reading is in one block. */
static uint32_t timer_reading(bool *valid)
{
    uint32_t before = periods;
    A_WHILE();
    uint32_t count = TIM2->CNT;
    uint32_t after = periods;
    *valid = before == after;
    return before * PERIOD + count;
}

static uint32_t tick_reading(bool *valid)
{
    uint32_t before = ticks;
    A_WHILE();
    uint32_t left = SYST_CVR;
    uint32_t after = ticks;
    *valid = before == after;
    return before * PERIOD + PERIOD - 1 - left;
}

static uint32_t steps_back(uint32_t (*reading)(bool *valid))
{
    uint32_t found = 0;
    uint32_t last = 0;
    for (uint32_t number = 0; number < READINGS; number++) {
        bool valid;
        uint32_t now = reading(&valid);
        if (valid) {
            found += now < last ? 1u : 0u;
            last = now;
        }
    }
    return found;
}

void guest(void)
{
    TIM2->ARR = PERIOD - 1;
    TIM2->EGR = 1;
    TIM2->SR = 0;
    TIM2->DIER = 1;
    enable_interrupt(TIM2_IRQ, 0x80);
    TIM2->CR1 = 1;
    result(steps_back(timer_reading));
    result(periods > READINGS / PERIOD);
    TIM2->CR1 = 0;

    SYST_RVR = PERIOD - 1;
    SYST_CVR = 0;
    SYST_CSR = 7;
    result(steps_back(tick_reading));
    result(ticks > READINGS / PERIOD);
    SYST_CSR = 0;
}
