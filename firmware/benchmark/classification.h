/* What the three classifiers share: the scores that they print. */
#ifndef CLASSIFICATION_H
#define CLASSIFICATION_H

#include "text.h"

/* The output tensor's values, dequantized, separated by commas, each written by `append_value`. */
void append_scores(struct text *text, void (*append_value)(struct text *text, float value));

#endif
