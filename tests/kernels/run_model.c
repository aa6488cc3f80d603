/* Runs a generated model over inputs that come one after the other on standard input. */
#include "model.h"

#include <stdio.h>
#include <string.h>

int main(void)
{
    static int8_t given[MODEL_INPUT_BYTES];
    while (fread(given, 1, sizeof given, stdin) == sizeof given) {
        memcpy(model_input(), given, sizeof given);
        model_invoke();
        if (memcmp(model_input(), given, sizeof given) != 0) {
            fputs("model_invoke() damaged its input\n", stderr);
            return 3;
        }
        fwrite(model_output(), 1, MODEL_OUTPUT_BYTES, stdout);
    }
    return 0;
}
