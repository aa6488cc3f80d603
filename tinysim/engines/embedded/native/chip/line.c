#include "line.h"

#include "clock.h"

void line_reset(struct line *line)
{
    line->due = NEVER;
    line->to_guest_first = 0;
    line->to_guest_count = 0;
    line->to_host_first = 0;
    line->to_host_count = 0;
    line->sent_bytes = 0;
}

bool line_put(struct line *line, uint16_t character, uint64_t now, uint64_t frame_ticks)
{
    if (line->to_guest_count == LINE_TO_GUEST_CHARACTERS) {
        return false;
    }
    line->to_guest[(line->to_guest_first + line->to_guest_count) % LINE_TO_GUEST_CHARACTERS] = character;
    line->to_guest_count++;
    if (line->due == NEVER) {
        line->due = now + frame_ticks;
    }
    return true;
}

uint16_t line_arrive(struct line *line, uint64_t frame_ticks)
{
    uint16_t character = line->to_guest[line->to_guest_first];
    line->to_guest_first = (line->to_guest_first + 1) % LINE_TO_GUEST_CHARACTERS;
    line->to_guest_count--;
    line->due = line->to_guest_count == 0 ? NEVER : line->due + frame_ticks;
    return character;
}

void line_sent(struct line *line, struct line_byte byte)
{
    line->sent_bytes++;
    line->last_byte = byte.data;
    if (line->to_host_count < LINE_TO_HOST_BYTES) {
        line->to_host[(line->to_host_first + line->to_host_count) % LINE_TO_HOST_BYTES] = byte;
        line->to_host_count++;
    }
}

uint32_t line_take(struct line *line, struct line_byte *bytes, uint32_t maximum)
{
    uint32_t taken = 0;
    while (taken < maximum && line->to_host_count != 0) {
        bytes[taken++] = line->to_host[line->to_host_first];
        line->to_host_first = (line->to_host_first + 1) % LINE_TO_HOST_BYTES;
        line->to_host_count--;
    }
    return taken;
}
