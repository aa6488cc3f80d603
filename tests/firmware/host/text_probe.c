/* Reads the bits of float32 numbers in hexadecimal, one a line; prints each as both number formats write it.
 */
#include "text.h"
#include <stdio.h>
#include <string.h>

int main(void)
{
    unsigned bits;
    while (scanf("%x", &bits) == 1) {
        float value;
        memcpy(&value, &bits, sizeof value);
        char characters[128];
        struct text text = {characters, sizeof characters, 0};
        text_append_fixed3(&text, value);
        text_append(&text, " ");
        text_append_truncated3(&text, value);
        printf("%.*s\n", (int)text.length, text.characters);
    }
    return 0;
}
