/* Sends by polling, then by interrupts, and looks at TXE and TC on the way. */
#include "guest.h"

static const char text[] = "by interrupt";
static volatile uint32_t sent;

void LPUART1_Handler(void)
{
    if ((LPUART1->CR1 & CR1_TXEIE) && (LPUART1->ISR & ISR_TXE)) {
        LPUART1->TDR = (uint8_t)text[sent];
        sent = sent + 1;
        if (sent == sizeof text - 1) {
            LPUART1->CR1 = (LPUART1->CR1 & ~(uint32_t)CR1_TXEIE) | CR1_TCIE;
        }
    } else if (LPUART1->ISR & ISR_TC) {
        LPUART1->CR1 &= ~(uint32_t)CR1_TCIE;
        result(0xDEAD);
    }
}

void guest(void)
{
    result(LPUART1->ISR & (ISR_TXE | ISR_TC));
    LPUART1->BRR = BRR_115200;
    LPUART1->CR1 = CR1_UE | CR1_TE;
    LPUART1->TDR = 'a';
    result(LPUART1->ISR & (ISR_TXE | ISR_TC)); /* moved on to the shift register */
    LPUART1->TDR = 'b';
    result(LPUART1->ISR & (ISR_TXE | ISR_TC));
    while (!(LPUART1->ISR & ISR_TXE)) {
    }
    result(LPUART1->ISR & ISR_TC);
    LPUART1->TDR = '\n';
    while (!(LPUART1->ISR & ISR_TC)) {
    }
    result(LPUART1->ISR & (ISR_TXE | ISR_TC));
    enable_interrupt(LPUART1_IRQ, 0x80);
    LPUART1->CR1 |= CR1_TXEIE;
}
