/* DEPTHWISE_CONV_2D, int8, weights quantized per channel, batch 1, dilation 1. */
#ifndef KERNELS_DEPTHWISE_CONVOLUTION_H
#define KERNELS_DEPTHWISE_CONVOLUTION_H

#include "kernels/requantization.h"

/* One direction of the image. */
struct depthwise_axis {
    int16_t input_size, output_size;
    int16_t kernel_size, stride, padding_before;
    int16_t plane_size; /* input positions that windows reach, padding included; even for columns */
    int32_t input_stride, output_stride; /* bytes from one position to the next */
};

/* "Columns" is the direction that lies contiguously in the scratch planes: width or height, as the compiler
 * of the model chose; the weights are transposed to match. */
struct depthwise_convolution {
    struct depthwise_axis rows, columns;
    int16_t input_channels, depth_multiplier;
    int8_t input_zero_point;
    struct output_stage stage;
    const int8_t *weights; /* [output channel][kernel rows][kernel columns] */
    const struct channel *channels;
};

/* Bytes of scratch, 4-byte aligned: four channels' planes of int16, a word that odd kernels read past the
 * last, and one channel's taps; without DSP instructions less of it is used. tinysim/codegen computes the
 * same. */
#define DEPTHWISE_SCRATCH_BYTES(plane_rows, plane_columns, kernel_rows, kernel_columns)                      \
    (8 * (plane_rows) * (plane_columns) + 4 + 2 * (kernel_rows) * (((kernel_columns) + 1) & ~1))

/* A channel is read as a whole before any of its outputs is written: `output` may be `input` where
 * depth_multiplier is 1, whatever the sizes. Else they must not overlap. */
void convolve_depthwise(const struct depthwise_convolution *layer, const int8_t *input, int8_t *output,
                        void *scratch);

#endif
