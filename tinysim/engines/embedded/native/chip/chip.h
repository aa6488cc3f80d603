/* What is around the core: memories, devices, registers without a model, and the serial line to the host. */
#ifndef TINYSIM_CHIP_H
#define TINYSIM_CHIP_H

#include <stdbool.h>
#include <stdint.h>

#include "clock.h"
#include "device.h"
#include "line.h"
#include "memory.h"
#include "polling.h"
#include "registers.h"

enum { DEVICES_MAXIMUM = 64, INTERRUPTS_MAXIMUM = 240, NO_DEVICE = UINT32_MAX };

/* The core's present moment. */
struct core_moment {
    uint64_t ticks;
    uint64_t instructions;
    uint64_t cycles;
    uint64_t block_ticks;   /* at the start of the block that is being executed */
    uint32_t block_address; /* of that, 0 where there is none */
};

/* What the chip tells and asks the core that it is around. */
struct chip_core {
    void *core;
    struct core_moment (*moment)(const void *core);
    void (*interrupt)(void *core, uint32_t interrupt, bool level);
    void (*device_changed)(void *core); /* what is due next has to be found out anew */
    void (*register_written)(void *core, uint32_t address, uint32_t value, bool differs);
    void (*out_of_memory)(void *core);
};

/* All that changes while the guest runs, memory, registers and devices apart. Holds no pointer, so that a
 * copy of the structure is a snapshot of it. */
struct chip_state {
    struct clock clock;
    uint32_t console; /* the UART that the host is wired to */
    bool console_is_settled;
    bool has_requests; /* a DMA controller has been set up */
    uint64_t due[DEVICES_MAXIMUM];
    uint16_t levels[DEVICES_MAXIMUM];         /* bit l: the device drives its line l high */
    uint8_t high_sources[INTERRUPTS_MAXIMUM]; /* how many drive an interrupt high */
};

struct chip {
    struct chip_state state;
    struct chip_core core;
    struct memories memories;
    struct registers registers;
    struct line line;
    struct polling polling;
    struct device devices[DEVICES_MAXIMUM];
    uint32_t device_count;
    uint8_t *device_states; /* all of them, one after the other */
    uint32_t device_state_bytes;
    uint8_t *device_pages; /* by page of peripheral space: number of what is there plus 1 */
    uint32_t line_baud;
    bool serves_requests; /* a DMA controller is at work: what it does makes no new start */
};

/* Peripheral space and what some chips have beyond it. */
static const uint32_t PERIPHERALS = 0x40000000u;
static const uint32_t PERIPHERALS_BYTES = 0x20000000u;
static const uint32_t EXTERNAL_CONTROL = 0xA0000000u; /* memory controllers */
static const uint32_t EXTERNAL_CONTROL_BYTES = 0x2000u;

void chip_free(struct chip *chip);

/* Words of peripheral space, whether a device is there or not. */
uint32_t chip_read(struct chip *chip, uint32_t address, uint64_t now);
void chip_write(struct chip *chip, uint32_t address, uint32_t value, uint32_t mask, uint64_t now);

#endif
