/* Cycles of executed blocks: what a block costs by itself, plus waiting for flash. */
#ifndef TINYSIM_TIMING_H
#define TINYSIM_TIMING_H

#include <stdbool.h>
#include <stdint.h>

#include "line_cache.h"

enum { TIMING_NO_TERM = -1, TIMING_LOADED = 16, TIMING_LOADS_MAXIMUM = 112 };

/* A load's address: at most two terms, each a register at entry (0 to 14) or the value that an earlier
 * load of the block brought (TIMING_LOADED plus its number), and a constant. */
struct timing_load {
    int8_t term[2];
    uint8_t shift[2];
    uint32_t constant;
    uint8_t element_bytes;
    uint8_t elements;
    bool known;
    bool followed; /* a later load's address needs the loaded value */
};

/* The loads of a block that lie at constant distances from one register: all within `first` to `last` of it,
 * and aligned where `aligned` is. */
struct timing_range {
    uint8_t index; /* of the register */
    uint8_t alignment_mask;
    uint32_t first;
    uint32_t last;
    uint32_t aligned;
};

struct timing_block {
    uint32_t address;
    uint32_t end;
    uint32_t cycles;
    uint8_t refill_direct;
    uint8_t refill_indirect;
    bool ends_in_direct_branch;
    uint16_t registers; /* bit r: register r is needed to follow the loads */
    uint16_t load_count;
    uint16_t range_count;
    bool only_ranges; /* no load costs anything while every range is aligned and outside flash */
    const struct timing_load *loads;
    const struct timing_range *ranges;
};

struct timing_parameters {
    uint32_t flash_address;
    uint32_t flash_bytes;
    uint32_t flash_alias;
    uint32_t read_width_bytes;
    uint32_t latency_mask;
    uint32_t prefetch_bit;
    uint32_t instruction_cache_bit;
    uint32_t data_cache_bit;
    uint32_t instruction_cache_lines;
    uint32_t instruction_cache_line_bytes;
    uint32_t data_cache_lines;
    uint32_t data_cache_line_bytes;
};

/* Holds no pointer, so that a copy of the structure is a snapshot of it. */
struct timing {
    struct timing_parameters parameters;
    uint32_t wait_states;
    bool prefetch;
    bool instruction_cache_on;
    bool data_cache_on;
    uint64_t cycles; /* all cycles given out so far: the clock that the prefetcher works by */
    uint32_t previous_address;
    uint32_t previous_end;
    bool previous_ends_in_direct_branch;
    bool previous_hit_cache; /* the last block fetched all it needed without the flash array */
    uint32_t fetch_unit;     /* the read of the flash array that the fetch buffer holds */
    uint32_t prefetch_unit;
    uint64_t prefetch_ready;
    uint32_t data_unit;
    struct line_cache instruction_cache;
    struct line_cache data_cache;
};

/* Reads a word of RAM or flash without side effects; 0 where there is neither. */
typedef uint32_t timing_peek(void *context, uint32_t address);

void timing_reset(struct timing *timing, const struct timing_parameters *parameters, uint32_t flash_control);

/* The guest wrote the flash interface's control register. */
void timing_flash_control(struct timing *timing, uint32_t value);

/* Something else than a branch came between the previous block and the next: exception entry or return. */
void timing_interrupted(struct timing *timing);

/* Returns the cycles of `block`, entered after the previous call's block. `registers` holds r0 to r14 at
 * entry; only those named in block->registers are read. */
uint32_t timing_enter(struct timing *timing, const struct timing_block *block, const uint32_t *registers,
                      timing_peek *peek, void *context);

#endif
