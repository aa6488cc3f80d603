/*
 * memcpy and its relatives, word by word where the addresses allow it. Compiled without built-ins, or the
 * compiler would turn these loops into calls of themselves.
 */
#include "string.h"
#include <stdint.h>

enum { WORD_BYTES = sizeof(uint32_t) };

typedef uint32_t __attribute__((may_alias)) word;

static int both_aligned(const void *left, const void *right)
{
    return (((uintptr_t)left | (uintptr_t)right) % WORD_BYTES) == 0;
}

/* Copies upwards: right for overlapping ranges too where the destination lies below the source. */
static void copy_up(uint8_t *destination, const uint8_t *source, size_t length)
{
    if ((((uintptr_t)destination ^ (uintptr_t)source) % WORD_BYTES) == 0) {
        while (length > 0 && !both_aligned(destination, source)) {
            *destination++ = *source++;
            length--;
        }
        word *to = (word *)(void *)destination;
        const word *from = (const word *)(const void *)source;
        while (length >= 4 * WORD_BYTES) {
            word first = from[0], second = from[1], third = from[2], fourth = from[3];
            to[0] = first;
            to[1] = second;
            to[2] = third;
            to[3] = fourth;
            to += 4;
            from += 4;
            length -= 4 * WORD_BYTES;
        }
        while (length >= WORD_BYTES) {
            *to++ = *from++;
            length -= WORD_BYTES;
        }
        destination = (uint8_t *)to;
        source = (const uint8_t *)from;
    }
    while (length > 0) {
        *destination++ = *source++;
        length--;
    }
}

static void copy_down(uint8_t *destination, const uint8_t *source, size_t length)
{
    destination += length;
    source += length;
    if ((((uintptr_t)destination ^ (uintptr_t)source) % WORD_BYTES) == 0) {
        while (length > 0 && !both_aligned(destination, source)) {
            *--destination = *--source;
            length--;
        }
        word *to = (word *)(void *)destination;
        const word *from = (const word *)(const void *)source;
        while (length >= WORD_BYTES) {
            *--to = *--from;
            length -= WORD_BYTES;
        }
        destination = (uint8_t *)to;
        source = (const uint8_t *)from;
    }
    while (length > 0) {
        *--destination = *--source;
        length--;
    }
}

void *memcpy(void *restrict destination, const void *restrict source, size_t length)
{
    copy_up(destination, source, length);
    return destination;
}

void *memmove(void *destination, const void *source, size_t length)
{
    if ((uintptr_t)destination - (uintptr_t)source < length) {
        copy_down(destination, source, length);
    } else {
        copy_up(destination, source, length);
    }
    return destination;
}

void *memset(void *destination, int value, size_t length)
{
    uint8_t *bytes = destination;
    while (length > 0 && (uintptr_t)bytes % WORD_BYTES != 0) {
        *bytes++ = (uint8_t)value;
        length--;
    }
    word pattern = (uint8_t)value * 0x01010101u;
    word *words = (word *)(void *)bytes;
    while (length >= 4 * WORD_BYTES) {
        words[0] = pattern;
        words[1] = pattern;
        words[2] = pattern;
        words[3] = pattern;
        words += 4;
        length -= 4 * WORD_BYTES;
    }
    while (length >= WORD_BYTES) {
        *words++ = pattern;
        length -= WORD_BYTES;
    }
    bytes = (uint8_t *)words;
    while (length > 0) {
        *bytes++ = (uint8_t)value;
        length--;
    }
    return destination;
}

int memcmp(const void *left, const void *right, size_t length)
{
    const uint8_t *first = left;
    const uint8_t *second = right;
    for (size_t i = 0; i < length; i++) {
        if (first[i] != second[i]) {
            return first[i] < second[i] ? -1 : 1;
        }
    }
    return 0;
}

size_t strlen(const char *text)
{
    size_t length = 0;
    while (text[length] != '\0') {
        length++;
    }
    return length;
}

#if defined(__ARM_EABI__)
/* The names that the Arm run-time ABI gives them (RTABI 4.3.4); __aeabi_memset takes its arguments in another
 * order. */
void __aeabi_memcpy(void *destination, const void *source, size_t length)
{
    copy_up(destination, source, length);
}

void __aeabi_memcpy4(void *destination, const void *source, size_t length)
    __attribute__((alias("__aeabi_memcpy")));
void __aeabi_memcpy8(void *destination, const void *source, size_t length)
    __attribute__((alias("__aeabi_memcpy")));

void __aeabi_memmove(void *destination, const void *source, size_t length)
{
    memmove(destination, source, length);
}

void __aeabi_memmove4(void *destination, const void *source, size_t length)
    __attribute__((alias("__aeabi_memmove")));
void __aeabi_memmove8(void *destination, const void *source, size_t length)
    __attribute__((alias("__aeabi_memmove")));

void __aeabi_memset(void *destination, size_t length, int value)
{
    memset(destination, value, length);
}

void __aeabi_memset4(void *destination, size_t length, int value) __attribute__((alias("__aeabi_memset")));
void __aeabi_memset8(void *destination, size_t length, int value) __attribute__((alias("__aeabi_memset")));

void __aeabi_memclr(void *destination, size_t length)
{
    memset(destination, 0, length);
}

void __aeabi_memclr4(void *destination, size_t length) __attribute__((alias("__aeabi_memclr")));
void __aeabi_memclr8(void *destination, size_t length) __attribute__((alias("__aeabi_memclr")));
#endif
