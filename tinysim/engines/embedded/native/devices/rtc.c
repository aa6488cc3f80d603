/* STM32 real-time clock: calendar, sub-seconds, wake-up timer and both alarms, in the two register layouts
 * that the chips have (RM0432, RM0444). It runs on virtual time. Write protection, shadow registers,
 * time stamps, tamper detection, the sub-second parts of alarms, calibration and the binary mode do not
 * exist; flags that tell that registers can be written or read are set at once. */
#include "clock.h"
#include "device.h"

extern const struct device_type stm32_rtc_with_sr;

enum { RTC_ALARMS = 2 };

struct rtc {
    bool has_status_register; /* flags in SR, cleared by SCR, rather than in ISR */
    uint32_t clock_hz;        /* of RTCCLK; 0: it stands still */
    uint32_t control;
    uint32_t prescaler;
    uint32_t wakeup_reload;
    uint32_t alarm[RTC_ALARMS];
    uint32_t flags; /* RTC_FLAG_... */
    bool initialises;
    uint32_t seconds;    /* since 2000-01-01, at `base_ps` */
    uint32_t weekday;    /* of that day, 1 is Monday */
    uint64_t subseconds; /* counts of ck_apre since that second began */
    uint64_t base_ps;
    uint64_t wakeup_due_ps;
    uint64_t alarm_due_ps[RTC_ALARMS];
};

/* By what the registers are; where they are differs between the layouts (RM0432 and RM0444, RTC registers).
 */
enum rtc_register {
    OTHER,
    TR,
    DR,
    SSR,
    CR,
    ICSR, /* or ISR */
    PRER,
    WUTR,
    SHIFTR,
    ALRMAR,
    ALRMBR,
    SR,
    MISR,
    SCR,
};

enum {
    FLAG_ALARM_A = 1u << 0,
    FLAG_ALARM_B = 1u << 1,
    FLAG_WAKEUP = 1u << 2,
    FLAGS = 7,
    ISR_FLAGS_AT = 8, /* where ISR has the flags: ALRAF, ALRBF, WUTF */
};
enum {
    ICSR_ALRAWF = 1u << 0,
    ICSR_ALRBWF = 1u << 1,
    ICSR_WUTWF = 1u << 2,
    ICSR_INITS = 1u << 4,
    ICSR_RSF = 1u << 5,
    ICSR_INITF = 1u << 6,
    ICSR_INIT = 1u << 7,
};
enum {
    CR_WUCKSEL = 7,
    CR_FMT = 1u << 6,
    CR_ALRAE = 1u << 8,
    CR_WUTE = 1u << 10,
    CR_ALRAIE = 1u << 12,
    CR_WUTIE = 1u << 14,
    CR_ADD1H = 1u << 16,
    CR_SUB1H = 1u << 17,
};
enum { SECONDS_PER_DAY = 86400, DAYS_PER_WEEK = 7, MONTHS = 12, STEPS_MAXIMUM = 366 + 24 + 60 + 60 };
#define RESET_PRESCALER 0x007F00FFu

static enum rtc_register which(const struct rtc *rtc, uint32_t offset)
{
    static const uint8_t with_isr[] = {
        [0x00 / 4] = TR,   [0x04 / 4] = DR,     [0x08 / 4] = CR,     [0x0C / 4] = ICSR, [0x10 / 4] = PRER,
        [0x14 / 4] = WUTR, [0x1C / 4] = ALRMAR, [0x20 / 4] = ALRMBR, [0x28 / 4] = SSR,  [0x2C / 4] = SHIFTR};
    static const uint8_t with_sr[] = {
        [0x00 / 4] = TR,   [0x04 / 4] = DR,   [0x08 / 4] = SSR,    [0x0C / 4] = ICSR,   [0x10 / 4] = PRER,
        [0x14 / 4] = WUTR, [0x18 / 4] = CR,   [0x2C / 4] = SHIFTR, [0x40 / 4] = ALRMAR, [0x48 / 4] = ALRMBR,
        [0x50 / 4] = SR,   [0x54 / 4] = MISR, [0x5C / 4] = SCR};
    const uint8_t *places = rtc->has_status_register ? with_sr : with_isr;
    uint32_t count = rtc->has_status_register ? sizeof with_sr : sizeof with_isr;
    return offset / 4 < count ? (enum rtc_register)places[offset / 4] : OTHER;
}

