/*
 * What the benchmark firmware needs of a board. Each folder under boards/ provides it.
 */
#ifndef BOARD_H
#define BOARD_H

#include <stddef.h>
#include <stdint.h>

/* Brings up clocks, memories' wait states, the time base and the console. Called once, first. */
void board_init(void);

/* Microseconds since board_init(), also while the core sleeps; wraps after 2^32. */
uint32_t microseconds(void);

enum {
    CONSOLE_EMPTY = -1,
    CONSOLE_GAP = -2, /* input was lost between the byte read before and the next one */
};

/* The next received byte, CONSOLE_GAP, or CONSOLE_EMPTY where none is waiting. */
int console_poll(void);

/* The next received byte or CONSOLE_GAP; sleeps until there is one. */
int console_read(void);

/* Queues text for the console; sleeps while the queue is full. */
void console_write(const char *text, size_t length);

/* Sleeps until everything written has left the wire, stop bit included: no interrupt of it is left to come.
 */
void console_drain(void);

#endif
