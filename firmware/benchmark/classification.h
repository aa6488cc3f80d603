/* What the classifiers share: the scores that they print. */
#ifndef CLASSIFICATION_H
#define CLASSIFICATION_H

#include "model.h"
#include "text.h"

/* Room for the scores: each with a sign, eight digits before the point and three after, and a comma. */
enum { CLASSIFICATION_RESULT_CHARACTERS = 16 * MODEL_OUTPUT_BYTES };

/* The output tensor's values, dequantized, separated by commas, each written by `append_value`. */
void append_scores(struct text *text, void (*append_value)(struct text *text, float value));

#endif
