/*
 * Anomaly detection: a window of float32 features in; out comes the mean squared difference between the
 * window and what the autoencoder makes of it. The difference is taken from the features as they arrived, not
 * from their quantized form, and computed in single precision in element order, as the reference does.
 */
#include "benchmark.h"
#include "model.h"
#include <string.h>

_Static_assert(MODEL_INPUT_BYTES == MODEL_OUTPUT_BYTES, "an autoencoder's output has the shape of its input");

/* The reference's buffer has room for twice the window, and its limit shows in the reply to `db load`. */
static union {
    uint8_t bytes[2 * sizeof(float) * MODEL_INPUT_BYTES];
    float features[2 * MODEL_INPUT_BYTES];
} download;

static char result[48]; /* a float has up to 39 digits before the point */

/* To the nearest, halves away from zero, saturated; what is not a number becomes the zero point. */
static int8_t quantize(float feature)
{
    float scaled = feature / (float)MODEL_INPUT_SCALE;
    if (!(scaled > -1024.0f)) {
        return scaled <= -1024.0f ? INT8_MIN : (int8_t)MODEL_INPUT_ZERO_POINT;
    }
    if (scaled > 1024.0f) {
        return INT8_MAX;
    }
    int rounded = (int)scaled;
    float rest = scaled - (float)rounded;
    if (rest >= 0.5f) {
        rounded++;
    } else if (rest <= -0.5f) {
        rounded--;
    }
    int quantized = rounded + MODEL_INPUT_ZERO_POINT;
    if (quantized < INT8_MIN) {
        return INT8_MIN;
    }
    return (int8_t)(quantized > INT8_MAX ? INT8_MAX : quantized);
}

static void load_input(void)
{
    int8_t *input = model_input();
    for (int i = 0; i < MODEL_INPUT_BYTES; i++) {
        input[i] = quantize(download.features[i]);
    }
}

static void append_result(struct text *text)
{
    const int8_t *output = model_output();
    float sum = 0.0f;
    for (int i = 0; i < MODEL_OUTPUT_BYTES; i++) {
        float reconstructed = (float)(output[i] - MODEL_OUTPUT_ZERO_POINT) * (float)MODEL_OUTPUT_SCALE;
        float difference = reconstructed - download.features[i];
        sum += difference * difference;
    }
    text_append_fixed3(text, sum / (float)MODEL_OUTPUT_BYTES);
}

const struct benchmark benchmark = {
    .model = BENCHMARK_MODEL,
    .download = download.bytes,
    .download_capacity_bytes = sizeof download,
    .input_bytes = sizeof(float) * MODEL_INPUT_BYTES,
    .result = result,
    .result_capacity = sizeof result,
    .load_input = load_input,
    .infer = model_invoke,
    .append_result = append_result,
};
