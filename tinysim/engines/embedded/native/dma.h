/* STM32 DMA controllers with channels (RM0432, RM0444) and with streams (RM0385, RM0455): what
 * they would transfer next, and their registers. Carrying it out, requests and interrupt lines belong to
 * devices.c.
 *
 * Every request moves one item at once; bursts, priorities and the stream's FIFO make no difference, but that
 * the FIFO packs items of different widths. */
#ifndef TINYSIM_DMA_H
#define TINYSIM_DMA_H

#include <stdbool.h>
#include <stdint.h>

enum { DMA_CHANNELS = 8 };

/* One item, from where and to where; wider or narrower at its destination. */
struct dma_item {
    uint32_t from;
    uint32_t to;
    uint32_t from_bytes;
    uint32_t to_bytes;
};

/* A channel or stream. */
struct dma_channel {
    bool is_active;   /* enabled, and items are left */
    uint32_t control; /* CCR or CR */
    uint32_t count;   /* CNDTR or NDTR */
    uint32_t reload;  /* what was last written to it */
    uint32_t peripheral;
    uint32_t memory[2];
    uint32_t fifo; /* FCR */
    uint32_t at_peripheral;
    uint32_t at_memory;
    uint32_t flags;
    uint64_t ends_at; /* the tick at which a transfer without requests is over, or NEVER; see devices.c */
};

struct dma {
    bool has_streams;
    uint32_t channels;
    struct dma_channel channel[DMA_CHANNELS];
};

void dma_reset(struct dma *dma);

uint32_t dma_read(const struct dma *dma, uint32_t offset);
void dma_write(struct dma *dma, uint32_t offset, uint32_t value);

/* Whether the active channel goes on without requests: memory to memory. */
bool dma_runs_freely(const struct dma *dma, uint32_t channel);

/* CHSEL: which of the stream's requests is taken. */
uint32_t dma_selected_request(const struct dma *dma, uint32_t channel);

struct dma_item dma_next(const struct dma *dma, uint32_t channel);

/* The item has been transferred, or could not be. */
void dma_done(struct dma *dma, uint32_t channel, bool failed);

bool dma_interrupt(const struct dma *dma, uint32_t channel);

#endif
