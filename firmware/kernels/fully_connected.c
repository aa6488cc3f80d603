#include "kernels/fully_connected_block.h"

void connect_fully(const struct fully_connected *layer, const int8_t *input, int8_t *output)
{
    for (int32_t row = 0; row < layer->rows; row++) {
        const int8_t *weights = layer->weights;
        for (int32_t first = 0; first < layer->outputs; first += 4) {
            int32_t sums[4] = {0};
            multiply_block(weights, input, layer->inputs, sums);
            weights += 4 * layer->depth;
            for (int32_t channel = first; channel < first + 4 && channel < layer->outputs; channel++) {
                int32_t sum = shift_left(sums[channel - first], layer->stage.fraction_bits) +
                              layer->channels[channel].bias;
                int8_t value = requantize(sum, &layer->channels[channel], layer->stage.rounding);
                *output++ = clamp_output(value, &layer->stage);
            }
        }
        input += layer->inputs;
    }
}
