/* What a device of the chip is, and what it may ask of the chip: all that the files in devices/ see. */
#ifndef TINYSIM_DEVICE_H
#define TINYSIM_DEVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "engine.h"

struct chip;
struct controller;
struct device;

/* What a UART is besides: it can be the console. */
struct uart_functions {
    bool (*listens)(const struct device *device);
    uint32_t (*baud)(const struct device *device); /* the line's, where the guest has set none */
    uint64_t (*frame_ticks)(const struct device *device);
    /* A character has arrived at `now`; with `framing_error` its stop bit was missing. */
    void (*receive)(struct device *device, uint8_t data, bool framing_error, uint64_t now);
    uint64_t (*sent_bytes)(const struct device *device); /* ever */
};

/* A kind of device. Moments are ticks of the core's clock; functions that a kind has no use for are NULL. */
struct device_type {
    const char *name;
    uint32_t state_bytes; /* of a state without pointers, so that a copy of it is a snapshot */
    uint32_t lines;       /* interrupt lines: where fewer are given, the last one serves those that lack */
    bool is_exact;        /* it matters when within a block of code it is accessed */
    bool settles; /* what is due happens when registers are written, and not only between blocks of code */

    /* Takes an option of the chip's file; false where there is no such option or value. */
    bool (*configure)(struct device *device, const struct device_option *option);
    void (*reset)(struct device *device, uint64_t now);
    /* Words. False where the register reads as written. */
    bool (*read)(struct device *device, uint32_t offset, uint32_t *value, uint64_t now);
    bool (*write)(struct device *device, uint32_t offset, uint32_t value, uint32_t mask, uint64_t now);
    /* From `now` on it is clocked at `clock_hz`, or the core at another frequency than before. */
    void (*clock)(struct device *device, uint32_t clock_hz, uint64_t now);
    /* The tick of the next thing that happens by itself, or NEVER; and to let happen what is due at `now`. */
    uint64_t (*due)(const struct device *device);
    void (*advance)(struct device *device, uint64_t now);
    bool (*interrupt)(const struct device *device, uint32_t line);
    /* Whether it asks a DMA controller for a transfer by `request`; and of a controller, to carry out what is
     * asked for: true where anything was. */
    bool (*requests)(const struct device *device, uint32_t request);
    bool (*serve)(struct device *device, uint64_t now);
    const struct uart_functions *uart;
    const struct controller *controller; /* of DMA: devices/transfers.h */
};

struct device {
    const struct device_type *type;
    struct chip *chip;
    void *state;
    uint32_t address;
    uint32_t bytes;
    uint32_t number; /* among those of its type, from 0 */
    uint32_t state_offset;
    uint32_t line_count;
    uint32_t interrupts[DEVICE_LINES];
};

uint64_t device_time_ps(const struct device *device, uint64_t ticks);
uint64_t device_ticks_at(const struct device *device, uint64_t time_ps);
uint32_t device_core_hz(const struct device *device);

/* Of the serial line to the host. */
uint32_t device_line_baud(const struct device *device);

/* The tick at which the block of code that is being executed began. */
uint64_t device_block_ticks(const struct device *device);

/* A register of the chip that reads as written, or a device keeps among those. */
uint32_t device_register(const struct device *device, uint32_t address);
void device_set_register(struct device *device, uint32_t address, uint32_t value);
bool device_reset_register(struct device *device, uint32_t address, uint32_t reset);

/* Of a narrow write: bytes that it leaves alone are as they are read. */
uint32_t device_merged(struct device *device, uint32_t offset, uint32_t value, uint32_t mask, uint64_t now);

/* What a DMA controller does: accesses of 1, 2 or 4 bytes to memory or devices. False where nothing is. */
bool device_load(struct device *device, uint32_t address, uint32_t bytes, uint32_t *value, uint64_t now);
bool device_store(struct device *device, uint32_t address, uint32_t bytes, uint32_t value, uint64_t now);
bool device_load_memory(struct device *device, uint32_t address, uint32_t *word);

/* Whether any device asks for a transfer by `request`. */
bool device_is_requested(const struct device *device, uint32_t request);

/* A UART has sent a character, whose stop bit ended at `now`. */
void device_sent(struct device *device, uint8_t data, uint64_t now);

#endif
