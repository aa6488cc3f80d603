#include "system.h"

#include "exceptions.h"

/* Addresses from ARMv7-M ARM, tables B3-3 to B3-8 and C1-21. */
enum {
    ITM_STIM31 = 0xE000007C,
    DWT_CTRL = 0xE0001000,
    DWT_CYCCNT = 0xE0001004,
    SCS = 0xE000E000,
    ICTR = 0xE000E004,
    ACTLR = 0xE000E008,
    NVIC_ISER = 0xE000E100,
    NVIC_ICER = 0xE000E180,
    NVIC_ISPR = 0xE000E200,
    NVIC_ICPR = 0xE000E280,
    NVIC_IABR = 0xE000E300,
    NVIC_IPR = 0xE000E400,
    NVIC_IPR_END = 0xE000E500,
    CPUID = 0xE000ED00,
    ICSR = 0xE000ED04,
    VTOR = 0xE000ED08,
    AIRCR = 0xE000ED0C,
    SCR = 0xE000ED10,
    CCR = 0xE000ED14,
    SHPR1 = 0xE000ED18,
    SHPR3 = 0xE000ED20,
    SHCSR = 0xE000ED24,
    CFSR = 0xE000ED28,
    HFSR = 0xE000ED2C,
    DFSR = 0xE000ED30,
    MMFAR = 0xE000ED34,
    BFAR = 0xE000ED38,
    CLIDR = 0xE000ED78,
    CTR = 0xE000ED7C,
    CCSIDR = 0xE000ED80,
    CSSELR = 0xE000ED84,
    CPACR = 0xE000ED88,
    MPU_TYPE = 0xE000ED90,
    MPU_END = 0xE000EDCC,
    DEMCR = 0xE000EDFC,
    STIR = 0xE000EF00,
    FPCCR = 0xE000EF34,
    FPCAR = 0xE000EF38,
    FPDSCR = 0xE000EF3C,
    MVFR0 = 0xE000EF40,
    MVFR2 = 0xE000EF48,
    ICIALLU = 0xE000EF50,
    CACHE_MAINTENANCE_END = 0xE000EF7C,
};

enum {
    ICSR_PENDSTCLR = 1u << 25,
    ICSR_PENDSTSET = 1u << 26,
    ICSR_PENDSVCLR = 1u << 27,
    ICSR_PENDSVSET = 1u << 28,
    ICSR_ISRPENDING = 1u << 22,
    ICSR_RETTOBASE = 1u << 11,
    AIRCR_SYSRESETREQ = 1u << 2,
    AIRCR_VECTKEY = 0x05FA,
    AIRCR_VECTKEYSTAT = 0xFA05,
    CCR_STKALIGN = 1u << 9,
    SHCSR_MEMFAULTENA = 1u << 16,
    DWT_CYCCNTENA = 1u << 0,
    DEMCR_TRCENA = 1u << 24,
};
#define ICSR_NMIPENDSET (1u << 31)
/* LSPEN and ASPEN are set by reset (ARMv7-M ARM, B3.2.21). */
#define FPCCR_RESET 0xC0000000u
/* One comparator, as the cores are delivered; no trace, no other counters. */
#define DWT_CTRL_RESET 0x40000000u

void system_reset(struct core *core)
{
    struct state *state = &core->state;
    nvic_reset(&state->nvic, core->model.interrupts, core->model.priority_bits);
    systick_reset(&state->systick);
    state->system = (struct system_control){
        .vtor = core->boot_address,
        .ccr = CCR_STKALIGN,
        .fpccr = core->model.has_fpu ? FPCCR_RESET : 0,
    };
    state->cycle_counter = (struct cycle_counter){.control = 0};
}

static bool cycle_counter_runs(const struct core *core)
{
    return (core->state.cycle_counter.control & DWT_CYCCNTENA) != 0 &&
           (core->state.system.demcr & DEMCR_TRCENA) != 0;
}

/* Brings the stored value up to date, before it is read or what makes it run changes. */
static void cycle_counter_settle(struct core *core, uint64_t cycles)
{
    struct cycle_counter *counter = &core->state.cycle_counter;
    if (cycle_counter_runs(core)) {
        counter->value += (uint32_t)(cycles - counter->since);
    }
    counter->since = cycles;
}

