/* Two 16-bit values in a word: the DSP instructions of Cortex-M4, M7 and M33, by ACLE's intrinsics.
 *
 * With KERNELS_EMULATE_SIMD the same kernels run on the host, on plain C with the same results. Without
 * either, KERNELS_SIMD is 0 and the kernels fall back to one value at a time. */
#ifndef KERNELS_SIMD_H
#define KERNELS_SIMD_H

#include <stdint.h>
#include <string.h>

#if defined(__ARM_FEATURE_DSP) || defined(KERNELS_EMULATE_SIMD)
#define KERNELS_SIMD 1
#else
#define KERNELS_SIMD 0
#endif

/* Compiles to one load or store on cores that allow any alignment. */
static inline int32_t load_word(const void *address)
{
    int32_t word;
    memcpy(&word, address, sizeof word);
    return word;
}

static inline void store_word(void *address, int32_t word)
{
    memcpy(address, &word, sizeof word);
}

#if defined(__ARM_FEATURE_DSP)

#include <arm_acle.h>

/* Bytes 0 and 2, sign-extended. */
static inline int32_t widen_even(int32_t bytes)
{
    return __sxtb16(bytes);
}

/* Bytes 1 and 3, sign-extended. */
static inline int32_t widen_odd(int32_t bytes)
{
    return __sxtb16((int32_t)((uint32_t)bytes >> 8 | (uint32_t)bytes << 24));
}

/* sums + bytes 0 and 2 */
static inline int32_t add_widened_even(int32_t sums, int32_t bytes)
{
    return __sxtab16(sums, bytes);
}

/* sums + bytes 1 and 3 */
static inline int32_t add_widened_odd(int32_t sums, int32_t bytes)
{
    return __sxtab16(sums, (int32_t)((uint32_t)bytes >> 8 | (uint32_t)bytes << 24));
}

/* sum + low(a) * low(b) + high(a) * high(b) */
static inline int32_t multiply_add_both(int32_t a, int32_t b, int32_t sum)
{
    return __smlad(a, b, sum);
}

/* sum + low(a) * low(b) */
static inline int32_t multiply_add_low_low(int32_t a, int32_t b, int32_t sum)
{
    return __smlabb(a, b, sum);
}

/* sum + low(a) * high(b) */
static inline int32_t multiply_add_low_high(int32_t a, int32_t b, int32_t sum)
{
    return __smlabt(a, b, sum);
}

/* sum + high(a) * low(b) */
static inline int32_t multiply_add_high_low(int32_t a, int32_t b, int32_t sum)
{
    return __smlatb(a, b, sum);
}

static inline int32_t add_both(int32_t a, int32_t b)
{
    return __sadd16(a, b);
}

#elif KERNELS_SIMD

static inline int32_t low(int32_t word)
{
    return (int16_t)(uint16_t)(uint32_t)word;
}

static inline int32_t high(int32_t word)
{
    return (int16_t)(uint16_t)((uint32_t)word >> 16);
}

static inline int32_t pair(int32_t low_half, int32_t high_half)
{
    return (int32_t)((uint32_t)(uint16_t)low_half | (uint32_t)(uint16_t)high_half << 16);
}

static inline int32_t widen_even(int32_t bytes)
{
    return pair((int8_t)(uint8_t)(uint32_t)bytes, (int8_t)(uint8_t)((uint32_t)bytes >> 16));
}

static inline int32_t widen_odd(int32_t bytes)
{
    return pair((int8_t)(uint8_t)((uint32_t)bytes >> 8), (int8_t)(uint8_t)((uint32_t)bytes >> 24));
}

static inline int32_t multiply_add_both(int32_t a, int32_t b, int32_t sum)
{
    return sum + low(a) * low(b) + high(a) * high(b);
}

static inline int32_t multiply_add_low_low(int32_t a, int32_t b, int32_t sum)
{
    return sum + low(a) * low(b);
}

static inline int32_t multiply_add_low_high(int32_t a, int32_t b, int32_t sum)
{
    return sum + low(a) * high(b);
}

static inline int32_t multiply_add_high_low(int32_t a, int32_t b, int32_t sum)
{
    return sum + high(a) * low(b);
}

static inline int32_t add_both(int32_t a, int32_t b)
{
    return pair(low(a) + low(b), high(a) + high(b));
}

static inline int32_t add_widened_even(int32_t sums, int32_t bytes)
{
    return add_both(sums, widen_even(bytes));
}

static inline int32_t add_widened_odd(int32_t sums, int32_t bytes)
{
    return add_both(sums, widen_odd(bytes));
}

#endif

#if KERNELS_SIMD

/* low(a) below, low(b) above */
static inline int32_t pack_low(int32_t a, int32_t b)
{
    return (int32_t)(((uint32_t)a & 0xFFFF) | (uint32_t)b << 16);
}

/* high(a) below, high(b) above */
static inline int32_t pack_high(int32_t a, int32_t b)
{
    return (int32_t)((uint32_t)a >> 16 | ((uint32_t)b & 0xFFFF0000));
}

static inline int32_t pack_values(int32_t low_value, int32_t high_value)
{
    return pack_low(low_value, high_value);
}

/* Both values times 2**bits; the caller knows that they fit. */
static inline int32_t double_both(int32_t pair_of_values, int32_t bits)
{
    for (int32_t i = 0; i < bits; i++) {
        pair_of_values = add_both(pair_of_values, pair_of_values);
    }
    return pair_of_values;
}

#endif

#endif
