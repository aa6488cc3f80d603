#include "kernels/convolution_tile.h"

#if defined(__ARM_FEATURE_DSP)

/* Cortex-M4 and its kin: a run of loads costs one cycle more than it has loads, SMLAD one cycle for two
 * products. Eight sums, two places' values and two channels' weights fill the registers, so the rest lives on
 * the stack. A step costs 16 cycles for 16 products, whatever the compiler.
 *
 *   r0 weights   r1 pixels   r2-r5 sums of place 0   r6-r9 sums of place 1   r10-r12, lr operands
 *   [sp] pixels, channels, output 0, output 1, blocks, unrolled end, end */
#define STEP(n)                                                                                              \
    "ldr r10, [r1, #8*" #n "]\n"                                                                             \
    "ldr r11, [r1, #8*" #n "+4]\n"                                                                           \
    "ldr r12, [r0, #16*" #n "]\n"                                                                            \
    "ldr lr, [r0, #16*" #n "+4]\n"                                                                           \
    "smlad r2, r12, r10, r2\n"                                                                               \
    "smlad r6, r12, r11, r6\n"                                                                               \
    "smlad r3, lr, r10, r3\n"                                                                                \
    "smlad r7, lr, r11, r7\n"                                                                                \
    "ldr r12, [r0, #16*" #n "+8]\n"                                                                          \
    "ldr lr, [r0, #16*" #n "+12]\n"                                                                          \
    "smlad r4, r12, r10, r4\n"                                                                               \
    "smlad r8, r12, r11, r8\n"                                                                               \
    "smlad r5, lr, r10, r5\n"                                                                                \
    "smlad r9, lr, r11, r9\n"

#define LOAD_CHANNEL(n)                                                                                      \
    "ldr r10, [r1, #16*" #n "]\n"                                                                            \
    "ldr r11, [r1, #16*" #n "+4]\n"                                                                          \
    "ldr r12, [r1, #16*" #n "+8]\n"

#define FINISH_CHANNEL(first, second)                                                                        \
    "asr " first ", " first ", r12\n"                                                                        \
    "asr " second ", " second ", r12\n"                                                                      \
    "ssat " first ", #8, " first "\n"                                                                        \
    "ssat " second ", #8, " second "\n"

#define REQUANTIZE(n, first, second)                                                                         \
    LOAD_CHANNEL(n)                                                                                          \
    "smmla " first ", " first ", r10, r11\n"                                                                 \
    "smmla " second ", " second ", r10, r11\n" FINISH_CHANNEL(first, second)

#define REQUANTIZE_TIES_AWAY(n, first, second)                                                               \
    LOAD_CHANNEL(n)                                                                                          \
    "smmulr " first ", " first ", r10\n"                                                                     \
    "smmulr " second ", " second ", r10\n"                                                                   \
    "add " first ", " first ", " first ", asr #31\n"                                                         \
    "add " second ", " second ", " second ", asr #31\n"                                                      \
    "add " first ", " first ", r11\n"                                                                        \
    "add " second ", " second ", r11\n" FINISH_CHANNEL(first, second)