static uint32_t priorities(const struct nvic *nvic, uint32_t exception)
{
    uint32_t value = 0;
    for (uint32_t byte = 0; byte < 4; byte++) {
        value |= (uint32_t)nvic->priority[(exception + byte) % NVIC_EXCEPTIONS] << 8 * byte;
    }
    return value;
}

static void set_priorities(struct nvic *nvic, uint32_t exception, uint32_t value, uint32_t mask)
{
    for (uint32_t byte = 0; byte < 4; byte++) {
        if ((mask >> 8 * byte & 0xFFu) != 0 && exception + byte < NVIC_EXCEPTIONS) {
            nvic->priority[exception + byte] = (uint8_t)(value >> 8 * byte & nvic->priority_mask);
        }
    }
}

static uint32_t read_icsr(const struct core *core)
{
    const struct nvic *nvic = &core->state.nvic;
    uint32_t urgent = nvic_most_urgent(nvic);
    uint32_t value = core->state.ipsr | urgent << 12;
    value |= urgent >= EXCEPTION_EXTERNAL ? ICSR_ISRPENDING : 0u;
    value |= nvic_is_any_active_but(nvic, core->state.ipsr) ? 0u : ICSR_RETTOBASE;
    value |= nvic_is_pending(nvic, EXCEPTION_SYSTICK) ? ICSR_PENDSTSET : 0u;
    value |= nvic_is_pending(nvic, EXCEPTION_PENDSV) ? ICSR_PENDSVSET : 0u;
    value |= nvic_is_pending(nvic, EXCEPTION_NMI) ? ICSR_NMIPENDSET : 0u;
    return value;
}

/* SHCSR: where its bits are, by exception (ARMv7-M ARM, B3.2.13). */
static const struct {
    uint8_t exception;
    uint8_t active;
    uint8_t pending; /* 0: none */
} handler_bits[] = {
    {EXCEPTION_MEM_MANAGE, 0, 13}, {EXCEPTION_BUS_FAULT, 1, 14}, {EXCEPTION_USAGE_FAULT, 3, 12},
    {EXCEPTION_SVC, 7, 15},        {EXCEPTION_PENDSV, 10, 0},    {EXCEPTION_SYSTICK, 11, 0},
};

static uint32_t read_shcsr(const struct nvic *nvic)
{
    uint32_t value = 0;
    for (uint32_t number = 0; number < sizeof handler_bits / sizeof *handler_bits; number++) {
        uint32_t exception = handler_bits[number].exception;
        value |= (uint32_t)nvic_is_active(nvic, exception) << handler_bits[number].active;
        if (handler_bits[number].pending != 0) {
            value |= (uint32_t)nvic_is_pending(nvic, exception) << handler_bits[number].pending;
        }
    }
    for (uint32_t fault = 0; fault < 3; fault++) {
        value |=
            nvic_is_enabled(nvic, EXCEPTION_MEM_MANAGE + fault) ? (uint32_t)SHCSR_MEMFAULTENA << fault : 0u;
    }
    return value;
}

static void write_shcsr(struct nvic *nvic, uint32_t value)
{
    for (uint32_t fault = 0; fault < 3; fault++) {
        nvic_enable(nvic, EXCEPTION_MEM_MANAGE + fault, (value & (uint32_t)SHCSR_MEMFAULTENA << fault) != 0);
    }
}

static void pend_or_clear(struct core *core, uint32_t value, uint32_t set, uint32_t clear, uint32_t exception)
{
    if ((value & set) != 0) {
        nvic_pend(&core->state.nvic, exception);
    } else if ((value & clear) != 0) {
        nvic_unpend(&core->state.nvic, exception);
    }
}

static void write_aircr(struct core *core, uint32_t value)
{
    if (value >> 16 != AIRCR_VECTKEY) {
        return;
    }
    core->state.nvic.group_shift = (uint8_t)((value >> 8 & 7u) + 1);
    if ((value & AIRCR_SYSRESETREQ) != 0) {
        core->state.reset_requested = true;
    }
}

static uint32_t read_nvic(const struct nvic *nvic, uint32_t address)
{
    uint32_t word = (address & 0x7Fu) / 4;
    if (address >= NVIC_IPR) {
        return priorities(nvic, EXCEPTION_EXTERNAL + (address - NVIC_IPR));
    }
    switch (address & ~0x7Fu) {
    case NVIC_ISER:
    case NVIC_ICER:
        return nvic_interrupt_bits(nvic->enabled, word);
    case NVIC_ISPR:
    case NVIC_ICPR:
        return nvic_interrupt_bits(nvic->pending, word);
    case NVIC_IABR:
        return nvic_interrupt_bits(nvic->active, word);
    default:
        return 0;
    }
}

