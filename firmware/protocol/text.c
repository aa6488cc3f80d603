#include "text.h"
#include <string.h>

void text_append_characters(struct text *text, const char *characters, size_t length)
{
    size_t room = text->capacity - text->length;
    if (length > room) {
        length = room;
    }
    memcpy(text->characters + text->length, characters, length);
    text->length += length;
}

void text_append(struct text *text, const char *terminated)
{
    text_append_characters(text, terminated, strlen(terminated));
}

void text_append_unsigned(struct text *text, uint32_t value)
{
    char digits[10];
    size_t first = sizeof digits;
    do {
        digits[--first] = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    text_append_characters(text, digits + first, sizeof digits - first);
}

void text_append_hex_byte(struct text *text, uint8_t value)
{
    static const char digit[] = "0123456789abcdef";
    const char pair[2] = {digit[value >> 4], digit[value & 0xF]};
    text_append_characters(text, pair, sizeof pair);
}

static void append_thousandths(struct text *text, uint32_t thousandths)
{
    const char digits[4] = {'.', (char)('0' + thousandths / 100), (char)('0' + thousandths / 10 % 10),
                            (char)('0' + thousandths % 10)};
    text_append_characters(text, digits, sizeof digits);
}

/* significand * 2^exponent in decimal; the significand has 24 bits and the exponent is at most 104. */
static void append_large(struct text *text, uint32_t significand, uint32_t exponent)
{
    enum { LIMB_BITS = 16, LIMBS = 128 / LIMB_BITS };
    uint16_t limbs[LIMBS] = {0};
    for (uint32_t bit = 0; bit < 24; bit++) {
        uint32_t position = exponent + bit;
        limbs[position / LIMB_BITS] |= (uint16_t)((significand >> bit & 1u) << (position % LIMB_BITS));
    }
    char digits[39]; /* 2^128 - 1 has 39 */
    size_t first = sizeof digits;
    uint32_t any_left;
    do {
        uint32_t remainder = 0;
        any_left = 0;
        for (int limb = LIMBS - 1; limb >= 0; limb--) {
            uint32_t dividend = remainder << LIMB_BITS | limbs[limb];
            limbs[limb] = (uint16_t)(dividend / 10);
            remainder = dividend % 10;
            any_left |= limbs[limb];
        }
        digits[--first] = (char)('0' + remainder);
    } while (any_left != 0);
    text_append_characters(text, digits + first, sizeof digits - first);
}

void text_append_fixed3(struct text *text, float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    uint32_t biased_exponent = bits >> 23 & 0xFF;
    uint32_t significand = bits & 0x7FFFFF;
    if (biased_exponent == 0xFF && significand != 0) {
        text_append(text, "nan"); /* its sign means nothing, and cores differ in it */
        return;
    }
    if (bits >> 31) {
        text_append(text, "-");
    }
    if (biased_exponent == 0xFF) {
        text_append(text, "inf");
        return;
    }
    if (biased_exponent == 0) {
        biased_exponent = 1;
    } else {
        significand |= 1u << 23;
    }
    int exponent = (int)biased_exponent - 150;
    if (exponent >= 0) {
        append_large(text, significand, (uint32_t)exponent);
        append_thousandths(text, 0);
        return;
    }
    uint32_t shift = (uint32_t)-exponent;
    uint32_t integer = shift < 24 ? significand >> shift : 0;
    uint32_t thousandths = 0;
    /* A thousand times the fraction has at most 34 bits: with more to shift out, less than half is left. */
    if (shift <= 35) {
        uint64_t fraction = significand & ((1ull << shift) - 1);
        uint64_t scaled = fraction * 1000;
        uint64_t rest = scaled & ((1ull << shift) - 1);
        uint64_t half = 1ull << (shift - 1);
        thousandths = (uint32_t)(scaled >> shift);
        if (rest > half || (rest == half && thousandths % 2 == 1)) {
            thousandths++;
        }
        if (thousandths == 1000) {
            thousandths = 0;
            integer++;
        }
    }
    text_append_unsigned(text, integer);
    append_thousandths(text, thousandths);
}

void text_append_truncated3(struct text *text, float value)
{
    /* From there on a float counts in quarters, which three digits show as they are. */
    static const float QUARTERS = 2097152.0f;
    if (!(value > -QUARTERS && value < QUARTERS)) {
        text_append_fixed3(text, value);
        return;
    }
    int32_t thousandths = (int32_t)(value * 1000.0f);
    if (thousandths < 0) {
        text_append(text, "-");
        thousandths = -thousandths;
    }
    text_append_unsigned(text, (uint32_t)thousandths / 1000);
    append_thousandths(text, (uint32_t)thousandths % 1000);
}
