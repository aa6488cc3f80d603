#include "classification.h"
#include "model.h"

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
