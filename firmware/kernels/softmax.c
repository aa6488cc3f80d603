#include "kernels/softmax.h"
#include "kernels/requantization.h"

/* The sum of the exponentials is kept in Q12.19: up to 4095 of them, each at most one. */
#define SUM_INTEGER_BITS 12

static inline int32_t doubling_high_multiply(int32_t a, int32_t b)
{
    return (int32_t)((multiply_wide(a, b) + (INT64_C(1) << 30)) >> 31);
}

/* To nearest, ties away from zero; `exponent` is at least 1. */
static inline int32_t divide_by_power_of_two(int32_t value, int32_t exponent)
{
    /* Half the divisor may not fit on top of the value, but it does once the last bit is gone. */
    int32_t halved = value >> (exponent - 1);
    bool exact = shift_left(halved, exponent - 1) == value;
    return (halved >> 1) + ((halved & 1) && !(exact && value < 0));
}

static inline int32_t saturating_shift_left(int32_t value, int32_t bits)
{
    int32_t limit = INT32_MAX >> bits;
    if (value > limit) {
        return INT32_MAX;
    }
    return value < -limit - 1 ? INT32_MIN : shift_left(value, bits);
}

/* 1 / (1 + x) for x in [0, 1), both in Q0.31, by three steps of Newton's method in Q2.29
 * (gemmlowp, one_over_one_plus_x_for_x_in_0_1). */
static int32_t one_over_one_plus(int32_t x)
{
    const int32_t one = INT32_C(1) << 29;
    const int32_t forty_eight_over_17 = 1515870810;
    const int32_t minus_32_over_17 = -1010580540;
    int32_t half_denominator = (int32_t)(((uint32_t)x + UINT32_C(0x80000000)) / 2);
    int32_t result = forty_eight_over_17 + doubling_high_multiply(half_denominator, minus_32_over_17);
    for (int step = 0; step < 3; step++) {
        int32_t error = one - doubling_high_multiply(half_denominator, result);
        result += saturating_shift_left(doubling_high_multiply(result, error), 2);
    }
    return saturating_shift_left(result, 1);
}

/* Of a value that is not zero; the sum's range makes a few steps, on cores without CLZ too. */
static inline int32_t leading_zeros(uint32_t value)
{
    int32_t zeros = 0;
    while (value < UINT32_C(0x80000000)) {
        value <<= 1;
        zeros++;
    }
    return zeros;
}

static void compute_row(const struct softmax *layer, const int8_t *input, int8_t *output)
{
    int32_t greatest = INT8_MIN;
    for (int32_t i = 0; i < layer->depth; i++) {
        greatest = input[i] > greatest ? input[i] : greatest;
    }
    uint32_t sum = 0;
    for (int32_t i = 0; i < layer->depth; i++) {
        int32_t difference = greatest - input[i];
        if (difference < layer->table_length) {
            sum += (uint32_t)divide_by_power_of_two(layer->exponentials[difference], SUM_INTEGER_BITS);
        }
    }
    /* The sum is at least one, so it has at least one integer bit; scale it to [1, 2). */
    int32_t headroom = leading_zeros(sum);
    int32_t reciprocal = one_over_one_plus((int32_t)((sum << headroom) - (UINT32_C(1) << 31)));
    int32_t exponent = SUM_INTEGER_BITS - headroom + 31 - 8;
    for (int32_t i = 0; i < layer->depth; i++) {
        int32_t difference = greatest - input[i];
        int32_t value = 0;
        if (difference < layer->table_length) {
            int32_t product = doubling_high_multiply(reciprocal, layer->exponentials[difference]);
            /* From 512 equal inputs on, each share is under half of the last place. */
            value = exponent > 31 ? 0 : divide_by_power_of_two(product, exponent);
        }
        output[i] = (int8_t)saturate_to_int8(value + INT8_MIN);
    }
}

void compute_softmax(const struct softmax *layer, const int8_t *input, int8_t *output)
{
    for (int32_t row = 0; row < layer->rows; row++) {
        compute_row(layer, input + row * layer->depth, output + row * layer->depth);
    }
}
