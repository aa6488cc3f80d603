/*
 * Registers and instructions that every Cortex-M core of the boards has.
 * Sources: ARMv7-M Architecture Reference Manual (DDI 0403) B3.2, C1.6, C1.8; ARMv6-M (DDI 0419) B3.2.
 */
#ifndef CORTEX_M_H
#define CORTEX_M_H

#include <stdint.h>

struct scb_registers {
    volatile uint32_t CPUID;
    volatile uint32_t ICSR;
    volatile uint32_t VTOR;
    volatile uint32_t AIRCR;
    volatile uint32_t SCR;
    volatile uint32_t CCR;
    volatile uint32_t SHPR[3];
    volatile uint32_t SHCSR;
    volatile uint32_t CFSR;
    volatile uint32_t HFSR;
    volatile uint32_t DFSR;
    volatile uint32_t MMFAR;
    volatile uint32_t BFAR;
};

#define SCB                   ((struct scb_registers *)0xE000ED00u)
#define SCB_CCR_DIV_0_TRP     (1u << 4)
#define SCB_SHCSR_MEMFAULTENA (1u << 16)
#define SCB_SHCSR_BUSFAULTENA (1u << 17)
#define SCB_SHCSR_USGFAULTENA (1u << 18)

#define SCB_CPACR           (*(volatile uint32_t *)0xE000ED88u)
#define SCB_CPACR_CP10_CP11 (0xFu << 20)

#define NVIC_ISER ((volatile uint32_t *)0xE000E100u)

#define DCB_DEMCR        (*(volatile uint32_t *)0xE000EDFCu)
#define DCB_DEMCR_TRCENA (1u << 24)

struct dwt_registers {
    volatile uint32_t CTRL;
    volatile uint32_t CYCCNT;
};

#define DWT                ((struct dwt_registers *)0xE0001000u)
#define DWT_CTRL_CYCCNTENA (1u << 0)

static inline void nvic_enable(uint32_t interrupt)
{
    NVIC_ISER[interrupt / 32] = 1u << (interrupt % 32);
}

/* Starts the core's cycle counter. It stops while the core sleeps and wraps after 2^32 cycles. */
static inline void dwt_start_cycle_counter(void)
{
    DCB_DEMCR |= DCB_DEMCR_TRCENA;
    DWT->CYCCNT = 0;
    DWT->CTRL |= DWT_CTRL_CYCCNTENA;
}

static inline void interrupts_disable(void)
{
    __asm volatile("cpsid i" ::: "memory");
}

/* The barrier makes a pending interrupt run before the next instruction. */
static inline void interrupts_enable(void)
{
    __asm volatile("cpsie i\n\tisb" ::: "memory");
}

/*
 * Sleeps until an interrupt is pending. Called with interrupts disabled, after a check that found nothing
 * to do: an interrupt that comes between the check and the sleep stays pending and wakes the core at once.
 */
static inline void wait_for_interrupt(void)
{
    __asm volatile("dsb\n\twfi" ::: "memory");
}

#endif
