/*
 * What differs between the benchmarks, as the protocol sees it: classification.c with one of kws01.c and
 * image_classification.c, or ad01.c. The build gives BENCHMARK_MODEL, the MODEL string; every size comes from
 * model.h.
 */
#ifndef BENCHMARK_H
#define BENCHMARK_H

#include "text.h"
#include <stddef.h>
#include <stdint.h>

struct benchmark {
    const char *model;              /* the MODEL string, by which the runner picks its data set */
    uint8_t *download;              /* where `db` puts the input's bytes */
    size_t download_capacity_bytes; /* the most that `db load` accepts */
    size_t input_bytes;             /* what an inference needs */
    char *result;                   /* where the values of the last inference are kept, as text */
    size_t result_capacity;
    void (*load_input)(void); /* fills the input tensor from the download */
    void (*infer)(void);
    void (*append_result)(struct text *text); /* the values between the brackets of m-results */
};

extern const struct benchmark benchmark;

#endif
