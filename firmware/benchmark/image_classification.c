/* Image classification and visual wake words: 8-bit colours in, the scores of the classes out. */
#include "benchmark.h"
#include "classification.h"
#include "model.h"

static uint8_t download[MODEL_INPUT_BYTES];
static char result[CLASSIFICATION_RESULT_CHARACTERS];

/* The colours 0..255 as the tensor's -128..127. */
static void load_input(void)
{
    int8_t *input = model_input();
    for (int i = 0; i < MODEL_INPUT_BYTES; i++) {
        input[i] = (int8_t)(download[i] - 128);
    }
}

static void append_result(struct text *text)
{
    append_scores(text, text_append_fixed3);
}

const struct benchmark benchmark = {
    .model = BENCHMARK_MODEL,
    .download = download,
    .download_capacity_bytes = sizeof download,
    .input_bytes = MODEL_INPUT_BYTES,
    .result = result,
    .result_capacity = sizeof result,
    .load_input = load_input,
    .infer = model_invoke,
    .append_result = append_result,
};
