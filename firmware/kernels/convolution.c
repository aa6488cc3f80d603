#include "kernels/convolution.h"
#include "kernels/convolution_tile.h"

#include <string.h>

static inline int8_t *append_copy(int8_t *to, const int8_t *from, int32_t count)
{
    for (; count >= 4; count -= 4, to += 4, from += 4) {
        store_word(to, load_word(from));
    }
    for (; count > 0; count--) {
        *to++ = *from++;
    }
    return to;
}

static inline int8_t *append_value(int8_t *to, int8_t value, int32_t count)
{
    for (; count > 0; count--) {
        *to++ = value;
    }
    return to;
}

/* Gathers what the window at (row, column) of the output covers; outside the input lies the zero point, whose
 * share is already in the bias. Bytes beyond the window, up to `depth`, meet weights of zero. */
static void gather_window(const struct convolution *layer, const int8_t *input, int32_t row, int32_t column,
                          int8_t *gathered)
{
    int32_t channels = layer->input_channels;
    int32_t left = column * layer->stride_width - layer->padding_left;
    int32_t right = left + layer->kernel_width - layer->input_width;
    /* Bytes of a row of the window before, inside and after the input. */
    int32_t before = left < 0 ? -left * channels : 0;
    int32_t after = right > 0 ? right * channels : 0;
    int32_t inside = layer->kernel_width * channels - before - after;
    int32_t stride = layer->input_width * channels;
    int32_t first = row * layer->stride_height - layer->padding_top;
    int32_t source = first * stride + left * channels + before;
    for (int32_t y = first; y < first + layer->kernel_height; y++) {
        if (y < 0 || y >= layer->input_height) {
            gathered = append_value(gathered, layer->input_zero_point, before + inside + after);
        } else {
            gathered = append_value(gathered, layer->input_zero_point, before);
            gathered = append_copy(gathered, input + source, inside);
            gathered = append_value(gathered, layer->input_zero_point, after);
        }
        source += stride;
    }
}

#if KERNELS_SIMD

/* Whether windows are the input itself, place by place. */
static bool reads_in_place(const struct convolution *layer)
{
    return layer->depth == layer->input_channels && layer->stride_height == 1 && layer->stride_width == 1;
}

/* From blocks of 4 channels by 4 values to pairs of int16: first the even values of all four, then the odd.
 */
static void widen_weights(const int8_t *weights, int32_t words, int32_t fraction_bits, int32_t *widened)
{
    for (int32_t block = 0; block < words; block += 4) {
        for (int32_t channel = 0; channel < 4; channel++) {
            int32_t word = load_word(weights + 4 * channel);
            widened[channel] = double_both(widen_even(word), fraction_bits);
            widened[channel + 4] = double_both(widen_odd(word), fraction_bits);
        }
        weights += 16;
        widened += 8;
    }
}

static void widen_pixels(const int8_t *first, const int8_t *second, int32_t depth, int32_t *widened)
{
    for (int32_t i = 0; i < depth; i += 4) {
        int32_t a = load_word(first + i);
        int32_t b = load_word(second + i);
        widened[0] = widen_even(a);
        widened[1] = widen_even(b);
        widened[2] = widen_odd(a);
        widened[3] = widen_odd(b);
        widened += 4;
    }
}

/* The channels beyond the last whole block are computed aside, as a whole block. */
static void convolve_channels(const struct convolution *layer, struct convolution_tile *tile,
                              int32_t channels)
{
    enum rounding rounding = layer->stage.rounding;
    int32_t whole = channels / 4;
    int32_t rest = channels % 4;
    if (whole > 0) {
        tile->blocks = whole;
        convolve_tile(tile, rounding);
    }
    if (rest > 0) {
        int8_t aside[2][4];
        struct convolution_tile last = *tile;
        last.weights += 2 * whole * layer->depth;
        last.channels += 4 * whole;
        last.outputs[0] = aside[0];
        last.outputs[1] = aside[1];
        last.blocks = 1;
        convolve_tile(&last, rounding);
        memcpy(tile->outputs[0] + 4 * whole, aside[0], (size_t)rest);
        memcpy(tile->outputs[1] + 4 * whole, aside[1], (size_t)rest);
    }
    clamp_outputs(tile->outputs[0], channels, &layer->stage);
    clamp_outputs(tile->outputs[1], channels, &layer->stage);
}

/* The parts of the scratch. */
struct workspace {
    int32_t *weights;
    struct channel *channels;
    int32_t *pixels;
    int8_t *gathered;
};

