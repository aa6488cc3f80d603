/* Peripheral registers without a model: they read as written, but for bits that the chip itself drives.
 *
 * Accesses are counted, so that a guest that waits for what never comes can be told what it waits for. */
#ifndef TINYSIM_REGISTERS_H
#define TINYSIM_REGISTERS_H

#include <stdbool.h>
#include <stdint.h>

#include "engine.h"

enum { REGISTER_PAGE_BYTES = 1024, REGISTER_PAGE_WORDS = REGISTER_PAGE_BYTES / 4 };

/* A page of registers; pages exist once they have been written. */
struct register_page {
    uint32_t address;
    uint32_t words[REGISTER_PAGE_WORDS];
};

struct registers {
    struct register_rule *rules;
    uint32_t rule_count;
    struct register_page *pages;
    uint32_t page_count;
    uint32_t page_capacity;
    struct register_use uses[REGISTER_USES];
    uint32_t use_count;
    struct register_block blocks[REGISTER_BLOCKS];
    uint32_t block_count;
};

bool registers_add_rule(struct registers *registers, const struct register_rule *rule);
void registers_free(struct registers *registers);

/* Back to the state after reset; what was counted stays. False where memory is short. */
bool registers_reset(struct registers *registers);

uint32_t registers_read(const struct registers *registers, uint32_t address);
bool registers_write(struct registers *registers, uint32_t address, uint32_t value);

/* Counts an access by which `value` passed; false where the last one from there to there passed the same. */
bool registers_count(struct registers *registers, uint32_t address, uint32_t pc, bool is_write,
                     uint32_t value);

#endif
