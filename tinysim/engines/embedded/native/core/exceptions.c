#include "exceptions.h"

#include <stddef.h>
#include <string.h>

enum {
    CONTROL_NPRIV = 1u << 0,
    CONTROL_SPSEL = 1u << 1,
    CONTROL_FPCA = 1u << 2,
    CCR_STKALIGN = 1u << 9,
    SCR_SLEEPONEXIT = 1u << 1,
    HFSR_VECTTBL = 1u << 1,
    HFSR_FORCED = 1u << 30,
    DFSR_BKPT = 1u << 1,
    FPCCR_LSPACT = 1u << 0,
    FPCCR_LSPEN = 1u << 30,
};
#define FPCCR_ASPEN   (1u << 31)
#define HFSR_DEBUGEVT (1u << 31)

#define XPSR_THUMB     (1u << 24)
#define XPSR_ALIGNED   (1u << 9)
#define XPSR_EXCEPTION 0x1FFu
#define CPSR_THUMB     (1u << 5)
/* N Z C V Q, IT and GE are at the same places in CPSR and xPSR. */
#define PSR_COMMON 0xFE0FFC00u
#define PSR_IT     0x0600FC00u

#define RETURN_TO_THREAD (1u << 3)
#define RETURN_TO_PSP    (1u << 2)
#define RETURN_BASIC     (1u << 4)

enum { BASIC_FRAME_BYTES = 0x20, FLOAT_FRAME_BYTES = 0x68, FLOAT_REGISTERS = 16 };

/* Registers that exception entry and return move, in the order of the frame. */
enum { R0, R1, R2, R3, R12, LR, FRAME_REGISTERS };

static const int frame_registers[FRAME_REGISTERS] = {UC_ARM_REG_R0, UC_ARM_REG_R1,  UC_ARM_REG_R2,
                                                     UC_ARM_REG_R3, UC_ARM_REG_R12, UC_ARM_REG_LR};

/* Reads the registers at `registers` in one call. */
static void read_registers(struct core *core, const int *registers, uint32_t *values, int count)
{
    void *places[CORE_REGISTERS];
    for (int number = 0; number < count; number++) {
        places[number] = &values[number];
    }
    uc_err error = uc_reg_read_batch(core->uc, (int *)registers, places, count);
    if (error != UC_ERR_OK) {
        core_fail(core, "cannot read registers", error);
    }
}

static void write_registers(struct core *core, const int *registers, uint32_t *values, int count)
{
    void *places[CORE_REGISTERS];
    for (int number = 0; number < count; number++) {
        places[number] = &values[number];
    }
    uc_err error = uc_reg_write_batch(core->uc, (int *)registers, places, count);
    if (error != UC_ERR_OK) {
        core_fail(core, "cannot write registers", error);
    }
}

/* The masks change only while the guest executes. */
static const struct masks *read_masks(struct core *core)
{
    if (core->masks_instructions != core->state.instructions) {
        static const int wanted[] = {UC_ARM_REG_PRIMASK, UC_ARM_REG_BASEPRI, UC_ARM_REG_FAULTMASK};
        uint32_t values[3] = {0};
        read_registers(core, wanted, values, core->uses_mask_levels ? 3 : 1);
        core->masks = (struct masks){.primask = values[0], .basepri = values[1], .faultmask = values[2]};
        core->masks_instructions = core->state.instructions;
    }
    return &core->masks;
}

static int execution_priority(struct core *core, bool ignore_primask)
{
    const struct masks *masks = read_masks(core);
    return nvic_execution_priority(&core->state.nvic, masks->basepri, masks->primask != 0 && !ignore_primask,
                                   masks->faultmask != 0);
}

/* The place of a word in Unicorn's saved context that differs between two contexts as said. */
static uint32_t find_word(const uint8_t *before, const uint8_t *after, size_t bytes, uint32_t old,
                          uint32_t new)
{
    for (size_t offset = 0; offset + 4 <= bytes; offset += 4) {
        if (load_word(before + offset) == old && load_word(after + offset) == new) {
            return (uint32_t)offset;
        }
    }
    return UINT32_MAX;
}

