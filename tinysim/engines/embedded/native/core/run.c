#include "run.h"

#include "decode.h"
#include "devices.h"
#include "exceptions.h"

/* No block starts at an odd address: the guest runs until a hook ends it. */
static const uint64_t NOWHERE = 0xFFFFFFFFu;

static const uint32_t CPSR_THUMB = 1u << 5;

void run_stop(struct core *core, enum stop_reason reason, uint32_t pc)
{
    core->stop = reason;
    core->state.pc = pc;
    (void)uc_emu_stop(core->uc);
}

static uint64_t run_until(struct core *core, uint64_t now)
{
    for (;;) {
        uint64_t systick = systick_due(&core->state.systick);
        uint64_t devices = devices_run(&core->chip, systick < now ? systick : now);
        if (systick > now) {
            return devices < systick ? devices : systick;
        }
        if (systick_advance(&core->state.systick, systick)) {
            nvic_pend(&core->state.nvic, EXCEPTION_SYSTICK);
            core_exception_pended(core);
        }
    }
}

/* Lets devices do what is due, and finds out when they have to be looked after again. */
static void run_devices(struct core *core)
{
    uint64_t now = core_ticks(core);
    if (core->next_due <= now) {
        core->next_due = run_until(core, now);
    }
}

/* From which cycle on the guest has to be looked after again, if it does not sleep. */
static void plan(struct core *core)
{
    uint64_t next = core->next_due < core->deadline ? core->next_due : core->deadline;
    core->attention_cycles = next > core->state.sleep_ticks ? next - core->state.sleep_ticks : 0;
}

static bool has_output(const struct core *core)
{
    uint32_t waiting = core->chip.line.to_host_count;
    return waiting >= core->wanted_bytes ||
           (core->to_line_end && waiting != 0 && core->chip.line.last_byte == '\n');
}

static enum stop_reason stop_reason(const struct core *core)
{
    if (core->state.locked_up) {
        return STOP_LOCKUP;
    }
    if (has_output(core)) {
        return STOP_OUTPUT;
    }
    return core_ticks(core) >= core->deadline ? STOP_DEADLINE : STOP_NONE;
}

/* Lets time pass until the core wakes and takes what exception it can; state.pc is where it goes on. Returns
 * false where the run ends first. */
static bool wake(struct core *core)
{
    struct state *state = &core->state;
    for (;;) {
        run_devices(core);
        core->stop = core->stop == STOP_NONE ? stop_reason(core) : core->stop;
        if (core->stop != STOP_NONE) {
            return false;
        }
        bool has_event = state->sleeps_for_event && state->event;
        if (has_event || exceptions_wake(core)) {
            state->sleeping = false;
            state->event = state->event && !has_event;
            (void)exceptions_take(core, state->pc);
            plan(core);
            return true;
        }
        if (core->next_due == NEVER) {
            core->stop = STOP_IDLE;
            return false;
        }
        uint64_t until = core->next_due < core->deadline ? core->next_due : core->deadline;
        state->sleep_ticks += until - core_ticks(core);
    }
}

void run_sleep(struct core *core, uint32_t pc, bool for_event)
{
    struct state *state = &core->state;
    core_set_pc(core, pc);
    if (for_event && state->event) {
        state->event = false;
        return;
    }
    state->sleeping = true;
    state->sleeps_for_event = for_event;
    if (!wake(core)) {
        (void)uc_emu_stop(core->uc);
    }
}

static bool attend_to_block(struct core *core, uint32_t address)
{
    struct state *state = &core->state;
    if (core->store_faulted) {
        core->store_faulted = false;
        exceptions_fault(core, EXCEPTION_BUS_FAULT, CFSR_IMPRECISERR, address, NULL);
        return true;
    }
    if (state->reset_requested) {
        state->resets++;
        if (!core_reset(core)) {
            run_stop(core, STOP_ERROR, address);
        }
        core_set_pc(core, state->pc);
        return true;
    }
    if (address >= EXCEPTION_RETURN_FIRST) {
        exceptions_return(core, address | 1u);
        return true;
    }
    return state->interrupts_changed && exceptions_take(core, address);
}

/* The PC has moved: sleeps on exit, or ends the run where that has led to a lockup. */
static void finish_attention(struct core *core)
{
    if ((core->state.sleeping && !wake(core)) || core->stop != STOP_NONE) {
        (void)uc_emu_stop(core->uc);
    }
}

