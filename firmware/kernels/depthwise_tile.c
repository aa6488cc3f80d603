#include "kernels/depthwise_tile.h"

#if defined(__ARM_FEATURE_DSP)

/* Six columns at a time, then two: eight and four values of each of three rows against its taps.
 *
 *   r0 plane   r1 plane stride   r2-r7 sums   r8, r9 taps   r10-r12, lr values
 *   [sp] the tile, then the ends of this row of output, then the output */
#define PLANE         "[sp]"
#define PLANE_STRIDE  "[sp, #4]"
#define OUTPUT_ROW    "[sp, #8]"
#define COLUMN_STRIDE "[sp, #12]"
#define ROW_STRIDE    "[sp, #16]"
#define ROWS          "[sp, #20]"
#define SIXES_END     "[sp, #24]"
#define COLUMNS_END   "[sp, #28]"
#define BIAS          "[sp, #56]"
#define MULTIPLIER    "[sp, #60]"
#define ROUNDING      "[sp, #64]"
#define SHIFT         "[sp, #68]"
#define ROW_SIXES_END "[sp, #72]"
#define ROW_END       "[sp, #76]"
#define OUTPUT        "[sp, #80]"

#define LOAD_TAPS(row)                                                                                       \
    "ldr r8, [sp, #32+8*" #row "]\n"                                                                         \
    "ldr r9, [sp, #36+8*" #row "]\n"

/* The first argument is where each sum starts from: the bias in r7 (r3), or the sum itself. */
#define SIX(s2, s3, s4, s5, s6, row)                                                                         \
    LOAD_TAPS(row)                                                                                           \
    "ldr r10, [r0]\n"                                                                                        \
    "ldr r11, [r0, #4]\n"                                                                                    \
    "ldr r12, [r0, #8]\n"                                                                                    \
    "ldr lr, [r0, #12]\n"                                                                                    \
    "smlad r2, r10, r8, " s2 "\n"                                                                            \
    "smlatb r3, r10, r8, " s3 "\n"                                                                           \
    "smlad r4, r11, r8, " s4 "\n"                                                                            \
    "smlatb r5, r11, r8, " s5 "\n"                                                                           \
    "smlad r6, r12, r8, " s6 "\n"                                                                            \
    "smlatb r7, r12, r8, r7\n"                                                                               \
    "smlabt r2, r11, r9, r2\n"                                                                               \
    "smlad r3, r11, r9, r3\n"                                                                                \
    "smlabt r4, r12, r9, r4\n"                                                                               \
    "smlad r5, r12, r9, r5\n"                                                                                \
    "smlabt r6, lr, r9, r6\n"                                                                                \
    "smlad r7, lr, r9, r7\n"

#define TWO(s2, row)                                                                                         \
    LOAD_TAPS(row)                                                                                           \
    "ldr r10, [r0]\n"                                                                                        \
    "ldr r11, [r0, #4]\n"                                                                                    \
    "smlad r2, r10, r8, " s2 "\n"                                                                            \
    "smlatb r3, r10, r8, r3\n"                                                                               \
    "smlabt r2, r11, r9, r2\n"                                                                               \
    "smlad r3, r11, r9, r3\n"

#define LOAD_OUTPUT_STAGE(end)                                                                               \
    "ldr r8, " MULTIPLIER "\n"                                                                               \
    "ldr r9, " ROUNDING "\n"                                                                                 \
    "ldr r10, " SHIFT "\n"                                                                                   \
    "ldr r11, " OUTPUT "\n"                                                                                  \
    "ldr r12, " COLUMN_STRIDE "\n"                                                                           \
    "ldr lr, " end "\n"

#define SCALE(sum)                                                                                           \
    "smmla " sum ", " sum ", r8, r9\n"                                                                       \
    "asr " sum ", " sum ", r10\n"

#define SCALE_TIES_AWAY(sum)                                                                                 \
    "smmulr " sum ", " sum ", r8\n"                                                                          \
    "add " sum ", " sum ", " sum ", asr #31\n"                                                               \
    "add " sum ", " sum ", r9\n"                                                                             \
    "asr " sum ", " sum ", r10\n"

#define SATURATE(sum) "ssat " sum ", #8, " sum "\n"

/* A store right after its address was computed would wait a cycle; the next saturation fills it. */
#define STORE(sum)                                                                                           \
    "strb " sum ", [r11]\n"                                                                                  \
    "add r11, r11, r12\n"