static uint32_t bcd(uint32_t value)
{
    return value / 10 << 4 | value % 10;
}

static uint32_t from_bcd(uint32_t value)
{
    return (value >> 4) * 10 + (value & 0xFu);
}

static uint32_t days_of_month(uint32_t year, uint32_t month)
{
    static const uint8_t days[MONTHS] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return days[month] + (month == 1 && year % 4 == 0 ? 1u : 0u);
}

struct date {
    uint32_t year;
    uint32_t month; /* from 0 */
    uint32_t day;   /* from 0 */
};

static struct date date_of(uint32_t days)
{
    struct date date = {0};
    date.year = days / 1461 * 4;
    days %= 1461;
    while (days >= 365u + (date.year % 4 == 0 ? 1u : 0u)) {
        days -= 365u + (date.year % 4 == 0 ? 1u : 0u);
        date.year++;
    }
    while (days >= days_of_month(date.year, date.month)) {
        days -= days_of_month(date.year, date.month++);
    }
    date.day = days;
    return date;
}

static uint32_t days_before(struct date date)
{
    uint32_t days = date.year / 4 * 1461;
    for (uint32_t year = date.year / 4 * 4; year < date.year; year++) {
        days += 365u + (year % 4 == 0 ? 1u : 0u);
    }
    for (uint32_t month = 0; month < date.month; month++) {
        days += days_of_month(date.year, month);
    }
    return days + date.day;
}

static uint64_t asynchronous(const struct rtc *rtc)
{
    return (rtc->prescaler >> 16 & 0x7Fu) + 1;
}

static uint64_t synchronous(const struct rtc *rtc)
{
    return (rtc->prescaler & 0x7FFFu) + 1;
}

/* `counts` of ck_apre in ps, rounded up. */
static uint64_t duration_ps(const struct rtc *rtc, uint64_t counts)
{
    return scale_up(counts * asynchronous(rtc), PICOSECONDS_PER_SECOND, rtc->clock_hz);
}

static bool runs(const struct rtc *rtc)
{
    return rtc->clock_hz != 0 && !rtc->initialises;
}

/* The second and the count of ck_apre within it at `now_ps`. */
static uint32_t second_at(const struct rtc *rtc, uint64_t now_ps, uint64_t *subseconds)
{
    uint64_t counts = rtc->subseconds;
    if (runs(rtc) && now_ps > rtc->base_ps) {
        counts +=
            scale_down(now_ps - rtc->base_ps, rtc->clock_hz, PICOSECONDS_PER_SECOND * asynchronous(rtc));
    }
    *subseconds = counts % synchronous(rtc);
    return rtc->seconds + (uint32_t)(counts / synchronous(rtc));
}

/* Makes the last whole count before `now_ps` the moment from which time is counted. */
static void settle(struct rtc *rtc, uint64_t now_ps)
{
    uint64_t subseconds;
    uint32_t seconds = second_at(rtc, now_ps, &subseconds);
    uint32_t days = seconds / SECONDS_PER_DAY - rtc->seconds / SECONDS_PER_DAY;
    if (!runs(rtc)) {
        rtc->base_ps = now_ps;
        return;
    }
    uint64_t counts = (uint64_t)(seconds - rtc->seconds) * synchronous(rtc) + subseconds - rtc->subseconds;
    rtc->base_ps += duration_ps(rtc, counts);
    rtc->weekday = (rtc->weekday - 1 + days) % DAYS_PER_WEEK + 1;
    rtc->seconds = seconds;
    rtc->subseconds = subseconds;
}

