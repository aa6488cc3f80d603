/* Running the guest: counting, events, sleep, stopping. */
#ifndef TINYSIM_RUN_H
#define TINYSIM_RUN_H

#include "core.h"

/* Sees to all that is due before the block at `address` starts. True: the PC has moved or the run is over,
 * the block must not be counted. */
bool run_attend(struct core *core, uint32_t address);

/* The code at the EXC_RETURN address `address` is about to be executed: points it to where the exception
 * returns to. */
void run_exception_return(struct core *core, uint32_t address);

/* The guest executed WFI or WFE; `pc` is the instruction after it. Called from within a hook. */
void run_sleep(struct core *core, uint32_t pc, bool for_event);

/* Ends the run with the next instruction at `pc`. Called from within a hook. */
void run_stop(struct core *core, enum stop_reason reason, uint32_t pc);

/* Runs until `wanted_bytes` from the guest wait to be taken, with `to_line_end` also until the last of them
 * is a line feed, or until tick `deadline`. */
enum stop_reason run(struct core *core, uint64_t deadline, uint32_t wanted_bytes, bool to_line_end);

#endif
