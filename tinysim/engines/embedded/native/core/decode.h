/* What the engine has to know of a block of Thumb code: how many instructions, and which need its care. */
#ifndef TINYSIM_DECODE_H
#define TINYSIM_DECODE_H

#include <stdbool.h>
#include <stdint.h>

enum block_flag {
    BLOCK_READS_MODE = 1u << 0,    /* MRS of IPSR or CONTROL, MSR of CONTROL: needs the true processor mode */
    BLOCK_CHANGES_MASKS = 1u << 1, /* CPS, MSR: a pending exception may become possible */
    BLOCK_FLOATING_POINT = 1u << 2, /* uses the floating-point unit */
    BLOCK_SENDS_EVENT = 1u << 3,    /* SEV */
    BLOCK_STANDS_STILL = 1u << 4,   /* a branch to itself and nothing else */
    BLOCK_WRITABLE = 1u << 5,       /* lies in RAM: may have been rewritten since it was described */
    BLOCK_DIVIDES = 1u << 6,        /* SDIV, UDIV: a division by zero may be a fault */
    BLOCK_USES_LEVELS = 1u << 7,    /* CPS or MSR of FAULTMASK or BASEPRI */
    BLOCK_TESTS_TARGET = 1u << 8,   /* TT, TTT: asks the memory protection unit */
    BLOCK_SETS_LIMITS = 1u << 9,    /* MSR of MSPLIM or PSPLIM */
};

struct decoded_block {
    uint32_t instructions;
    uint32_t flags;
    bool has_it;           /* holds an IT instruction */
    uint32_t sleep_offset; /* of the unconditional WFI or WFE that ends it, or DECODE_NO_SLEEP */
    uint32_t float_offset; /* of the first floating-point instruction */
};

static const uint32_t DECODE_NO_SLEEP = UINT32_MAX;

/* Whether the instruction at `code` is WFI or WFE. */
bool is_sleep(const uint8_t *code);
bool is_wait_for_event(const uint8_t *code);
bool is_floating_point(const uint8_t *code);
bool is_division(const uint8_t *code);

/* The number of the register that holds the divisor of the division at `code`. */
uint32_t divisor_register(const uint8_t *code);

/* Whether the instruction is TT or TTT; only for a core that has them, elsewhere they are stores. */
bool is_target_test(const uint8_t *code);

struct target_test {
    uint32_t address_register;
    uint32_t result_register;
    bool unprivileged; /* TTT */
};

struct target_test decode_target_test(const uint8_t *code);

/* Bytes of the instruction that starts with this halfword (ARMv7-M ARM, A5.1). */
static inline uint32_t instruction_bytes(uint16_t first_halfword)
{
    return first_halfword >= 0xE800u ? 4 : 2;
}

/* Describes `bytes` of code; the last instruction may be cut off. */
struct decoded_block decode_block(const uint8_t *code, uint32_t bytes);

/* The number of instructions that lie wholly or partly before `offset`. */
uint32_t instructions_before(const uint8_t *code, uint32_t offset);

#endif
