#include "engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bus.h"
#include "devices.h"
#include "exceptions.h"
#include "hooks.h"
#include "run.h"
#include "snapshot.h"
#include "system.h"

enum { ERASED = 0xFF };

static uint32_t peek(void *context, uint32_t address)
{
    return memories_word(context, address);
}

static bool check(struct core *core, const char *what, uc_err error)
{
    if (error != UC_ERR_OK) {
        core_fail(core, what, error);
    }
    return error == UC_ERR_OK;
}

struct core *engine_create(const struct core_model *model, uint32_t line_baud)
{
    struct core *core = calloc(1, sizeof *core);
    if (core == NULL) {
        return NULL;
    }
    core->model = *model;
    core->chip.line_baud = line_baud;
    core->chip.core = core_of_chip(core);
    core->peek = peek;
    core->chip.state.clock.core_hz = 1;
    line_reset(&core->chip.line);
    (void)(check(core, "cannot start the emulator", uc_open(UC_ARCH_ARM, UC_MODE_THUMB, &core->uc)) &&
           check(core, "cannot choose the core", uc_ctl_set_cpu_model(core->uc, model->unicorn_model)) &&
           /* Every address stands for itself: exception returns can be code, nothing checks for an MPU. */
           check(core, "cannot set up memory", uc_ctl_tlb_mode(core->uc, UC_TLB_VIRTUAL)));
    return core;
}

static bool map_memory(struct core *core, const struct memory *memory)
{
    if (memory == NULL) {
        core_fail(core, "out of memory", UC_ERR_NOMEM);
        return false;
    }
    uint32_t permissions = UC_PROT_READ | UC_PROT_EXEC | (memory->writable ? UC_PROT_WRITE : 0u);
    return check(core, "cannot map memory",
                 uc_mem_map_ptr(core->uc, memory->address, memory->bytes, permissions, memory->host));
}

bool engine_add_memory(struct core *core, uint32_t address, uint32_t bytes, bool writable)
{
    return map_memory(
        core, memories_add(&core->chip.memories, address, bytes, writable, NULL, writable ? 0 : ERASED));
}

bool engine_add_mirror(struct core *core, uint32_t address, uint32_t bytes, bool writable,
                       uint32_t of_address)
{
    uint8_t *shared = memories_at(&core->chip.memories, of_address, bytes);
    if (shared == NULL) {
        core_fail(core, "a mirror shows what is not there", UC_ERR_OK);
        return false;
    }
    return map_memory(core, memories_add(&core->chip.memories, address, bytes, writable, shared, 0));
}

bool engine_add_device(struct core *core, const struct device_description *description)
{
    const char *problem = devices_add(&core->chip, description);
    if (problem != NULL) {
        (void)snprintf(core->error, sizeof core->error, "%s: %s", description->model, problem);
    }
    return problem == NULL;
}

void engine_set_console(struct core *core, uint32_t number, bool is_settled)
{
    core->chip.state.console = number;
    core->chip.state.console_is_settled = is_settled;
}

bool engine_add_register(struct core *core, const struct register_rule *rule)
{
    if (!registers_add_rule(&core->chip.registers, rule)) {
        core_fail(core, "out of memory", UC_ERR_NOMEM);
        return false;
    }
    return true;
}

void engine_set_clock_control(struct core *core, uint32_t address, uint32_t reset_core_hz,
                              clocks_written *clocks_written)
{
    core->clock_control_address = address;
    core->reset_core_hz = reset_core_hz;
    core->chip.state.clock.core_hz = reset_core_hz;
    core->clocks_written = clocks_written;
}

void engine_set_timing(struct core *core, const struct timing_parameters *parameters,
                       uint32_t exception_entry_cycles, uint32_t exception_return_cycles,
                       describe_block *describe_block)
{
    core->has_timing = true;
    core->timing_parameters = *parameters;
    core->exception_entry_cycles = exception_entry_cycles;
    core->exception_return_cycles = exception_return_cycles;
    core->describe_block = describe_block;
}

/* Addresses at which the core returns from exceptions become code, so that reaching one is a block like any
 * other: the quickest way to be told, and to go on from there. */
