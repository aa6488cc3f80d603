/* Code in RAM that is written, run, rewritten and run again, with and without barriers. */
#include "guest.h"

static uint16_t code[2] __attribute__((aligned(4)));

static uint32_t call(void)
{
    uint32_t (*function)(void) = (uint32_t (*)(void))((uint32_t)code | 1u);
    return function();
}

static void write_code(uint32_t value)
{
    volatile uint16_t *place = code;
    place[0] = (uint16_t)(0x2000u | value); /* movs r0, #value */
    place[1] = 0x4770u;                     /* bx lr */
    __asm volatile("dsb\n\tisb" ::: "memory");
}

void guest(void)
{
    for (uint32_t value = 1; value <= 20; value++) {
        write_code(value);
        result(call());
    }
    /* Through the second view of SRAM2, which shares its bytes. */
    volatile uint16_t *here = (volatile uint16_t *)0x20030000;
    volatile uint16_t *there = (volatile uint16_t *)0x10000000;
    for (uint32_t value = 100; value < 103; value++) {
        there[0] = (uint16_t)(0x2000u | value);
        there[1] = 0x4770u;
        __asm volatile("dsb\n\tisb" ::: "memory");
        result(((uint32_t (*)(void))((uint32_t)here | 1u))());
    }
}
