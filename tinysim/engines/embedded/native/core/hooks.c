#include "hooks.h"

#include <stdlib.h>
#include <string.h>

#include "decode.h"
#include "exceptions.h"
#include "run.h"

/* QEMU's numbers of exceptions (target/arm/cpu.h). */
enum {
    QEMU_SVC = 2,
    QEMU_PREFETCH_ABORT = 3,
    QEMU_DATA_ABORT = 4,
    QEMU_BKPT = 7,
    QEMU_EXCEPTION_EXIT = 8,
    QEMU_NOCP = 17,
    QEMU_STKOF = 19,
    QEMU_UNALIGNED = 22,
};

static const uint32_t IT_BITS = 0x0600FC00u;

static void on_watched(uc_engine *uc, uint64_t address, uint32_t bytes, void *user);

/* Has on_watched() called before the instruction at `address` is executed; false where that was so before. */
static bool watch(struct core *core, uint32_t address)
{
    for (uint32_t number = 0; number < core->watched_count; number++) {
        if (core->watched[number] == address) {
            return false;
        }
    }
    uint32_t *watched = realloc(core->watched, (core->watched_count + 1) * sizeof *watched);
    if (watched == NULL) {
        core_fail(core, "out of memory", UC_ERR_NOMEM);
        return false;
    }
    core->watched = watched;
    core->watched[core->watched_count++] = address;
    uc_hook hook;
    uc_err error = uc_hook_add(core->uc, &hook, UC_HOOK_CODE, (void *)on_watched, core, address, address);
    if (error != UC_ERR_OK) {
        core_fail(core, "cannot watch an instruction", error);
    }
    return error == UC_ERR_OK;
}

/* Has the code translated again and starts the block anew. */
static void retranslate(struct core *core, uint32_t address, uint32_t bytes)
{
    uc_err error = uc_ctl_remove_cache(core->uc, (uint64_t)address, (uint64_t)address + bytes);
    if (error != UC_ERR_OK) {
        core_fail(core, "cannot translate code again", error);
    }
    core_set_pc(core, address);
}

static struct block *describe(struct core *core, struct memory *memory, uint32_t address, uint32_t bytes)
{
    const uint8_t *code = memory->host + (address - memory->address);
    struct decoded_block decoded = decode_block(code, bytes);
    struct block_description description = {.timing = NULL};
    struct block *block = malloc(sizeof *block + bytes);
    if (block == NULL) {
        core_fail(core, "out of memory", UC_ERR_NOMEM);
        return NULL;
    }
    if (core->has_timing && !core->describe_block(address, code, bytes, &description)) {
        core_fail(core, "the timing of a block cannot be worked out", UC_ERR_OK);
        free(block);
        return NULL;
    }
    struct block **place = &memory->blocks[(address - memory->address) / 2];
    *block = (struct block){
        .next = *place,
        .address = address,
        .bytes = bytes,
        .instructions = decoded.instructions,
        .flags = decoded.flags | (memory->writable ? BLOCK_WRITABLE : 0u),
        .float_offset = decoded.float_offset,
        .has_it = decoded.has_it,
        .timing = description.timing,
        .cycles_before = description.cycles_before,
    };
    memcpy(block->code, code, bytes);
    *place = block;
    core->uses_mask_levels |= core->model.has_mask_levels && (decoded.flags & BLOCK_USES_LEVELS) != 0;
    if (decoded.sleep_offset != DECODE_NO_SLEEP && watch(core, address + decoded.sleep_offset)) {
        retranslate(core, address, bytes);
        return NULL;
    }
    return block;
}

/* The description of the block, or NULL where it is not to be executed now. */
static struct block *find_block(struct core *core, uint32_t address, uint32_t bytes)
{
    struct memory *memory = memories_find(&core->chip.memories, address);
    if (memory == NULL || bytes == 0) {
        return NULL; /* fetched from nowhere: Unicorn stops before it executes it */
    }
    core->code_memory = memory;
    struct block *block = memory->blocks[(address - memory->address) / 2];
    while (block != NULL && block->bytes != bytes) {
        block = block->next;
    }
    return block == NULL ? describe(core, memory, address, bytes) : block;
}

static void forget(struct core *core, struct block *block)
{
    struct memory *memory = memories_find(&core->chip.memories, block->address);
    struct block **place = &memory->blocks[(block->address - memory->address) / 2];
    while (*place != block) {
        place = &(*place)->next;
    }
    *place = block->next;
    if (core->block == block) {
        core->block = NULL;
    }
    free(block);
}