static uint32_t find_control_word(struct core *core, int unicorn_register, uint32_t value)
{
    size_t bytes = uc_context_size(core->uc);
    uc_context *before = NULL;
    uint32_t offset = UINT32_MAX;
    if (uc_context_alloc(core->uc, &before) != UC_ERR_OK) {
        return UINT32_MAX;
    }
    if (uc_context_save(core->uc, before) == UC_ERR_OK) {
        core_write_register(core, unicorn_register, value);
        if (uc_context_save(core->uc, core->context) == UC_ERR_OK) {
            offset = find_word((const uint8_t *)before, (const uint8_t *)core->context, bytes, 0, value);
        }
        (void)uc_context_restore(core->uc, before);
    }
    (void)uc_context_free(before);
    return offset;
}

/* Writes what Unicorn takes for IPSR and CONTROL, whatever mode it is in. The stack pointers stay where they
 * are: the caller exchanges them where the change of mode means it. */
static void patch_mode(struct core *core, uint32_t exception, uint32_t control)
{
    uint8_t *context = (uint8_t *)core->context;
    uc_err error = uc_context_save(core->uc, core->context);
    if (error == UC_ERR_OK) {
        memcpy(context + core->context_exception_offset, &exception, sizeof exception);
        memcpy(context + core->context_control_offset, &control, sizeof control);
        error = uc_context_restore(core->uc, core->context);
    }
    if (error != UC_ERR_OK) {
        core_fail(core, "cannot set the processor mode", error);
    }
    /* Writing CPSR makes Unicorn work out its cached flags again. */
    core_write_register(core, UC_ARM_REG_CPSR, core_read_register(core, UC_ARM_REG_CPSR));
    core->unicorn_exception = exception;
}

bool exceptions_prepare(struct core *core)
{
    core_write_register(core, UC_ARM_REG_MSP, 0x1000);
    core_write_register(core, UC_ARM_REG_PSP, 0x1000);
    /* struct v7m of QEMU's CPUARMState: `int exception; uint32_t primask[2];` */
    uint32_t primask = find_control_word(core, UC_ARM_REG_PRIMASK, 1);
    uint32_t distance = 4 + 4 * core->model.secure_bank;
    core->context_control_offset = find_control_word(core, UC_ARM_REG_CONTROL, CONTROL_SPSEL);
    if (primask == UINT32_MAX || primask < distance || core->context_control_offset == UINT32_MAX) {
        return false;
    }
    core->context_exception_offset = primask - distance;
    patch_mode(core, EXCEPTION_SVC, 0);
    bool works = core_read_register(core, UC_ARM_REG_IPSR) == EXCEPTION_SVC;
    patch_mode(core, EXCEPTION_NONE, 0);
    return works && core_read_register(core, UC_ARM_REG_IPSR) == EXCEPTION_NONE;
}

void exceptions_show_mode(struct core *core)
{
    if (core->unicorn_exception != core->state.ipsr) {
        patch_mode(core, core->state.ipsr, core_read_register(core, UC_ARM_REG_CONTROL));
    }
}

bool exceptions_floating_point_allowed(const struct core *core)
{
    return core->model.has_fpu && (core->state.system.cpacr >> 20 & 3u) != 0;
}

static bool move_float_registers(struct core *core, uint32_t address, bool save)
{
    uint8_t *place = memories_at(&core->chip.memories, address, 4 * (FLOAT_REGISTERS + 1));
    if (place == NULL) {
        return false;
    }
    for (int number = 0; number <= FLOAT_REGISTERS; number++) {
        int unicorn_register = number < FLOAT_REGISTERS ? UC_ARM_REG_S0 + number : UC_ARM_REG_FPSCR;
        if (save) {
            store_word(place + 4 * number, core_read_register(core, unicorn_register));
        } else {
            core_write_register(core, unicorn_register, load_word(place + 4 * number));
        }
    }
    return true;
}

void exceptions_preserve_floating_point(struct core *core)
{
    struct system_control *system = &core->state.system;
    if ((system->fpccr & FPCCR_LSPACT) != 0) {
        (void)move_float_registers(core, system->fpcar, true);
        system->fpccr &= ~(uint32_t)FPCCR_LSPACT;
    }
}

uint32_t exceptions_xpsr(struct core *core)
{
    return (core_read_register(core, UC_ARM_REG_CPSR) & PSR_COMMON) | XPSR_THUMB | core->state.ipsr;
}

static void write_flags(struct core *core, uint32_t xpsr)
{
    core_write_register(core, UC_ARM_REG_CPSR, (xpsr & PSR_COMMON) | core->cpsr_fixed | CPSR_THUMB);
}

/* As write_flags(), for code that is not within an IT block on either side: quicker. Unicorn takes the
 * exception number from there, too, whatever the register's name says: it has to stay what it is. */
