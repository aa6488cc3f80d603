/*
 * What Cortex-M7 has beyond the registers in cortex_m.h: caches, and a lock before the cycle counter.
 * Sources: ARMv7-M Architecture Reference Manual (DDI 0403) B2.2, B4.8, C1.8; Cortex-M7 TRM (Arm 100230) 5.6.
 */
#ifndef CORTEX_M7_H
#define CORTEX_M7_H

#include "cortex_m.h"

#define SCB_CCR_DC        (1u << 16)
#define SCB_CCR_IC        (1u << 17)
#define SCB_CCSIDR        (*(volatile uint32_t *)0xE000ED80u)
#define SCB_CSSELR        (*(volatile uint32_t *)0xE000ED84u)
#define SCB_CSSELR_L1DATA 0u
#define SCB_ICIALLU       (*(volatile uint32_t *)0xE000EF50u)
#define SCB_DCISW         (*(volatile uint32_t *)0xE000EF60u)

#define DWT_LAR     (*(volatile uint32_t *)0xE0001FB0u)
#define DWT_LAR_KEY 0xC5ACCE55u

static inline void barrier(void)
{
    __asm volatile("dsb\n\tisb" ::: "memory");
}

/* Invalidates both level 1 caches, whose content is undefined after reset, and turns them on. */
static inline void start_caches(void)
{
    SCB_ICIALLU = 0;
    barrier();

    SCB_CSSELR = SCB_CSSELR_L1DATA;
    barrier();
    uint32_t size = SCB_CCSIDR;
    uint32_t last_set = size >> 13 & 0x7FFF;
    uint32_t last_way = size >> 3 & 0x3FF;
    for (uint32_t set = 0; set <= last_set; set++) {
        for (uint32_t way = 0; way <= last_way; way++) {
            SCB_DCISW = way << 30 | set << 5; /* four ways, lines of 32 bytes */
        }
    }
    barrier();

    SCB->CCR |= SCB_CCR_IC | SCB_CCR_DC;
    barrier();
}

static inline void dwt_unlock(void)
{
    DWT_LAR = DWT_LAR_KEY;
}

#endif
