/* Faults on request: the word at 0x20008000 says which. */
#include "guest.h"

#define REQUEST REGISTER(0x20008000)

static volatile bool spins_in_handler;

void UsageFault_Handler(void)
{
    while (spins_in_handler) {
        REGISTER(0x48000018) = 1;
    }
    result(MRS(ipsr));
    result(SCB_CFSR);
    for (;;) {
        WFI();
    }
}

__attribute__((noinline)) static void undefined(void)
{
    __asm volatile("udf #0");
}

__attribute__((noinline)) static uint32_t overflow(uint32_t depth)
{
    volatile uint32_t fill[64];
    fill[0] = depth;
    return REQUEST == 0 ? fill[0] : overflow(depth + 1) + fill[0];
}

void guest(void)
{
    volatile uint32_t zero = 0;
    switch (REQUEST) {
    case 1:
        undefined();
        break;
    case 2:
        result(REGISTER(0x70000000));
        break;
    case 3:
        REGISTER(0x70000000) = 1;
        result(1);
        break;
    case 4:
        ((void (*)(void))0x70000001)();
        break;
    case 5:
        ((void (*)(void))0x40000001)();
        break;
    case 6:
        ((void (*)(void))0x08000100)(); /* no Thumb bit */
        break;
    case 7:
        MSR(msp, 0x20000800);
        result(overflow(0));
        break;
    case 8:
        __asm volatile("bkpt #0");
        break;
    case 9:
        __asm volatile("vmov.f32 s0, #1.0" ::: "s0");
        break;
    case 10:
        SCB_CCR |= 1u << 4;
        __asm volatile("dsb\n\tisb");
        result(1000 / zero);
        break;
    case 11: /* with its own handler, and priority enough */
        SCB_SHCSR = 7u << 16;
        undefined();
        break;
    case 12: /* the handler's stack is as bad as the fault */
        MSR(msp, 0x60000000);
        undefined();
        break;
    case 13: /* an interrupt that nothing handles stands still, but is no fault */
        enable_interrupt(6, 0);
        pend_interrupt(6);
        break;
    case 14: /* with an active handler of the highest configurable priority SVC cannot be taken */
        CPSID_I();
        __asm volatile("svc 0");
        break;
    case 15: /* a return to an invalid frame */
        __asm volatile("bx %0" ::"r"(0xFFFFFFF9u));
        break;
    case 16: /* waits for a flag that nothing sets */
        while (!(REGISTER(0x40013000) & 2u)) {
        }
        break;
    case 17:
        for (;;) {
            REGISTER(0x48000018) = 1;
        }
    case 18: /* floods the line */
        LPUART1->BRR = 256u * 4u;
        LPUART1->CR1 = CR1_UE | CR1_TE;
        for (;;) {
            LPUART1->TDR = 'x';
            while (!(LPUART1->ISR & ISR_TXE)) {
            }
        }
    case 19: /* a last line before the end */
        LPUART1->BRR = BRR_115200;
        LPUART1->CR1 = CR1_UE | CR1_TE;
        for (const char *text = "all is well\r\n"; *text; text++) {
            LPUART1->TDR = (uint8_t)*text;
            while (!(LPUART1->ISR & ISR_TC)) {
            }
        }
        undefined();
        break;
    case 20: /* a handler that does not stand still */
        SCB_SHCSR = 1u << 18;
        spins_in_handler = true;
        undefined();
        break;
    default:
        break;
    }
}
