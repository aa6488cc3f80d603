/* STM32U5 general-purpose DMA (RM0456): channels with linked lists. Every request moves one item at once.
 * Two-dimensional addressing, triggers, peripheral flow control and byte exchange do not exist. */
#ifndef TINYSIM_GPDMA_H
#define TINYSIM_GPDMA_H

#include "dma.h"

enum { GPDMA_CHANNELS = 16, GPDMA_WORDS = 8 };

struct gpdma_channel {
    bool is_active;             /* enabled, not suspended, and something is left to do */
    bool wants_link;            /* the next thing to do is to load what LLR points at */
    uint32_t control;           /* CR */
    uint32_t flags;             /* of SR, and 1 in bit 0 while idle */
    uint32_t base;              /* LBAR */
    uint32_t block;             /* bytes of the present block */
    uint64_t ends_at;           /* as in dma.h */
    uint32_t word[GPDMA_WORDS]; /* TR1, TR2, BR1, SAR, DAR, TR3, BR2, LLR */
};

struct gpdma {
    struct gpdma_channel channel[GPDMA_CHANNELS];
};

void gpdma_reset(struct gpdma *gpdma);

uint32_t gpdma_read(const struct gpdma *gpdma, uint32_t offset);
void gpdma_write(struct gpdma *gpdma, uint32_t offset, uint32_t value);

/* Whether the active channel goes on without requests: memory to memory. */
bool gpdma_runs_freely(const struct gpdma *gpdma, uint32_t channel);

uint32_t gpdma_selected_request(const struct gpdma *gpdma, uint32_t channel);

/* Reads a word of memory; false where there is none. */
typedef bool gpdma_load(void *context, uint32_t address, uint32_t *value);

/* Loads the linked-list item that is due, if one is. */
void gpdma_link(struct gpdma *gpdma, uint32_t channel, gpdma_load *load, void *context);

struct dma_item gpdma_next(const struct gpdma *gpdma, uint32_t channel);
void gpdma_done(struct gpdma *gpdma, uint32_t channel, bool failed);

bool gpdma_interrupt(const struct gpdma *gpdma, uint32_t channel);

#endif
