/* Floating-point state over exceptions: extended frames, lazily saved. */
#include "guest.h"

enum { INTERRUPT = 6 };
static volatile uint32_t uses_float;
static volatile uint32_t seen_return;
static volatile uint32_t seen_lspact[2];

static uint32_t float_bits(void)
{
    uint32_t bits;
    __asm volatile("vmov %0, s5" : "=r"(bits));
    return bits;
}

__attribute__((noinline)) static void use_float(void)
{
    __asm volatile("vmov.f32 s5, #9.0" ::: "s5");
}

__attribute__((used)) static void handler(uint32_t exception_return, const uint32_t *frame)
{
    seen_return = exception_return;
    seen_lspact[0] = FPU_FPCCR & 1u;
    if (uses_float) {
        use_float();
    }
    seen_lspact[1] = FPU_FPCCR & 1u;
    result(frame[8 + 5]); /* s5 in the frame, once it is saved */
    result(FPU_FPCAR == (uint32_t)(frame + 8));
}

__attribute__((naked)) void EXTI0_Handler(void)
{
    __asm volatile("mov r0, lr\n\tmov r1, sp\n\tpush {r4, lr}\n\tbl handler\n\tpop {r4, pc}");
}

static void interrupt(void)
{
    pend_interrupt(INTERRUPT);
    result(seen_return);
    result(seen_lspact[0]);
    result(seen_lspact[1]);
}

void guest(void)
{
    SCB_CPACR = 0xFu << 20;
    __asm volatile("dsb\n\tisb");
    enable_interrupt(INTERRUPT, 0x80);

    pend_interrupt(INTERRUPT); /* no floating-point state yet */
    result_count = 0;
    result(seen_return);
    result(MRS(control));

    __asm volatile("vmov.f32 s5, #2.0" ::: "s5");
    result(MRS(control));
    uses_float = 0;
    interrupt();
    result(float_bits());

    uses_float = 1;
    interrupt();
    result(float_bits());
    result(MRS(control));
}
