/* Exceptions: which are pending, enabled and active, and which has precedence (ARMv7-M ARM, B1.5, B3.4). */
#ifndef TINYSIM_NVIC_H
#define TINYSIM_NVIC_H

#include <stdbool.h>
#include <stdint.h>

enum exception {
    EXCEPTION_NONE = 0,
    EXCEPTION_RESET = 1,
    EXCEPTION_NMI = 2,
    EXCEPTION_HARD_FAULT = 3,
    EXCEPTION_MEM_MANAGE = 4,
    EXCEPTION_BUS_FAULT = 5,
    EXCEPTION_USAGE_FAULT = 6,
    EXCEPTION_SVC = 11,
    EXCEPTION_DEBUG_MONITOR = 12,
    EXCEPTION_PENDSV = 14,
    EXCEPTION_SYSTICK = 15,
    EXCEPTION_EXTERNAL = 16, /* interrupt 0 */
};

enum { NVIC_WORDS = 9, NVIC_EXCEPTIONS = 256 };

/* Indexed by exception number. */
struct nvic {
    uint32_t implemented[NVIC_WORDS];
    uint32_t enabled[NVIC_WORDS];
    uint32_t pending[NVIC_WORDS];
    uint32_t active[NVIC_WORDS];
    uint32_t level[NVIC_WORDS]; /* the device holds its interrupt line high */
    uint8_t priority[NVIC_EXCEPTIONS];
    uint32_t words;        /* of the arrays, that are in use */
    uint8_t priority_mask; /* the bits of a priority that exist */
    uint8_t group_shift;   /* PRIGROUP + 1: so many low bits are sub-priority */
};

/* No exception is this urgent, so everything may preempt: thread mode with nothing masked. */
static const int PRIORITY_IDLE = 256;

void nvic_reset(struct nvic *nvic, uint32_t interrupts, uint32_t priority_bits);

void nvic_pend(struct nvic *nvic, uint32_t exception);
void nvic_unpend(struct nvic *nvic, uint32_t exception);
bool nvic_is_pending(const struct nvic *nvic, uint32_t exception);
bool nvic_is_active(const struct nvic *nvic, uint32_t exception);
bool nvic_is_enabled(const struct nvic *nvic, uint32_t exception);
void nvic_enable(struct nvic *nvic, uint32_t exception, bool enabled);
void nvic_activate(struct nvic *nvic, uint32_t exception);
void nvic_deactivate(struct nvic *nvic, uint32_t exception);

/* A device drives its interrupt line; returns true where that made the exception pending. */
bool nvic_drive(struct nvic *nvic, uint32_t exception, bool level);

/* The pending, enabled exception of highest precedence, or EXCEPTION_NONE. */
uint32_t nvic_most_urgent(const struct nvic *nvic);

/* Priority by which an exception preempts; smaller is more urgent. */
int nvic_group_priority(const struct nvic *nvic, uint32_t exception);

/* The priority that execution has through active exceptions and masks (ARMv7-M ARM, ExecutionPriority()). */
int nvic_execution_priority(const struct nvic *nvic, uint32_t basepri, bool primask, bool faultmask);

/* Whether any exception is pending and enabled. */
bool nvic_is_any_pending(const struct nvic *nvic);

/* Whether an exception other than `exception` is active. */
bool nvic_is_any_active_but(const struct nvic *nvic, uint32_t exception);

/* ISER, ICER, ISPR, ICPR, IABR: 32 interrupts from `word` * 32 on. */
uint32_t nvic_interrupt_bits(const uint32_t *array, uint32_t word);
void nvic_set_interrupt_bits(const struct nvic *nvic, uint32_t *array, uint32_t word, uint32_t bits);
void nvic_clear_interrupt_bits(uint32_t *array, uint32_t word, uint32_t bits);

#endif
