/* A set-associative cache whose lines fill part by part or as a whole; least recently used way is replaced.
 */
#ifndef TINYSIM_CACHE_H
#define TINYSIM_CACHE_H

#include <stdbool.h>
#include <stdint.h>

enum { CACHE_LINES_MAXIMUM = 512, CACHE_BUCKETS = 128 };

/* Holds no pointer, so that a copy of the structure is a snapshot of it. */
struct cache {
    uint32_t sets; /* a power of two */
    uint32_t ways;
    uint32_t line_shift; /* address bits within a line */
    uint32_t part_shift; /* address bits within a part */
    bool fills_whole_lines;
    uint64_t uses;
    uint32_t tag[CACHE_LINES_MAXIMUM];   /* ways of a set are neighbours */
    uint8_t filled[CACHE_LINES_MAXIMUM]; /* bit p: part p is there */
    uint64_t used[CACHE_LINES_MAXIMUM];
    /* So that most lookups do not search a set. A bucket: the lines whose tags have the same low bits. */
    uint16_t hint[CACHE_BUCKETS]; /* the line of the bucket that was last found */
    uint16_t held[CACHE_BUCKETS]; /* how many lines are in it */
};

void cache_reset(struct cache *cache, uint32_t lines, uint32_t ways, uint32_t line_bytes, uint32_t part_bytes,
                 bool fills_whole_lines);

/* Tells whether the part at `address` is there and marks its line as used; brings in what is not there. */
bool cache_access(struct cache *cache, uint32_t address);

/* Whether all bytes from `first` to `last`, within one line, are there; only if so is the line marked as
 * used. */
bool cache_holds(struct cache *cache, uint32_t first, uint32_t last);

#endif
