#include "kernels/addition.h"
#include "kernels/requantization.h"

/* The reference carries both terms with this many extra bits (LiteRT, kernels/add.cc). */
#define EXTRA_BITS 20

static inline int32_t scale(int32_t value, const struct addition_factor *factor)
{
    /* SaturatingRoundingDoublingHighMul rounds value * multiplier / 2**31: doubled, that is one SMMULR. */
    int32_t high = multiply_high_rounded(shift_left(value, 1), factor->multiplier);
    if (factor->right_shift == 0) {
        return high;
    }
    int32_t half = INT32_C(1) << (factor->right_shift - 1);
    return (high + half + (high >> 31)) >> factor->right_shift;
}

void add(const struct addition *layer, const int8_t *first, const int8_t *second, int8_t *output)
{
    const struct addition_factor first_factor = layer->factors[0];
    const struct addition_factor second_factor = layer->factors[1];
    const struct addition_factor output_factor = layer->output_factor;
    for (int32_t i = 0; i < layer->count; i++) {
        int32_t a = scale(shift_left(first[i] - layer->zero_points[0], EXTRA_BITS), &first_factor);
        int32_t b = scale(shift_left(second[i] - layer->zero_points[1], EXTRA_BITS), &second_factor);
        int32_t sum = scale(a + b, &output_factor) + layer->output_zero_point;
        sum = sum < layer->minimum ? layer->minimum : sum;
        output[i] = (int8_t)(sum > layer->maximum ? layer->maximum : sum);
    }
}
