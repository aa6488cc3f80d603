/* Nesting, tail-chaining and order of pending interrupts by priority. */
#include "guest.h"

enum { LOW = 6, MIDDLE = 7, HIGH = 8 };
static volatile uint32_t action;

void EXTI0_Handler(void)
{
    result(0x10);
    result(MRS(ipsr));
    if (action == 1) {
        pend_interrupt(MIDDLE); /* preempts */
        pend_interrupt(LOW);    /* waits, and comes again after this */
        action = 0;
    }
    result(0x11);
}

void EXTI1_Handler(void)
{
    result(0x20);
    pend_interrupt(HIGH);
    result(NVIC_IABR(0));
    result(0x21);
}

void EXTI2_Handler(void)
{
    result(0x30);
}

void guest(void)
{
    enable_interrupt(LOW, 0xC0);
    enable_interrupt(MIDDLE, 0x80);
    enable_interrupt(HIGH, 0x40);
    action = 1;
    pend_interrupt(LOW);
    result(MRS(ipsr));

    /* All at once: the most urgent first; the rest follow without return to this code. */
    CPSID_I();
    pend_interrupt(LOW);
    pend_interrupt(HIGH);
    result(0x40);
    CPSIE_I();
    result(0x41);

    /* Equal priorities: the lower number first, and none preempts. */
    NVIC_IPR[LOW] = 0x80;
    NVIC_IPR[HIGH] = 0x80;
    pend_interrupt(MIDDLE);
    result(0x42);

    /* Sub-priorities do not preempt: with PRIGROUP 7 nothing does. */
    NVIC_IPR[HIGH] = 0x40;
    SCB_AIRCR = 0x05FA0000u | 7u << 8;
    pend_interrupt(MIDDLE);
    result(0x43);
}
