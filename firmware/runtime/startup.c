/*
 * From reset to main(), the vector table, and what happens at a fault or an interrupt that nothing handles:
 * the state is kept in fault_record and the core stops in fault_halt(), where a debugger finds it.
 */
#include "board_config.h"
#include "cortex_m.h"
#include "string.h"

extern const uint32_t stack_limit[], stack_top[];
extern uint32_t copied_start[], copied_end[], zeroed_start[], zeroed_end[];
extern const uint32_t copied_source[];

int main(void);
void Reset_Handler(void);

/* What the core stacked at the fault (ARMv7-M B1.5.6), the exception's number, and the fault status
 * registers. */
struct fault_record {
    uint32_t r0, r1, r2, r3, r12, lr, pc, xpsr;
    uint32_t exception;
    uint32_t CFSR, HFSR, MMFAR, BFAR;
};

struct fault_record fault_record;

/* The handlers' own stack: the main stack may be what overflowed. */
__attribute__((section(".noinit"), used)) static uint64_t fault_stack[16];

__attribute__((noinline)) static _Noreturn void fault_halt(void)
{
    interrupts_disable();
    for (;;) {
        __asm volatile("");
    }
}

__attribute__((used)) static _Noreturn void record_fault(const uint32_t *frame)
{
    __asm volatile("mrs %0, ipsr" : "=r"(fault_record.exception));
#if __ARM_ARCH >= 7
    fault_record.CFSR = SCB->CFSR;
    fault_record.HFSR = SCB->HFSR;
    fault_record.MMFAR = SCB->MMFAR;
    fault_record.BFAR = SCB->BFAR;
#endif
    if (frame >= stack_limit && frame + 8 <= stack_top) {
        memcpy(&fault_record, frame, 8 * sizeof(uint32_t));
    }
    fault_halt();
}

/* The firmware runs on the main stack only, so the frame is there. */
#define FAULT_HANDLER(name)                                                                                  \
    __attribute__((naked)) void name(void)                                                                   \
    {                                                                                                        \
        __asm volatile("mrs r0, msp\n\t"                                                                     \
                       "ldr r1, 1f\n\t"                                                                      \
                       "mov sp, r1\n\t"                                                                      \
                       "ldr r1, 2f\n\t"                                                                      \
                       "bx r1\n\t"                                                                           \
                       ".balign 4\n"                                                                         \
                       "1: .word fault_stack + 128\n"                                                        \
                       "2: .word record_fault");                                                             \
    }

FAULT_HANDLER(NMI_Handler)
FAULT_HANDLER(HardFault_Handler)
FAULT_HANDLER(MemManage_Handler)
FAULT_HANDLER(BusFault_Handler)
FAULT_HANDLER(UsageFault_Handler)
FAULT_HANDLER(Default_Handler)

typedef void (*vector)(void);

enum { SYSTEM_VECTORS = 16 };

struct vector_table {
    const uint32_t *initial_stack;
    vector handlers[SYSTEM_VECTORS - 1 + EXTERNAL_INTERRUPTS];
};

/* Exception n is entry n - 1 of the handlers; the ranges around the console leave no entry empty. */
#define EXCEPTION(n) ((n) - 1)
#define INTERRUPT(n) (SYSTEM_VECTORS - 1 + (n))

__attribute__((section(".vectors"), used)) static const struct vector_table vectors = {
    .initial_stack = stack_top,
    .handlers =
        {
            [EXCEPTION(1)] = Reset_Handler,
            [EXCEPTION(2)] = NMI_Handler,
            [EXCEPTION(3)] = HardFault_Handler,
            [EXCEPTION(4)] = MemManage_Handler,
            [EXCEPTION(5)] = BusFault_Handler,
            [EXCEPTION(6)] = UsageFault_Handler,
            [EXCEPTION(7)... INTERRUPT(CONSOLE_INTERRUPT - 1)] = Default_Handler,
            [INTERRUPT(CONSOLE_INTERRUPT)] = console_interrupt,
            [INTERRUPT(CONSOLE_INTERRUPT + 1)... INTERRUPT(EXTERNAL_INTERRUPTS - 1)] = Default_Handler,
        },
};

void Reset_Handler(void)
{
    SCB->VTOR = (uint32_t)&vectors;
#if __ARM_FP
    SCB_CPACR |= SCB_CPACR_CP10_CP11;
    __asm volatile("dsb\n\tisb");
#endif
#if __ARM_ARCH >= 7
    SCB->SHCSR |= SCB_SHCSR_MEMFAULTENA | SCB_SHCSR_BUSFAULTENA | SCB_SHCSR_USGFAULTENA;
#endif
    memcpy(copied_start, copied_source, (size_t)((char *)copied_end - (char *)copied_start));
    memset(zeroed_start, 0, (size_t)((char *)zeroed_end - (char *)zeroed_start));
    __asm volatile("dsb\n\tisb"); /* code copied to RAM is not fetched before it is there */
    main();
    fault_halt(); /* main() does not return */
}