static void write_flags_only(struct core *core, uint32_t xpsr)
{
    core_write_register(core, UC_ARM_REG_XPSR_NZCVQG,
                        (xpsr & ~(uint32_t)XPSR_EXCEPTION) | core->unicorn_exception);
}

static bool push_frame(struct core *core, uint32_t address, const uint32_t *values, uint32_t pc,
                       uint32_t xpsr, bool with_float)
{
    struct system_control *system = &core->state.system;
    uint8_t *place =
        memories_at(&core->chip.memories, address, with_float ? FLOAT_FRAME_BYTES : BASIC_FRAME_BYTES);
    const struct memory *memory = place == NULL ? NULL : memories_find(&core->chip.memories, address);
    if (memory == NULL || !memory->writable) {
        return false;
    }
    for (uint32_t number = 0; number < FRAME_REGISTERS; number++) {
        store_word(place + 4 * number, values[number]);
    }
    store_word(place + 0x18, pc);
    store_word(place + 0x1C, xpsr);
    if (with_float && (system->fpccr & FPCCR_LSPEN) != 0) {
        system->fpcar = address + BASIC_FRAME_BYTES;
        system->fpccr |= FPCCR_LSPACT;
    } else if (with_float) {
        (void)move_float_registers(core, address + BASIC_FRAME_BYTES, true);
    }
    return true;
}

/* Switches to handler mode with `stack_pointer` as the new value of the stack that was in use. */
static void switch_to_handler(struct core *core, uint32_t exception, uint32_t control, uint32_t stack_pointer)
{
    core_write_register(core, UC_ARM_REG_R13, stack_pointer);
    uint32_t cleared = control & ~(uint32_t)(CONTROL_SPSEL | CONTROL_FPCA);
    if (core->unicorn_exception == EXCEPTION_NONE && (control & CONTROL_NPRIV) != 0) {
        /* Unprivileged code could not change the stack pointers: Unicorn has to be in handler mode. */
        patch_mode(core, exception, cleared);
        if ((control & CONTROL_SPSEL) != 0) {
            uint32_t main_stack = core_read_register(core, UC_ARM_REG_PSP);
            core_write_register(core, UC_ARM_REG_PSP, stack_pointer);
            core_write_register(core, UC_ARM_REG_R13, main_stack);
        }
    } else if (cleared != control) {
        core_write_register(core, UC_ARM_REG_CONTROL, cleared);
    }
}

static void lock_up(struct core *core)
{
    core->state.locked_up = true;
    core->stop = STOP_LOCKUP;
    core_request_attention(core);
}

/* The exception by which a fault is taken: itself if it is enabled and urgent enough, else HardFault. */
static uint32_t escalate(struct core *core, uint32_t exception)
{
    const struct nvic *nvic = &core->state.nvic;
    bool possible = core->model.has_configurable_faults || exception == EXCEPTION_SVC;
    if (possible && nvic_is_enabled(nvic, exception) &&
        nvic_group_priority(nvic, exception) < execution_priority(core, false)) {
        return exception;
    }
    core->state.system.hfsr |= HFSR_FORCED;
    return EXCEPTION_HARD_FAULT;
}

static uint32_t vector(struct core *core, uint32_t exception, bool *found)
{
    uint32_t address = core->state.system.vtor + 4 * exception;
    *found = memories_at(&core->chip.memories, address, 4) != NULL;
    return memories_word(&core->chip.memories, address);
}

static void record_fault(struct core *core, uint32_t exception, uint32_t pc, const uint32_t *address)
{
    static const int wanted[CORE_REGISTERS] = {UC_ARM_REG_R0,  UC_ARM_REG_R1, UC_ARM_REG_R2,  UC_ARM_REG_R3,
                                               UC_ARM_REG_R4,  UC_ARM_REG_R5, UC_ARM_REG_R6,  UC_ARM_REG_R7,
                                               UC_ARM_REG_R8,  UC_ARM_REG_R9, UC_ARM_REG_R10, UC_ARM_REG_R11,
                                               UC_ARM_REG_R12, UC_ARM_REG_SP, UC_ARM_REG_LR,  UC_ARM_REG_PC};
    struct fault *fault = &core->state.fault;
    *fault = (struct fault){
        .exception = exception,
        .cfsr = core->state.system.cfsr,
        .hfsr = core->state.system.hfsr,
        .address = address == NULL ? 0 : *address,
        .has_address = address != NULL,
        .xpsr = exceptions_xpsr(core),
    };
    read_registers(core, wanted, fault->registers, CORE_REGISTERS);
    fault->registers[CORE_REGISTERS - 1] = pc;
}

