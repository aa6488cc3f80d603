/* Image classification: 32 x 32 RGB pixels in, the scores of ten classes out. */
#include "benchmark.h"
#include "classification.h"
#include "image.h"
#include "model.h"

static uint8_t download[MODEL_INPUT_BYTES];

static void load_input(void)
{
    load_image(download);
}

static void append_result(struct text *text)
{
    append_scores(text, text_append_fixed3);
}

const struct benchmark benchmark = {
    .model = "ic01",
    .download = download,
    .download_capacity_bytes = sizeof download,
    .input_bytes = MODEL_INPUT_BYTES,
    .load_input = load_input,
    .infer = model_invoke,
    .append_result = append_result,
};
