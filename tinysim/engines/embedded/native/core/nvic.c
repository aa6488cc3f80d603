#include "nvic.h"

#include <string.h>

static bool get(const uint32_t *array, uint32_t exception)
{
    return (array[exception / 32] >> (exception % 32) & 1u) != 0;
}

static void put(uint32_t *array, uint32_t exception, bool value)
{
    uint32_t bit = 1u << (exception % 32);
    array[exception / 32] = value ? array[exception / 32] | bit : array[exception / 32] & ~bit;
}

void nvic_reset(struct nvic *nvic, uint32_t interrupts, uint32_t priority_bits)
{
    memset(nvic, 0, sizeof *nvic);
    nvic->priority_mask = (uint8_t)(0xFFu << (8 - priority_bits));
    nvic->group_shift = 1;
    nvic->words = (EXCEPTION_EXTERNAL + interrupts + 31) / 32;
    for (uint32_t exception = EXCEPTION_NMI; exception < EXCEPTION_EXTERNAL + interrupts; exception++) {
        put(nvic->implemented, exception, true);
    }
    /* The configurable faults are enabled by SHCSR, the others of the core always are. */
    for (uint32_t exception = EXCEPTION_NMI; exception < EXCEPTION_EXTERNAL; exception++) {
        put(nvic->enabled, exception, exception < EXCEPTION_MEM_MANAGE || exception > EXCEPTION_USAGE_FAULT);
    }
}

void nvic_pend(struct nvic *nvic, uint32_t exception)
{
    if (exception < NVIC_EXCEPTIONS && get(nvic->implemented, exception)) {
        put(nvic->pending, exception, true);
    }
}

void nvic_unpend(struct nvic *nvic, uint32_t exception)
{
    put(nvic->pending, exception, false);
}

bool nvic_is_pending(const struct nvic *nvic, uint32_t exception)
{
    return get(nvic->pending, exception);
}

bool nvic_is_active(const struct nvic *nvic, uint32_t exception)
{
    return get(nvic->active, exception);
}

bool nvic_is_enabled(const struct nvic *nvic, uint32_t exception)
{
    return get(nvic->enabled, exception);
}

void nvic_enable(struct nvic *nvic, uint32_t exception, bool enabled)
{
    put(nvic->enabled, exception, enabled);
}

void nvic_activate(struct nvic *nvic, uint32_t exception)
{
    put(nvic->pending, exception, false);
    put(nvic->active, exception, true);
}

void nvic_deactivate(struct nvic *nvic, uint32_t exception)
{
    put(nvic->active, exception, false);
    if (get(nvic->level, exception)) {
        put(nvic->pending, exception, true);
    }
}

bool nvic_drive(struct nvic *nvic, uint32_t exception, bool level)
{
    bool rises = level && !get(nvic->level, exception);
    put(nvic->level, exception, level);
    if (rises) {
        nvic_pend(nvic, exception);
    }
    return rises;
}

static int priority(const struct nvic *nvic, uint32_t exception)
{
    return exception <= EXCEPTION_HARD_FAULT ? (int)exception - 4 : nvic->priority[exception];
}

uint32_t nvic_most_urgent(const struct nvic *nvic)
{
    uint32_t best = EXCEPTION_NONE;
    for (uint32_t word = 0; word < nvic->words; word++) {
        uint32_t bits = nvic->pending[word] & nvic->enabled[word];
        while (bits != 0) {
            uint32_t exception = word * 32 + (uint32_t)__builtin_ctz(bits);
            bits &= bits - 1;
            if (best == EXCEPTION_NONE || priority(nvic, exception) < priority(nvic, best)) {
                best = exception;
            }
        }
    }
    return best;
}

static int group(const struct nvic *nvic, int full)
{
    return full < 0 ? full : full >> nvic->group_shift << nvic->group_shift;
}

int nvic_group_priority(const struct nvic *nvic, uint32_t exception)
{
    return group(nvic, priority(nvic, exception));
}

int nvic_execution_priority(const struct nvic *nvic, uint32_t basepri, bool primask, bool faultmask)
{
    int highest = PRIORITY_IDLE;
    for (uint32_t word = 0; word < nvic->words; word++) {
        for (uint32_t bits = nvic->active[word]; bits != 0; bits &= bits - 1) {
            int now = nvic_group_priority(nvic, word * 32 + (uint32_t)__builtin_ctz(bits));
            highest = now < highest ? now : highest;
        }
    }
    basepri &= nvic->priority_mask;
    if (basepri != 0 && group(nvic, (int)basepri) < highest) {
        highest = group(nvic, (int)basepri);
    }
    if (primask && highest > 0) {
        highest = 0;
    }
    if (faultmask && highest > -1) {
        highest = -1;
    }
    return highest;
}

bool nvic_is_any_pending(const struct nvic *nvic)
{
    uint32_t any = 0;
    for (uint32_t word = 0; word < nvic->words; word++) {
        any |= nvic->pending[word] & nvic->enabled[word];
    }
    return any != 0;
}

bool nvic_is_any_active_but(const struct nvic *nvic, uint32_t exception)
{
    uint32_t others = 0;
    for (uint32_t word = 0; word < nvic->words; word++) {
        uint32_t own = word == exception / 32 ? 1u << (exception % 32) : 0u;
        others |= nvic->active[word] & ~own;
    }
    return others != 0;
}

uint32_t nvic_interrupt_bits(const uint32_t *array, uint32_t word)
{
    return word + 1 < NVIC_WORDS ? array[word] >> 16 | array[word + 1] << 16 : 0;
}

void nvic_set_interrupt_bits(const struct nvic *nvic, uint32_t *array, uint32_t word, uint32_t bits)
{
    if (word + 1 < NVIC_WORDS) {
        array[word] |= bits << 16 & nvic->implemented[word];
        array[word + 1] |= bits >> 16 & nvic->implemented[word + 1];
    }
}

void nvic_clear_interrupt_bits(uint32_t *array, uint32_t word, uint32_t bits)
{
    if (word + 1 < NVIC_WORDS) {
        array[word] &= ~(bits << 16);
        array[word + 1] &= ~(bits >> 16);
    }
}