/* The limit of the stack that is in use. Unicorn names no registers for the limits: they are in its context,
 * `uint32_t msplim[2]; uint32_t psplim[2];` of QEMU's struct v7m, ten words behind `primask[0]`. */
static uint32_t stack_limit(struct core *core, bool is_process_stack)
{
    if (core->stack_limits_changed) {
        uc_err error = uc_context_save(core->uc, core->context);
        if (error != UC_ERR_OK) {
            core_fail(core, "cannot read the stack limits", error);
            return 0;
        }
        const uint8_t *limits = (const uint8_t *)core->context + core->context_exception_offset + 4 + 40 +
                                4 * core->model.secure_bank;
        core->main_stack_limit = load_word(limits);
        core->process_stack_limit = load_word(limits + 8);
        core->stack_limits_changed = false;
    }
    return is_process_stack ? core->process_stack_limit : core->main_stack_limit;
}

/* Jumps to the handler of `exception`; its frame is on the stack. */
static void start_handler(struct core *core, uint32_t exception, uint32_t exception_return, bool clear_it)
{
    struct state *state = &core->state;
    bool found;
    uint32_t handler = vector(core, exception, &found);
    nvic_activate(&state->nvic, exception);
    state->ipsr = exception;
    state->event = true;
    state->cycles += core->exception_entry_cycles;
    if (core->has_timing) {
        timing_interrupted(&state->timing);
    }
    core_write_register(core, UC_ARM_REG_LR, exception_return);
    if (clear_it) {
        write_flags(core, 0);
    }
    if (!found) {
        state->system.hfsr |= HFSR_VECTTBL;
        state->fault.hfsr |= HFSR_VECTTBL;
        if (exception == EXCEPTION_HARD_FAULT) {
            lock_up(core);
        } else {
            exceptions_enter(core, EXCEPTION_HARD_FAULT, handler);
        }
        return;
    }
    core_set_pc(core, handler);
    if ((handler & 1u) == 0) {
        exceptions_fault(core, EXCEPTION_USAGE_FAULT, CFSR_INVSTATE, handler, NULL);
    }
}

void exceptions_enter(struct core *core, uint32_t exception, uint32_t pc)
{
    struct state *state = &core->state;
    static const int wanted[] = {UC_ARM_REG_R0,  UC_ARM_REG_R1,   UC_ARM_REG_R2,
                                 UC_ARM_REG_R3,  UC_ARM_REG_R12,  UC_ARM_REG_LR,
                                 UC_ARM_REG_R13, UC_ARM_REG_CPSR, UC_ARM_REG_CONTROL};
    enum { STACK = FRAME_REGISTERS, FLAGS, CONTROL, COUNT };
    uint32_t values[COUNT];
    read_registers(core, wanted, values, COUNT);

    uint32_t control = values[CONTROL];
    bool with_float = (control & CONTROL_FPCA) != 0 && (state->system.fpccr & FPCCR_ASPEN) != 0;
    uint32_t align = (state->system.ccr & CCR_STKALIGN) != 0 || with_float ? 4 : 0;
    uint32_t frame_bytes = with_float ? FLOAT_FRAME_BYTES : BASIC_FRAME_BYTES;
    uint32_t frame = (values[STACK] - frame_bytes) & ~align;
    uint32_t xpsr = (values[FLAGS] & PSR_COMMON) | XPSR_THUMB | state->ipsr;
    xpsr |= (values[STACK] & align) != 0 ? XPSR_ALIGNED : 0u;

    uint32_t exception_return = core->model.exception_return;
    exception_return &= with_float ? ~RETURN_BASIC : UINT32_MAX;
    if (state->ipsr != EXCEPTION_NONE) {
        exception_return &= ~RETURN_TO_THREAD;
    } else if ((control & CONTROL_SPSEL) != 0) {
        exception_return |= RETURN_TO_PSP;
    }
    /* ARMv8-M ARM, PushStack(): nothing is pushed past the limit, and the stack pointer becomes the limit. A
     * fault that is being taken says more: its frame is pushed all the same. */
    uint32_t limit = stack_limit(core, state->ipsr == EXCEPTION_NONE && (control & CONTROL_SPSEL) != 0);
    bool overflows = frame < limit && exception > EXCEPTION_USAGE_FAULT;
    bool stacked = !overflows && push_frame(core, frame, values, pc, xpsr, with_float);
    switch_to_handler(core, exception, control, overflows ? limit : frame);
    if (overflows) {
        nvic_pend(&state->nvic, exception);
        state->system.cfsr |= CFSR_STKOF;
        exception = escalate(core, EXCEPTION_USAGE_FAULT);
        record_fault(core, exception, pc, NULL);
    } else if (!stacked) {
        state->system.cfsr |= CFSR_STKERR;
        if (exception == EXCEPTION_HARD_FAULT) {
            lock_up(core);
            return;
        }
        nvic_pend(&state->nvic, exception);
        exception = escalate(core, EXCEPTION_BUS_FAULT);
    }
    start_handler(core, exception, exception_return, (xpsr & PSR_IT) != 0);
}

