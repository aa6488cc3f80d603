/* Keyword spotting: the input arrives quantized; scores are cut off after three decimals, as the reference
 * does. */
#include "classification.h"
#include "model.h"
#include <string.h>

void load_input(const uint8_t *download)
{
    memcpy(model_input(), download, MODEL_INPUT_BYTES);
}

void append_result(struct text *text)
{
    append_scores(text, text_append_truncated3);
}
