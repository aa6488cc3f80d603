/* The interface that tinysim/engines/embedded/native_core.py loads. Functions that can fail return false;
 * engine_error() then says why. */
#ifndef TINYSIM_ENGINE_H
#define TINYSIM_ENGINE_H

#include "core.h"
#include "snapshot.h"

#ifdef _WIN32
#define EXPORT __declspec(dllexport)
#else
#define EXPORT __attribute__((visibility("default")))
#endif

/* Setting up, in this order: create, add what the chip has, start. */
EXPORT struct core *engine_create(const struct core_model *model, uint32_t line_baud);
EXPORT bool engine_add_memory(struct core *core, uint32_t address, uint32_t bytes, bool writable);
EXPORT bool engine_add_mirror(struct core *core, uint32_t address, uint32_t bytes, bool writable,
                              uint32_t of_address);
/* Requests are those by which a DMA controller knows the USART, at most REQUESTS_MAXIMUM each, 0 for none. */
EXPORT bool engine_add_usart(struct core *core, uint32_t address, uint32_t interrupt, bool low_power,
                             bool has_fifo, const uint32_t *receive_requests,
                             const uint32_t *transmit_requests);
/* The host is wired to this USART, or if not `is_settled`, to the one that the guest sends through first. */
EXPORT void engine_set_console(struct core *core, uint32_t number, bool is_settled);
EXPORT bool engine_add_timer(struct core *core, uint32_t address, uint32_t interrupt,
                             uint32_t compare_interrupt, uint32_t counter_bits);
enum { ENGINE_NO_INTERRUPT = 0xFFFF };
/* `interrupts` has UNIT_LINES entries, ENGINE_NO_INTERRUPT where there is no line. */
EXPORT bool engine_add_unit(struct core *core, uint32_t kind, uint32_t address, uint32_t bytes,
                            const uint32_t *interrupts, uint32_t channels, uint32_t multiplexer);
EXPORT bool engine_add_register(struct core *core, const struct register_rule *rule);
EXPORT void engine_set_clock_control(struct core *core, uint32_t address, uint32_t reset_core_hz,
                                     clocks_written *clocks_written);
EXPORT void engine_set_timing(struct core *core, const struct timing_parameters *parameters,
                              uint32_t exception_entry_cycles, uint32_t exception_return_cycles,
                              describe_block *describe_block);
EXPORT bool engine_start(struct core *core, uint32_t boot_address);
EXPORT void engine_destroy(struct core *core);
EXPORT const char *engine_error(const struct core *core);

/* From the callback `clocks_written`: what the clocks are from this moment on. */
EXPORT void engine_set_clocks(struct core *core, uint32_t core_hz, const uint32_t *usart_hz,
                              const uint32_t *timer_hz, const uint32_t *unit_hz);

EXPORT uint32_t engine_run(struct core *core, uint64_t deadline_ps, uint32_t wanted_bytes, bool to_line_end);

/* Lets a sleeping core sleep on until `time_ps`. */
EXPORT void engine_sleep_until(struct core *core, uint64_t time_ps);

struct engine_moment {
    uint64_t time_ps;
    uint64_t instructions;
    uint64_t cycles;
};
EXPORT void engine_now(const struct core *core, struct engine_moment *moment);

EXPORT uint32_t engine_send(struct core *core, const uint8_t *data, uint32_t bytes);
EXPORT bool engine_send_break(struct core *core);
EXPORT uint32_t engine_unsent(const struct core *core);
EXPORT void engine_forget_unsent(struct core *core);
EXPORT uint32_t engine_take(struct core *core, struct line_byte *bytes, uint32_t maximum);
EXPORT uint32_t engine_waiting(const struct core *core);
EXPORT uint64_t engine_lost_bytes(const struct core *core);
EXPORT uint32_t engine_guest_baud(const struct core *core);
EXPORT uint32_t engine_core_hz(const struct core *core);

/* r0 to r15, then xPSR, MSP, PSP, CONTROL, PRIMASK, BASEPRI, FAULTMASK. */
enum { ENGINE_REGISTERS = CORE_REGISTERS + 7 };
EXPORT void engine_registers(struct core *core, uint32_t *values);
EXPORT bool engine_read_memory(const struct core *core, uint32_t address, uint8_t *data, uint32_t bytes);
EXPORT bool engine_write_memory(struct core *core, uint32_t address, const uint8_t *data, uint32_t bytes);
EXPORT uint32_t engine_peripheral_word(const struct core *core, uint32_t address);
EXPORT void engine_fault(const struct core *core, struct fault *fault);
EXPORT bool engine_is_sleeping(const struct core *core);
EXPORT uint32_t engine_resets(const struct core *core);

EXPORT uint32_t engine_register_uses(const struct core *core, struct register_use *uses);
EXPORT void engine_forget_register_uses(struct core *core);
EXPORT uint32_t engine_register_blocks(const struct core *core, struct register_block *blocks);

/* For how long the guest has read registers without a model and seen nothing new. */
struct engine_polling {
    uint64_t time_ps;
    uint64_t instructions;
    uint64_t reads;
    uint32_t address; /* of the last of them */
    uint32_t pc;
    uint32_t value;
};
EXPORT void engine_polling(const struct core *core, struct engine_polling *polling);

EXPORT uint32_t engine_console(const struct core *core);
EXPORT uint64_t engine_usart_sent_bytes(const struct core *core, uint32_t number);

EXPORT struct snapshot *engine_snapshot(struct core *core);
EXPORT bool engine_restore(struct core *core, const struct snapshot *snapshot);
EXPORT void engine_free_snapshot(struct snapshot *snapshot);

#endif