static bool is_current(struct core *core, const struct block *block)
{
    const uint8_t *now = memories_at(&core->chip.memories, block->address, block->bytes);
    return now != NULL && memcmp(now, block->code, block->bytes) == 0;
}

/* Watches some instructions of a block: divisions once a division by zero is a fault, tests of addresses. */
static bool watch_all(struct core *core, const struct block *block, bool (*is_wanted)(const uint8_t *code))
{
    bool added = false;
    for (uint32_t offset = 0; offset + 4 <= block->bytes;) {
        uint16_t first = (uint16_t)(block->code[offset] | block->code[offset + 1] << 8);
        if (is_wanted(block->code + offset)) {
            added |= watch(core, block->address + offset);
        }
        offset += instruction_bytes(first);
    }
    return added;
}

/* Sees to what is special about a block; false where it is not to be executed now. */
static bool prepare(struct core *core, struct block *block)
{
    enum { CCR_DIV_0_TRP = 1u << 4 };
    uint32_t address = block->address;
    if ((block->flags & BLOCK_WRITABLE) != 0 && !is_current(core, block)) {
        uint32_t bytes = block->bytes;
        forget(core, block);
        retranslate(core, address, bytes);
        return false;
    }
    if ((block->flags & BLOCK_STANDS_STILL) != 0 && core->state.ipsr >= EXCEPTION_HARD_FAULT &&
        core->state.ipsr <= EXCEPTION_USAGE_FAULT) {
        run_stop(core, STOP_FAULT, address);
        return false;
    }
    if ((block->flags & BLOCK_READS_MODE) != 0) {
        exceptions_show_mode(core);
    }
    if ((block->flags & BLOCK_CHANGES_MASKS) != 0 && nvic_is_any_pending(&core->state.nvic)) {
        core_interrupts_changed(core);
    }
    if ((block->flags & BLOCK_SENDS_EVENT) != 0) {
        core->state.event = true;
    }
    core->stack_limits_changed |= core->model.has_stack_limits && (block->flags & BLOCK_SETS_LIMITS) != 0;
    if ((block->flags & BLOCK_DIVIDES) != 0 && (core->state.system.ccr & CCR_DIV_0_TRP) != 0 &&
        watch_all(core, block, is_division)) {
        retranslate(core, address, block->bytes);
        return false;
    }
    if ((block->flags & BLOCK_TESTS_TARGET) != 0 && core->model.has_v8_mpu &&
        watch_all(core, block, is_target_test)) {
        retranslate(core, address, block->bytes);
        return false;
    }
    if ((block->flags & BLOCK_FLOATING_POINT) == 0) {
        return true;
    }
    if (exceptions_floating_point_allowed(core)) {
        exceptions_preserve_floating_point(core);
    } else if (watch(core, address + block->float_offset)) {
        retranslate(core, address, block->bytes);
        return false;
    }
    return true;
}

/* Counts a block that is about to be executed, by the timing model. */
static void count_timed(struct core *core, struct block *block)
{
    static const int unicorn_registers[CORE_REGISTERS] = {
        UC_ARM_REG_R0,  UC_ARM_REG_R1, UC_ARM_REG_R2, UC_ARM_REG_R3, UC_ARM_REG_R4,  UC_ARM_REG_R5,
        UC_ARM_REG_R6,  UC_ARM_REG_R7, UC_ARM_REG_R8, UC_ARM_REG_R9, UC_ARM_REG_R10, UC_ARM_REG_R11,
        UC_ARM_REG_R12, UC_ARM_REG_SP, UC_ARM_REG_LR, UC_ARM_REG_PC};
    struct state *state = &core->state;
    uint32_t registers[CORE_REGISTERS];
    for (uint32_t needed = block->timing->registers; needed != 0; needed &= needed - 1) {
        int number = __builtin_ctz(needed);
        registers[number] = core_read_register(core, unicorn_registers[number]);
    }
    state->instructions += block->instructions;
    state->cycles += timing_enter(&state->timing, block->timing, registers, core->peek, &core->chip.memories);
}

static inline void count(struct core *core, struct block *block)
{
    core->block = block;
    core->block_start_cycles = core->state.cycles;
    if (block->timing != NULL) {
        count_timed(core, block);
        return;
    }
    core->state.instructions += block->instructions;
    core->state.cycles += block->instructions;
}

/* A block that is not just executed: something is due, or special about it. */
static __attribute__((noinline)) void on_special_block(struct core *core, uint32_t address, uint32_t bytes)
{
    if (address >= EXCEPTION_RETURN_FIRST) {
        run_exception_return(core, address);
        return;
    }
    if (core->state.cycles >= core->attention_cycles && run_attend(core, address)) {
        return;
    }
    struct block *block = find_block(core, address, bytes);
    if (block != NULL && (block->flags == 0 || prepare(core, block))) {
        count(core, block);
    }
}

