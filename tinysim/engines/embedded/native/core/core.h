/* One simulated chip: the core as Unicorn executes it, and everything around it. */
#ifndef TINYSIM_CORE_H
#define TINYSIM_CORE_H

#include <stdbool.h>
#include <stdint.h>

#include <unicorn/unicorn.h>

#include "chip.h"
#include "engine.h"
#include "mpu.h"
#include "nvic.h"
#include "systick.h"
#include "timing_state.h"

/* EXC_RETURN values are addresses from here on (ARMv7-M ARM, B1.5.8). */
static const uint32_t EXCEPTION_RETURN_FIRST = 0xFFFFFF00u;
static const uint32_t EXCEPTION_RETURN_PAGE = 0xFFFFF000u;
enum { EXCEPTION_RETURN_PAGE_BYTES = 0x1000 };

/* System control block and its neighbours (ARMv7-M ARM, B3.2). */
struct system_control {
    uint32_t vtor;
    uint32_t scr;
    uint32_t ccr;
    uint32_t cfsr;
    uint32_t hfsr;
    uint32_t dfsr;
    uint32_t mmfar;
    uint32_t bfar;
    uint32_t cpacr;
    uint32_t fpccr;
    uint32_t fpcar;
    uint32_t fpdscr;
    uint32_t demcr;
    uint32_t actlr;
    uint32_t csselr;
    struct mpu mpu;
};

struct cycle_counter {
    uint32_t control;
    uint32_t value; /* at `since`, while it counts */
    uint64_t since; /* cycles */
};

/* All that changes while the guest runs, the chip around the core and the core's own registers apart.
 * Holds no pointer, so that a copy of the structure is a snapshot of it. */
struct state {
    uint64_t instructions; /* executed since power-on, the current block included */
    uint64_t cycles;       /* spent executing them: without sleep */
    uint64_t sleep_ticks;
    uint32_t pc;
    uint32_t ipsr; /* the exception being handled, 0 in thread mode */
    bool sleeping;
    bool sleeps_for_event; /* WFE rather than WFI */
    bool event;            /* the event register */
    bool locked_up;
    bool interrupts_changed;
    bool reset_requested;
    uint32_t resets;
    struct nvic nvic;
    struct systick systick;
    struct system_control system;
    struct cycle_counter cycle_counter;
    struct timing timing;
    struct fault fault;
};

/* What keeps exceptions from being taken: the core's special registers. */
struct masks {
    uint32_t primask;
    uint32_t basepri;
    uint32_t faultmask;
};

struct bus_range;

struct core {
    struct state state;
    struct core_model model;
    uc_engine *uc;
    struct chip chip;
    uint32_t boot_address;
    uint32_t reset_core_hz;

    uint32_t clock_control_address;
    clocks_written *clocks_written;
    bool has_timing;
    struct timing_parameters timing_parameters;
    uint32_t exception_entry_cycles;
    uint32_t exception_return_cycles;
    describe_block *describe_block;

    /* Of the block that is being executed. */
    struct memory *code_memory; /* where the last block was found */
    struct memories exception_return_memory;
    uint8_t *return_target; /* the word that the code at EXC_RETURN addresses jumps to */
    bool in_return_page;    /* that code is about to be executed */
    timing_peek *peek;
    struct bus_range **ranges;
    uint32_t range_count;
    uint32_t *watched; /* addresses of instructions that are looked at before they are executed */
    uint32_t watched_count;
    struct block *block;
    uint64_t block_start_cycles;
    bool access_is_exact; /* the coming device access happens at access_pc */
    uint32_t access_pc;

    uint64_t attention_cycles; /* at this count the next block does not start before run_attend() */
    uint64_t next_due;         /* the tick at which a device does something by itself next */
    uint64_t deadline;         /* tick */
    uint64_t deadline_ps;
    uint32_t wanted_bytes;
    bool to_line_end;
    enum stop_reason stop;
    bool load_faulted;  /* the instruction at fault_pc loads from where nothing is */
    bool store_faulted; /* a store of the current block reached nothing */
    uint32_t fault_address;
    uint32_t fault_pc;

    /* Unicorn has no way to write IPSR: its place in a saved context. */
    uc_context *context;
    uc_context *pristine; /* the core's registers before anything was executed */
    uint32_t context_exception_offset;
    uint32_t context_control_offset;
    uint32_t unicorn_exception; /* what Unicorn takes for IPSR */
    uint32_t cpsr_fixed;        /* the bits of Unicorn's CPSR that are none of xPSR */
    struct masks masks;         /* as they were when `masks_instructions` had been executed */
    uint64_t masks_instructions;
    bool uses_mask_levels; /* the guest has set BASEPRI or FAULTMASK at some time */
    uint32_t main_stack_limit;
    uint32_t process_stack_limit;
    bool stack_limits_changed; /* they are to be read again */

    char error[256];
};

static inline uint64_t core_ticks(const struct core *core)
{
    return core->state.cycles + core->state.sleep_ticks;
}

/* The next block starts with run_attend(). */
static inline void core_request_attention(struct core *core)
{
    core->attention_cycles = 0;
}

/* A device was changed: what it does next has to be found out. */
static inline void core_device_changed(struct core *core)
{
    core->next_due = 0;
    core_request_attention(core);
}

/* Something about pending exceptions or masks has changed: look whether one can be taken. */
static inline void core_interrupts_changed(struct core *core)
{
    core->state.interrupts_changed = true;
    core_request_attention(core);
}

/* An exception has become pending, which with SEVONPEND is an event, whether it is enabled or not (ARMv7-M
 * ARM, B1.5.18). */
static inline void core_exception_pended(struct core *core)
{
    enum { SCR_SEVONPEND = 1u << 4 };
    if ((core->state.system.scr & SCR_SEVONPEND) != 0) {
        core->state.event = true;
    }
    core_interrupts_changed(core);
}

void core_fail(struct core *core, const char *what, uc_err error);

/* Continues at `address` (Thumb bit ignored), also from within a hook. */
void core_set_pc(struct core *core, uint32_t address);

/* The code at EXC_RETURN addresses, which jumps to where the exception returns to. */
bool core_write_return_page(struct core *core);

uint32_t core_read_register(struct core *core, int unicorn_register);
void core_write_register(struct core *core, int unicorn_register, uint32_t value);

/* The exact moment within the current block of the instruction at `pc`, in ticks. */
uint64_t core_ticks_at_pc(const struct core *core, uint32_t pc);

/* The instruction at `pc` and those after it in the current block have not been executed. */
void core_uncount_from(struct core *core, uint32_t pc);

/* What the chip around it knows of the core. */
struct chip_core core_of_chip(struct core *core);

/* Puts the chip into its state after power-on or reset. */
bool core_reset(struct core *core);

#endif
