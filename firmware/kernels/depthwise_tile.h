/* The innermost part of a depthwise convolution by a 3x3 kernel with stride 1: one channel's plane. */
#ifndef KERNELS_DEPTHWISE_TILE_H
#define KERNELS_DEPTHWISE_TILE_H

#include "kernels/requantization.h"
#include "kernels/simd.h"

#if KERNELS_SIMD

/* The assembly relies on the order of the members. Strides and ends are in bytes. */
struct depthwise_tile {
    const int16_t *plane; /* word-aligned, its rows an even number of values */
    int32_t plane_stride;
    int8_t *output;
    int32_t column_stride;
    int32_t row_stride;
    int32_t rows;
    int32_t sixes_end;   /* (columns rounded down to a multiple of 6) * column_stride */
    int32_t columns_end; /* columns * column_stride */
    int32_t taps[3][2];  /* of each kernel row: values 0 and 1, then 1 and 2, times 2**fraction_bits */
    int32_t bias, multiplier, rounding, shift;
};

/* The output is saturated but not clamped. */
void convolve_depthwise_tile(const struct depthwise_tile *tile, enum rounding rounding);

#endif

#endif
