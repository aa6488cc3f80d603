/* EXC_RETURN values, IPSR, stack alignment, late changes of priority, SysTick as an exception. */
#include "guest.h"

static volatile uint32_t returns[3];
static volatile uint32_t stacks[2];

__attribute__((naked)) void EXTI0_Handler(void)
{
    __asm volatile("ldr r0, =%c0\n\tstr lr, [r0]\n\tldr r0, =%c1\n\tstr sp, [r0]\n\tbx lr" ::"i"(&returns[0]),
                   "i"(&stacks[0]));
}

__attribute__((naked)) void EXTI2_Handler(void)
{
    __asm volatile("ldr r0, =%c0\n\tstr lr, [r0]\n\tbx lr" ::"i"(&returns[2]));
}

void EXTI1_Handler(void)
{
    pend_interrupt(8);
}

void guest(void)
{
    enable_interrupt(6, 0x80);
    enable_interrupt(7, 0x80);
    enable_interrupt(8, 0x40);
    pend_interrupt(6);
    result(returns[0]);
    pend_interrupt(7);
    result(returns[2]);

    /* An unaligned stack is aligned for the frame, and put back. */
    uint32_t before, after;
    __asm volatile("sub sp, #4\n\tmov %0, sp\n\t"
                   "ldr r1, =0xE000E200\n\tmovs r2, #64\n\tstr r2, [r1]\n\tdsb\n\tisb\n\t"
                   "mov %1, sp\n\tadd sp, #4"
                   : "=&l"(before), "=&l"(after)::"r1", "r2", "memory");
    result(before == after);
    result(stacks[0] % 8);
    result(before - stacks[0]);

    /* Thread on the process stack. */
    static uint32_t process_stack[32] __attribute__((aligned(8)));
    MSR(psp, (uint32_t)&process_stack[32]);
    MSR(control, 2);
    pend_interrupt(6);
    MSR(control, 0);
    result(returns[0]);
    result(((uint32_t)&process_stack[32] - MRS(psp)));
}
