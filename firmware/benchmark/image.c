#include "image.h"
#include "model.h"

void load_image(const uint8_t *image)
{
    int8_t *input = model_input();
    for (int i = 0; i < MODEL_INPUT_BYTES; i++) {
        input[i] = (int8_t)(image[i] - 128);
    }
}
