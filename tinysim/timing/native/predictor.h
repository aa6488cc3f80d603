/* Branch prediction: a direct-mapped branch target address cache with two-bit counters. */
#ifndef TINYSIM_PREDICTOR_H
#define TINYSIM_PREDICTOR_H

#include <stdbool.h>
#include <stdint.h>

enum { PREDICTOR_ENTRIES_MAXIMUM = 256 };

/* Holds no pointer, so that a copy of the structure is a snapshot of it. */
struct predictor {
    uint32_t entries; /* a power of two; 0: every taken branch is foreseen by nothing */
    uint32_t branch[PREDICTOR_ENTRIES_MAXIMUM];
    uint32_t target[PREDICTOR_ENTRIES_MAXIMUM];
    uint8_t counter[PREDICTOR_ENTRIES_MAXIMUM]; /* 2 and 3: taken */
};

void predictor_reset(struct predictor *predictor, uint32_t entries);

/* Tells whether it was foreseen that the branch that ends at `branch` goes on at `next`, and learns that. */
bool predictor_foresees(struct predictor *predictor, uint32_t branch, uint32_t next, bool taken);

#endif
