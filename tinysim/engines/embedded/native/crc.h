/* STM32 CRC calculation unit with programmable polynomial (RM0432; the same unit in RM0385, RM0444, RM0455
 * and RM0456). */
#ifndef TINYSIM_CRC_H
#define TINYSIM_CRC_H

#include <stdbool.h>
#include <stdint.h>

struct crc {
    uint32_t control;
    uint32_t initial;
    uint32_t polynomial;
    uint32_t value; /* before REV_OUT */
    uint32_t scratch;
};

void crc_reset(struct crc *crc);

uint32_t crc_read(const struct crc *crc, uint32_t offset);

/* `mask` selects the bytes written: data are taken 8, 16 or 32 bits at a time. */
void crc_write(struct crc *crc, uint32_t offset, uint32_t value, uint32_t mask);

#endif