static uint32_t weekday_at(const struct rtc *rtc, uint32_t seconds)
{
    uint32_t days = seconds / SECONDS_PER_DAY - rtc->seconds / SECONDS_PER_DAY;
    return (rtc->weekday - 1 + days) % DAYS_PER_WEEK + 1;
}

static uint32_t time_register(const struct rtc *rtc, uint32_t seconds)
{
    uint32_t hour = seconds / 3600 % 24;
    uint32_t afternoon = 0;
    if ((rtc->control & CR_FMT) != 0) {
        afternoon = hour >= 12 ? 1u << 22 : 0;
        hour = hour % 12 == 0 ? 12 : hour % 12;
    }
    return afternoon | bcd(hour) << 16 | bcd(seconds / 60 % 60) << 8 | bcd(seconds % 60);
}

static uint32_t date_register(const struct rtc *rtc, uint32_t seconds)
{
    struct date date = date_of(seconds / SECONDS_PER_DAY);
    return bcd(date.year % 100) << 16 | weekday_at(rtc, seconds) << 13 | bcd(date.month + 1) << 8 |
           bcd(date.day + 1);
}

static uint32_t hour_of(const struct rtc *rtc, uint32_t time)
{
    uint32_t hour = from_bcd(time >> 16 & 0x3Fu);
    if ((rtc->control & CR_FMT) != 0) {
        hour = hour % 12 + ((time >> 22 & 1u) != 0 ? 12 : 0);
    }
    return hour;
}

static bool matches(const struct rtc *rtc, uint32_t alarm, uint32_t seconds)
{
    uint32_t time = time_register(rtc, seconds);
    uint32_t date = date_register(rtc, seconds);
    bool same_day = (alarm >> 30 & 1u) != 0 ? (alarm >> 24 & 0xFu) == weekday_at(rtc, seconds)
                                            : (alarm >> 24 & 0x3Fu) == (date & 0x3Fu);
    return ((alarm >> 7 & 1u) != 0 || (alarm & 0x7Fu) == (time & 0x7Fu)) &&
           ((alarm >> 15 & 1u) != 0 || (alarm >> 8 & 0x7Fu) == (time >> 8 & 0x7Fu)) &&
           ((alarm >> 23 & 1u) != 0 || (alarm >> 16 & 0x7Fu) == (time >> 16 & 0x7Fu)) &&
           ((alarm >> 31 & 1u) != 0 || same_day);
}

/* When the alarm comes next. Days, hours and minutes that cannot match are stepped over as a whole; an alarm
 * whose fields are no time of day never comes. */
static uint64_t alarm_due(const struct rtc *rtc, uint32_t alarm)
{
    static const struct {
        uint32_t masks; /* of what is finer */
        uint32_t seconds;
    } steps[] = {{0x00808080u, SECONDS_PER_DAY}, {0x00008080u, 3600}, {0x00000080u, 60}, {0, 1}};
    uint32_t second = rtc->seconds + 1;
    for (uint32_t count = 0; count < STEPS_MAXIMUM; count++) {
        uint32_t level = 0;
        while (level < sizeof steps / sizeof *steps && matches(rtc, alarm | steps[level].masks, second)) {
            level++;
        }
        if (level == sizeof steps / sizeof *steps) {
            uint64_t counts = (uint64_t)(second - rtc->seconds) * synchronous(rtc) - rtc->subseconds;
            return rtc->base_ps + duration_ps(rtc, counts);
        }
        second += steps[level].seconds - second % steps[level].seconds;
    }
    return NEVER;
}

/* RTCCLK / 16, 8, 4, 2, or ck_spre, from 4 on; from 6 on 2^16 is added to WUT (RM0432, RTC control register).
 */
