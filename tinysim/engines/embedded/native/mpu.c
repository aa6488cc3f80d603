#include "mpu.h"

/* From MPU_TYPE on: ARMv7-M ARM, table B3-11; ARMv8-M ARM, D1.2. */
enum {
    TYPE = 0x00,
    CTRL = 0x04,
    RNR = 0x08,
    RBAR = 0x0C,
    LAST_ALIAS = 0x28, /* RASR_A3 or RLAR_A3 */
    MAIR0 = 0x30,
    MAIR1 = 0x34,
};
enum { RBAR_REGION = 0xF, RBAR_VALID = 1u << 4, CTRL_WRITABLE = 7 };

/* Three aliases follow each of RBAR and RASR. On ARMv8-M they are those of the next regions. */
static uint32_t region_at(const struct mpu *mpu, uint32_t offset, bool is_v8)
{
    uint32_t alias = (offset - RBAR) / 8;
    uint32_t region = is_v8 && alias != 0 ? (mpu->region & ~3u) + alias : mpu->region;
    return region % MPU_REGIONS;
}

uint32_t mpu_read(const struct mpu *mpu, uint32_t offset, uint32_t type, bool is_v8)
{
    switch (offset) {
    case TYPE:
        return type;
    case CTRL:
        return mpu->control;
    case RNR:
        return mpu->region;
    case MAIR0:
    case MAIR1:
        return mpu->memory_attributes[(offset - MAIR0) / 4];
    default:
        break;
    }
    if (offset > LAST_ALIAS) {
        return 0;
    }
    uint32_t region = region_at(mpu, offset, is_v8);
    if ((offset - RBAR) % 8 != 0) {
        return mpu->attributes[region];
    }
    return is_v8 ? mpu->base[region] : (mpu->base[region] & ~(uint32_t)(RBAR_VALID | RBAR_REGION)) | region;
}

void mpu_write(struct mpu *mpu, uint32_t offset, uint32_t value, bool is_v8)
{
    switch (offset) {
    case TYPE:
        return;
    case CTRL:
        mpu->control = value & CTRL_WRITABLE;
        return;
    case RNR:
        mpu->region = value & 0xFFu;
        return;
    case MAIR0:
    case MAIR1:
        mpu->memory_attributes[(offset - MAIR0) / 4] = value;
        return;
    default:
        break;
    }
    if (offset > LAST_ALIAS) {
        return;
    }
    bool is_base = (offset - RBAR) % 8 == 0;
    if (is_base && !is_v8 && (value & RBAR_VALID) != 0) {
        mpu->region = value & RBAR_REGION;
    }
    uint32_t region = region_at(mpu, offset, is_v8);
    if (is_base) {
        mpu->base[region] = value;
    } else {
        mpu->attributes[region] = value;
    }
}