static bool map_exception_return(struct core *core)
{
    struct memories *own = &core->exception_return_memory;
    const struct memory *memory =
        memories_add(own, EXCEPTION_RETURN_PAGE, EXCEPTION_RETURN_PAGE_BYTES, false, NULL, 0);
    return map_memory(core, memory) && core_write_return_page(core);
}

bool engine_start(struct core *core, uint32_t boot_address)
{
    core->boot_address = boot_address;
    core->code_memory = &core->chip.memories.list[0];
    if (core->error[0] != '\0' || !map_exception_return(core) || !bus_map(core) || !hooks_install(core) ||
        !check(core, "cannot save registers", uc_context_alloc(core->uc, &core->context)) ||
        !check(core, "cannot save registers", uc_context_alloc(core->uc, &core->pristine)) ||
        !check(core, "cannot save registers", uc_context_save(core->uc, core->pristine))) {
        return false;
    }
    core->cpsr_fixed = core_read_register(core, UC_ARM_REG_CPSR) & 0x000001DFu;
    if (!exceptions_prepare(core)) {
        core_fail(core, "this version of Unicorn is not one that tinysim knows", UC_ERR_VERSION);
        return false;
    }
    return core_reset(core);
}

void engine_destroy(struct core *core)
{
    if (core == NULL) {
        return;
    }
    if (core->context != NULL) {
        (void)uc_context_free(core->context);
    }
    if (core->pristine != NULL) {
        (void)uc_context_free(core->pristine);
    }
    if (core->uc != NULL) {
        (void)uc_close(core->uc);
    }
    bus_free(core);
    chip_free(&core->chip);
    memories_free(&core->exception_return_memory);
    free(core->watched);
    free(core);
}

const char *engine_error(const struct core *core)
{
    return core->error;
}

void engine_set_clocks(struct core *core, uint32_t core_hz, const uint32_t *device_hz)
{
    struct clock *clock = &core->chip.state.clock;
    uint64_t now = core_ticks(core);
    if (core_hz != clock->core_hz) {
        clock_change(clock, now, core_hz);
        core->deadline = clock_ticks_at(clock, core->deadline_ps);
    }
    devices_clock(&core->chip, device_hz, now);
    core_device_changed(core);
}

uint32_t engine_run(struct core *core, uint64_t deadline_ps, uint32_t wanted_bytes, bool to_line_end)
{
    core->deadline_ps = deadline_ps;
    return (uint32_t)run(core, clock_ticks_at(&core->chip.state.clock, deadline_ps), wanted_bytes,
                         to_line_end);
}

void engine_sleep_until(struct core *core, uint64_t time_ps)
{
    uint64_t ticks = clock_ticks_at(&core->chip.state.clock, time_ps);
    if (core->state.sleeping && ticks > core_ticks(core)) {
        core->state.sleep_ticks += ticks - core_ticks(core);
    }
}

void engine_now(const struct core *core, struct engine_moment *moment)
{
    *moment = (struct engine_moment){
        .time_ps = clock_time_ps(&core->chip.state.clock, core_ticks(core)),
        .instructions = core->state.instructions,
        .cycles = core->state.cycles,
    };
}

uint32_t engine_send(struct core *core, const uint8_t *data, uint32_t bytes)
{
    uint32_t sent = 0;
    while (sent < bytes && devices_send(&core->chip, data[sent], core_ticks(core))) {
        sent++;
    }
    return sent;
}

bool engine_send_break(struct core *core)
{
    return devices_send(&core->chip, LINE_BREAK, core_ticks(core));
}

uint32_t engine_unsent(const struct core *core)
{
    return core->chip.line.to_guest_count;
}

uint32_t engine_take(struct core *core, struct line_byte *bytes, uint32_t maximum)
{
    return line_take(&core->chip.line, bytes, maximum);
}

uint32_t engine_waiting(const struct core *core)
{
    return core->chip.line.to_host_count;
}

uint32_t engine_guest_baud(const struct core *core)
{
    const struct device *console = devices_console(&core->chip);
    return console->type->uart->baud(console);
}

uint32_t engine_core_hz(const struct core *core)
{
    return core->chip.state.clock.core_hz;
}