static uint64_t wakeup_period_ps(const struct rtc *rtc)
{
    uint64_t count = (rtc->wakeup_reload & 0xFFFFu) + 1u;
    uint32_t selected = rtc->control & CR_WUCKSEL;
    if (selected >= 4) {
        count += selected >= 6 ? 0x10000u : 0u;
        return duration_ps(rtc, count * synchronous(rtc));
    }
    return scale_up(count << (4 - selected), PICOSECONDS_PER_SECOND, rtc->clock_hz);
}

static void plan_alarms(struct rtc *rtc, uint64_t now_ps)
{
    settle(rtc, now_ps);
    for (uint32_t number = 0; number < RTC_ALARMS; number++) {
        bool enabled = (rtc->control & (uint32_t)CR_ALRAE << number) != 0;
        rtc->alarm_due_ps[number] = enabled && runs(rtc) ? alarm_due(rtc, rtc->alarm[number]) : NEVER;
    }
}

static void plan_wakeup(struct rtc *rtc, uint64_t now_ps)
{
    bool enabled = (rtc->control & CR_WUTE) != 0 && rtc->clock_hz != 0;
    rtc->wakeup_due_ps = enabled ? now_ps + wakeup_period_ps(rtc) : NEVER;
}

static void start(struct rtc *rtc, uint64_t now_ps)
{
    *rtc = (struct rtc){
        .has_status_register = rtc->has_status_register,
        .clock_hz = rtc->clock_hz,
        .prescaler = RESET_PRESCALER,
        .wakeup_reload = 0xFFFF,
        .weekday = 1,
        .base_ps = now_ps,
        .wakeup_due_ps = NEVER,
        .alarm_due_ps = {NEVER, NEVER},
    };
}

static void change_clock(struct rtc *rtc, uint32_t clock_hz, uint64_t now_ps)
{
    if (clock_hz != rtc->clock_hz) {
        settle(rtc, now_ps);
        rtc->clock_hz = clock_hz;
        plan_alarms(rtc, now_ps);
        plan_wakeup(rtc, now_ps);
    }
}

static uint64_t earliest(const struct rtc *rtc)
{
    uint64_t due = rtc->wakeup_due_ps;
    for (uint32_t number = 0; number < RTC_ALARMS; number++) {
        due = rtc->alarm_due_ps[number] < due ? rtc->alarm_due_ps[number] : due;
    }
    return due;
}

static uint64_t advance_to(struct rtc *rtc, uint64_t now_ps)
{
    if (rtc->wakeup_due_ps <= now_ps) {
        uint64_t period_ps = wakeup_period_ps(rtc);
        rtc->flags |= FLAG_WAKEUP;
        rtc->wakeup_due_ps += ((now_ps - rtc->wakeup_due_ps) / period_ps + 1) * period_ps;
    }
    bool alarmed = false;
    for (uint32_t number = 0; number < RTC_ALARMS; number++) {
        if (rtc->alarm_due_ps[number] <= now_ps) {
            rtc->flags |= (uint32_t)FLAG_ALARM_A << number;
            alarmed = true;
        }
    }
    if (alarmed) {
        plan_alarms(rtc, now_ps);
    }
    return earliest(rtc);
}

static bool wakeup_interrupt(const struct rtc *rtc)
{
    return (rtc->flags & FLAG_WAKEUP) != 0 && (rtc->control & CR_WUTIE) != 0;
}

static uint32_t enabled_alarms(const struct rtc *rtc)
{
    return rtc->flags & (rtc->control / CR_ALRAIE) & (FLAG_ALARM_A | FLAG_ALARM_B);
}

static bool alarm_interrupt(const struct rtc *rtc)
{
    return enabled_alarms(rtc) != 0;
}

