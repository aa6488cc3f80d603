/* The innermost part of a fully connected layer: four outputs' sums over the input. */
#ifndef KERNELS_FULLY_CONNECTED_BLOCK_H
#define KERNELS_FULLY_CONNECTED_BLOCK_H

#include "kernels/fully_connected.h"
#include "kernels/simd.h"

/* Adds the products of one block of four outputs; the input need not reach up to `depth`. */
static inline void multiply_values(const int8_t *weights, const int8_t *input, int32_t count, int32_t sums[4])
{
    for (int32_t channel = 0; channel < 4; channel++) {
        for (int32_t k = 0; k < count; k++) {
            sums[channel] += weights[4 * channel + k] * input[k];
        }
    }
}

static inline void multiply_block(const int8_t *weights, const int8_t *input, int32_t inputs, int32_t sums[4])
{
    int32_t i = 0;
#if KERNELS_SIMD
    int32_t sum0 = 0, sum1 = 0, sum2 = 0, sum3 = 0;
    for (; i + 4 <= inputs; i += 4, weights += 16) {
        int32_t values = load_word(input + i);
        int32_t row0 = load_word(weights), row1 = load_word(weights + 4);
        int32_t row2 = load_word(weights + 8), row3 = load_word(weights + 12);
        int32_t even = widen_even(values), odd = widen_odd(values);
        sum0 = multiply_add_both(widen_even(row0), even, sum0);
        sum1 = multiply_add_both(widen_even(row1), even, sum1);
        sum2 = multiply_add_both(widen_even(row2), even, sum2);
        sum3 = multiply_add_both(widen_even(row3), even, sum3);
        sum0 = multiply_add_both(widen_odd(row0), odd, sum0);
        sum1 = multiply_add_both(widen_odd(row1), odd, sum1);
        sum2 = multiply_add_both(widen_odd(row2), odd, sum2);
        sum3 = multiply_add_both(widen_odd(row3), odd, sum3);
    }
    sums[0] = sum0;
    sums[1] = sum1;
    sums[2] = sum2;
    sums[3] = sum3;
#endif
    for (; i < inputs; i += 4, weights += 16) {
        multiply_values(weights, input + i, inputs - i < 4 ? inputs - i : 4, sums);
    }
}

#endif
