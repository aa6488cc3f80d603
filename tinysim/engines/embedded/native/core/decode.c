#include "decode.h"

static uint16_t halfword(const uint8_t *code)
{
    return (uint16_t)(code[0] | code[1] << 8);
}

/* Encodings from the ARMv7-M Architecture Reference Manual, A5.2 and A5.3. */
static uint32_t flags_of_narrow(uint16_t code)
{
    if ((code & 0xFFE8u) == 0xB660u) {
        return BLOCK_CHANGES_MASKS | ((code & 1u) != 0 ? BLOCK_USES_LEVELS : 0u); /* CPS */
    }
    if (code == 0xBF40u) {
        return BLOCK_SENDS_EVENT;
    }
    return 0;
}

static uint32_t flags_of_wide(uint16_t first, uint16_t second)
{
    uint32_t special = second & 0xFFu;
    if ((first & 0xFFE0u) == 0xF3E0u && (second & 0xD000u) == 0x8000u) { /* MRS */
        return special == 20 || (special < 8 && (special & 1u) != 0) ? BLOCK_READS_MODE : 0u;
    }
    if ((first & 0xFFE0u) == 0xF380u && (second & 0xD000u) == 0x8000u) { /* MSR */
        return BLOCK_CHANGES_MASKS | (special == 20 ? BLOCK_READS_MODE : 0u) |
               (special >= 17 && special <= 19 ? BLOCK_USES_LEVELS : 0u) |
               (special == 10 || special == 11 ? BLOCK_SETS_LIMITS : 0u);
    }
    if (first == 0xF3AFu && second == 0x8004u) {
        return BLOCK_SENDS_EVENT;
    }
    if ((first & 0xFFD0u) == 0xFB90u && (second & 0x00F0u) == 0x00F0u) {
        return BLOCK_DIVIDES;
    }
    if ((first & 0xFFF0u) == 0xE840u && (second & 0xF0BFu) == 0xF000u) { /* ARMv8-M ARM, C2.4.228 */
        return BLOCK_TESTS_TARGET;
    }
    /* Coprocessor instructions 10 and 11: loads and stores (1110 110x), data and transfers (1110 1110). */
    if ((first & 0xEC00u) == 0xEC00u && (second & 0x0E00u) == 0x0A00u) {
        return BLOCK_FLOATING_POINT;
    }
    return 0;
}

static bool is_hint(const uint8_t *code, uint32_t number)
{
    uint16_t first = halfword(code);
    return first == (0xBF00u | number << 4) || (first == 0xF3AFu && halfword(code + 2) == (0x8000u | number));
}

bool is_wait_for_event(const uint8_t *code)
{
    return is_hint(code, 2);
}

bool is_sleep(const uint8_t *code)
{
    return is_wait_for_event(code) || is_hint(code, 3);
}

static uint32_t flags_at(const uint8_t *code)
{
    uint16_t first = halfword(code);
    return instruction_bytes(first) == 2 ? flags_of_narrow(first) : flags_of_wide(first, halfword(code + 2));
}

bool is_floating_point(const uint8_t *code)
{
    return (flags_at(code) & BLOCK_FLOATING_POINT) != 0;
}

bool is_division(const uint8_t *code)
{
    return (flags_at(code) & BLOCK_DIVIDES) != 0;
}

uint32_t divisor_register(const uint8_t *code)
{
    return halfword(code + 2) & 15u;
}

bool is_target_test(const uint8_t *code)
{
    return (flags_at(code) & BLOCK_TESTS_TARGET) != 0;
}

struct target_test decode_target_test(const uint8_t *code)
{
    uint16_t second = halfword(code + 2);
    return (struct target_test){
        .address_register = halfword(code) & 15u,
        .result_register = second >> 8 & 15u,
        .unprivileged = (second & 1u << 6) != 0,
    };
}

/* How many instructions an IT instruction makes conditional, 0 if it is none (ARMv7-M ARM, A7.7.38). */
static uint32_t it_length(uint16_t code)
{
    return (code & 0xFF00u) == 0xBF00u && (code & 0xFu) != 0 ? 4 - (uint32_t)__builtin_ctz(code & 0xFu) : 0;
}

struct decoded_block decode_block(const uint8_t *code, uint32_t bytes)
{
    struct decoded_block block = {.sleep_offset = DECODE_NO_SLEEP};
    uint32_t conditional = 0;
    for (uint32_t offset = 0; offset + 2 <= bytes;) {
        uint16_t first = halfword(code + offset);
        uint32_t length = instruction_bytes(first);
        block.instructions++;
        if (offset + length > bytes) {
            break;
        }
        uint32_t flags = flags_at(code + offset);
        if ((flags & BLOCK_FLOATING_POINT) != 0 && (block.flags & BLOCK_FLOATING_POINT) == 0) {
            block.float_offset = offset;
        }
        block.flags |= flags;
        if (is_sleep(code + offset) && conditional == 0) {
            block.sleep_offset = offset;
        }
        conditional = conditional != 0 ? conditional - 1 : it_length(first);
        block.has_it |= conditional != 0;
        offset += length;
    }
    if (bytes == 2 && halfword(code) == 0xE7FEu) {
        block.flags |= BLOCK_STANDS_STILL;
    }
    return block;
}

uint32_t instructions_before(const uint8_t *code, uint32_t offset)
{
    uint32_t count = 0;
    for (uint32_t at = 0; at < offset;) {
        at += instruction_bytes(halfword(code + at));
        count++;
    }
    return count;
}