static uint32_t status(const struct rtc *rtc)
{
    uint32_t value = ICSR_RSF | ICSR_ALRAWF | ICSR_ALRBWF;
    value |= (rtc->control & CR_WUTE) == 0 || rtc->initialises ? ICSR_WUTWF : 0u;
    value |= rtc->seconds >= 366u * SECONDS_PER_DAY ? ICSR_INITS : 0u;
    value |= rtc->initialises ? ICSR_INIT | ICSR_INITF : 0u;
    return rtc->has_status_register ? value : value | rtc->flags << ISR_FLAGS_AT;
}

static bool read_register(struct rtc *rtc, uint32_t offset, uint32_t *value, uint64_t now_ps)
{
    uint64_t subseconds;
    uint32_t seconds = second_at(rtc, now_ps, &subseconds);
    (void)advance_to(rtc, now_ps);
    switch (which(rtc, offset)) {
    case TR:
        *value = time_register(rtc, seconds);
        return true;
    case DR:
        *value = date_register(rtc, seconds);
        return true;
    case SSR:
        *value = (uint32_t)(synchronous(rtc) - 1 - subseconds);
        return true;
    case CR:
        *value = rtc->control;
        return true;
    case ICSR:
        *value = status(rtc);
        return true;
    case PRER:
        *value = rtc->prescaler;
        return true;
    case WUTR:
        *value = rtc->wakeup_reload;
        return true;
    case ALRMAR:
        *value = rtc->alarm[0];
        return true;
    case ALRMBR:
        *value = rtc->alarm[1];
        return true;
    case SR:
        *value = rtc->flags;
        return true;
    case MISR:
        *value = enabled_alarms(rtc) | (wakeup_interrupt(rtc) ? FLAG_WAKEUP : 0u);
        return true;
    case SHIFTR:
    case SCR:
        *value = 0;
        return true;
    case OTHER:
        break;
    }
    return false;
}

static void set_time(struct rtc *rtc, uint32_t value)
{
    uint32_t time = hour_of(rtc, value) * 3600 + from_bcd(value >> 8 & 0x7Fu) * 60 + from_bcd(value & 0x7Fu);
    rtc->seconds = rtc->seconds / SECONDS_PER_DAY * SECONDS_PER_DAY + time % SECONDS_PER_DAY;
    rtc->subseconds = 0;
}

static void set_date(struct rtc *rtc, uint32_t value)
{
    uint32_t month = from_bcd(value >> 8 & 0x1Fu);
    uint32_t day = from_bcd(value & 0x3Fu);
    struct date date = {.year = from_bcd(value >> 16 & 0xFFu) % 100,
                        .month = (month + MONTHS - 1) % MONTHS,
                        .day = day == 0 ? 0 : day - 1};
    rtc->seconds = days_before(date) * SECONDS_PER_DAY + rtc->seconds % SECONDS_PER_DAY;
    rtc->weekday = (value >> 13 & 7u) == 0 ? 1 : value >> 13 & 7u;
}

static void write_status(struct rtc *rtc, uint32_t value, uint64_t now_ps)
{
    settle(rtc, now_ps);
    rtc->initialises = (value & ICSR_INIT) != 0;
    if (!rtc->has_status_register) {
        rtc->flags &= value >> ISR_FLAGS_AT; /* "cleared by writing 0" */
    }
    plan_alarms(rtc, now_ps);
}

static void write_control(struct rtc *rtc, uint32_t value, uint64_t now_ps)
{
    uint32_t changed = rtc->control ^ value;
    settle(rtc, now_ps);
    if ((value & CR_ADD1H) != 0) {
        rtc->seconds += 3600;
    }
    if ((value & CR_SUB1H) != 0 && rtc->seconds >= 3600) {
        rtc->seconds -= 3600;
    }
    rtc->control = value & ~(uint32_t)(CR_ADD1H | CR_SUB1H);
    if ((changed & (CR_WUTE | CR_WUCKSEL)) != 0) {
        plan_wakeup(rtc, now_ps);
    }
    plan_alarms(rtc, now_ps);
}

