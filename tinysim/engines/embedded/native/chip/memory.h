/* Flash, RAM and ROM of the chip, in host memory, and the descriptions of the code blocks they hold. */
#ifndef TINYSIM_MEMORY_H
#define TINYSIM_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

#include "timing.h"

enum { MEMORIES_MAXIMUM = 16 };

/* A block of code that has been executed: known by where it starts and how long it is. */
struct block {
    struct block *next; /* another one that starts at the same address */
    uint32_t address;
    uint32_t bytes;
    uint32_t instructions;
    uint32_t flags; /* enum block_flag */
    uint32_t float_offset;
    bool has_it;
    const struct timing_block *timing; /* NULL: a cycle an instruction */
    const uint32_t *cycles_before;     /* of each instruction, if timing is not NULL */
    uint8_t code[];
};

/* A range of the address space; mirrors share their host memory. */
struct memory {
    uint32_t address;
    uint32_t bytes;
    uint8_t *host;
    bool writable;
    bool owns_host;
    struct block **blocks; /* by halfword */
};

struct memories {
    struct memory list[MEMORIES_MAXIMUM];
    uint32_t count;
};

/* Adds a range; `shared` is NULL for memory of its own, which starts out as `fill`. */
struct memory *memories_add(struct memories *memories, uint32_t address, uint32_t bytes, bool writable,
                            uint8_t *shared, uint8_t fill);
void memories_free(struct memories *memories);

/* The host's place of `bytes` bytes at `address`, or NULL where not all of them are memory. */
uint8_t *memories_at(const struct memories *memories, uint32_t address, uint32_t bytes);

struct memory *memories_find(struct memories *memories, uint32_t address);

/* A little-endian word; 0 where there is no memory. */
uint32_t memories_word(const struct memories *memories, uint32_t address);

void memory_forget_blocks(struct memory *memory);

uint32_t load_word(const uint8_t *place);
void store_word(uint8_t *place, uint32_t value);

#endif
