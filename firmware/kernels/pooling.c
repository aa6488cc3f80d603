#include "kernels/pooling.h"
#include "kernels/simd.h"

/* The part of the window at one output place that lies inside the input: rows and columns [from, to). */
struct inside {
    int32_t row_from, row_to, column_from, column_to;
};

static inline int32_t at_least_zero(int32_t value)
{
    return value < 0 ? 0 : value;
}

static inline int32_t at_most(int32_t value, int32_t limit)
{
    return value > limit ? limit : value;
}

static struct inside window_at(const struct pooling *layer, int32_t row, int32_t column)
{
    int32_t top = row * layer->stride_height - layer->padding_top;
    int32_t left = column * layer->stride_width - layer->padding_left;
    return (struct inside){
        .row_from = at_least_zero(top),
        .row_to = at_most(top + layer->kernel_height, layer->input_height),
        .column_from = at_least_zero(left),
        .column_to = at_most(left + layer->kernel_width, layer->input_width),
    };
}

static inline int8_t clamp(const struct pooling *layer, int32_t value)
{
    return (int8_t)(value < layer->minimum   ? layer->minimum
                    : value > layer->maximum ? layer->maximum
                                             : value);
}

static int32_t sum_of(const struct pooling *layer, const struct inside *window, const int8_t *input)
{
    int32_t sum = 0;
    for (int32_t row = window->row_from; row < window->row_to; row++) {
        const int8_t *value = input + (row * layer->input_width + window->column_from) * layer->channels;
        for (int32_t column = window->column_from; column < window->column_to; column++) {
            sum += *value;
            value += layer->channels;
        }
    }
    return sum;
}

/* To nearest, ties away from zero; |sum| is at most 128 * count. */
static inline int32_t mean(int32_t sum, int32_t count)
{
    int32_t size = (sum < 0 ? -sum : sum) + count / 2;
#if defined(__ARM_ARCH_6M__)
    /* No instruction divides, and the compiler's library need not be there. */
    int32_t quotient = 0;
    for (int32_t bit = 7; bit >= 0; bit--) {
        if (size >= count << bit) {
            size -= count << bit;
            quotient += 1 << bit;
        }
    }
#else
    int32_t quotient = size / count;
#endif
    return sum < 0 ? -quotient : quotient;
}

#if KERNELS_SIMD

/* Four channels' sums in two words, as long as they fit 16 bits. */
#define SUMMED_BY_PAIRS 256

static void average_four(const struct pooling *layer, const struct inside *window, int32_t count,
                         const int8_t *input, int8_t *output)
{
    int32_t even = 0;
    int32_t odd = 0;
    for (int32_t row = window->row_from; row < window->row_to; row++) {
        const int8_t *value = input + (row * layer->input_width + window->column_from) * layer->channels;
        for (int32_t column = window->column_from; column < window->column_to; column++) {
            int32_t four = load_word(value);
            even = add_widened_even(even, four);
            odd = add_widened_odd(odd, four);
            value += layer->channels;
        }
    }
    output[0] = clamp(layer, mean((int16_t)even, count));
    output[1] = clamp(layer, mean((int16_t)odd, count));
    output[2] = clamp(layer, mean(even >> 16, count));
    output[3] = clamp(layer, mean(odd >> 16, count));
}

#endif

void pool_average(const struct pooling *layer, const int8_t *input, int8_t *output)
{
    for (int32_t row = 0; row < layer->output_height; row++) {
        for (int32_t column = 0; column < layer->output_width; column++) {
            struct inside window = window_at(layer, row, column);
            int32_t count = (window.row_to - window.row_from) * (window.column_to - window.column_from);
            int32_t channel = 0;
#if KERNELS_SIMD
            for (; count <= SUMMED_BY_PAIRS && channel + 4 <= layer->channels; channel += 4) {
                average_four(layer, &window, count, input + channel, output + channel);
            }
#endif
            for (; channel < layer->channels; channel++) {
                output[channel] = clamp(layer, mean(sum_of(layer, &window, input + channel), count));
            }
            output += layer->channels;
        }
    }
}

static int32_t greatest_of(const struct pooling *layer, const struct inside *window, const int8_t *input)
{
    int32_t greatest = INT8_MIN;
    for (int32_t row = window->row_from; row < window->row_to; row++) {
        const int8_t *value = input + (row * layer->input_width + window->column_from) * layer->channels;
        for (int32_t column = window->column_from; column < window->column_to; column++) {
            greatest = *value > greatest ? *value : greatest;
            value += layer->channels;
        }
    }
    return greatest;
}

void pool_maximum(const struct pooling *layer, const int8_t *input, int8_t *output)
{
    for (int32_t row = 0; row < layer->output_height; row++) {
        for (int32_t column = 0; column < layer->output_width; column++) {
            struct inside window = window_at(layer, row, column);
            for (int32_t channel = 0; channel < layer->channels; channel++) {
                *output++ = clamp(layer, greatest_of(layer, &window, input + channel));
            }
        }
    }
}
