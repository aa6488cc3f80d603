/* STM32 low-power timer (RM0432; with two channels and DIER in RM0456): counts its kernel clock up to ARR,
 * continuously or once, and compares. External clocks and triggers, the encoder mode and outputs do not
 * exist. What the chip does over a few clocks (CMPOK, ARROK and the like) is done at once. */
#include "clock.h"
#include "device.h"
#include "timer.h"

extern const struct device_type stm32_lptim_with_ccr2;

struct lptim {
    bool two_channels; /* CCR2 and the flags that came with it exist */
    struct timer counter;
    uint32_t enable; /* IER or DIER */
    uint32_t flags;  /* those of ISR that do not count: what was written has arrived */
    uint32_t configuration;
    uint32_t control;
    uint32_t reload;
    uint32_t compare[2];
};

/* RM0432 and RM0456, LPTIM registers: CMP is CCR1, IER is DIER. */
enum {
    ISR = 0x00,
    ICR = 0x04,
    IER = 0x08,
    CFGR = 0x0C,
    CR = 0x10,
    CMP = 0x14,
    ARR = 0x18,
    CNT = 0x1C,
    RCR = 0x28,
    CCR2 = 0x34
};
enum {
    FLAG_COMPARE = 1u << 0,
    FLAG_RELOAD = 1u << 1,
    FLAG_COMPARE_2 = 1u << 9,
    FLAG_COMPARE_WRITTEN = 1u << 3,
    FLAG_RELOAD_WRITTEN = 1u << 4,
    FLAG_REPETITION_WRITTEN = 1u << 8,
    FLAG_COMPARE_2_WRITTEN = 1u << 19,
    FLAG_ENABLE_WRITTEN = 1u << 24,
    FLAGS_OF_ONE_CHANNEL = 0x7F,
};
enum { CR_ENABLE = 1u << 0, CR_SNGSTRT = 1u << 1, CR_CNTSTRT = 1u << 2, CR_COUNTRST = 1u << 3 };

/* The counter behind it, as an STM32 general-purpose timer: TIMx registers (RM0432 38.4), channel 1 compares
 * with CMP, channel 2 with CCR2. ARRM is the update event: it comes when the counter leaves ARR for 0.
 * Firmware that adds ARR + 1 to the counter where it sees ARRM, and drivers that leave a reload alone which
 * is less than two counts away, would go wrong by a whole period if it came while the counter still is ARR.
 */
enum {
    TIM_CR1 = 0x00,
    TIM_DIER = 0x0C,
    TIM_SR = 0x10,
    TIM_EGR = 0x14,
    TIM_CNT = 0x24,
    TIM_PSC = 0x28,
    TIM_ARR = 0x2C,
    TIM_CCR1 = 0x34,
    TIM_CCR2 = 0x38
};
enum { TIM_CEN = 1u << 0, TIM_URS = 1u << 2, TIM_OPM = 1u << 3, TIM_UG = 1u << 0 };
enum { TIM_RELOAD = 1u << 0, TIM_COMPARE = 1u << 1, TIM_COMPARE_2 = 1u << 2 };

static uint32_t from_timer(uint32_t flags)
{
    return ((flags & TIM_COMPARE) != 0 ? FLAG_COMPARE : 0u) | ((flags & TIM_RELOAD) != 0 ? FLAG_RELOAD : 0u) |
           ((flags & TIM_COMPARE_2) != 0 ? FLAG_COMPARE_2 : 0u);
}

static uint32_t to_timer(uint32_t flags)
{
    return ((flags & FLAG_COMPARE) != 0 ? TIM_COMPARE : 0u) | ((flags & FLAG_RELOAD) != 0 ? TIM_RELOAD : 0u) |
           ((flags & FLAG_COMPARE_2) != 0 ? TIM_COMPARE_2 : 0u);
}

static void start(struct lptim *lptim, uint64_t now)
{
    struct timer counter = lptim->counter;
    counter.counter_mask = 0xFFFF;
    timer_reset(&counter, now);
    *lptim = (struct lptim){.two_channels = lptim->two_channels, .counter = counter, .reload = 1};
}

static uint32_t status(const struct lptim *lptim)
{
    uint32_t value = from_timer(lptim->counter.sr) | lptim->flags;
    return lptim->two_channels ? value : value & FLAGS_OF_ONE_CHANNEL;
}

static bool read_register(struct lptim *lptim, uint32_t offset, uint32_t *value, uint64_t now)
{
    timer_advance(&lptim->counter, now);
    switch (offset) {
    case ISR:
        *value = status(lptim);
        return true;
    case ICR:
        *value = 0;
        return true;
    case IER:
        *value = lptim->enable;
        return true;
    case CFGR:
        *value = lptim->configuration;
        return true;
    case CR:
        *value = lptim->control;
        return true;
    case CMP:
        *value = lptim->compare[0];
        return true;
    case ARR:
        *value = lptim->reload;
        return true;
    case CNT:
        return timer_read(&lptim->counter, TIM_CNT, value, now);
    case CCR2:
        *value = lptim->compare[1];
        return true;
    default:
        return false;
    }
}

