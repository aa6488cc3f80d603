#include "kernels/depthwise_convolution.h"
#include "kernels/depthwise_tile.h"

#include <string.h>

static int32_t plane_values(const struct depthwise_convolution *layer)
{
    return layer->rows.plane_size * layer->columns.plane_size;
}

/* The part of an axis that windows reach: the input may be longer than what strides leave in use. */
static int32_t reached(const struct depthwise_axis *axis)
{
    int32_t size = axis->plane_size - axis->padding_before;
    return size < axis->input_size ? size : axis->input_size;
}

#if KERNELS_SIMD

enum { PLANES = 4 };

/* Fills planes with the zero point, whose share is already in the bias. */
static void fill_planes(const struct depthwise_convolution *layer, int16_t *planes)
{
    int32_t both = (int32_t)((uint16_t)layer->input_zero_point * UINT32_C(0x10001));
    for (int32_t i = 0; i < PLANES * plane_values(layer); i += 2) {
        store_word(planes + i, both);
    }
}

/* Splits four neighbouring channels of one line of columns into a line of each plane. */
static void split_four(const int8_t *input, int32_t stride, int32_t columns, bool starts_odd, int16_t *line,
                       int32_t plane)
{
    int32_t column = 0;
    /* Two columns make one word of each plane; the first of an odd start has no partner. */
    int32_t alone = starts_odd ? 1 : 0;
    while (column < columns) {
        int32_t first = load_word(input);
        if (column < alone || column + 1 == columns) {
            line[0] = (int8_t)first;
            line[plane] = (int8_t)(first >> 8);
            line[2 * plane] = (int8_t)(first >> 16);
            line[3 * plane] = (int8_t)(first >> 24);
            input += stride;
            line += 1;
            column += 1;
            continue;
        }
        int32_t second = load_word(input + stride);
        int32_t low = pack_low(first, second);
        int32_t high = pack_high(first, second);
        store_word(line, widen_even(low));
        store_word(line + plane, widen_odd(low));
        store_word(line + 2 * plane, widen_even(high));
        store_word(line + 3 * plane, widen_odd(high));
        input += 2 * stride;
        line += 2;
        column += 2;
    }
}

static void split_channels(const struct depthwise_convolution *layer, const int8_t *input, int32_t channels,
                           int16_t *planes)
{
    int32_t plane = plane_values(layer);
    int32_t columns = reached(&layer->columns);
    bool starts_odd = layer->columns.padding_before % 2 != 0;
    for (int32_t row = 0; row < reached(&layer->rows); row++) {
        const int8_t *source = input + row * layer->rows.input_stride;
        int16_t *line = planes + (row + layer->rows.padding_before) * layer->columns.plane_size +
                        layer->columns.padding_before;
        if (channels == PLANES) {
            split_four(source, layer->columns.input_stride, columns, starts_odd, line, plane);
            continue;
        }
        for (int32_t column = 0; column < columns; column++) {
            for (int32_t channel = 0; channel < channels; channel++) {
                line[channel * plane + column] = source[column * layer->columns.input_stride + channel];
            }
        }
    }
}

static bool fits_tile(const struct depthwise_convolution *layer)
{
    return layer->rows.kernel_size == 3 && layer->columns.kernel_size == 3 && layer->rows.stride == 1 &&
           layer->columns.stride == 1;
}

static struct depthwise_tile tile_of(const struct depthwise_convolution *layer, const int16_t *plane,
                                     int32_t channel, int8_t *output)
{
    const struct channel *parameters = &layer->channels[channel];
    const int8_t *weights = layer->weights + 9 * channel;
    int32_t columns = layer->columns.output_size;
    struct depthwise_tile tile = {
        .plane = plane,
        .plane_stride = 2 * layer->columns.plane_size,
        .output = output,
        .column_stride = layer->columns.output_stride,
        .row_stride = layer->rows.output_stride,
        .rows = layer->rows.output_size,
        .sixes_end = columns / 6 * 6 * layer->columns.output_stride,
        .columns_end = columns * layer->columns.output_stride,
        .bias = parameters->bias,
        .multiplier = parameters->multiplier,
        .rounding = parameters->rounding,
        .shift = parameters->shift,
    };
    for (int32_t row = 0; row < 3; row++, weights += 3) {
        tile.taps[row][0] = double_both(pack_values(weights[0], weights[1]), layer->stage.fraction_bits);
        tile.taps[row][1] = double_both(pack_values(weights[1], weights[2]), layer->stage.fraction_bits);
    }
    return tile;
}

/* Pairs of taps along the columns, a zero after an odd last one. */
static void widen_taps(const struct depthwise_convolution *layer, const int8_t *weights, int32_t *taps)
{
    int32_t size = layer->columns.kernel_size;
    for (int32_t row = 0; row < layer->rows.kernel_size; row++) {
        for (int32_t column = 0; column < size; column += 2) {
            int32_t second = column + 1 < size ? weights[column + 1] : 0;
            *taps++ = double_both(pack_values(weights[column], second), layer->stage.fraction_bits);
        }
        weights += size;
    }
}

