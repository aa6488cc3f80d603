/*
 * The USART and LPUART of the STM32 L4, U5, H7, F7 and G0 series, as far as the console needs them: 8N1, with
 * FIFOs where there are some. Sources: RM0432 (STM32L4+) 50.8 and 51.7.
 */
#ifndef STM32_USART_H
#define STM32_USART_H

#include <stdint.h>

struct stm32_usart_registers {
    volatile uint32_t CR1;
    volatile uint32_t CR2;
    volatile uint32_t CR3;
    volatile uint32_t BRR;
    volatile uint32_t GTPR;
    volatile uint32_t RTOR;
    volatile uint32_t RQR;
    volatile uint32_t ISR;
    volatile uint32_t ICR;
    volatile uint32_t RDR;
    volatile uint32_t TDR;
    volatile uint32_t PRESC;
};

#define USART_CR1_UE     (1u << 0)
#define USART_CR1_RE     (1u << 2)
#define USART_CR1_TE     (1u << 3)
#define USART_CR1_IDLEIE (1u << 4)
#define USART_CR1_RXNEIE (1u << 5)
#define USART_CR1_TCIE   (1u << 6)
#define USART_CR1_TXEIE  (1u << 7)
#define USART_CR1_FIFOEN (1u << 29)

#define USART_CR3_RXFTCFG_3_4 (3u << 25)
#define USART_CR3_RXFTIE      (1u << 28)

#define USART_ISR_PE   (1u << 0)
#define USART_ISR_FE   (1u << 1)
#define USART_ISR_NE   (1u << 2)
#define USART_ISR_ORE  (1u << 3)
#define USART_ISR_IDLE (1u << 4)
#define USART_ISR_RXNE (1u << 5)
#define USART_ISR_TC   (1u << 6)
#define USART_ISR_TXE  (1u << 7)
#define USART_ISR_TXFE (1u << 23)

#define USART_ICR_PECF   (1u << 0)
#define USART_ICR_FECF   (1u << 1)
#define USART_ICR_NECF   (1u << 2)
#define USART_ICR_ORECF  (1u << 3)
#define USART_ICR_IDLECF (1u << 4)

/*
 * BRR of a USART that oversamples by 16 and of an LPUART (RM0432 50.5.7 and 51.4.6), rounded to the nearest.
 * An LPUART wants a kernel clock of 3 to 4096 times the baud rate.
 */
#define USART_BRR(clock_hz, baud)  (((clock_hz) + (baud) / 2) / (baud))
#define LPUART_BRR(clock_hz, baud) ((uint32_t)((256ull * (clock_hz) + (baud) / 2) / (baud)))

/* The console of stm32_usart.c: the board starts it once its pins and clock are set; the vector is its
 * interrupt. */
void console_start(uint32_t baud_register);
void console_interrupt(void);

#endif