static void put(struct lptim *lptim, uint32_t timer_register, uint32_t value, uint64_t now)
{
    (void)timer_write(&lptim->counter, timer_register, value, now);
}

static void write_control(struct lptim *lptim, uint32_t value, uint64_t now)
{
    bool was_enabled = (lptim->control & CR_ENABLE) != 0;
    lptim->control = value & (CR_ENABLE | (1u << 4));
    if ((value & CR_ENABLE) == 0) {
        put(lptim, TIM_CR1, 0, now);
        put(lptim, TIM_CNT, 0, now);
        return;
    }
    if (!was_enabled || (value & CR_COUNTRST) != 0) {
        /* An update event makes the prescaler count anew, without a flag. */
        uint32_t control = lptim->counter.cr1;
        put(lptim, TIM_PSC, (1u << (lptim->configuration >> 9 & 7u)) - 1, now);
        put(lptim, TIM_CR1, control | TIM_URS, now);
        put(lptim, TIM_EGR, TIM_UG, now);
        put(lptim, TIM_CR1, control, now);
    }
    if ((value & CR_CNTSTRT) != 0) {
        put(lptim, TIM_CR1, TIM_CEN, now);
    } else if ((value & CR_SNGSTRT) != 0) {
        put(lptim, TIM_CR1, TIM_CEN | TIM_OPM, now);
    }
}

static bool write_register(struct lptim *lptim, uint32_t offset, uint32_t value, uint64_t now)
{
    switch (offset) {
    case ISR:
    case CNT:
        break;
    case ICR:
        put(lptim, TIM_SR, ~to_timer(value), now);
        lptim->flags &= ~value;
        break;
    case IER:
        lptim->enable = value;
        lptim->flags |= FLAG_ENABLE_WRITTEN;
        put(lptim, TIM_DIER, to_timer(value), now);
        break;
    case CFGR:
        lptim->configuration = value;
        break;
    case CR:
        write_control(lptim, value, now);
        break;
    case CMP:
        lptim->compare[0] = value & 0xFFFFu;
        lptim->flags |= FLAG_COMPARE_WRITTEN;
        put(lptim, TIM_CCR1, value, now);
        break;
    case CCR2:
        lptim->compare[1] = value & 0xFFFFu;
        lptim->flags |= FLAG_COMPARE_2_WRITTEN;
        put(lptim, TIM_CCR2, value, now);
        break;
    case ARR:
        lptim->reload = value & 0xFFFFu;
        lptim->flags |= FLAG_RELOAD_WRITTEN;
        put(lptim, TIM_ARR, value, now);
        break;
    case RCR:
        lptim->flags |= FLAG_REPETITION_WRITTEN;
        return false;
    default:
        return false;
    }
    return true;
}

static void reset(struct device *device, uint64_t now)
{
    struct lptim *lptim = device->state;
    lptim->two_channels = device->type == &stm32_lptim_with_ccr2;
    start(lptim, now);
}

static bool read(struct device *device, uint32_t offset, uint32_t *value, uint64_t now)
{
    return read_register(device->state, offset, value, now);
}

static bool write(struct device *device, uint32_t offset, uint32_t value, uint32_t mask, uint64_t now)
{
    return write_register(device->state, offset, device_merged(device, offset, value, mask, now), now);
}

static void clock(struct device *device, uint32_t clock_hz, uint64_t now)
{
    struct lptim *lptim = device->state;
    timer_clock(&lptim->counter, clock_hz, device_core_hz(device), now);
}

static uint64_t due(const struct device *device)
{
    const struct lptim *lptim = device->state;
    return lptim->counter.due;
}

static void advance(struct device *device, uint64_t now)
{
    struct lptim *lptim = device->state;
    timer_advance(&lptim->counter, now);
}

static bool interrupt(const struct device *device, uint32_t line)
{
    const struct lptim *lptim = device->state;
    return line == 0 && (status(lptim) & lptim->enable) != 0;
}

#define LPTIM(NAME)                                                                                          \
    const struct device_type NAME = {                                                                        \
        .name = #NAME,                                                                                       \
        .state_bytes = sizeof(struct lptim),                                                                 \
        .lines = 1,                                                                                          \
        .is_exact = true,                                                                                    \
        .settles = true,                                                                                     \
        .reset = reset,                                                                                      \
        .read = read,                                                                                        \
        .write = write,                                                                                      \
        .clock = clock,                                                                                      \
        .due = due,                                                                                          \
        .advance = advance,                                                                                  \
        .interrupt = interrupt,                                                                              \
    }

LPTIM(stm32_lptim);
LPTIM(stm32_lptim_with_ccr2);
