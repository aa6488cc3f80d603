/* Compares the firmware's memory functions with plain byte loops, for every alignment and many lengths. */
#define memcpy  firmware_memcpy
#define memmove firmware_memmove
#define memset  firmware_memset
#define memcmp  firmware_memcmp
#define strlen  firmware_strlen
#include "memory.c"
#undef memcpy
#undef memmove
#undef memset
#undef memcmp
#undef strlen
#include <stdio.h>
#include <stdlib.h>

enum { OFFSETS = 9, LENGTHS = 70, BUFFER = 2 * OFFSETS + LENGTHS };

static uint8_t _Alignas(8) actual[BUFFER], expected[BUFFER], source[BUFFER];

static void fill(void)
{
    for (int i = 0; i < BUFFER; i++) {
        actual[i] = expected[i] = (uint8_t)(i * 7 + 1);
        source[i] = (uint8_t)(i * 13 + 5);
    }
}

static void compare(const char *what, int to, int from, int length)
{
    for (int i = 0; i < BUFFER; i++) {
        if (actual[i] != expected[i]) {
            fprintf(stderr, "%s to %d from %d length %d differs at %d\n", what, to, from, length, i);
            exit(1);
        }
    }
}

static void check(int to, int from, int length)
{
    fill();
    for (int i = 0; i < length; i++) {
        expected[to + i] = source[from + i];
    }
    if (firmware_memcpy(actual + to, source + from, (size_t)length) != actual + to) {
        exit(1);
    }
    compare("memcpy", to, from, length);

    fill();
    for (int i = 0; i < length; i++) {
        expected[to + i] = (uint8_t)((from + i) * 7 + 1);
    }
    if (firmware_memmove(actual + to, actual + from, (size_t)length) != actual + to) {
        exit(1);
    }
    compare("memmove", to, from, length);

    fill();
    for (int i = 0; i < length; i++) {
        expected[to + i] = (uint8_t)(200 + from);
    }
    if (firmware_memset(actual + to, 0x100 + 200 + from, (size_t)length) != actual + to) {
        exit(1);
    }
    compare("memset", to, from, length);

    if (firmware_memcmp(actual + to, expected + to, (size_t)length) != 0) {
        exit(1);
    }
    if (length > 0) {
        actual[to + length - 1] = 0;
        expected[to + length - 1] = 0x80;
        if (firmware_memcmp(actual + to, expected + to, (size_t)length) >= 0 ||
            firmware_memcmp(expected + to, actual + to, (size_t)length) <= 0) {
            exit(1);
        }
    }
}

int main(void)
{
    for (int to = 0; to < OFFSETS; to++) {
        for (int from = 0; from < OFFSETS; from++) {
            for (int length = 0; length < LENGTHS; length++) {
                check(to, from, length);
            }
        }
    }
    if (firmware_strlen("") != 0 || firmware_strlen("m-ready") != 7) {
        return 1;
    }
    puts("ok");
    return 0;
}
