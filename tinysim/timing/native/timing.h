/* Cycles of executed blocks: what a block costs by itself, plus branches and waiting for memory.
 *
 * tinysim/timing/marshalling.py reads structures and constants from this text; lines that begin with # are
 * the C compiler's only. */
#ifndef TINYSIM_TIMING_H
#define TINYSIM_TIMING_H

#include <stdbool.h>
#include <stdint.h>

struct timing;

enum { TIMING_NO_TERM = -1, TIMING_LOADED = 16, TIMING_ACCESSES_MAXIMUM = 384 };
enum { TIMING_MEMORIES_MAXIMUM = 8, TIMING_CACHES = 3, TIMING_NO_CACHE = 0xFF };

/* At most two terms, each a register at entry (0 to 14) or the value that an earlier entry of the block's
 * list brought (TIMING_LOADED plus its number), shifted left, and a constant. */
struct timing_sum {
    uint32_t constant;
    int16_t term[2];
    uint8_t shift[2];
};

/* What an entry of the list does: access memory, or only work out a value that later entries need. */
enum timing_operation {
    TIMING_ACCESS,
    TIMING_PEEK,
    TIMING_ADD,
    TIMING_SUBTRACT,
    TIMING_MULTIPLY,
    TIMING_AND,
    TIMING_OR,
    TIMING_EXCLUSIVE_OR,
    TIMING_SHIFT_LEFT,
    TIMING_SHIFT_RIGHT,
    TIMING_SHIFT_RIGHT_SIGNED,
    TIMING_ROTATE_RIGHT,
};

struct timing_access {
    struct timing_sum address; /* or the left operand */
    struct timing_sum right;   /* of an operation */
    uint8_t operation;
    uint16_t cycle; /* of the block, in which it is executed */
    uint8_t element_bytes;
    uint8_t elements;
    bool known;
    bool followed; /* a later access's address needs the loaded value */
    bool is_store;
    bool overlapped; /* with the load before it: only within one memory */
};

/* The accesses of a block that lie at constant distances from one register: all within `first` to `last` of
 * it, and aligned where `aligned` is. */
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
    uint32_t again;       /* instead, right after itself */
    uint32_t joined;      /* instead, straight after a block that leaves a slot free */
    uint8_t leaving;      /* cycles of leaving it by a taken branch, where that was not foreseen */
    uint8_t entered;      /* cycles of entering it by a branch */
    uint8_t mispredicted; /* cycles of going on after it otherwise than foreseen */
    bool is_branch;       /* may go elsewhere than straight on */
    bool leaves_slot;     /* its last instruction can be issued together with what follows */
    uint16_t registers;   /* bit r: register r is needed to follow the accesses */
    uint16_t access_count;
    uint16_t range_count;
    bool only_ranges; /* no access costs anything while every range is aligned and in free memory */
    const struct timing_access *accesses;
    const struct timing_range *ranges;
};

/* A memory that may keep the core waiting. */
struct timing_memory {
    uint32_t address;
    uint32_t bytes;
    uint32_t home;             /* the address under which caches know it */
    uint32_t wait_cycles;      /* of a read that no cache answers; for flash its wait states come on top */
    uint32_t read_shift;       /* of flash: one read of the array delivers 1 << read_shift bytes */
    uint8_t instruction_cache; /* which cache stands before it, or TIMING_NO_CACHE */
    uint8_t data_cache;
    bool is_flash;
    bool prefetches; /* code is read ahead, while the guest has that switched on */
};

struct timing_cache_parameters {
    uint32_t lines;
    uint32_t ways;
    uint32_t line_bytes;
    uint32_t part_bytes;
    uint32_t control_register; /* in which the guest switches it on; 0: always on */
    uint32_t enable_bit;
    uint32_t miss_cycles; /* of finding that something is not there */
    bool fills_whole_lines;
    bool allocates_stores;
};

struct timing_parameters {
    struct timing_memory memories[TIMING_MEMORIES_MAXIMUM];
    uint32_t memory_count;
    struct timing_cache_parameters caches[TIMING_CACHES];
    uint32_t cache_count;
    uint32_t latency_register;
    uint32_t latency_mask;
    uint32_t prefetch_register; /* 0: none */
    uint32_t prefetch_bit;
    uint32_t predictor_entries;
    uint32_t unaligned_cycles[2]; /* of a load at an even, an odd address */
};

/* Reads a word of memory without side effects; 0 where there is none. */
typedef uint32_t timing_peek(void *context, uint32_t address);

/* Reads a register that controls timing, as the guest left it. */
typedef uint32_t timing_control(void *context, uint32_t address);

void timing_reset(struct timing *timing, const struct timing_parameters *parameters, timing_control *control,
                  void *context);

/* Whether a write to `address` has to be told by timing_written(). */
bool timing_is_control(const struct timing_parameters *parameters, uint32_t address);

/* The guest wrote a register that controls timing. */
void timing_written(struct timing *timing, uint32_t address, uint32_t value);

/* Something else than a branch came between the previous block and the next: exception entry or return. */
void timing_interrupted(struct timing *timing);

/* Returns the cycles of `block`, entered after the previous call's block. `registers` holds r0 to r14 at
 * entry; only those named in block->registers are read. */
uint32_t timing_enter(struct timing *timing, const struct timing_block *block, const uint32_t *registers,
                      timing_peek *peek, void *context);

#endif
