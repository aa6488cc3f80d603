/* What DMA controllers of every kind do: transfers by request, and those between memories that need none.
 *
 * Every request moves one item at once; bursts and priorities make no difference. */
#ifndef TINYSIM_TRANSFERS_H
#define TINYSIM_TRANSFERS_H

#include "device.h"

/* One item, from where and to where; wider or narrower at its destination. */
struct item {
    uint32_t from;
    uint32_t to;
    uint32_t from_bytes;
    uint32_t to_bytes;
};

/* A kind of controller, asked about one of its channels. */
struct controller {
    uint32_t (*channels)(const struct device *device);
    /* Enabled, and items are left. */
    bool (*is_active)(const struct device *device, uint32_t channel);
    /* Whether the active channel goes on without requests: memory to memory. */
    bool (*runs_freely)(const struct device *device, uint32_t channel);
    uint64_t (*items_left)(const struct device *device, uint32_t channel);
    uint32_t (*selected_request)(const struct device *device, uint32_t channel);
    struct item (*next)(const struct device *device, uint32_t channel);
    /* The item has been transferred, or could not be. */
    void (*done)(struct device *device, uint32_t channel, bool failed);
    /* Prepares what comes next; NULL where nothing has to be. */
    void (*prepare)(struct device *device, uint32_t channel);
    /* Of the tick at which a transfer without requests is over, or NEVER. */
    uint64_t *(*ends_at)(const struct device *device, uint32_t channel);
};

/* All of these are for devices whose type has a controller.
 *
 * Registers were written: when do transfers without requests end? */
void transfers_plan(struct device *device, uint64_t now);

/* The tick at which the next transfer without requests is over, or NEVER; and to carry out those that are. */
uint64_t transfers_due(const struct device *device);
void transfers_advance(struct device *device, uint64_t now);

/* Transfers what is asked for; true where anything was. */
bool transfers_serve(struct device *device, uint64_t now);

#endif