/* Returns whether that has made an interrupt pending. */
static bool write_nvic(struct nvic *nvic, uint32_t address, uint32_t value, uint32_t mask)
{
    uint32_t word = (address & 0x7Fu) / 4;
    uint32_t before = nvic_interrupt_bits(nvic->pending, word);
    if (address >= NVIC_IPR) {
        set_priorities(nvic, EXCEPTION_EXTERNAL + (address - NVIC_IPR), value, mask);
        return false;
    }
    switch (address & ~0x7Fu) {
    case NVIC_ISER:
        nvic_set_interrupt_bits(nvic, nvic->enabled, word, value);
        break;
    case NVIC_ICER:
        nvic_clear_interrupt_bits(nvic->enabled, word, value);
        break;
    case NVIC_ISPR:
        nvic_set_interrupt_bits(nvic, nvic->pending, word, value);
        break;
    case NVIC_ICPR:
        /* An interrupt whose line is high stays pending. */
        nvic_clear_interrupt_bits(nvic->pending, word, value & ~nvic_interrupt_bits(nvic->level, word));
        break;
    default:
        break;
    }
    return (nvic_interrupt_bits(nvic->pending, word) & ~before) != 0;
}

uint32_t system_read(struct core *core, uint32_t address, uint64_t now, uint64_t cycles)
{
    struct state *state = &core->state;
    const struct system_control *system = &state->system;
    if (address >= NVIC_ISER && address < NVIC_IPR_END) {
        return read_nvic(&state->nvic, address);
    }
    if (address >= SCS + SYSTICK_CSR && address <= SCS + SYSTICK_CALIB) {
        uint64_t block_ticks = core->block_start_cycles + state->sleep_ticks;
        now = moment_before(systick_due(&state->systick), now, block_ticks);
        if (systick_advance(&state->systick, now)) {
            nvic_pend(&state->nvic, EXCEPTION_SYSTICK);
            core_exception_pended(core);
        }
        return systick_read(&state->systick, address - SCS, now);
    }
    if (address >= SHPR1 && address <= SHPR3) {
        return priorities(&state->nvic, EXCEPTION_MEM_MANAGE + (address - SHPR1));
    }
    if (address >= MPU_TYPE && address < MPU_END) {
        return mpu_read(&system->mpu, address - MPU_TYPE, core->model.mpu_type, core->model.has_v8_mpu);
    }
    if (address <= ITM_STIM31) {
        return 1; /* the port takes more: what is written there goes nowhere (ARMv7-M ARM, C1.7.3) */
    }
    if (address >= MVFR0 && address <= MVFR2) {
        return core->model.mvfr[(address - MVFR0) / 4];
    }
    switch (address) {
    case DWT_CTRL:
        return core->model.has_cycle_counter ? DWT_CTRL_RESET | state->cycle_counter.control : 0;
    case DWT_CYCCNT:
        cycle_counter_settle(core, cycles);
        return state->cycle_counter.value;
    case ICTR:
        return (core->model.interrupts - 1) / 32;
    case ACTLR:
        return system->actlr;
    case CPUID:
        return core->model.cpuid;
    case ICSR:
        return read_icsr(core);
    case VTOR:
        return system->vtor;
    case AIRCR:
        return (uint32_t)AIRCR_VECTKEYSTAT << 16 | (uint32_t)(state->nvic.group_shift - 1) << 8;
    case SCR:
        return system->scr;
    case CCR:
        return system->ccr;
    case SHCSR:
        return read_shcsr(&state->nvic);
    case CFSR:
        return system->cfsr;
    case HFSR:
        return system->hfsr;
    case DFSR:
        return system->dfsr;
    case MMFAR:
        return system->mmfar;
    case BFAR:
        return system->bfar;
    case CPACR:
        return system->cpacr;
    case CLIDR:
        return core->model.cache_level;
    case CTR:
        return core->model.cache_type;
    case CCSIDR:
        return core->model.cache_size[system->csselr & 1u];
    case CSSELR:
        return system->csselr;
    case DEMCR:
        return system->demcr;
    case FPCCR:
        return system->fpccr;
    case FPCAR:
        return system->fpcar;
    case FPDSCR:
        return system->fpdscr;
    default:
        return registers_read(&core->chip.registers, address);
    }
}

