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
enum { CTRL_ENABLE = 1u << 0, CTRL_PRIVDEFENA = 1u << 2 };
/* ARMv8-M ARM, D1.2: RBAR's AP, RLAR's EN; the payload of a TT response. */
enum { RBAR_UNPRIVILEGED = 1u << 1, RBAR_READ_ONLY = 1u << 2, RLAR_ENABLE = 1u << 0 };
enum { TT_REGION_VALID = 1u << 16, TT_READ = 1u << 18, TT_READ_WRITE = 1u << 19 };

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

static bool lies_in(const struct mpu *mpu, uint32_t region, uint32_t address)
{
    uint32_t limit = mpu->attributes[region];
    return (limit & RLAR_ENABLE) != 0 && address >= (mpu->base[region] & ~0x1Fu) &&
           address <= (limit | 0x1Fu);
}

uint32_t mpu_test_target(const struct mpu *mpu, uint32_t address, bool privileged)
{
    uint32_t found = MPU_REGIONS;
    bool is_enabled = (mpu->control & CTRL_ENABLE) != 0;
    for (uint32_t region = 0; is_enabled && region < MPU_REGIONS; region++) {
        if (!lies_in(mpu, region, address)) {
            continue;
        }
        if (found != MPU_REGIONS) {
            return 0; /* where regions overlap nobody may access anything */
        }
        found = region;
    }
    if (found == MPU_REGIONS) {
        bool is_private = address >= 0xE0000000u && address < 0xE0100000u;
        bool by_default =
            !is_enabled || (privileged && ((mpu->control & CTRL_PRIVDEFENA) != 0 || is_private));
        return by_default ? TT_READ | TT_READ_WRITE : 0u;
    }
    uint32_t base = mpu->base[found];
    uint32_t response = TT_REGION_VALID | found;
    if (privileged || (base & RBAR_UNPRIVILEGED) != 0) {
        response |= TT_READ | ((base & RBAR_READ_ONLY) == 0 ? TT_READ_WRITE : 0u);
    }
    return response;
}
