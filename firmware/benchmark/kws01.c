/* Keyword spotting: the input arrives quantized; scores are cut off after three decimals, as the reference
 * does. */
#include "benchmark.h"
#include "classification.h"
#include "model.h"
#include <string.h>

static uint8_t download[MODEL_INPUT_BYTES];
static char result[CLASSIFICATION_RESULT_CHARACTERS];

static void load_input(void)
{
    memcpy(model_input(), download, sizeof download);
}

static void append_result(struct text *text)
{
    append_scores(text, text_append_truncated3);
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
