/* The serial line between the console UART and the host: what the host has sent and not yet arrived, and what
 * the guest has sent and the host has not yet taken. */
#ifndef TINYSIM_LINE_H
#define TINYSIM_LINE_H

#include <stdbool.h>
#include <stdint.h>

#include "engine.h"

enum { LINE_TO_GUEST_CHARACTERS = 1 << 17, LINE_BREAK = 0x100 };

struct line {
    uint64_t due; /* the tick at which the next character to the guest ends, or NEVER */
    uint32_t to_guest_first;
    uint32_t to_guest_count;
    uint32_t to_host_first;
    uint32_t to_host_count;
    uint64_t sent_bytes; /* by the guest, ever */
    uint8_t last_byte;   /* from the guest, whether taken or not */
    uint16_t to_guest[LINE_TO_GUEST_CHARACTERS];
    struct line_byte to_host[LINE_TO_HOST_BYTES];
};

void line_reset(struct line *line);

/* Queues a character (or LINE_BREAK) for the guest; false where the queue is full. */
bool line_put(struct line *line, uint16_t character, uint64_t now, uint64_t frame_ticks);

/* Takes the character that ends at line->due; the next one follows `frame_ticks` later. */
uint16_t line_arrive(struct line *line, uint64_t frame_ticks);

/* A byte from the guest; lost where the host has left the buffer full. */
void line_sent(struct line *line, struct line_byte byte);

/* Takes up to `maximum` bytes from the guest. */
uint32_t line_take(struct line *line, struct line_byte *bytes, uint32_t maximum);

#endif