static int32_t least(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

/* Two neighbouring places; an odd last place is its own neighbour, and is computed twice. */
static void widen_places(const struct convolution *layer, const int8_t *input, int32_t first, int32_t second,
                         int8_t *gathered, int32_t *pixels)
{
    int32_t depth = layer->depth;
    if (reads_in_place(layer)) {
        widen_pixels(input + first * depth, input + second * depth, depth, pixels);
        return;
    }
    gather_window(layer, input, first / layer->output_width, first % layer->output_width, gathered);
    gather_window(layer, input, second / layer->output_width, second % layer->output_width, gathered + depth);
    widen_pixels(gathered, gathered + depth, depth, pixels);
}

/* All places for some of the channels. A group of pairs is prepared, then multiplied: either part's code then
 * stays in a flash cache that is too small for both. */
static void convolve_pass(const struct convolution *layer, const int8_t *input, int8_t *output,
                          int32_t channels, const struct workspace *workspace)
{
    int32_t depth = layer->depth;
    int32_t last = layer->output_height * layer->output_width - 1;
    for (int32_t group = 0; group <= last; group += 2 * layer->pairs_per_group) {
        int32_t end = least(group + 2 * layer->pairs_per_group - 1, last);
        int32_t *pixels = workspace->pixels;
        for (int32_t place = group; place <= end; place += 2, pixels += depth) {
            widen_places(layer, input, place, least(place + 1, last), workspace->gathered, pixels);
        }
        pixels = workspace->pixels;
        for (int32_t place = group; place <= end; place += 2, pixels += depth) {
            struct convolution_tile tile = {
                .weights = workspace->weights,
                .pixels = pixels,
                .channels = workspace->channels,
                .outputs = {output + place * layer->output_channels,
                            output + least(place + 1, last) * layer->output_channels},
                .unrolled_end = pixels + depth / 16 * 16,
                .end = pixels + depth,
            };
            convolve_channels(layer, &tile, channels);
        }
    }
}

void convolve(const struct convolution *layer, const int8_t *input, int8_t *output, void *scratch)
{
    int32_t depth = layer->depth;
    struct workspace workspace = {.weights = scratch};
    workspace.channels = (struct channel *)(workspace.weights + layer->channels_per_pass * depth / 2);
    workspace.pixels = (int32_t *)(workspace.channels + layer->channels_per_pass);
    workspace.gathered = (int8_t *)(workspace.pixels + layer->pairs_per_group * depth);
    memset(workspace.gathered, 0, (size_t)(2 * depth));
    for (int32_t first = 0; first < layer->output_channels; first += layer->channels_per_pass) {
        int32_t channels = least(layer->output_channels - first, layer->channels_per_pass);
        int32_t blocks = (channels + 3) / 4;
        widen_weights(layer->weights + first * depth, blocks * depth, layer->stage.fraction_bits,
                      workspace.weights);
        /* Every pair of places reads all parameters: more of them than a flash cache holds. */
        memcpy(workspace.channels, layer->channels + first, (size_t)blocks * 4 * sizeof *workspace.channels);
        convolve_pass(layer, input, output + first, channels, &workspace);
    }
}

#else

static void convolve_place(const struct convolution *layer, const int8_t *window, int8_t *output)
{
    const int8_t *weights = layer->weights;
    for (int32_t first = 0; first < layer->output_channels; first += 4) {
        int32_t sums[4] = {0};
        for (int32_t k = 0; k < layer->depth; k += 4) {
            for (int32_t channel = 0; channel < 4; channel++) {
                for (int32_t i = 0; i < 4; i++) {
                    sums[channel] += weights[4 * channel + i] * window[k + i];
                }
            }
            weights += 16;
        }
        for (int32_t channel = first; channel < first + 4 && channel < layer->output_channels; channel++) {
            const struct channel *parameters = &layer->channels[channel];
            int32_t sum = shift_left(sums[channel - first], layer->stage.fraction_bits) + parameters->bias;
            output[channel] = clamp_output(requantize(sum, parameters, layer->stage.rounding), &layer->stage);
        }
    }
}

void convolve(const struct convolution *layer, const int8_t *input, int8_t *output, void *scratch)
{
    int8_t *window = scratch;
    memset(window, 0, (size_t)layer->depth);
    for (int32_t row = 0; row < layer->output_height; row++) {
        for (int32_t column = 0; column < layer->output_width; column++) {
            gather_window(layer, input, row, column, window);
            convolve_place(layer, window, output);
            output += layer->output_channels;
        }
    }
}

#endif
