/* The innermost part of a convolution: two places of the output, four channels at a time. */
#ifndef KERNELS_CONVOLUTION_TILE_H
#define KERNELS_CONVOLUTION_TILE_H

#include "kernels/requantization.h"
#include "kernels/simd.h"

#if KERNELS_SIMD

/* Each step multiplies two values a place with two weights a channel:
 *   pixels  [steps][2 places]    pairs of int16
 *   weights [blocks][steps][4 channels]  pairs of int16, times 2**fraction_bits
 * and `outputs` gets 4 * blocks bytes at each place, saturated but not clamped. The assembly relies on the
 * order of the members. */
struct convolution_tile {
    const int32_t *weights;
    const int32_t *pixels;
    const struct channel *channels;
    int8_t *outputs[2];
    int32_t blocks;              /* at least 1 */
    const int32_t *unrolled_end; /* pixels + 2 * (steps rounded down to a multiple of 8) */
    const int32_t *end;          /* pixels + 2 * steps; steps are even */
};

void convolve_tile(const struct convolution_tile *tile, enum rounding rounding);

#endif

#endif
