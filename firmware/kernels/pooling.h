/* AVERAGE_POOL_2D and MAX_POOL_2D, int8, batch 1. */
#ifndef KERNELS_POOLING_H
#define KERNELS_POOLING_H

#include <stdint.h>

struct pooling {
    int16_t input_height, input_width, channels;
    int16_t output_height, output_width;
    int16_t kernel_height, kernel_width;
    int16_t stride_height, stride_width;
    int16_t padding_top, padding_left;
    int8_t minimum, maximum;
};

/* Places are computed in the order of memory: `output` may lie over `input` if it begins early enough before
 * it (tinysim/codegen/overlays.py). */
void pool_average(const struct pooling *layer, const int8_t *input, int8_t *output);
void pool_maximum(const struct pooling *layer, const int8_t *input, int8_t *output);

#endif