bool run_attend(struct core *core, uint32_t address)
{
    run_devices(core);
    if (core->stop == STOP_NONE) {
        core->stop = stop_reason(core);
    }
    if (core->stop != STOP_NONE) {
        run_stop(core, core->stop, address);
        return true;
    }
    plan(core);
    if (!attend_to_block(core, address)) {
        return false;
    }
    finish_attention(core);
    return true;
}

void run_exception_return(struct core *core, uint32_t address)
{
    /* ARMv6-M does not have the instruction that stands there: then the PC is written as anywhere else. */
    core->in_return_page = core->model.has_configurable_faults;
    if (core->state.cycles >= core->attention_cycles) {
        (void)run_attend(core, address);
    } else {
        exceptions_return(core, address | 1u);
        finish_attention(core);
    }
    core->in_return_page = false;
}

/* A sleep instruction that could not be watched because it lies in an IT block. */
static bool ended_by_sleep(struct core *core, uint32_t pc, bool *for_event)
{
    for (uint32_t bytes = 2; bytes <= 4; bytes += 2) {
        const uint8_t *code = memories_at(&core->chip.memories, pc - bytes, bytes);
        if (code != NULL && instruction_bytes((uint16_t)(code[0] | code[1] << 8)) == bytes &&
            is_sleep(code)) {
            *for_event = is_wait_for_event(code);
            return true;
        }
    }
    return false;
}

/* Unicorn has ended by itself: sees why, and prepares to go on. */
static void handle_end(struct core *core, uc_err error)
{
    struct state *state = &core->state;
    uint32_t pc = core_read_register(core, UC_ARM_REG_PC) & ~1u;
    bool for_event;
    state->pc = pc;
    if (core->load_faulted) {
        core->load_faulted = false;
        core_uncount_from(core, core->fault_pc);
        exceptions_fault(core, EXCEPTION_BUS_FAULT, CFSR_PRECISERR, core->fault_pc, &core->fault_address);
        return;
    }
    if (core->store_faulted) {
        core->store_faulted = false;
        exceptions_fault(core, EXCEPTION_BUS_FAULT, CFSR_IMPRECISERR, pc, NULL);
        return;
    }
    switch (error) {
    case UC_ERR_OK:
    case UC_ERR_INSN_INVALID:
        if (ended_by_sleep(core, pc, &for_event)) {
            state->sleeping = !(for_event && state->event);
            state->event = state->event && !for_event;
            state->sleeps_for_event = for_event;
        } else if ((core_read_register(core, UC_ARM_REG_CPSR) & CPSR_THUMB) == 0) {
            exceptions_fault(core, EXCEPTION_USAGE_FAULT, CFSR_INVSTATE, pc, NULL);
        } else if (error == UC_ERR_INSN_INVALID) {
            core_uncount_from(core, pc);
            exceptions_fault(core, EXCEPTION_USAGE_FAULT, CFSR_UNDEFINSTR, pc, NULL);
        }
        break;
    case UC_ERR_WRITE_UNMAPPED:
        break; /* dealt with when the block had ended */
    case UC_ERR_FETCH_UNMAPPED:
        exceptions_fault(core, EXCEPTION_BUS_FAULT, CFSR_IBUSERR, pc, NULL);
        break;
    case UC_ERR_FETCH_PROT:
        exceptions_fault(core, EXCEPTION_MEM_MANAGE, CFSR_IACCVIOL, pc, NULL);
        break;
    default:
        core_fail(core, "the emulator has failed", error);
        break;
    }
}

enum stop_reason run(struct core *core, uint64_t deadline, uint32_t wanted_bytes, bool to_line_end)
{
    struct state *state = &core->state;
    core->deadline = deadline;
    core->wanted_bytes = wanted_bytes;
    core->to_line_end = to_line_end;
    core->stop = core->error[0] != '\0' ? STOP_ERROR : STOP_NONE;
    while (core->stop == STOP_NONE) {
        if (state->sleeping && !wake(core)) {
            break;
        }
        core_request_attention(core);
        uc_err error = uc_emu_start(core->uc, state->pc | 1u, NOWHERE, 0, 0);
        if (core->stop == STOP_NONE) {
            handle_end(core, error);
        }
    }
    return core->error[0] != '\0' ? STOP_ERROR : core->stop;
}
