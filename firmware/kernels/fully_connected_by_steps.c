#include "kernels/fully_connected_by_steps.h"
#include "kernels/fully_connected_block.h"

/* How many of the ascending steps `sum` has reached. */
static int32_t count_reached(const int32_t *steps, int32_t count, int32_t sum)
{
    int32_t reached = 0;
    while (reached < count) {
        int32_t middle = (reached + count) / 2;
        if (steps[middle] <= sum) {
            reached = middle + 1;
        } else {
            count = middle;
        }
    }
    return reached;
}

static int8_t finish(const struct fully_connected_by_steps *stepped, int32_t output, int32_t sum)
{
    const struct output_stage *stage = &stepped->layer.stage;
    const struct channel *channel = &stepped->layer.channels[output];
    int32_t table = stepped->tables[output];
    if (table < 0) {
        sum = shift_left(sum, stage->fraction_bits) + channel->bias;
        return clamp_output(requantize(sum, channel, stage->rounding), stage);
    }
    int32_t count = stage->maximum - stage->minimum;
    const int32_t *steps = stepped->steps + table * count;
    return (int8_t)(stage->minimum + count_reached(steps, count, sum + channel->bias));
}

void connect_fully_by_steps(const struct fully_connected_by_steps *stepped, const int8_t *input,
                            int8_t *output)
{
    const struct fully_connected *layer = &stepped->layer;
    for (int32_t row = 0; row < layer->rows; row++) {
        const int8_t *weights = layer->weights;
        for (int32_t first = 0; first < layer->outputs; first += 4) {
            int32_t sums[4] = {0};
            multiply_block(weights, input, layer->inputs, sums);
            weights += 4 * layer->depth;
            for (int32_t channel = first; channel < first + 4 && channel < layer->outputs; channel++) {
                *output++ = finish(stepped, channel, sums[channel - first]);
            }
        }
        input += layer->inputs;
    }
}
