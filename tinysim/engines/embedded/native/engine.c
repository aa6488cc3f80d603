#include "engine.h"

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
    core->line_baud = line_baud;
    core->peek = peek;
    core->state.clock.core_hz = 1;
    line_reset(&core->line);
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
    return map_memory(core,
                      memories_add(&core->memories, address, bytes, writable, NULL, writable ? 0 : ERASED));
}

bool engine_add_mirror(struct core *core, uint32_t address, uint32_t bytes, bool writable,
                       uint32_t of_address)
{
    uint8_t *shared = memories_at(&core->memories, of_address, bytes);
    if (shared == NULL) {
        core_fail(core, "a mirror shows what is not there", UC_ERR_OK);
        return false;
    }
    return map_memory(core, memories_add(&core->memories, address, bytes, writable, shared, 0));
}

bool engine_add_usart(struct core *core, uint32_t address, uint32_t interrupt, bool low_power, bool has_fifo,
                      const uint32_t *receive_requests, const uint32_t *transmit_requests)
{
    if (core->usart_count == USARTS_MAXIMUM) {
        core_fail(core, "too many UARTs", UC_ERR_OK);
        return false;
    }
    uint32_t number = core->usart_count++;
    struct device_place *place = &core->usart_places[number];
    *place = (struct device_place){.address = address, .exception = EXCEPTION_EXTERNAL + interrupt};
    memcpy(place->receive_requests, receive_requests, sizeof place->receive_requests);
    memcpy(place->transmit_requests, transmit_requests, sizeof place->transmit_requests);
    core->state.usarts[number] = (struct usart){
        .low_power = low_power, .has_fifo = has_fifo, .line_baud = core->line_baud, .core_hz = 1};
    return true;
}

void engine_set_console(struct core *core, uint32_t number, bool is_settled)
{
    core->state.console = number;
    core->state.console_is_settled = is_settled;
}

bool engine_add_timer(struct core *core, uint32_t address, uint32_t interrupt, uint32_t compare_interrupt,
                      uint32_t counter_bits)
{
    if (core->timer_count == TIMERS_MAXIMUM) {
        core_fail(core, "too many timers", UC_ERR_OK);
        return false;
    }
    uint32_t number = core->timer_count++;
    core->timer_places[number] =
        (struct device_place){.address = address,
                              .exception = EXCEPTION_EXTERNAL + interrupt,
                              .compare_exception = EXCEPTION_EXTERNAL + compare_interrupt};
    core->state.timers[number].counter_mask = counter_bits == 32 ? UINT32_MAX : 0xFFFFu;
    return true;
}

static uint32_t units_maximum(enum unit_kind kind)
{
    switch (kind) {
    case UNIT_GPIO:
        return UNITS_MAXIMUM;
    case UNIT_LPTIM:
    case UNIT_LPTIM_WITH_CCR2:
        return LPTIMS_MAXIMUM;
    case UNIT_DMA_CHANNELS:
    case UNIT_DMA_STREAMS:
        return DMAS_MAXIMUM;
    default:
        return 1;
    }
}

static void set_up_unit(struct core *core, const struct unit *unit, uint32_t channels)
{
    struct state *state = &core->state;
    if (unit->kind == UNIT_RTC || unit->kind == UNIT_RTC_WITH_SR) {
        state->rtc.has_status_register = unit->kind == UNIT_RTC_WITH_SR;
    } else if (unit->kind == UNIT_LPTIM || unit->kind == UNIT_LPTIM_WITH_CCR2) {
        state->lptims[unit->index].two_channels = unit->kind == UNIT_LPTIM_WITH_CCR2;
    } else if (unit->kind == UNIT_DMA_CHANNELS || unit->kind == UNIT_DMA_STREAMS) {
        state->dmas[unit->index].has_streams = unit->kind == UNIT_DMA_STREAMS;
        state->dmas[unit->index].channels = channels;
    }
}

bool engine_add_unit(struct core *core, uint32_t kind, uint32_t address, uint32_t bytes,
                     const uint32_t *interrupts, uint32_t channels, uint32_t multiplexer)
{
    uint32_t index = 0;
    for (uint32_t number = 0; number < core->unit_count; number++) {
        index += core->units[number].kind == kind ? 1 : 0;
    }
    if (core->unit_count == UNITS_MAXIMUM || kind >= UNIT_KINDS || index >= units_maximum(kind) ||
        channels > DMA_CHANNELS) {
        core_fail(core, "too many devices", UC_ERR_OK);
        return false;
    }
    struct unit *unit = &core->units[core->unit_count++];
    *unit = (struct unit){
        .kind = kind, .index = index, .address = address, .bytes = bytes, .multiplexer = multiplexer};
    for (uint32_t line = 0; line < UNIT_LINES; line++) {
        unit->exceptions[line] =
            interrupts[line] == ENGINE_NO_INTERRUPT ? EXCEPTION_NONE : EXCEPTION_EXTERNAL + interrupts[line];
    }
    set_up_unit(core, unit, channels);
    return true;
}