bool exceptions_take(struct core *core, uint32_t pc)
{
    struct state *state = &core->state;
    state->interrupts_changed = false;
    uint32_t exception = nvic_most_urgent(&state->nvic);
    if (exception == EXCEPTION_NONE ||
        nvic_group_priority(&state->nvic, exception) >= execution_priority(core, false)) {
        return false;
    }
    exceptions_enter(core, exception, pc);
    return true;
}

bool exceptions_wake(struct core *core)
{
    const struct nvic *nvic = &core->state.nvic;
    uint32_t exception = nvic_most_urgent(nvic);
    return exception != EXCEPTION_NONE &&
           nvic_group_priority(nvic, exception) < execution_priority(core, true);
}

/* Takes the next exception without unstacking and stacking again (tail-chaining). */
static bool chain(struct core *core, uint32_t exception_return)
{
    uint32_t next = nvic_most_urgent(&core->state.nvic);
    if (next == EXCEPTION_NONE ||
        nvic_group_priority(&core->state.nvic, next) >= execution_priority(core, false)) {
        return false;
    }
    start_handler(core, next, exception_return, false);
    return true;
}

/* Brings Unicorn from handler mode to the mode of the interrupted code. */
static void leave_handler(struct core *core, bool to_thread, bool to_process_stack, uint32_t stack_pointer,
                          bool with_float)
{
    uint32_t control = core_read_register(core, UC_ARM_REG_CONTROL);
    uint32_t wanted = control & CONTROL_NPRIV;
    wanted |= to_process_stack ? CONTROL_SPSEL : 0u;
    wanted |= with_float ? CONTROL_FPCA : 0u;
    if (to_thread && (core->unicorn_exception != EXCEPTION_NONE || (control & CONTROL_NPRIV) != 0)) {
        if (to_process_stack) {
            uint32_t main_stack = core_read_register(core, UC_ARM_REG_R13);
            core_write_register(core, UC_ARM_REG_R13, stack_pointer);
            core_write_register(core, UC_ARM_REG_PSP, main_stack);
        } else {
            core_write_register(core, UC_ARM_REG_R13, stack_pointer);
        }
        patch_mode(core, EXCEPTION_NONE, wanted);
        return;
    }
    core_write_register(core, to_process_stack ? UC_ARM_REG_PSP : UC_ARM_REG_R13, stack_pointer);
    if (wanted != control) {
        core_write_register(core, UC_ARM_REG_CONTROL, wanted);
    }
}

/* An EXC_RETURN value, or what it returns to, is not valid: the handler's exception is over all the same. */
static void refuse_return(struct core *core, uint32_t exception_return)
{
    exceptions_fault(core, EXCEPTION_USAGE_FAULT, CFSR_INVPC, exception_return, NULL);
}

