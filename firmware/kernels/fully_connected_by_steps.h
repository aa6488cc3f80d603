/* FULLY_CONNECTED for factors that no multiplier of 31 bits gives exactly as the reference's double precision
 * does (tinysim/codegen/requantization.py): an output is looked up among the accumulators where it steps. */
#ifndef KERNELS_FULLY_CONNECTED_BY_STEPS_H
#define KERNELS_FULLY_CONNECTED_BY_STEPS_H

#include "kernels/fully_connected.h"

struct fully_connected_by_steps {
    struct fully_connected layer;
    const int32_t *tables; /* of each output: which table of `steps`, or negative where it is rescaled */
    /* Tables of `stage.maximum - stage.minimum` values, the least accumulators that give minimum + 1 and so
     * on. The bias of an output that has one carries no fraction bits. */
    const int32_t *steps;
};

/* `output` must not overlap `input`. */
void connect_fully_by_steps(const struct fully_connected_by_steps *stepped, const int8_t *input,
                            int8_t *output);

#endif
