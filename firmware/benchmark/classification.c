#include "classification.h"
#include "benchmark.h"

static uint8_t download[MODEL_INPUT_BYTES];

/* Room for the scores: each with a sign, eight digits before the point and three after, and a comma. */
static char result[16 * MODEL_OUTPUT_BYTES];

void append_scores(struct text *text, void (*append_value)(struct text *text, float value))
{
    const int8_t *output = model_output();
    for (size_t i = 0; i < MODEL_OUTPUT_BYTES; i++) {
        if (i > 0) {
            text_append(text, ",");
        }
        append_value(text, (float)(output[i] - MODEL_OUTPUT_ZERO_POINT) * (float)MODEL_OUTPUT_SCALE);
    }
}

static void load_download(void)
{
    load_input(download);
}

const struct benchmark benchmark = {
    .model = BENCHMARK_MODEL,
    .download = download,
    .download_capacity_bytes = sizeof download,
    .input_bytes = MODEL_INPUT_BYTES,
    .result = result,
    .result_capacity = sizeof result,
    .load_input = load_download,
    .infer = model_invoke,
    .append_result = append_result,
};
