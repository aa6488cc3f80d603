/* SOFTMAX over the last dimension, int8, in the reference's fixed point. */
#ifndef KERNELS_SOFTMAX_H
#define KERNELS_SOFTMAX_H

#include <stdint.h>

struct softmax {
    int32_t rows;
    int32_t depth;
    int32_t table_length;
    const int32_t *exponentials; /* exp(-scale * d) in Q0.31; a difference beyond the table counts as zero */
};

/* `output` may be `input`, or begin before it. */
void compute_softmax(const struct softmax *layer, const int8_t *input, int8_t *output);

#endif