#define TILE(SCALE)                                                                                          \
    ".syntax unified\n"                                                                                      \
    "push {r4-r11, lr}\n"                                                                                    \
    "sub sp, #84\n"                                                                                          \
    "ldm r0!, {r1-r9}\n"                                                                                     \
    "stm sp, {r1-r9}\n"                                                                                      \
    "ldm r0, {r1-r9}\n"                                                                                      \
    "add r10, sp, #36\n"                                                                                     \
    "stm r10, {r1-r9}\n"                                                                                     \
    "1:\n"                                                                                                   \
    "ldr r0, " PLANE "\n"                                                                                    \
    "ldr r1, " PLANE_STRIDE "\n"                                                                             \
    "ldr r11, " OUTPUT_ROW "\n"                                                                              \
    "ldr r2, " SIXES_END "\n"                                                                                \
    "ldr r3, " COLUMNS_END "\n"                                                                              \
    "ldr r4, " ROW_STRIDE "\n"                                                                               \
    "add r5, r0, r1\n"                                                                                       \
    "add lr, r11, r2\n"                                                                                      \
    "add r3, r11, r3\n"                                                                                      \
    "add r4, r11, r4\n"                                                                                      \
    "str r5, " PLANE "\n"                                                                                    \
    "str lr, " ROW_SIXES_END "\n"                                                                            \
    "str r3, " ROW_END "\n"                                                                                  \
    "str r4, " OUTPUT_ROW "\n"                                                                               \
    "str r11, " OUTPUT "\n"                                                                                  \
    "cmp r11, lr\n"                                                                                          \
    "beq 3f\n"                                                                                               \
    ".balign 4\n"                                                                                            \
    "2:\n"                                                                                                   \
    "ldr r7, " BIAS "\n" SIX("r7", "r7", "r7", "r7", "r7", 0) "add r0, r0, r1\n" SIX(                        \
        "r2", "r3", "r4", "r5", "r6", 1) "add r0, r0, r1\n" SIX("r2", "r3", "r4", "r5", "r6", 2)             \
        LOAD_OUTPUT_STAGE(                                                                                   \
            ROW_SIXES_END) "sub r0, r0, r1, lsl #1\n"                                                        \
                           "add r0, r0, #12\n" SCALE("r2") SCALE("r3") SCALE("r4") SCALE("r5") SCALE("r6")   \
                               SCALE("r7") SATURATE("r2") STORE("r2") SATURATE("r3") STORE("r3") SATURATE(   \
                                   "r4") STORE("r4") SATURATE("r5") STORE("r5") SATURATE("r6") STORE("r6")   \
                                   SATURATE("r7") STORE(                                                     \
                                       "r7") "str r11, " OUTPUT "\n"                                         \
                                             "cmp r11, lr\n"                                                 \
                                             "bne 2b\n"                                                      \
                                             "3:\n"                                                          \
                                             "ldr lr, " ROW_END "\n"                                         \
                                             "cmp r11, lr\n"                                                 \
                                             "beq 5f\n"                                                      \
                                             "4:\n"                                                          \
                                             "ldr r3, " BIAS "\n" TWO("r3", 0) "add r0, r0, r1\n" TWO(       \
                                                 "r2", 1) "add r0, r0, r1\n" TWO("r2", 2)                    \
                                                 LOAD_OUTPUT_STAGE(                                          \
                                                     ROW_END) "sub r0, r0, r1, lsl #1\n"                     \
                                                              "add r0, r0, #4\n" SCALE("r2") SCALE("r3")     \
                                                                  SATURATE("r2") STORE("r2") SATURATE(       \
                                                                      "r3") "cmp r11, lr\n"                  \
                                                                            "beq 5f\n" STORE(                \
                                                                                "r3") "str r11, " OUTPUT     \
                                                                                      "\n"                   \
                                                                                      "cmp r11, lr\n"        \
                                                                                      "bne 4b\n"             \
                                                                                      "5:\n"                 \
                                                                                      "ldr r2, " ROWS "\n"   \
                                                                                      "subs r2, r2, #1\n"    \
                                                                                      "str r2, " ROWS "\n"   \
                                                                                      "bne 1b\n"             \
                                                                                      "add sp, #84\n"        \
                                                                                      "pop {r4-r11, pc}\n"

__attribute__((naked)) static void convolve_rounding_once(const struct depthwise_tile *tile
                                                          __attribute__((unused)))
{
    __asm__ volatile(TILE(SCALE));
}

__attribute__((naked)) static void convolve_ties_away(const struct depthwise_tile *tile
                                                      __attribute__((unused)))
{
    __asm__ volatile(TILE(SCALE_TIES_AWAY));
}

#endif

#if KERNELS_SIMD

static void convolve_plainly(const struct depthwise_tile *tile, enum rounding rounding)
{
    const struct channel channel = {tile->multiplier, tile->rounding, tile->shift, tile->bias};
    for (int32_t row = 0; row < tile->rows; row++) {
        const char *plane = (const char *)tile->plane + row * tile->plane_stride;
        int8_t *output = tile->output + row * tile->row_stride;
        const int8_t *end = output + tile->columns_end;
        while (output != end) {
            int32_t sums[2] = {tile->bias, tile->bias};
            for (int32_t y = 0; y < 3; y++) {
                int32_t left = load_word(plane + y * tile->plane_stride);
                int32_t right = load_word(plane + y * tile->plane_stride + 4);
                sums[0] = multiply_add_both(left, tile->taps[y][0], sums[0]);
                sums[1] = multiply_add_high_low(left, tile->taps[y][0], sums[1]);
                sums[0] = multiply_add_low_high(right, tile->taps[y][1], sums[0]);
                sums[1] = multiply_add_both(right, tile->taps[y][1], sums[1]);
            }
            plane += 4;
            for (int32_t i = 0; i < 2 && output != end; i++) {
                *output = requantize(sums[i], &channel, rounding);
                output += tile->column_stride;
            }
        }
    }
}

void convolve_depthwise_tile(const struct depthwise_tile *tile, enum rounding rounding)
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
