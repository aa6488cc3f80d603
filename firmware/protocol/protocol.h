/*
 * The serial protocol of MLPerf Tiny from the device's side: bytes in, lines out. Knows no hardware.
 *
 * Where the reference implementation would overrun its buffers or crash, this one answers with an error and
 * goes on; every other reply is the reference's, to the character.
 */
#ifndef PROTOCOL_H
#define PROTOCOL_H

#include "benchmark.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    PROTOCOL_COMMAND_CHARACTERS = 80, /* of a longer command the rest is dropped */
};

/* What the protocol needs of its surroundings. */
struct protocol_port {
    void (*write)(const char *text, size_t length);
    void (*drain)(void); /* returns once everything written has left the device */
    uint32_t (*microseconds)(void);
};

struct protocol {
    const struct protocol_port *port;
    const struct benchmark *benchmark;

    char command[PROTOCOL_COMMAND_CHARACTERS];
    size_t command_length;
    bool command_has_gap;
    bool ready; /* until then commands are dropped without a reply */

    size_t expected_bytes; /* announced by `db load`; 0 before the first */
    size_t received_bytes;

    size_t result_length; /* of the last inference; 0 before the first */
};

/* Starts the banner; commands are dropped until protocol_become_ready(). */
void protocol_init(struct protocol *protocol, const struct protocol_port *port,
                   const struct benchmark *benchmark);

/* Ends the banner; from now on commands are obeyed. `feed_arrived` passes on what arrived too early; may be
 * null. */
void protocol_become_ready(struct protocol *protocol, void (*feed_arrived)(struct protocol *protocol));

/* Takes one byte from the host; when it completes a command, carries it out before returning. */
void protocol_receive(struct protocol *protocol, uint8_t byte);

/* Tells that input was lost here: the command it belongs to is refused rather than obeyed in part. */
void protocol_receive_gap(struct protocol *protocol);

#endif
