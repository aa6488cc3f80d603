/* An int8 function of one int8 value, as a table: RELU and its like when nothing took them in. */
#ifndef KERNELS_LOOKUP_H
#define KERNELS_LOOKUP_H

#include <stdint.h>

/* `table` starts with the function of -128. `output` may be `input`, or begin before it. */
void look_up(const int8_t table[256], int32_t count, const int8_t *input, int8_t *output);

#endif
