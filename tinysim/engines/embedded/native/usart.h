/* STM32 USART and LPUART, asynchronous mode (RM0432 50, 51): registers, FIFOs, errors, interrupts.
 *
 * Characters take their time; what happens on the line beyond the pins belongs to line.h. Flow control,
 * parity and the synchronous, smartcard, LIN and IrDA modes do not exist. */
#ifndef TINYSIM_USART_H
#define TINYSIM_USART_H

#include <stdbool.h>
#include <stdint.h>

enum { USART_FIFO_DEPTH = 8 };

struct usart_fifo {
    uint16_t data[USART_FIFO_DEPTH];
    uint8_t first;
    uint8_t count;
};

struct usart {
    bool low_power;
    bool has_fifo; /* CR1.FIFOEN exists */
    uint32_t kernel_hz;
    uint32_t core_hz;
    uint64_t frame_ticks; /* that one character takes, start and stop bits included */
    uint32_t line_baud;   /* taken where the guest has set no rate yet */
    uint32_t cr1;
    uint32_t cr2;
    uint32_t cr3;
    uint32_t brr;
    uint32_t gtpr;
    uint32_t rtor;
    uint32_t presc;
    uint32_t flags; /* the bits of ISR that are set by events and cleared by ICR */
    struct usart_fifo receive;
    struct usart_fifo transmit;
    uint16_t last_read;
    bool shifting;
    uint16_t shift;
    uint64_t shifted_at; /* the tick at which the stop bit ends */
    uint64_t idle_at;    /* the tick at which the line has been idle for a frame, or NEVER */
};

void usart_reset(struct usart *usart);
void usart_clock(struct usart *usart, uint32_t kernel_hz, uint32_t core_hz);

uint32_t usart_read(struct usart *usart, uint32_t offset);
void usart_write(struct usart *usart, uint32_t offset, uint32_t value, uint64_t now);

/* The tick of the next thing that happens by itself, or NEVER. */
static inline uint64_t usart_due(const struct usart *usart)
{
    return usart->shifted_at < usart->idle_at ? usart->shifted_at : usart->idle_at;
}

/* Lets what is due at `now` happen; returns true where a character has left, which is then in *sent. */
bool usart_advance(struct usart *usart, uint64_t now, uint8_t *sent);

/* A character has arrived at `now`; with `framing_error` its stop bit was missing. */
void usart_receive(struct usart *usart, uint8_t data, bool framing_error, uint64_t now);

bool usart_interrupt(const struct usart *usart);

/* What it asks a DMA controller for. */
enum { USART_REQUEST_RECEIVE = 1, USART_REQUEST_TRANSMIT = 2 };
uint32_t usart_requests(const struct usart *usart);

/* Whether it listens to its line. */
bool usart_receives(const struct usart *usart);

/* The guest's rate in bit/s; the line's where the guest has set none. */
uint32_t usart_baud(const struct usart *usart);

#endif
