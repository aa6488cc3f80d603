/* A thread on the process stack, interrupted by a handler that is itself interrupted. The handlers do not
 * look at the processor's mode. */
#include "guest.h"

enum { LOW = 6, HIGH = 8, STACK_WORDS = 128, ROUNDS = 3 };

static uint32_t stack[STACK_WORDS] __attribute__((aligned(8)));
static volatile uint32_t nested;

void EXTI0_Handler(void)
{
    pend_interrupt(HIGH);
}

void EXTI2_Handler(void)
{
    nested = nested + 1;
}

__attribute__((noinline)) static uint32_t stack_place(void)
{
    uint32_t place;
    __asm volatile("mov %0, sp" : "=r"(place));
    return place - (uint32_t)stack;
}

__attribute__((noinline)) static void thread(void)
{
    for (uint32_t round = 0; round < ROUNDS; round++) {
        uint32_t before = stack_place();
        pend_interrupt(LOW);
        result(MRS(control));
        result(stack_place() == before && before < sizeof stack);
        result(MRS(psp) - (uint32_t)stack < sizeof stack);
        result(MRS(msp) - (uint32_t)stack < sizeof stack);
    }
}

void guest(void)
{
    enable_interrupt(LOW, 0xC0);
    enable_interrupt(HIGH, 0x40);
    MSR(psp, (uint32_t)(stack + STACK_WORDS));
    MSR(control, 2);
    thread();
    MSR(control, 0);
    result(nested);
}
