/* STM32 low-power timer (RM0432; with two channels and DIER in RM0456): counts its kernel clock up to ARR,
 * continuously or once, and compares. External clocks and triggers, the encoder mode and outputs do not
 * exist. What the chip does over a few clocks (CMPOK, ARROK and the like) is done at once. */
#ifndef TINYSIM_LPTIM_H
#define TINYSIM_LPTIM_H

#include "timer.h"

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

void lptim_reset(struct lptim *lptim, uint64_t now);
void lptim_clock(struct lptim *lptim, uint32_t clock_hz, uint32_t core_hz, uint64_t now);

/* False where the register reads as written. */
bool lptim_read(struct lptim *lptim, uint32_t offset, uint32_t *value, uint64_t now);
bool lptim_write(struct lptim *lptim, uint32_t offset, uint32_t value, uint64_t now);

bool lptim_interrupt(const struct lptim *lptim);

#endif