static void on_block(uc_engine *uc, uint64_t address64, uint32_t bytes, void *user)
{
    (void)uc;
    struct core *core = user;
    uint32_t address = (uint32_t)address64;
    const struct memory *memory = core->code_memory;
    uint32_t offset = address - memory->address;
    if (offset < memory->bytes && core->state.cycles < core->attention_cycles) {
        struct block *block = memory->blocks[offset / 2];
        if (block != NULL && block->bytes == bytes && block->flags == 0) {
            count(core, block);
            return;
        }
    }
    on_special_block(core, address, bytes);
}

/* Unicorn's name for R0 to R12 or R14: those two are not neighbours to it. */
static int unicorn_register(uint32_t number)
{
    return number == 14 ? UC_ARM_REG_LR : UC_ARM_REG_R0 + (int)number;
}

static bool divides_by_zero(struct core *core, const uint8_t *code)
{
    return is_division(code) && core_read_register(core, unicorn_register(divisor_register(code))) == 0;
}

/* Executes TT in Unicorn's stead, which does not know of the regions. It is not told either, since it would
 * then look them up at every access. */
static void test_target(struct core *core, uint32_t address, const uint8_t *code)
{
    enum { CONTROL_NPRIV = 1u << 0 };
    struct target_test test = decode_target_test(code);
    bool privileged = core->state.ipsr != EXCEPTION_NONE ||
                      (core_read_register(core, UC_ARM_REG_CONTROL) & CONTROL_NPRIV) == 0;
    uint32_t target = core_read_register(core, unicorn_register(test.address_register));
    uint32_t response =
        privileged ? mpu_test_target(&core->state.system.mpu, target, !test.unprivileged) : 0u;
    core_write_register(core, unicorn_register(test.result_register), response);
    core_uncount_from(core, address + 4);
    core_set_pc(core, address + 4);
}

static void on_watched(uc_engine *uc, uint64_t address64, uint32_t bytes, void *user)
{
    (void)uc;
    enum { CCR_DIV_0_TRP = 1u << 4 };
    struct core *core = user;
    uint32_t address = (uint32_t)address64;
    const uint8_t *code = memories_at(&core->chip.memories, address, bytes);
    if (code == NULL || core->block == NULL || address - core->block->address >= core->block->bytes) {
        return; /* a block that is not to be executed */
    }
    if (is_sleep(code)) {
        run_sleep(core, address + bytes, is_wait_for_event(code));
    } else if (is_floating_point(code) && !exceptions_floating_point_allowed(core)) {
        core_uncount_from(core, address);
        exceptions_fault(core, EXCEPTION_USAGE_FAULT, CFSR_NOCP, address, NULL);
    } else if ((core->state.system.ccr & CCR_DIV_0_TRP) != 0 && divides_by_zero(core, code)) {
        core_uncount_from(core, address);
        exceptions_fault(core, EXCEPTION_USAGE_FAULT, CFSR_DIVBYZERO, address, NULL);
    } else if (core->model.has_v8_mpu && is_target_test(code)) {
        test_target(core, address, code);
    }
}

static void on_interrupt(uc_engine *uc, uint32_t number, void *user)
{
    (void)uc;
    struct core *core = user;
    uint32_t pc = core_read_register(core, UC_ARM_REG_PC);
    switch (number) {
    case QEMU_SVC:
        exceptions_supervisor_call(core, pc);
        break;
    case QEMU_EXCEPTION_EXIT:
        (void)run_attend(core, pc);
        break;
    case QEMU_BKPT:
        core_uncount_from(core, pc);
        exceptions_breakpoint(core, pc);
        break;
    case QEMU_PREFETCH_ABORT:
        exceptions_fault(core, EXCEPTION_BUS_FAULT, CFSR_IBUSERR, pc, NULL);
        break;
    case QEMU_DATA_ABORT:
    case QEMU_UNALIGNED:
        core_uncount_from(core, pc);
        exceptions_fault(core, EXCEPTION_USAGE_FAULT, CFSR_UNALIGNED, pc, NULL);
        break;
    case QEMU_NOCP:
        core_uncount_from(core, pc);
        exceptions_fault(core, EXCEPTION_USAGE_FAULT, CFSR_NOCP, pc, NULL);
        break;
    case QEMU_STKOF:
        core_uncount_from(core, pc);
        exceptions_fault(core, EXCEPTION_USAGE_FAULT, CFSR_STKOF, pc, NULL);
        break;
    default:
        core_fail(core, "unexpected exception in the emulator", UC_ERR_EXCEPTION);
        break;
    }
}

