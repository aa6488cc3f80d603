/* Text in a buffer of fixed size, and the number formats of the protocol. What does not fit is cut off. */
#ifndef TEXT_H
#define TEXT_H

#include <stddef.h>
#include <stdint.h>

struct text {
    char *characters; /* not terminated */
    size_t capacity;
    size_t length;
};

void text_append_characters(struct text *text, const char *characters, size_t length);
void text_append(struct text *text, const char *terminated);
void text_append_unsigned(struct text *text, uint32_t value);

/* Two lower-case hexadecimal digits. */
void text_append_hex_byte(struct text *text, uint8_t value);

/* As printf's "%.3f": rounded to the nearest thousandth, exact ties to the even one; "inf" and "nan"
 * included. */
void text_append_fixed3(struct text *text, float value);

/* As above but the digits after the third are cut off. */
void text_append_truncated3(struct text *text, float value);

#endif
