/* Image classification and visual wake words: 8-bit colours in, the scores of the classes out. */
#include "classification.h"
#include "model.h"

/* The colours 0..255 as the tensor's -128..127. */
void load_input(const uint8_t *download)
{
    int8_t *input = model_input();
    for (int i = 0; i < MODEL_INPUT_BYTES; i++) {
        input[i] = (int8_t)(download[i] - 128);
    }
}

void append_result(struct text *text)
{
    append_scores(text, text_append_fixed3);
}