#define TILE(REQUANTIZE_CHANNEL)                                                                             \
    ".syntax unified\n"                                                                                      \
    "push {r4-r11, lr}\n"                                                                                    \
    "sub sp, #28\n"                                                                                          \
    "ldm r0, {r0-r7}\n"                                                                                      \
    "stm sp, {r1-r7}\n"                                                                                      \
    "1:\n"                                                                                                   \
    "ldr lr, [sp, #4]\n"                                                                                     \
    "ldr r1, [sp]\n"                                                                                         \
    "ldr r2, [lr, #12]\n"                                                                                    \
    "ldr r3, [lr, #28]\n"                                                                                    \
    "ldr r4, [lr, #44]\n"                                                                                    \
    "ldr r5, [lr, #60]\n"                                                                                    \
    "ldr r10, [sp, #20]\n"                                                                                   \
    "mov r6, r2\n"                                                                                           \
    "mov r7, r3\n"                                                                                           \
    "mov r8, r4\n"                                                                                           \
    "mov r9, r5\n"                                                                                           \
    "cmp r1, r10\n"                                                                                          \
    "beq 3f\n"                                                                                               \
    ".balign 4\n"                                                                                            \
    "2:\n" STEP(0) STEP(1) STEP(2) STEP(3) STEP(4) STEP(5) STEP(6)                                           \
        STEP(7) "ldr lr, [sp, #20]\n"                                                                        \
                "add r1, r1, #64\n"                                                                          \
                "add r0, r0, #128\n"                                                                         \
                "cmp r1, lr\n"                                                                               \
                "bne 2b\n"                                                                                   \
                "3:\n"                                                                                       \
                "ldr lr, [sp, #24]\n"                                                                        \
                "cmp r1, lr\n"                                                                               \
                "beq 5f\n"                                                                                   \
                ".balign 4\n"                                                                                \
                "4:\n" STEP(0) STEP(1) "ldr lr, [sp, #24]\n"                                                 \
                                       "add r1, r1, #16\n"                                                   \
                                       "add r0, r0, #32\n"                                                   \
                                       "cmp r1, lr\n"                                                        \
                                       "bne 4b\n"                                                            \
                                       "5:\n"                                                                \
                                       "ldr r1, [sp, #4]\n" REQUANTIZE_CHANNEL(0, "r2", "r6")                \
                                           REQUANTIZE_CHANNEL(1, "r3", "r7")                                 \
                                               REQUANTIZE_CHANNEL(2, "r4", "r8")                             \
                                                   REQUANTIZE_CHANNEL(3, "r5", "r9") "ldr r10, [sp, #8]\n"   \
                                                                                     "ldr r11, [sp, #12]\n"  \
                                                                                     "ldr r12, [sp, #16]\n"  \
                                                                                     "strb r2, [r10], #1\n"  \
                                                                                     "strb r3, [r10], #1\n"  \
                                                                                     "strb r4, [r10], #1\n"  \
                                                                                     "strb r5, [r10], #1\n"  \
                                                                                     "strb r6, [r11], #1\n"  \
                                                                                     "strb r7, [r11], #1\n"  \
                                                                                     "strb r8, [r11], #1\n"  \
                                                                                     "strb r9, [r11], #1\n"  \
                                                                                     "add r1, r1, #64\n"     \
                                                                                     "str r10, [sp, #8]\n"   \
                                                                                     "str r11, [sp, #12]\n"  \
                                                                                     "str r1, [sp, #4]\n"    \
                                                                                     "subs r12, r12, #1\n"   \
                                                                                     "str r12, [sp, #16]\n"  \
                                                                                     "bne 1b\n"              \
                                                                                     "add sp, #28\n"         \
                                                                                     "pop {r4-r11, pc}\n"

__attribute__((naked)) static void convolve_rounding_once(const struct convolution_tile *tile
                                                          __attribute__((unused)))
{
    __asm__ volatile(TILE(REQUANTIZE));
}

__attribute__((naked)) static void convolve_ties_away(const struct convolution_tile *tile
                                                      __attribute__((unused)))
{
    __asm__ volatile(TILE(REQUANTIZE_TIES_AWAY));
}

#endif

#if KERNELS_SIMD

static void convolve_plainly(const struct convolution_tile *tile, enum rounding rounding)
{
    const int32_t *weights = tile->weights;
    for (int32_t block = 0; block < tile->blocks; block++) {
        const struct channel *channels = tile->channels + 4 * block;
        int32_t sums[4][2];
        for (int32_t channel = 0; channel < 4; channel++) {
            sums[channel][0] = sums[channel][1] = channels[channel].bias;
        }
        for (const int32_t *pixels = tile->pixels; pixels != tile->end; pixels += 2) {
            for (int32_t channel = 0; channel < 4; channel++) {
                sums[channel][0] = multiply_add_both(weights[channel], pixels[0], sums[channel][0]);
                sums[channel][1] = multiply_add_both(weights[channel], pixels[1], sums[channel][1]);
            }
            weights += 4;
        }
        for (int32_t channel = 0; channel < 4; channel++) {
            for (int32_t place = 0; place < 2; place++) {
                tile->outputs[place][4 * block + channel] =
                    requantize(sums[channel][place], &channels[channel], rounding);
            }
        }
    }
}

void convolve_tile(const struct convolution_tile *tile, enum rounding rounding)
{
#if defined(__ARM_FEATURE_DSP)
    if (rounding == ROUND_ONCE) {
        convolve_rounding_once(tile);
        return;
    }
    if (rounding == ROUND_TIES_AWAY) {
        convolve_ties_away(tile);
        return;
    }
#endif
    convolve_plainly(tile, rounding);
}

#endif
