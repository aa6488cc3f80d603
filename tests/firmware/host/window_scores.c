/* Runs anomaly detection's windows, one after the other on standard input, as the device does between `db`
 * and m-results; prints a score a line. */
#include "benchmark.h"
#include <stdio.h>

int main(void)
{
    while (fread(benchmark.download, 1, benchmark.input_bytes, stdin) == benchmark.input_bytes) {
        char characters[64];
        struct text text = {characters, sizeof characters, 0};
        benchmark.load_input();
        benchmark.infer();
        benchmark.append_result(&text);
        printf("%.*s\n", (int)text.length, text.characters);
    }
    return 0;
}