/* Before a callback that asks for the PC, Unicorn restores the state at that instruction, IT bits included,
 * and forgets to take those back: the next block would start as if within the IT block. */
static void clear_it_bits(struct core *core)
{
    if (core->block != NULL && core->block->has_it) {
        uint32_t cpsr = core_read_register(core, UC_ARM_REG_CPSR);
        if ((cpsr & IT_BITS) != 0) {
            core_write_register(core, UC_ARM_REG_CPSR, cpsr & ~IT_BITS);
        }
    }
}

/* An access to a page without permissions: to a device whose registers need the exact time, or a write to
 * flash, which goes nowhere. */
static bool on_protected(uc_engine *uc, uc_mem_type type, uint64_t address, int bytes, int64_t value,
                         void *user)
{
    (void)uc;
    (void)type;
    (void)bytes;
    (void)value;
    struct core *core = user;
    core->access_pc = core_read_register(core, UC_ARM_REG_PC);
    core->access_is_exact = memories_find(&core->chip.memories, (uint32_t)address) == NULL;
    clear_it_bits(core);
    return true;
}

static bool on_unmapped(uc_engine *uc, uc_mem_type type, uint64_t address, int bytes, int64_t value,
                        void *user)
{
    (void)uc;
    (void)bytes;
    (void)value;
    struct core *core = user;
    core->fault_address = (uint32_t)address;
    core->fault_pc = core_read_register(core, UC_ARM_REG_PC);
    if (type == UC_MEM_WRITE_UNMAPPED) {
        core->store_faulted = true;
        core_request_attention(core);
        clear_it_bits(core);
    } else if (type == UC_MEM_READ_UNMAPPED) {
        core->load_faulted = true;
    }
    return false;
}

/* Pages may be read and written alike: what may not be is told by the mapping itself. Only a page that code
 * is fetched from may be executed: Unicorn looks at every write to such a page, for code that is rewritten.
 */
static bool on_page(uc_engine *uc, uint64_t address, uc_mem_type type, uc_tlb_entry *entry, void *user)
{
    (void)uc;
    struct core *core = user;
    entry->paddr = address;
    if (type == UC_MEM_FETCH) {
        entry->perms = UC_PROT_ALL;
    } else {
        entry->perms = UC_PROT_READ | UC_PROT_WRITE;
        clear_it_bits(core);
    }
    return true;
}

static bool add_hook(struct core *core, int type, void *callback, uint64_t first, uint64_t last)
{
    uc_hook hook;
    uc_err error = uc_hook_add(core->uc, &hook, type, callback, core, first, last);
    if (error != UC_ERR_OK) {
        core_fail(core, "cannot hook into the emulator", error);
    }
    return error == UC_ERR_OK;
}

static bool hook_accesses(struct core *core, uint64_t first, uint64_t last)
{
    return first > last || (add_hook(core, UC_HOOK_MEM_READ_PROT | UC_HOOK_MEM_WRITE_PROT,
                                     (void *)on_protected, first, last) &&
                            add_hook(core, UC_HOOK_MEM_READ_UNMAPPED | UC_HOOK_MEM_WRITE_UNMAPPED,
                                     (void *)on_unmapped, first, last));
}

/* Everywhere but in RAM: where there is a hook for a page, Unicorn takes its slow path for every write. */
static bool hook_accesses_outside_ram(struct core *core)
{
    uint64_t next = 0;
    for (;;) {
        const struct memory *nearest = NULL;
        for (uint32_t number = 0; number < core->chip.memories.count; number++) {
            const struct memory *memory = &core->chip.memories.list[number];
            if (memory->writable && memory->address >= next &&
                (nearest == NULL || memory->address < nearest->address)) {
                nearest = memory;
            }
        }
        if (nearest == NULL) {
            return hook_accesses(core, next, UINT32_MAX);
        }
        if (nearest->address > next && !hook_accesses(core, next, nearest->address - 1u)) {
            return false;
        }
        next = (uint64_t)nearest->address + nearest->bytes;
    }
}

bool hooks_install(struct core *core)
{
    const uint64_t everywhere_first = 1;
    const uint64_t everywhere_last = 0;
    return add_hook(core, UC_HOOK_BLOCK, (void *)on_block, everywhere_first, everywhere_last) &&
           add_hook(core, UC_HOOK_INTR, (void *)on_interrupt, everywhere_first, everywhere_last) &&
           add_hook(core, UC_HOOK_TLB_FILL, (void *)on_page, everywhere_first, everywhere_last) &&
           hook_accesses_outside_ram(core);
}
