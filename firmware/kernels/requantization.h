/* From a layer's 32-bit accumulators to its int8 output.
 *
 * The parameters are found and proven equal to the reference when the model is compiled
 * (tinysim/codegen/requantization.py); the formula here and the one proven there must stay the same. */
#ifndef KERNELS_REQUANTIZATION_H
#define KERNELS_REQUANTIZATION_H

#include <stdbool.h>
#include <stdint.h>

/* One output channel. The assembly of convolution_tile.c relies on this order. */
struct channel {
    int32_t multiplier;
    int32_t rounding; /* what rounding adds, and the output's zero point, before the shift */
    int32_t shift;    /* to the right; to the left if negative, which only ROUND_GENERAL allows */
    int32_t bias;     /* with the input's zero point folded in, carrying the layer's fraction bits */
};

/* How a layer's rescaling rounds, from the cheapest way to the one that can do all that the reference does.
 */
enum rounding {
    ROUND_ONCE,      /* exact where the activation clamps all negative values, or nothing falls on a tie */
    ROUND_TIES_AWAY, /* twice, negative ties away from zero; every shift is to the right */
    ROUND_GENERAL,   /* the same, with shifts of either sign; accumulators carry no fraction bits */
};

/* What the channels of one layer share. */
struct output_stage {
    int32_t fraction_bits; /* accumulators are carried times 2**fraction_bits */
    enum rounding rounding;
    int8_t minimum;
    int8_t maximum;
};

static inline int64_t multiply_wide(int32_t a, int32_t b)
{
#if defined(__ARM_ARCH_6M__)
    /* No instruction multiplies to more than 32 bits, and the compiler's library need not be there. */
    uint32_t low_a = (uint32_t)a & 0xFFFF, low_b = (uint32_t)b & 0xFFFF;
    int32_t high_a = a >> 16, high_b = b >> 16;
    uint32_t low = low_a * low_b;
    int32_t middle = high_a * (int32_t)low_b + (int32_t)(low >> 16);
    int32_t other = (int32_t)low_a * high_b + (middle & 0xFFFF);
    int32_t high = high_a * high_b + (middle >> 16) + (other >> 16);
    return (int64_t)((uint64_t)(uint32_t)high << 32 | (uint32_t)other << 16 | (low & 0xFFFF));
#else
    return (int64_t)a * b;
#endif
}

static inline int32_t multiply_high(int32_t a, int32_t b)
{
    return (int32_t)(multiply_wide(a, b) >> 32);
}

/* To nearest, ties upwards. */
static inline int32_t multiply_high_rounded(int32_t a, int32_t b)
{
    return (int32_t)((multiply_wide(a, b) + INT64_C(0x80000000)) >> 32);
}

static inline int32_t saturate_to_int8(int32_t value)
{
#if defined(__ARM_FEATURE_DSP)
    int32_t result;
    __asm__("ssat %0, #8, %1" : "=r"(result) : "r"(value));
    return result;
#else
    return value < INT8_MIN ? INT8_MIN : value > INT8_MAX ? INT8_MAX : value;
#endif
}

static inline int32_t shift_left(int32_t value, int32_t bits)
{
    return (int32_t)((uint32_t)value << bits);
}

/* `accumulator` carries the fraction bits; the result is not yet clamped to the activation's range. */
static inline int8_t requantize(int32_t accumulator, const struct channel *channel, enum rounding rounding)
{
    int32_t shift = channel->shift;
    int32_t high;
    if (rounding == ROUND_ONCE) {
        high = multiply_high(accumulator, channel->multiplier);
    } else {
        if (rounding == ROUND_GENERAL) {
            accumulator = shift_left(accumulator, shift < 0 ? 1 - shift : 1);
            shift = shift < 0 ? 0 : shift;
        }
        high = multiply_high_rounded(accumulator, channel->multiplier);
        high += shift > 0 ? high >> 31 : 0;
    }
    return (int8_t)saturate_to_int8((high + channel->rounding) >> shift);
}

static inline int8_t clamp_output(int32_t value, const struct output_stage *stage)
{
    return (int8_t)(value < stage->minimum   ? stage->minimum
                    : value > stage->maximum ? stage->maximum
                                             : value);
}

/* Clamps in place what `requantize` has saturated to int8 only. */
static inline void clamp_outputs(int8_t *values, int32_t count, const struct output_stage *stage)
{
    if (stage->minimum == INT8_MIN && stage->maximum == INT8_MAX) {
        return;
    }
    for (int32_t i = 0; i < count; i++) {
        values[i] = clamp_output(values[i], stage);
    }
}

#endif
