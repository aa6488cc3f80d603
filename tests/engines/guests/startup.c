/* Vector table and start of every guest. */
#include "guest.h"

volatile uint32_t results[RESULTS];
volatile uint32_t result_count;

extern uint32_t stack_top[];

void Reset_Handler(void);

/* As in vendors' start files: what nothing handles stands still here. */
__attribute__((naked)) void Default_Handler(void)
{
    __asm volatile("b .");
}

#define HANDLER(name) __attribute__((weak, alias("Default_Handler"))) void name(void)
HANDLER(NMI_Handler);
HANDLER(HardFault_Handler);
HANDLER(MemManage_Handler);
HANDLER(BusFault_Handler);
HANDLER(UsageFault_Handler);
HANDLER(SVC_Handler);
HANDLER(DebugMon_Handler);
HANDLER(PendSV_Handler);
HANDLER(SysTick_Handler);
HANDLER(EXTI0_Handler);
HANDLER(EXTI1_Handler);
HANDLER(EXTI2_Handler);
HANDLER(TIM2_Handler);
HANDLER(TIM3_Handler);
HANDLER(TIM6_Handler);
HANDLER(LPUART1_Handler);

__attribute__((section(".vectors"), used)) static void *const vectors[16 + 95] = {
    [0] = stack_top,
    [1] = (void *)Reset_Handler,
    [2] = (void *)NMI_Handler,
    [3] = (void *)HardFault_Handler,
    [4] = (void *)MemManage_Handler,
    [5] = (void *)BusFault_Handler,
    [6] = (void *)UsageFault_Handler,
    [11] = (void *)SVC_Handler,
    [12] = (void *)DebugMon_Handler,
    [14] = (void *)PendSV_Handler,
    [15] = (void *)SysTick_Handler,
    [16 + 6] = (void *)EXTI0_Handler,
    [16 + 7] = (void *)EXTI1_Handler,
    [16 + 8] = (void *)EXTI2_Handler,
    [16 + 28] = (void *)TIM2_Handler,
    [16 + 29] = (void *)TIM3_Handler,
    [16 + 54] = (void *)TIM6_Handler,
    [16 + 70] = (void *)LPUART1_Handler,
};

__attribute__((noreturn)) void Reset_Handler(void)
{
    guest();
    for (;;) {
        WFI();
    }
}
