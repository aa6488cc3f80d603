/* Taking exceptions, returning from them, faults (ARMv7-M ARM, B1.5). */
#ifndef TINYSIM_EXCEPTIONS_H
#define TINYSIM_EXCEPTIONS_H

#include "core.h"

/* CFSR: MMFSR, BFSR and UFSR (ARMv7-M ARM, B3.2.15). */
enum fault_status {
    CFSR_IACCVIOL = 1u << 0,
    CFSR_MMARVALID = 1u << 7,
    CFSR_IBUSERR = 1u << 8,
    CFSR_PRECISERR = 1u << 9,
    CFSR_IMPRECISERR = 1u << 10,
    CFSR_UNSTKERR = 1u << 11,
    CFSR_STKERR = 1u << 12,
    CFSR_BFARVALID = 1u << 15,
    CFSR_UNDEFINSTR = 1u << 16,
    CFSR_INVSTATE = 1u << 17,
    CFSR_INVPC = 1u << 18,
    CFSR_NOCP = 1u << 19,
    CFSR_STKOF = 1u << 20,
    CFSR_UNALIGNED = 1u << 24,
    CFSR_DIVBYZERO = 1u << 25,
};

/* Finds the places in Unicorn's saved context that its interface does not reach; false if it is not the
 * version that this code knows. */
bool exceptions_prepare(struct core *core);

/* Makes Unicorn see the mode that the core is in, before it executes an instruction that reads it. */
void exceptions_show_mode(struct core *core);

/* Takes the most urgent exception if it may preempt, to return to `pc`; true where the PC has moved. */
bool exceptions_take(struct core *core, uint32_t pc);

/* Whether a pending exception ends WFI: as if PRIMASK were clear (ARMv7-M ARM, B1.5.19). */
bool exceptions_wake(struct core *core);

/* Takes `exception` now, to return to `pc`. */
void exceptions_enter(struct core *core, uint32_t exception, uint32_t pc);

void exceptions_return(struct core *core, uint32_t exception_return);

/* A synchronous exception of the instruction before `pc`: SVC, or a HardFault where it cannot be taken. */
void exceptions_supervisor_call(struct core *core, uint32_t pc);

/* A fault at `pc`. `status` are CFSR bits; `address` is NULL or the address that could not be accessed. */
void exceptions_fault(struct core *core, uint32_t exception, uint32_t status, uint32_t pc,
                      const uint32_t *address);

/* The program status register as the guest would read it, Thumb and IT bits included. */
uint32_t exceptions_xpsr(struct core *core);

/* A breakpoint without a debugger. */
void exceptions_breakpoint(struct core *core, uint32_t pc);

/* Whether the guest may use the floating-point unit. */
bool exceptions_floating_point_allowed(const struct core *core);

/* Saves the interrupted code's floating-point registers before the handler uses its own. */
void exceptions_preserve_floating_point(struct core *core);

#endif