static void convolve_plane(const struct depthwise_convolution *layer, const int16_t *plane, int32_t channel,
                           int32_t *taps, int8_t *output)
{
    const struct channel *parameters = &layer->channels[channel];
    int32_t pairs = (layer->columns.kernel_size + 1) / 2;
    widen_taps(layer, layer->weights + channel * layer->rows.kernel_size * layer->columns.kernel_size, taps);
    for (int32_t row = 0; row < layer->rows.output_size; row++) {
        int8_t *place = output + row * layer->rows.output_stride;
        const int16_t *window = plane + row * layer->rows.stride * layer->columns.plane_size;
        for (int32_t column = 0; column < layer->columns.output_size; column++) {
            const int32_t *tap = taps;
            int32_t sum = parameters->bias;
            for (int32_t y = 0; y < layer->rows.kernel_size; y++) {
                const int16_t *values = window + y * layer->columns.plane_size;
                for (int32_t pair = 0; pair < pairs; pair++, values += 2) {
                    sum = multiply_add_both(load_word(values), *tap++, sum);
                }
            }
            *place = requantize(sum, parameters, layer->stage.rounding);
            place += layer->columns.output_stride;
            window += layer->columns.stride;
        }
    }
}

/* The outputs of some input channels, whose planes are ready. */
static void convolve_planes(const struct depthwise_convolution *layer, int16_t *planes, int32_t first,
                            int32_t count, int8_t *output)
{
    int32_t *taps = (int32_t *)(void *)(planes + PLANES * plane_values(layer) + 2);
    for (int32_t i = 0; i < count; i++) {
        const int16_t *plane = planes + i / layer->depth_multiplier * plane_values(layer);
        convolve_plane(layer, plane, first + i, taps, output + first + i);
    }
}

/* The same by tiles: all are prepared first, so that a small flash cache keeps the code that works on them.
 */
static void convolve_planes_3x3(const struct depthwise_convolution *layer, int16_t *planes, int32_t first,
                                int32_t count, int8_t *output)
{
    struct depthwise_tile tiles[PLANES];
    for (int32_t done = 0; done < count; done += PLANES) {
        int32_t prepared = count - done < PLANES ? count - done : PLANES;
        for (int32_t i = 0; i < prepared; i++) {
            const int16_t *plane = planes + (done + i) / layer->depth_multiplier * plane_values(layer);
            tiles[i] = tile_of(layer, plane, first + done + i, output + first + done + i);
        }
        for (int32_t i = 0; i < prepared; i++) {
            convolve_depthwise_tile(&tiles[i], layer->stage.rounding);
        }
    }
}

void convolve_depthwise(const struct depthwise_convolution *layer, const int8_t *input, int8_t *output,
                        void *scratch)
{
    int16_t *planes = scratch;
    bool tiled = fits_tile(layer);
    fill_planes(layer, planes);
    for (int32_t first = 0; first < layer->input_channels; first += PLANES) {
        int32_t left = layer->input_channels - first;
        int32_t channels = left < PLANES ? left : PLANES;
        split_channels(layer, input + first, channels, planes);
        (tiled ? convolve_planes_3x3 : convolve_planes)(layer, planes, first * layer->depth_multiplier,
                                                        channels * layer->depth_multiplier, output);
    }
    int32_t outputs = layer->rows.output_size * layer->columns.output_size * layer->input_channels;
    clamp_outputs(output, outputs * layer->depth_multiplier, &layer->stage);
}

#else

/* One channel in one piece, amid the zero point, which is filled in already. */
static void gather_channel(const struct depthwise_convolution *layer, const int8_t *input, int8_t *plane)
{
    int32_t columns = reached(&layer->columns);
    plane += layer->rows.padding_before * layer->columns.plane_size + layer->columns.padding_before;
    for (int32_t row = 0; row < reached(&layer->rows); row++) {
        const int8_t *source = input + row * layer->rows.input_stride;
        for (int32_t column = 0; column < columns; column++) {
            plane[column] = *source;
            source += layer->columns.input_stride;
        }
        plane += layer->columns.plane_size;
    }
}

static int32_t window_sum(const struct depthwise_convolution *layer, const int8_t *window,
                          const int8_t *weights)
{
    int32_t sum = 0;
    for (int32_t row = 0; row < layer->rows.kernel_size; row++) {
        for (int32_t column = 0; column < layer->columns.kernel_size; column++) {
            sum += *weights++ * window[column];
        }
        window += layer->columns.plane_size;
    }
    return sum;
}

static void convolve_plane(const struct depthwise_convolution *layer, const int8_t *plane, int32_t channel,
                           int8_t *output)
{
    const struct channel *parameters = &layer->channels[channel];
    const int8_t *weights = layer->weights + channel * layer->rows.kernel_size * layer->columns.kernel_size;
    for (int32_t row = 0; row < layer->rows.output_size; row++) {
        const int8_t *window = plane + row * layer->rows.stride * layer->columns.plane_size;
        int8_t *place = output + row * layer->rows.output_stride;
        for (int32_t column = 0; column < layer->columns.output_size; column++) {
            int32_t sum = window_sum(layer, window, weights);
            sum = shift_left(sum, layer->stage.fraction_bits) + parameters->bias;
            *place = clamp_output(requantize(sum, parameters, layer->stage.rounding), &layer->stage);
            place += layer->columns.output_stride;
            window += layer->columns.stride;
        }
    }
}

void convolve_depthwise(const struct depthwise_convolution *layer, const int8_t *input, int8_t *output,
                        void *scratch)
{
    int8_t *plane = scratch;
    /* Outside the input lies the zero point, whose share is already in the bias. */
    memset(plane, layer->input_zero_point, (size_t)plane_values(layer));
    for (int32_t first = 0; first < layer->input_channels; first++) {
        gather_channel(layer, input + first, plane);
        for (int32_t i = 0; i < layer->depth_multiplier; i++) {
            int32_t channel = first * layer->depth_multiplier + i;
            convolve_plane(layer, plane, channel, output + channel);
        }
    }
}

#endif
