/*
 * General-purpose timers of the STM32 L4, U5, H7, F7 and G0 series; TIM2 counts 32 bits on all of them.
 * Source: RM0432 (STM32L4+) 38.4.
 */
#ifndef STM32_TIM_H
#define STM32_TIM_H

#include <stdint.h>

struct tim_registers {
    volatile uint32_t CR1;
    volatile uint32_t CR2;
    volatile uint32_t SMCR;
    volatile uint32_t DIER;
    volatile uint32_t SR;
    volatile uint32_t EGR;
    volatile uint32_t CCMR1;
    volatile uint32_t CCMR2;
    volatile uint32_t CCER;
    volatile uint32_t CNT;
    volatile uint32_t PSC;
    volatile uint32_t ARR;
};

#define TIM2        ((struct tim_registers *)0x40000000u)
#define TIM_CR1_CEN (1u << 0)
#define TIM_EGR_UG  (1u << 0)

/* Counts microseconds without end; `clock_hz`, the timer's clock, is whole megahertz. */
static inline void tim_start_microseconds(struct tim_registers *timer, uint32_t clock_hz)
{
    timer->PSC = clock_hz / 1000000u - 1;
    timer->ARR = 0xFFFFFFFFu;
    timer->EGR = TIM_EGR_UG; /* the prescaler takes effect at an update */
    timer->CR1 = TIM_CR1_CEN;
}

#endif
