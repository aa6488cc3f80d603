/* Tells a guest that waits for a flag which nothing drives from one that works: how long it has read
 * registers without a model and seen nothing new. */
#ifndef TINYSIM_POLLING_H
#define TINYSIM_POLLING_H

#include <stdbool.h>
#include <stdint.h>

struct polling {
    uint64_t since_ticks;
    uint64_t since_instructions;
    uint64_t reads;   /* since then, from registers without a model */
    uint32_t address; /* of the last of them */
    uint32_t pc;
    uint32_t value;
};

/* Something has happened: a register has another value than before, or a byte has passed the console. */
void polling_restart(struct polling *polling, uint64_t ticks, uint64_t instructions);

/* A register has been read, and has the value that it had before. */
void polling_read(struct polling *polling, uint32_t address, uint32_t pc, uint32_t value);

#endif