static uint32_t merged(uint32_t old, uint32_t value, uint32_t mask)
{
    return (old & ~mask) | (value & mask);
}

void system_write(struct core *core, uint32_t address, uint32_t value, uint32_t mask, uint64_t now,
                  uint64_t cycles)
{
    struct state *state = &core->state;
    struct system_control *system = &state->system;
    value &= mask;
    core_interrupts_changed(core);
    core_device_changed(core);
    if (address >= NVIC_ISER && address < NVIC_IPR_END) {
        if (write_nvic(&state->nvic, address, value, mask)) {
            core_exception_pended(core);
        }
        return;
    }
    if (address >= SCS + SYSTICK_CSR && address <= SCS + SYSTICK_CALIB) {
        if (systick_advance(&state->systick, now)) {
            nvic_pend(&state->nvic, EXCEPTION_SYSTICK);
        }
        systick_write(&state->systick, address - SCS, value, now);
        return;
    }
    if (address >= SHPR1 && address <= SHPR3) {
        set_priorities(&state->nvic, EXCEPTION_MEM_MANAGE + (address - SHPR1), value, mask);
        return;
    }
    if (address >= MPU_TYPE && address < MPU_END) {
        mpu_write(&system->mpu, address - MPU_TYPE, value, core->model.has_v8_mpu);
        return;
    }
    if (address <= ITM_STIM31 || (address >= ICIALLU && address < CACHE_MAINTENANCE_END)) {
        return; /* cache maintenance: no data are ever stale here */
    }
    switch (address) {
    case CSSELR:
        system->csselr = value & 0xFu;
        break;
    case DWT_CTRL:
        cycle_counter_settle(core, cycles);
        state->cycle_counter.control = core->model.has_cycle_counter ? value & DWT_CYCCNTENA : 0;
        break;
    case DWT_CYCCNT:
        cycle_counter_settle(core, cycles);
        state->cycle_counter.value = core->model.has_cycle_counter ? value : 0;
        break;
    case ACTLR:
        system->actlr = value;
        break;
    case ICSR:
        pend_or_clear(core, value, ICSR_PENDSTSET, ICSR_PENDSTCLR, EXCEPTION_SYSTICK);
        pend_or_clear(core, value, ICSR_PENDSVSET, ICSR_PENDSVCLR, EXCEPTION_PENDSV);
        pend_or_clear(core, value, ICSR_NMIPENDSET, 0, EXCEPTION_NMI);
        break;
    case VTOR:
        system->vtor = value & ~0x7Fu;
        break;
    case AIRCR:
        write_aircr(core, value);
        break;
    case SCR:
        system->scr = merged(system->scr, value, mask);
        break;
    case CCR:
        system->ccr = merged(system->ccr, value, mask);
        if (core->has_timing && timing_is_control(&core->timing_parameters, SYSTEM_CCR)) {
            timing_written(&state->timing, SYSTEM_CCR, system->ccr);
        }
        break;
    case SHCSR:
        write_shcsr(&state->nvic, merged(read_shcsr(&state->nvic), value, mask));
        break;
    case CFSR:
        system->cfsr &= ~value;
        break;
    case HFSR:
        system->hfsr &= ~value;
        break;
    case DFSR:
        system->dfsr &= ~value;
        break;
    case MMFAR:
        system->mmfar = value;
        break;
    case BFAR:
        system->bfar = value;
        break;
    case CPACR:
        system->cpacr = core->model.has_fpu ? value : 0;
        break;
    case DEMCR:
        cycle_counter_settle(core, cycles);
        system->demcr = value;
        break;
    case STIR:
        nvic_pend(&state->nvic, EXCEPTION_EXTERNAL + (value & 0x1FFu));
        break;
    case FPCCR:
        system->fpccr = core->model.has_fpu ? value : 0;
        break;
    case FPCAR:
        system->fpcar = value;
        break;
    case FPDSCR:
        system->fpdscr = value;
        break;
    default:
        if (!registers_write(&core->chip.registers, address,
                             merged(registers_read(&core->chip.registers, address), value, mask))) {
            core_fail(core, "out of memory", UC_ERR_NOMEM);
        }
        break;
    }
}