void engine_registers(struct core *core, uint32_t *values)
{
    static const int numbers[ENGINE_REGISTERS] = {
        UC_ARM_REG_R0,      UC_ARM_REG_R1,      UC_ARM_REG_R2,       UC_ARM_REG_R3,  UC_ARM_REG_R4,
        UC_ARM_REG_R5,      UC_ARM_REG_R6,      UC_ARM_REG_R7,       UC_ARM_REG_R8,  UC_ARM_REG_R9,
        UC_ARM_REG_R10,     UC_ARM_REG_R11,     UC_ARM_REG_R12,      UC_ARM_REG_SP,  UC_ARM_REG_LR,
        UC_ARM_REG_PC,      UC_ARM_REG_CPSR,    UC_ARM_REG_MSP,      UC_ARM_REG_PSP, UC_ARM_REG_CONTROL,
        UC_ARM_REG_PRIMASK, UC_ARM_REG_BASEPRI, UC_ARM_REG_FAULTMASK};
    for (uint32_t number = 0; number < ENGINE_REGISTERS; number++) {
        values[number] = core_read_register(core, numbers[number]);
    }
    values[CORE_REGISTERS - 1] = core->state.pc;
    values[CORE_REGISTERS] = exceptions_xpsr(core);
}

bool engine_read_memory(const struct core *core, uint32_t address, uint8_t *data, uint32_t bytes)
{
    const uint8_t *place = memories_at(&core->chip.memories, address, bytes);
    if (place != NULL) {
        memcpy(data, place, bytes);
    }
    return place != NULL;
}

bool engine_write_memory(struct core *core, uint32_t address, const uint8_t *data, uint32_t bytes)
{
    uint8_t *place = memories_at(&core->chip.memories, address, bytes);
    if (place == NULL) {
        return false;
    }
    memcpy(place, data, bytes);
    struct memory *memory = memories_find(&core->chip.memories, address);
    if (!memory->writable) {
        /* Code in RAM is compared with what was translated before it runs, code in flash is not. */
        for (uint32_t number = 0; number < core->chip.memories.count; number++) {
            memory_forget_blocks(&core->chip.memories.list[number]);
        }
        core->block = NULL;
        return check(core, "cannot translate code again", uc_ctl_flush_tb(core->uc));
    }
    return true;
}

uint32_t engine_peripheral_word(const struct core *core, uint32_t address)
{
    return registers_read(&core->chip.registers, address);
}

void engine_fault(const struct core *core, struct fault *fault)
{
    *fault = core->state.fault;
}

bool engine_is_sleeping(const struct core *core)
{
    return core->state.sleeping;
}

uint32_t engine_resets(const struct core *core)
{
    return core->state.resets;
}

uint32_t engine_register_uses(const struct core *core, struct register_use *uses)
{
    memcpy(uses, core->chip.registers.uses, core->chip.registers.use_count * sizeof *uses);
    return core->chip.registers.use_count;
}

void engine_forget_register_uses(struct core *core)
{
    core->chip.registers.use_count = 0;
}

uint32_t engine_register_blocks(const struct core *core, struct register_block *blocks)
{
    memcpy(blocks, core->chip.registers.blocks, core->chip.registers.block_count * sizeof *blocks);
    return core->chip.registers.block_count;
}

void engine_polling(const struct core *core, struct engine_polling *polling)
{
    const struct polling *own = &core->chip.polling;
    const struct clock *clock = &core->chip.state.clock;
    uint64_t since = own->since_ticks > clock->base_ticks ? own->since_ticks : clock->base_ticks;
    *polling = (struct engine_polling){
        .time_ps = clock_time_ps(clock, core_ticks(core)) - clock_time_ps(clock, since),
        .instructions = core->state.instructions - own->since_instructions,
        .reads = own->reads,
        .address = own->address,
        .pc = own->pc,
        .value = own->value,
    };
}

uint32_t engine_console(const struct core *core)
{
    return core->chip.state.console;
}

uint64_t engine_sent_bytes(const struct core *core, uint32_t number)
{
    const struct device *device = &core->chip.devices[number];
    return device->type->uart == NULL ? 0 : device->type->uart->sent_bytes(device);
}

struct snapshot *engine_snapshot(struct core *core)
{
    return snapshot_take(core);
}

bool engine_restore(struct core *core, const struct snapshot *snapshot)
{
    return snapshot_restore(core, snapshot);
}

void engine_free_snapshot(struct snapshot *snapshot)
{
    snapshot_free(snapshot);
}
