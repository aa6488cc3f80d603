/* STM32 real-time clock: calendar, sub-seconds, wake-up timer and both alarms, in the two register layouts
 * that the chips have (RM0432, RM0444). It runs on virtual time. Write protection, shadow registers,
 * time stamps, tamper detection, the sub-second parts of alarms, calibration and the binary mode do not
 * exist; flags that tell that registers can be written or read are set at once. */
#ifndef TINYSIM_RTC_H
#define TINYSIM_RTC_H

#include <stdbool.h>
#include <stdint.h>

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

void rtc_reset(struct rtc *rtc, uint64_t now_ps);
void rtc_clock(struct rtc *rtc, uint32_t clock_hz, uint64_t now_ps);

/* Lets what is due happen; returns the time in ps at which something is due next, or NEVER. */
uint64_t rtc_advance(struct rtc *rtc, uint64_t now_ps);

/* False where the register reads as written. */
bool rtc_read(struct rtc *rtc, uint32_t offset, uint32_t *value, uint64_t now_ps);
bool rtc_write(struct rtc *rtc, uint32_t offset, uint32_t value, uint64_t now_ps);

bool rtc_wakeup_interrupt(const struct rtc *rtc);
bool rtc_alarm_interrupt(const struct rtc *rtc);

#endif
