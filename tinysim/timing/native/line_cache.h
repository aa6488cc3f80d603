/* A fully associative cache of lines that fill part by part, least recently used line replaced. */
#ifndef TINYSIM_LINE_CACHE_H
#define TINYSIM_LINE_CACHE_H

#include <stdbool.h>
#include <stdint.h>

enum { LINE_CACHE_LINES_MAXIMUM = 64, LINE_CACHE_HINTS = 128 };

/* Holds no pointer, so that a copy of the structure is a snapshot of it. */
struct line_cache {
    uint32_t lines;
    uint32_t line_shift; /* address bits within a line */
    uint32_t part_shift; /* address bits within a part */
    uint64_t uses;
    uint32_t tag[LINE_CACHE_LINES_MAXIMUM];
    uint32_t filled[LINE_CACHE_LINES_MAXIMUM]; /* bit p: part p is there */
    uint64_t used[LINE_CACHE_LINES_MAXIMUM];
    uint8_t hint[LINE_CACHE_HINTS]; /* where a line with these low bits was last seen */
};

void line_cache_reset(struct line_cache *cache, uint32_t lines, uint32_t line_bytes, uint32_t part_bytes);

/* Marks the line of `address` as used and tells whether the part at `address` is there; if not, brings it in.
 */
bool line_cache_access(struct line_cache *cache, uint32_t address);

/* Whether all bytes from `first` to `last`, within one line, are there; only if so is the line marked as
 * used. */
bool line_cache_holds(struct line_cache *cache, uint32_t first, uint32_t last);

#endif