/* Moves the clock forward by a second and back by SUBFS counts of ck_apre (RM0432, RTC synchronization). */
static void shift(struct rtc *rtc, uint32_t value, uint64_t now_ps)
{
    settle(rtc, now_ps);
    uint64_t counts = rtc->subseconds + ((value >> 31) != 0 ? synchronous(rtc) : 0);
    uint64_t back = value & 0x7FFFu;
    while (counts < back) {
        counts += synchronous(rtc);
        rtc->seconds -= rtc->seconds == 0 ? 0 : 1;
    }
    rtc->seconds += (uint32_t)((counts - back) / synchronous(rtc));
    rtc->subseconds = (counts - back) % synchronous(rtc);
    plan_alarms(rtc, now_ps);
}

static bool write_register(struct rtc *rtc, uint32_t offset, uint32_t value, uint64_t now_ps)
{
    (void)advance_to(rtc, now_ps);
    switch (which(rtc, offset)) {
    case TR:
        if (rtc->initialises) {
            set_time(rtc, value);
        }
        return true;
    case DR:
        if (rtc->initialises) {
            set_date(rtc, value);
        }
        return true;
    case PRER:
        if (rtc->initialises) {
            rtc->prescaler = value & 0x007F7FFFu;
            rtc->subseconds = 0;
        }
        return true;
    case CR:
        write_control(rtc, value, now_ps);
        return true;
    case ICSR:
        write_status(rtc, value, now_ps);
        return true;
    case WUTR:
        rtc->wakeup_reload = value;
        return true;
    case ALRMAR:
    case ALRMBR:
        rtc->alarm[which(rtc, offset) - ALRMAR] = value;
        plan_alarms(rtc, now_ps);
        return true;
    case SCR:
        rtc->flags &= ~value;
        return true;
    case SHIFTR:
        shift(rtc, value, now_ps);
        return true;
    case SSR:
    case SR:
    case MISR:
        return true;
    case OTHER:
        break;
    }
    return false;
}

static void reset(struct device *device, uint64_t now)
{
    struct rtc *rtc = device->state;
    rtc->has_status_register = device->type == &stm32_rtc_with_sr;
    start(rtc, device_time_ps(device, now));
}

static bool read(struct device *device, uint32_t offset, uint32_t *value, uint64_t now)
{
    return read_register(device->state, offset, value, device_time_ps(device, now));
}

static bool write(struct device *device, uint32_t offset, uint32_t value, uint32_t mask, uint64_t now)
{
    return write_register(device->state, offset, device_merged(device, offset, value, mask, now),
                          device_time_ps(device, now));
}

static void clock(struct device *device, uint32_t clock_hz, uint64_t now)
{
    change_clock(device->state, clock_hz, device_time_ps(device, now));
}

static uint64_t due(const struct device *device)
{
    uint64_t due_ps = earliest(device->state);
    return due_ps == NEVER ? NEVER : device_ticks_at(device, due_ps);
}

static void advance(struct device *device, uint64_t now)
{
    (void)advance_to(device->state, device_time_ps(device, now));
}

/* The second line is the alarms'. Chips with one line for both give it twice. */
static bool interrupt(const struct device *device, uint32_t line)
{
    return line == 0 ? wakeup_interrupt(device->state) : line == 1 && alarm_interrupt(device->state);
}

#define RTC(NAME)                                                                                            \
    const struct device_type NAME = {                                                                        \
        .name = #NAME,                                                                                       \
        .state_bytes = sizeof(struct rtc),                                                                   \
        .lines = 1,                                                                                          \
        .settles = true,                                                                                     \
        .reset = reset,                                                                                      \
        .read = read,                                                                                        \
        .write = write,                                                                                      \
        .clock = clock,                                                                                      \
        .due = due,                                                                                          \
        .advance = advance,                                                                                  \
        .interrupt = interrupt,                                                                              \
    }

RTC(stm32_rtc);
RTC(stm32_rtc_with_sr);
