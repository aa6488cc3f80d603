/* PRIMASK, BASEPRI and FAULTMASK keep exceptions pending. */
#include "guest.h"

enum { LOW = 6, HIGH = 7 };

void EXTI0_Handler(void)
{
    result(0x10);
}

void EXTI1_Handler(void)
{
    result(0x20);
}

void guest(void)
{
    enable_interrupt(LOW, 0x80);
    enable_interrupt(HIGH, 0x40);

    CPSID_I();
    pend_interrupt(HIGH);
    result(0x01);
    result(NVIC_ISPR(0) >> HIGH & 1);
    CPSIE_I();

    MSR(basepri, 0x80);
    pend_interrupt(LOW);
    result(0x02);
    pend_interrupt(HIGH);
    result(0x03);
    MSR(basepri_max, 0xC0); /* no more urgent than what is there: ignored */
    result(MRS(basepri));
    MSR(basepri, 0);
    result(0x04);

    __asm volatile("cpsid f" ::: "memory");
    pend_interrupt(HIGH);
    result(0x05);
    result(MRS(faultmask));
    __asm volatile("cpsie f\n\tisb" ::: "memory");
    result(0x06);

    NVIC_ICER(0) = 1u << LOW;
    pend_interrupt(LOW);
    result(0x07);
    NVIC_ISER(0) = 1u << LOW;
    __asm volatile("dsb\n\tisb");
    result(0x08);
    CPSID_I();
    pend_interrupt(LOW);
    NVIC_ICPR(0) = 1u << LOW;
    CPSIE_I();
    result(0x09);
}
