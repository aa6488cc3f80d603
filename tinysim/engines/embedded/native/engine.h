/* The interface of the native core. tinysim/engines/embedded/library.py reads structures, constants and
 * functions from this text, so here they stand and nowhere else; lines that begin with # are the C compiler's
 * only. */
#ifndef TINYSIM_ENGINE_H
#define TINYSIM_ENGINE_H

#include <stdbool.h>
#include <stdint.h>

#include "timing.h"

struct core;
struct snapshot;

enum { DEVICE_LINES = 16, DEVICE_OPTIONS = 4, OPTION_VALUES = 4, FOLLOWS_MAXIMUM = 32 };
enum { REGISTER_USES = 256, REGISTER_BLOCKS = 128 };
enum { LINE_TO_HOST_BYTES = 4096 }; /* bytes that come while so many wait are lost, as in a UART's driver */

/* r0 to r15, then xPSR, MSP, PSP, CONTROL, PRIMASK, BASEPRI, FAULTMASK. */
enum { CORE_REGISTERS = 16, ENGINE_REGISTERS = CORE_REGISTERS + 7 };

/* What differs between the cores of the family. */
struct core_model {
    int32_t unicorn_model;
    uint32_t cpuid;
    uint32_t interrupts;
    uint32_t priority_bits;
    uint32_t exception_return; /* EXC_RETURN to thread mode on the main stack, no floating-point frame */
    uint32_t secure_bank;      /* the bank of banked registers in which Unicorn starts the core */
    bool has_fpu;
    bool has_bit_band;
    bool has_cycle_counter;
    bool has_configurable_faults; /* false: every fault is a HardFault (ARMv6-M) */
    bool has_mask_levels;         /* BASEPRI and FAULTMASK exist */
    bool has_stack_limits;        /* MSPLIM and PSPLIM exist */
    uint32_t mpu_type;
    bool has_v8_mpu;
    uint32_t cache_level;   /* CLIDR, 0 without caches */
    uint32_t cache_type;    /* CTR */
    uint32_t cache_size[2]; /* CCSIDR of the data cache and of the instruction cache */
    uint32_t mvfr[3];
};

/* What a device's model is told in words of its own, and numbers. */
struct device_option {
    const char *name;
    uint32_t count;
    uint32_t values[OPTION_VALUES];
};

/* A device, whose model is one of those in native/devices/types.h. */
struct device_description {
    const char *model;
    uint32_t address;
    uint32_t bytes;
    uint32_t interrupt_count;
    uint32_t interrupts[DEVICE_LINES];
    uint32_t option_count;
    struct device_option options[DEVICE_OPTIONS];
};

/* A status bit that mirrors an enable bit, of this or another register. */
struct register_follow {
    uint32_t status_bit;
    uint32_t enable_bit;
    uint32_t enable_address;
};

/* Which bits of the register at `address` the guest cannot write. */
struct register_rule {
    uint32_t address;
    uint32_t reset;
    uint32_t set;
    uint32_t clear;
    uint32_t follow_count;
    struct register_follow follows[FOLLOWS_MAXIMUM];
};

enum stop_reason {
    STOP_NONE,
    STOP_OUTPUT,   /* as many bytes as asked for wait to be taken */
    STOP_DEADLINE, /* virtual time is up */
    STOP_IDLE,     /* sleeps, and nothing that is under way can wake it */
    STOP_FAULT,    /* stands still in a fault handler */
    STOP_LOCKUP,   /* a fault within the HardFault handler: the core has stopped for good */
    STOP_ERROR,    /* the emulator itself failed; see engine_error() */
};

/* The last fault that the guest took, as it was when it happened. */
struct fault {
    uint32_t exception; /* the exception taken, EXCEPTION_NONE if there was no fault */
    uint32_t cfsr;
    uint32_t hfsr;
    uint32_t address; /* that could not be accessed, if has_address */
    uint32_t has_address;
    uint32_t registers[CORE_REGISTERS];
    uint32_t xpsr;
};

struct engine_moment {
    uint64_t time_ps;
    uint64_t instructions;
    uint64_t cycles;
};

/* A byte from the guest and the moment at which its stop bit ended. */
struct line_byte {
    uint64_t time_ps;
    uint64_t instructions;
    uint64_t cycles;
    uint8_t data;
};

