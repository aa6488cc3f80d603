#include "core.h"

#include <stdio.h>

#include "decode.h"
#include "devices.h"
#include "exceptions.h"
#include "system.h"

void core_fail(struct core *core, const char *what, uc_err error)
{
    if (core->error[0] == '\0') {
        if (error == UC_ERR_OK) {
            (void)snprintf(core->error, sizeof core->error, "%s", what);
        } else {
            (void)snprintf(core->error, sizeof core->error, "%s: %s", what, uc_strerror(error));
        }
    }
    core->stop = STOP_ERROR;
    core_request_attention(core);
}

uint32_t core_read_register(struct core *core, int unicorn_register)
{
    uint32_t value = 0;
    (void)uc_reg_read(core->uc, unicorn_register, &value);
    return value;
}

void core_write_register(struct core *core, int unicorn_register, uint32_t value)
{
    (void)uc_reg_write(core->uc, unicorn_register, &value);
}

void core_set_pc(struct core *core, uint32_t address)
{
    core->state.pc = address & ~1u;
    if (core->in_return_page) {
        store_word(core->return_target, address | 1u);
    } else {
        core_write_register(core, UC_ARM_REG_PC, address | 1u);
    }
}

bool core_write_return_page(struct core *core)
{
    const uint32_t target = EXCEPTION_RETURN_PAGE + EXCEPTION_RETURN_PAGE_BYTES / 2;
    for (uint32_t offset = EXCEPTION_RETURN_FIRST - EXCEPTION_RETURN_PAGE;
         offset < EXCEPTION_RETURN_PAGE_BYTES; offset += 4) {
        uint8_t *place = memories_at(&core->exception_return_memory, EXCEPTION_RETURN_PAGE + offset, 4);
        if (place == NULL) {
            return false;
        }
        /* LDR.W PC, [PC, #-distance] (ARMv7-M ARM, A7.7.44, encoding T2); PC is 4 ahead. */
        uint32_t distance = EXCEPTION_RETURN_PAGE + offset + 4 - target;
        store_word(place, 0xF000F85Fu | distance << 16);
    }
    core->return_target = memories_at(&core->exception_return_memory, target, 4);
    return core->return_target != NULL;
}

static uint64_t cycles_before(const struct core *core, uint32_t instructions)
{
    const struct block *block = core->block;
    if (block->timing == NULL) {
        return instructions;
    }
    /* What a block waits for, it waits for when it starts: memory, and the refill of the pipeline. */
    uint32_t own = block->timing->cycles;
    uint64_t spent = core->state.cycles - core->block_start_cycles;
    uint64_t left = own - (instructions < block->instructions ? block->cycles_before[instructions] : own);
    return spent > left ? spent - left : 0;
}

uint64_t core_ticks_at_pc(const struct core *core, uint32_t pc)
{
    uint64_t start = core->block_start_cycles + core->state.sleep_ticks;
    const struct block *block = core->block;
    if (block == NULL || pc - block->address >= block->bytes) {
        return start;
    }
    return start + cycles_before(core, instructions_before(block->code, pc - block->address));
}

void core_uncount_from(struct core *core, uint32_t pc)
{
    const struct block *block = core->block;
    if (block != NULL && pc - block->address < block->bytes) {
        uint32_t executed = instructions_before(block->code, pc - block->address);
        core->state.cycles = core->block_start_cycles + cycles_before(core, executed);
        core->state.instructions -= block->instructions - executed;
    }
}

static struct core_moment moment(const void *context)
{
    const struct core *core = context;
    return (struct core_moment){
        .ticks = core_ticks(core),
        .instructions = core->state.instructions,
        .cycles = core->state.cycles,
        .block_ticks = core->block_start_cycles + core->state.sleep_ticks,
        .block_address = core->block == NULL ? 0 : core->block->address,
    };
}

static void drive_interrupt(void *context, uint32_t interrupt, bool level)
{
    struct core *core = context;
    if (nvic_drive(&core->state.nvic, EXCEPTION_EXTERNAL + interrupt, level)) {
        core_exception_pended(core);
    }
}

static void device_changed(void *context)
{
    core_device_changed(context);
}

static void register_written(void *context, uint32_t address, uint32_t value, bool differs)
{
    struct core *core = context;
    if (core->has_timing && timing_is_control(&core->timing_parameters, address)) {
        timing_written(&core->state.timing, address, value);
    }
    if (address - core->clock_control_address < REGISTER_PAGE_BYTES && differs && !core->clocks_written()) {
        core_fail(core, "the clocks cannot be worked out", UC_ERR_OK);
    }
}

static void out_of_memory(void *context)
{
    core_fail(context, "out of memory", UC_ERR_NOMEM);
}

struct chip_core core_of_chip(struct core *core)
{
    return (struct chip_core){
        .core = core,
        .moment = moment,
        .interrupt = drive_interrupt,
        .device_changed = device_changed,
        .register_written = register_written,
        .out_of_memory = out_of_memory,
    };
}

/* A register that controls timing: one of the chip, or the core's configuration and control register. */
static uint32_t timing_control_register(void *context, uint32_t address)
{
    const struct core *core = context;
    return address == SYSTEM_CCR ? core->state.system.ccr : registers_read(&core->chip.registers, address);
}

bool core_reset(struct core *core)
{
    struct state *state = &core->state;
    uint64_t now = core_ticks(core);
    state->ipsr = EXCEPTION_NONE;
    state->sleeping = false;
    state->event = false;
    state->locked_up = false;
    state->interrupts_changed = false;
    state->reset_requested = false;
    state->fault = (struct fault){.exception = EXCEPTION_NONE};
    system_reset(core);
    devices_reset(&core->chip, now);
    if (!registers_reset(&core->chip.registers)) {
        core_fail(core, "out of memory", UC_ERR_NOMEM);
        return false;
    }
    clock_change(&core->chip.state.clock, now, core->reset_core_hz);
    if (core->clocks_written != NULL && !core->clocks_written()) {
        core_fail(core, "the clocks cannot be worked out", UC_ERR_OK);
        return false;
    }
    if (core->has_timing) {
        timing_reset(&state->timing, &core->timing_parameters, timing_control_register, core);
    }
    uc_err error = uc_context_restore(core->uc, core->pristine);
    if (error != UC_ERR_OK) {
        core_fail(core, "cannot reset the registers", error);
        return false;
    }
    core->unicorn_exception = EXCEPTION_NONE;
    core->masks_instructions = NEVER;
    core->stack_limits_changed = core->model.has_stack_limits;
    core_device_changed(core);
    core_write_register(core, UC_ARM_REG_SP, memories_word(&core->chip.memories, core->boot_address) & ~3u);
    core_write_register(core, UC_ARM_REG_LR, UINT32_MAX);
    state->pc = memories_word(&core->chip.memories, core->boot_address + 4) & ~1u;
    return true;
}
