/* The memory protection unit's registers (ARMv7-M ARM, B3.5; ARMv8-M ARM, D1.2): what was written can be read
 * back. Nothing is protected. */
#ifndef TINYSIM_MPU_H
#define TINYSIM_MPU_H

#include <stdbool.h>
#include <stdint.h>

enum { MPU_REGIONS = 16 };

struct mpu {
    uint32_t control;
    uint32_t region;                  /* RNR */
    uint32_t base[MPU_REGIONS];       /* RBAR */
    uint32_t attributes[MPU_REGIONS]; /* RASR or RLAR */
    uint32_t memory_attributes[2];    /* MAIR0, MAIR1 */
};

/* `offset` is from MPU_TYPE on; `type` is what that register reads. */
uint32_t mpu_read(const struct mpu *mpu, uint32_t offset, uint32_t type, bool is_v8);
void mpu_write(struct mpu *mpu, uint32_t offset, uint32_t value, bool is_v8);

/* What TT answers about `address` on ARMv8-M without the Security Extension: the region that it lies in, and
 * whether code of that privilege may read and write there. */
uint32_t mpu_test_target(const struct mpu *mpu, uint32_t address, bool privileged);

#endif
