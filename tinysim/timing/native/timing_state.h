/* What the timing model keeps while the guest runs. */
#ifndef TINYSIM_TIMING_STATE_H
#define TINYSIM_TIMING_STATE_H

#include "cache.h"
#include "predictor.h"
#include "timing.h"

/* Holds no pointer, so that a copy of the structure is a snapshot of it. */
struct timing {
    struct timing_parameters parameters;
    uint32_t wait_states;
    bool prefetch;
    bool cache_on[TIMING_CACHES];
    uint64_t cycles; /* all cycles given out so far: the clock that flash works by */
    uint32_t previous_address;
    uint32_t previous_end;
    uint8_t previous_leaving;
    uint8_t previous_mispredicted;
    bool previous_is_branch;
    bool previous_leaves_slot;
    bool previous_hit_cache; /* the last block fetched all it needed without the flash array */
    uint32_t fetch_unit;     /* the read of the flash array that the fetch buffer holds */
    uint32_t prefetch_unit;
    uint64_t prefetch_ready;
    uint32_t filling_line[TIMING_CACHES]; /* the line that is on its way, whose first part has arrived */
    uint32_t first_unit[TIMING_CACHES];   /* of it: "critical word first" */
    uint64_t filled_at[TIMING_CACHES];
    struct cache caches[TIMING_CACHES];
    struct predictor predictor;
};

#endif
