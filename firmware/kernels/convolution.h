/* CONV_2D, int8, weights quantized per channel, batch 1, dilation 1. */
#ifndef KERNELS_CONVOLUTION_H
#define KERNELS_CONVOLUTION_H

#include "kernels/requantization.h"

struct convolution {
    int16_t input_height, input_width, input_channels;
    int16_t output_height, output_width, output_channels;
    int16_t kernel_height, kernel_width;
    int16_t stride_height, stride_width;
    int16_t padding_top, padding_left;
    int8_t input_zero_point;
    int16_t channels_per_pass; /* a multiple of 4: how many channels' weights are widened at a time */
    int16_t pairs_per_group;   /* how many pairs of places are */
    int32_t depth; /* kernel height * kernel width * input channels, rounded up to a multiple of 4 */
    struct output_stage stage;
    /* [ceil(output channels / 4)][depth / 4][4 channels][4 values], zeros where padded. */
    const int8_t *weights;
    const struct channel *channels; /* a multiple of 4 of them */
};

/* Bytes of scratch, 4-byte aligned, that `convolve` needs. tinysim/codegen computes the same. */
#define CONVOLUTION_SCRATCH_BYTES(depth, channels_per_pass, pairs_per_group)                                 \
    ((depth) * (2 * (channels_per_pass) + 4 * (pairs_per_group) + 2) + 16 * (channels_per_pass))

/* `input` is [height][width][channels]. Places are computed in the order of memory, each after its window was
 * read: `output` may lie over `input` if it begins early enough before it (tinysim/codegen/overlays.py) and
 * all channels are done in one pass. */
void convolve(const struct convolution *layer, const int8_t *input, int8_t *output, void *scratch);

#endif
