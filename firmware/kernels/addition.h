/* ADD of two int8 tensors of one shape. */
#ifndef KERNELS_ADDITION_H
#define KERNELS_ADDITION_H

#include <stdint.h>

/* A fixed-point factor below one: value * multiplier / 2**31 / 2**right_shift, rounded after each division.
 */
struct addition_factor {
    int32_t multiplier;
    int32_t right_shift;
};

struct addition {
    int32_t count;
    int32_t zero_points[2];
    int32_t output_zero_point;
    struct addition_factor factors[2];
    struct addition_factor output_factor;
    int8_t minimum, maximum;
};

/* `output` may be one of the inputs, or begin before it. */
void add(const struct addition *layer, const int8_t *first, const int8_t *second, int8_t *output);

#endif
