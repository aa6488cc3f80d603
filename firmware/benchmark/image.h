/* What the two image classifiers share: their input is unsigned 8-bit colour values. */
#ifndef IMAGE_H
#define IMAGE_H

#include <stdint.h>

/* The 8-bit colours 0..255 of an image as the tensor's -128..127. */
void load_image(const uint8_t *image);

#endif