/* Accesses to one register from one place. */
struct register_use {
    uint32_t address;
    uint32_t pc;    /* of the block that made the access */
    uint32_t value; /* that passed last */
    uint64_t reads;
    uint64_t writes;
};

/* Accesses to a page of registers without a model, ever. */
struct register_block {
    uint32_t address;
    uint32_t pc; /* of the block that made the first of them */
    uint64_t reads;
    uint64_t writes;
};

/* For how long the guest has read registers without a model and seen nothing new. */
struct engine_polling {
    uint64_t time_ps;
    uint64_t instructions;
    uint64_t reads;
    uint32_t address; /* of the last of them */
    uint32_t pc;
    uint32_t value;
};

struct block_description {
    const struct timing_block *timing;
    const uint32_t *cycles_before;
};

/* Asks for the timing of a block that is executed for the first time; false: an error, stop. */
typedef bool describe_block(uint32_t address, const uint8_t *code, uint32_t bytes,
                            struct block_description *description);

/* Tells that a register of the clock controller was written; false: an error, stop. */
typedef bool clocks_written(void);

#pragma GCC visibility push(default)

/* Functions that can fail return false; engine_error() then says why. */

/* Setting up, in this order: create, add what the chip has, start. */
struct core *engine_create(const struct core_model *model, uint32_t line_baud);
bool engine_add_memory(struct core *core, uint32_t address, uint32_t bytes, bool writable);
bool engine_add_mirror(struct core *core, uint32_t address, uint32_t bytes, bool writable,
                       uint32_t of_address);
bool engine_add_device(struct core *core, const struct device_description *description);
/* The host is wired to this device, or if not `is_settled`, to the UART that the guest sends through first.
 */
void engine_set_console(struct core *core, uint32_t number, bool is_settled);
bool engine_add_register(struct core *core, const struct register_rule *rule);
void engine_set_clock_control(struct core *core, uint32_t address, uint32_t reset_core_hz,
                              clocks_written *clocks_written);
void engine_set_timing(struct core *core, const struct timing_parameters *parameters,
                       uint32_t exception_entry_cycles, uint32_t exception_return_cycles,
                       describe_block *describe_block);
bool engine_start(struct core *core, uint32_t boot_address);
void engine_destroy(struct core *core);
const char *engine_error(const struct core *core);

/* From the callback `clocks_written`: what the clocks are from this moment on, one for each device. */
void engine_set_clocks(struct core *core, uint32_t core_hz, const uint32_t *device_hz);

uint32_t engine_run(struct core *core, uint64_t deadline_ps, uint32_t wanted_bytes, bool to_line_end);

/* Lets a sleeping core sleep on until `time_ps`. */
void engine_sleep_until(struct core *core, uint64_t time_ps);

void engine_now(const struct core *core, struct engine_moment *moment);

uint32_t engine_send(struct core *core, const uint8_t *data, uint32_t bytes);
bool engine_send_break(struct core *core);
uint32_t engine_unsent(const struct core *core);
uint32_t engine_take(struct core *core, struct line_byte *bytes, uint32_t maximum);
uint32_t engine_waiting(const struct core *core);
uint32_t engine_guest_baud(const struct core *core);
uint32_t engine_core_hz(const struct core *core);

/* Fills ENGINE_REGISTERS values. */
void engine_registers(struct core *core, uint32_t *values);
bool engine_read_memory(const struct core *core, uint32_t address, uint8_t *data, uint32_t bytes);
bool engine_write_memory(struct core *core, uint32_t address, const uint8_t *data, uint32_t bytes);
uint32_t engine_peripheral_word(const struct core *core, uint32_t address);
void engine_fault(const struct core *core, struct fault *fault);
bool engine_is_sleeping(const struct core *core);
uint32_t engine_resets(const struct core *core);

uint32_t engine_register_uses(const struct core *core, struct register_use *uses);
void engine_forget_register_uses(struct core *core);
uint32_t engine_register_blocks(const struct core *core, struct register_block *blocks);

void engine_polling(const struct core *core, struct engine_polling *polling);

/* Devices by number, in the order in which they were added. */
uint32_t engine_console(const struct core *core);
uint64_t engine_sent_bytes(const struct core *core, uint32_t number);

struct snapshot *engine_snapshot(struct core *core);
bool engine_restore(struct core *core, const struct snapshot *snapshot);
void engine_free_snapshot(struct snapshot *snapshot);

#pragma GCC visibility pop

#endif
