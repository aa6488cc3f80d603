/* FULLY_CONNECTED, int8, weights quantized per tensor or per channel. */
#ifndef KERNELS_FULLY_CONNECTED_H
#define KERNELS_FULLY_CONNECTED_H

#include "kernels/requantization.h"

struct fully_connected {
    int32_t rows; /* inputs vectors, one after the other */
    int32_t inputs, outputs;
    int32_t depth; /* inputs rounded up to a multiple of 4 */
    struct output_stage stage;
    const int8_t *weights; /* as in struct convolution */
    const struct channel *channels;
};

/* `output` must not overlap `input`. */
void connect_fully(const struct fully_connected *layer, const int8_t *input, int8_t *output);

#endif