bool engine_add_register(struct core *core, const struct register_rule *rule)
{
    if (!registers_add_rule(&core->registers, rule)) {
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
    core->state.clock.core_hz = reset_core_hz;
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
    core->code_memory = &core->memories.list[0];
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
    registers_free(&core->registers);
    memories_free(&core->memories);
    memories_free(&core->exception_return_memory);
    free(core->watched);
    free(core);
}

const char *engine_error(const struct core *core)
{
    return core->error;
}

void engine_set_clocks(struct core *core, uint32_t core_hz, const uint32_t *usart_hz,
                       const uint32_t *timer_hz, const uint32_t *unit_hz)
{
    struct state *state = &core->state;
    uint64_t now = core_ticks(core);
    if (core_hz != state->clock.core_hz) {
        clock_change(&state->clock, now, core_hz);
        core->deadline = clock_ticks_at(&state->clock, core->deadline_ps);
    }
    for (uint32_t number = 0; number < core->usart_count; number++) {
        usart_clock(&state->usarts[number], usart_hz[number], core_hz);
    }
    for (uint32_t number = 0; number < core->timer_count; number++) {
        timer_clock(&state->timers[number], timer_hz[number], core_hz, now);
    }
    for (uint32_t number = 0; number < core->unit_count; number++) {
        devices_clock_unit(core, number, unit_hz[number], now);
    }
    core_device_changed(core);
}

uint32_t engine_run(struct core *core, uint64_t deadline_ps, uint32_t wanted_bytes, bool to_line_end)
{
    core->deadline_ps = deadline_ps;
    return (uint32_t)run(core, clock_ticks_at(&core->state.clock, deadline_ps), wanted_bytes, to_line_end);
}

void engine_sleep_until(struct core *core, uint64_t time_ps)
{
    uint64_t ticks = clock_ticks_at(&core->state.clock, time_ps);
    if (core->state.sleeping && ticks > core_ticks(core)) {
        core->state.sleep_ticks += ticks - core_ticks(core);
    }
}

void engine_now(const struct core *core, struct engine_moment *moment)
{
    *moment = (struct engine_moment){
        .time_ps = clock_time_ps(&core->state.clock, core_ticks(core)),
        .instructions = core->state.instructions,
        .cycles = core->state.cycles,
    };
}

static bool put(struct core *core, uint16_t character)
{
    uint64_t frame_ticks = core->state.usarts[core->state.console].frame_ticks;
    core_device_changed(core);
    return line_put(&core->line, character, core_ticks(core), frame_ticks);
}

uint32_t engine_send(struct core *core, const uint8_t *data, uint32_t bytes)
{
    uint32_t sent = 0;
    while (sent < bytes && put(core, data[sent])) {
        sent++;
    }
    return sent;
}

bool engine_send_break(struct core *core)
{
    return put(core, LINE_BREAK);
}

uint32_t engine_unsent(const struct core *core)
{
    return core->line.to_guest_count;
}

void engine_forget_unsent(struct core *core)
{
    line_forget_input(&core->line);
}

uint32_t engine_take(struct core *core, struct line_byte *bytes, uint32_t maximum)
{
    return line_take(&core->line, bytes, maximum);
}

uint32_t engine_waiting(const struct core *core)
{
    return core->line.to_host_count;
}

uint64_t engine_lost_bytes(const struct core *core)
{
    return core->line.lost_bytes;
}

uint32_t engine_guest_baud(const struct core *core)
{
    return usart_baud(&core->state.usarts[core->state.console]);
}

uint32_t engine_core_hz(const struct core *core)
{
    return core->state.clock.core_hz;
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
    const uint8_t *place = memories_at(&core->memories, address, bytes);
    if (place != NULL) {
        memcpy(data, place, bytes);
    }
    return place != NULL;
}

bool engine_write_memory(struct core *core, uint32_t address, const uint8_t *data, uint32_t bytes)
{
    uint8_t *place = memories_at(&core->memories, address, bytes);
    if (place == NULL) {
        return false;
    }
    memcpy(place, data, bytes);
    struct memory *memory = memories_find(&core->memories, address);
    if (!memory->writable) {
        /* Code in RAM is compared with what was translated before it runs, code in flash is not. */
        for (uint32_t number = 0; number < core->memories.count; number++) {
            memory_forget_blocks(&core->memories.list[number]);
        }
        core->block = NULL;
        return check(core, "cannot translate code again", uc_ctl_flush_tb(core->uc));
    }
    return true;
}

uint32_t engine_peripheral_word(const struct core *core, uint32_t address)
{
    return registers_read(&core->registers, address);
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
    memcpy(uses, core->registers.uses, core->registers.use_count * sizeof *uses);
    return core->registers.use_count;
}

void engine_forget_register_uses(struct core *core)
{
    core->registers.use_count = 0;
}

uint32_t engine_register_blocks(const struct core *core, struct register_block *blocks)
{
    memcpy(blocks, core->registers.blocks, core->registers.block_count * sizeof *blocks);
    return core->registers.block_count;
}

void engine_polling(const struct core *core, struct engine_polling *polling)
{
    const struct polling *own = &core->polling;
    const struct clock *clock = &core->state.clock;
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
    return core->state.console;
}

uint64_t engine_usart_sent_bytes(const struct core *core, uint32_t number)
{
    return core->state.usart_sent_bytes[number];
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
