/* Two threads on process stacks, switched by PendSV as an RTOS does, started by SVC; the first unprivileged.
 */
#include "guest.h"

enum { STACK_WORDS = 64, ROUNDS = 4 };

struct thread {
    uint32_t *stack_pointer;
};

static uint32_t stacks[2][STACK_WORDS] __attribute__((aligned(8)));
static struct thread threads[2];
struct thread *volatile current;

static void yield_to_other(void)
{
    __asm volatile("svc 2" ::: "memory");
}

static void first(void)
{
    for (uint32_t round = 0; round < ROUNDS; round++) {
        uint32_t control = MRS(control);
        MSR(primask, 1); /* without effect: the thread is not privileged */
        result(0x100 + round);
        result(control);
        yield_to_other();
    }
    for (;;) {
        yield_to_other();
    }
}

static void second(void)
{
    for (uint32_t round = 0; round < ROUNDS; round++) {
        result(0x200 + round);
        result(MRS(psp) >= (uint32_t)stacks[1] && MRS(psp) < (uint32_t)stacks[2]);
        yield_to_other();
    }
    __asm volatile("svc 3" ::: "memory");
}

static void make_thread(uint32_t number, void (*code)(void))
{
    uint32_t *frame = &stacks[number][STACK_WORDS - 8];
    frame[6] = (uint32_t)code;
    frame[7] = 1u << 24;
    threads[number].stack_pointer = frame - 8; /* r4 to r11 */
}

static volatile bool finished;

/* The frame's PC tells the SVC instruction, whose number is the request. */
__attribute__((used)) static void supervisor(const uint32_t *frame, uint32_t exception_return)
{
    uint32_t request = ((const uint16_t *)frame[6])[-1] & 0xFFu;
    result(0x5000 + request);
    if (request == 1) {
        result(exception_return);
        result(frame[0]);
    } else if (request == 2) {
        SCB_ICSR = 1u << 28;
    } else {
        finished = true;
        for (;;) {
            WFI();
        }
    }
}

__attribute__((naked)) void SVC_Handler(void)
{
    __asm volatile("tst lr, #4\n\t"
                   "ite eq\n\t"
                   "mrseq r0, msp\n\t"
                   "mrsne r0, psp\n\t"
                   "mov r1, lr\n\t"
                   "b supervisor");
}

__attribute__((used)) static void next_thread(void)
{
    current = current == &threads[0] ? &threads[1] : &threads[0];
    /* Each thread keeps its own privilege. */
    MSR(control, current == &threads[0] ? 1u : 0u);
}

__attribute__((naked)) void PendSV_Handler(void)
{
    __asm volatile("mrs r0, psp\n\t"
                   "stmdb r0!, {r4-r11}\n\t"
                   "ldr r1, =current\n\t"
                   "ldr r2, [r1]\n\t"
                   "str r0, [r2]\n\t"
                   "push {r1, lr}\n\t"
                   "bl next_thread\n\t"
                   "pop {r1, lr}\n\t"
                   "ldr r2, [r1]\n\t"
                   "ldr r0, [r2]\n\t"
                   "ldmia r0!, {r4-r11}\n\t"
                   "msr psp, r0\n\t"
                   "bx lr");
}

void guest(void)
{
    SCB_SHPR[14] = 0xF0;
    SCB_SHPR[11] = 0x80;
    make_thread(0, first);
    make_thread(1, second);
    register uint32_t argument __asm("r0") = 0x1234;
    __asm volatile("svc 1" ::"r"(argument) : "memory");
    /* Become the first thread. */
    current = &threads[0];
    MSR(psp, (uint32_t)(threads[0].stack_pointer + 16));
    MSR(control, 3);
    first();
}