void exceptions_return(struct core *core, uint32_t exception_return)
{
    struct state *state = &core->state;
    uint32_t finished = state->ipsr;
    if (finished == EXCEPTION_NONE) {
        /* In thread mode these addresses are code in a region that is never executable. */
        exceptions_fault(core, EXCEPTION_MEM_MANAGE, CFSR_IACCVIOL, exception_return & ~1u, NULL);
        return;
    }
    bool was_active = nvic_is_active(&state->nvic, finished);
    nvic_deactivate(&state->nvic, finished);
    state->event = true;
    if (read_masks(core)->faultmask != 0 && finished != EXCEPTION_NMI) {
        core_write_register(core, UC_ARM_REG_FAULTMASK, 0);
        core->masks.faultmask = 0;
    }
    bool to_thread = (exception_return & RETURN_TO_THREAD) != 0;
    bool nested = nvic_is_any_active_but(&state->nvic, EXCEPTION_NONE);
    if (!was_active || to_thread == nested) {
        refuse_return(core, exception_return);
        return;
    }
    if (chain(core, exception_return)) {
        return;
    }
    bool with_float = (exception_return & RETURN_BASIC) == 0;
    bool to_process_stack = to_thread && (exception_return & RETURN_TO_PSP) != 0;
    uint32_t frame = core_read_register(core, to_process_stack ? UC_ARM_REG_PSP : UC_ARM_REG_R13);
    const uint8_t *place =
        memories_at(&core->chip.memories, frame, with_float ? FLOAT_FRAME_BYTES : BASIC_FRAME_BYTES);
    if (place == NULL) {
        exceptions_fault(core, EXCEPTION_BUS_FAULT, CFSR_UNSTKERR, exception_return, NULL);
        return;
    }
    uint32_t values[FRAME_REGISTERS];
    for (uint32_t number = 0; number < FRAME_REGISTERS; number++) {
        values[number] = load_word(place + 4 * number);
    }
    uint32_t pc = load_word(place + 0x18);
    uint32_t xpsr = load_word(place + 0x1C);
    if (with_float) {
        if ((state->system.fpccr & FPCCR_LSPACT) != 0) {
            state->system.fpccr &= ~(uint32_t)FPCCR_LSPACT; /* the handler left the registers alone */
        } else {
            (void)move_float_registers(core, frame + BASIC_FRAME_BYTES, false);
        }
    }
    uint32_t stack_pointer = frame + (with_float ? FLOAT_FRAME_BYTES : BASIC_FRAME_BYTES);
    stack_pointer |= (xpsr & XPSR_ALIGNED) != 0 ? 4u : 0u;
    leave_handler(core, to_thread, to_process_stack, stack_pointer, with_float);
    write_registers(core, frame_registers, values, FRAME_REGISTERS);
    if ((xpsr & PSR_IT) != 0) {
        write_flags(core, xpsr);
    } else {
        write_flags_only(core, xpsr);
    }
    state->ipsr = to_thread ? EXCEPTION_NONE : xpsr & XPSR_EXCEPTION;
    state->cycles += core->exception_return_cycles;
    if (core->has_timing) {
        timing_interrupted(&state->timing);
    }
    core_set_pc(core, pc);
    bool valid =
        to_thread ? (xpsr & XPSR_EXCEPTION) == 0 : nvic_is_active(&state->nvic, xpsr & XPSR_EXCEPTION);
    if (!valid) {
        refuse_return(core, exception_return);
    } else if ((xpsr & XPSR_THUMB) == 0) {
        exceptions_fault(core, EXCEPTION_USAGE_FAULT, CFSR_INVSTATE, pc, NULL);
    } else if (!nested && (state->system.scr & SCR_SLEEPONEXIT) != 0) {
        state->sleeping = true;
        state->sleeps_for_event = false;
    }
}

static void take_fault(struct core *core, uint32_t exception, uint32_t pc, const uint32_t *address)
{
    if (exception == EXCEPTION_HARD_FAULT && execution_priority(core, false) <= -1) {
        /* Keep the fault that led here: it says more than that its handler failed too. */
        if (core->state.fault.exception == EXCEPTION_NONE) {
            record_fault(core, exception, pc, address);
        }
        core_set_pc(core, pc);
        lock_up(core);
        return;
    }
    record_fault(core, exception, pc, address);
    exceptions_enter(core, exception, pc);
}

void exceptions_fault(struct core *core, uint32_t exception, uint32_t status, uint32_t pc,
                      const uint32_t *address)
{
    struct system_control *system = &core->state.system;
    system->cfsr |= status;
    if (address != NULL && exception == EXCEPTION_BUS_FAULT) {
        system->bfar = *address;
        system->cfsr |= CFSR_BFARVALID;
    } else if (address != NULL) {
        system->mmfar = *address;
        system->cfsr |= CFSR_MMARVALID;
    }
    take_fault(core, escalate(core, exception), pc, address);
}

void exceptions_supervisor_call(struct core *core, uint32_t pc)
{
    uint32_t exception = escalate(core, EXCEPTION_SVC);
    if (exception == EXCEPTION_SVC) {
        exceptions_enter(core, exception, pc);
    } else {
        take_fault(core, exception, pc, NULL);
    }
}

void exceptions_breakpoint(struct core *core, uint32_t pc)
{
    core->state.system.hfsr |= HFSR_DEBUGEVT;
    core->state.system.dfsr |= DFSR_BKPT;
    take_fault(core, EXCEPTION_HARD_FAULT, pc, NULL);
}
