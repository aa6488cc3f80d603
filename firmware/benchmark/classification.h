/* What the classifiers share: all but how an input is loaded and how a score is written, which each has in a
 * file of its own. */
#ifndef CLASSIFICATION_H
#define CLASSIFICATION_H

#include "model.h"
#include "text.h"
#include <stdint.h>

/* The classifier's own: fills the input tensor from the input as it has arrived. */
void load_input(const uint8_t *download);

/* The classifier's own: `append_scores` with its way to write a score. */
void append_result(struct text *text);

/* The output tensor's values, dequantized, separated by commas, each written by `append_value`. */
void append_scores(struct text *text, void (*append_value)(struct text *text, float value));

#endif
