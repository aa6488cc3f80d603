/*
 * The console over an STM32 USART or LPUART, by interrupts. Where there are FIFOs, one interrupt comes when
 * six bytes have been received or the line has fallen silent; else one a byte.
 *
 * When the receive ring is full, input is discarded until all that was stored has been read; then the reader
 * gets CONSOLE_GAP. So it knows where bytes are missing and never joins what came before with what came
 * after.
 */
#include "stm32_usart.h"
#include "board.h"
#include "board_config.h"
#include "cortex_m.h"
#include <stdbool.h>

enum { RECEIVE_RING_BYTES = 4096, TRANSMIT_RING_BYTES = 512 };

static const uint32_t RECEIVE_FLAGS =
    USART_ISR_PE | USART_ISR_FE | USART_ISR_NE | USART_ISR_ORE | USART_ISR_IDLE;

/* Ring positions count up without end; the ring sizes are powers of two, so their remainders index the rings.
 */
static uint8_t receive_ring[RECEIVE_RING_BYTES];
static volatile uint32_t receive_head;
static volatile uint32_t receive_tail;
static volatile bool receive_gap;

static uint8_t transmit_ring[TRANSMIT_RING_BYTES];
static volatile uint32_t transmit_head;
static volatile uint32_t transmit_tail;
static volatile bool transmitting;

void console_start(uint32_t baud_register)
{
    CONSOLE_USART->BRR = baud_register;
    CONSOLE_USART->CR3 = USART_CR3_RXFTCFG_3_4 | USART_CR3_RXFTIE;
    CONSOLE_USART->CR1 = USART_CR1_FIFOEN | USART_CR1_UE | USART_CR1_RE | USART_CR1_TE | USART_CR1_IDLEIE;
    if (!(CONSOLE_USART->ISR & USART_ISR_TXFE)) {
        /* An empty FIFO says so: there is none. */
        CONSOLE_USART->CR1 = 0;
        CONSOLE_USART->CR3 = 0;
        CONSOLE_USART->CR1 = USART_CR1_UE | USART_CR1_RE | USART_CR1_TE | USART_CR1_RXNEIE;
    }
    nvic_enable(CONSOLE_INTERRUPT);
}

static void receive(uint8_t byte)
{
    uint32_t head = receive_head;
    if (receive_gap || head - receive_tail == RECEIVE_RING_BYTES) {
        receive_gap = true;
        return;
    }
    receive_ring[head % RECEIVE_RING_BYTES] = byte;
    receive_head = head + 1;
}

static void transmit(void)
{
    uint32_t control = CONSOLE_USART->CR1;
    if (control & USART_CR1_TXEIE) {
        uint32_t tail = transmit_tail;
        while (tail != transmit_head && (CONSOLE_USART->ISR & USART_ISR_TXE)) {
            CONSOLE_USART->TDR = transmit_ring[tail % TRANSMIT_RING_BYTES];
            tail++;
        }
        transmit_tail = tail;
        if (tail == transmit_head) {
            CONSOLE_USART->CR1 = (control & ~USART_CR1_TXEIE) | USART_CR1_TCIE;
        }
    } else if ((control & USART_CR1_TCIE) && (CONSOLE_USART->ISR & USART_ISR_TC)) {
        CONSOLE_USART->CR1 = control & ~USART_CR1_TCIE;
        transmitting = false;
    }
}

void console_interrupt(void)
{
    uint32_t status = CONSOLE_USART->ISR;
    uint32_t seen = status;
    while (status & USART_ISR_RXNE) {
        receive((uint8_t)CONSOLE_USART->RDR);
        status = CONSOLE_USART->ISR;
        seen |= status;
    }
    seen &= RECEIVE_FLAGS;
    if (seen) {
        CONSOLE_USART->ICR = seen; /* the flags' clear bits are at the same places */
        if (seen & USART_ISR_ORE) {
            receive_gap = true; /* a byte with a framing error was received, one that was overrun was not */
        }
    }
    if (transmitting) {
        transmit();
    }
}

/* One reader, one writer, each with a position of its own: nothing has to be locked. */
static int take(void)
{
    uint32_t tail = receive_tail;
    if (tail != receive_head) {
        int byte = receive_ring[tail % RECEIVE_RING_BYTES];
        receive_tail = tail + 1;
        return byte;
    }
    if (receive_gap) {
        receive_gap = false;
        return CONSOLE_GAP;
    }
    return CONSOLE_EMPTY;
}

int console_poll(void)
{
    return take();
}

int console_read(void)
{
    int byte;
    while ((byte = take()) == CONSOLE_EMPTY) {
        /* A byte that comes between the look and the sleep ends the sleep: it is pending, though masked. */
        interrupts_disable();
        if (receive_tail == receive_head && !receive_gap) {
            wait_for_interrupt();
        }
        interrupts_enable();
    }
    return byte;
}

void console_write(const char *text, size_t length)
{
    size_t written = 0;
    while (written < length) {
        interrupts_disable();
        uint32_t head = transmit_head;
        while (written < length && head - transmit_tail != TRANSMIT_RING_BYTES) {
            transmit_ring[head % TRANSMIT_RING_BYTES] = (uint8_t)text[written++];
            head++;
        }
        transmit_head = head;
        transmitting = true;
        CONSOLE_USART->CR1 = (CONSOLE_USART->CR1 & ~USART_CR1_TCIE) | USART_CR1_TXEIE;
        if (written < length) {
            wait_for_interrupt();
        }
        interrupts_enable();
    }
}

void console_drain(void)
{
    interrupts_disable();
    while (transmitting) {
        wait_for_interrupt();
        interrupts_enable();
        interrupts_disable();
    }
    interrupts_enable();
}
