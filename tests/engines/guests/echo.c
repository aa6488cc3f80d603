/* Echoes what it receives, by interrupts; counts overruns. Commands: 'f' turns the FIFO on, 's' stops
 * reading for ten characters' time, '?' reports. */
#include "guest.h"

static volatile uint32_t overruns, framing_errors, idles, received;
static volatile uint8_t last;
static volatile bool has_last;

void LPUART1_Handler(void)
{
    uint32_t status = LPUART1->ISR;
    while (LPUART1->ISR & ISR_RXNE) {
        last = (uint8_t)LPUART1->RDR;
        received = received + 1;
        has_last = true;
        while (!(LPUART1->ISR & ISR_TXE)) {
        }
        LPUART1->TDR = last;
    }
    if (status & ISR_ORE) {
        overruns = overruns + 1;
        LPUART1->ICR = ISR_ORE;
    }
    if (status & ISR_FE) {
        framing_errors = framing_errors + 1;
        LPUART1->ICR = ISR_FE;
    }
    if (status & ISR_IDLE) {
        idles = idles + 1;
        LPUART1->ICR = ISR_IDLE;
    }
}

static void wait_us(uint32_t duration)
{
    uint32_t start = TIM2->CNT;
    while (TIM2->CNT - start < duration) {
    }
}

void guest(void)
{
    TIM2->PSC = 3;
    TIM2->ARR = 0xFFFFFFFFu;
    TIM2->EGR = 1;
    TIM2->CR1 = 1;
    LPUART1->BRR = BRR_115200;
    LPUART1->CR1 = CR1_UE | CR1_RE | CR1_TE | CR1_RXNEIE | CR1_IDLEIE;
    enable_interrupt(LPUART1_IRQ, 0x80);
    for (;;) {
        CPSID_I();
        if (!has_last) {
            WFI();
        }
        bool had = has_last;
        has_last = false;
        CPSIE_I();
        if (!had) {
            continue;
        }
        if (last == 'f') {
            LPUART1->CR1 = 0;
            LPUART1->CR1 = CR1_FIFOEN;
            LPUART1->CR1 = CR1_FIFOEN | CR1_UE | CR1_RE | CR1_TE | CR1_RXNEIE | CR1_IDLEIE;
        } else if (last == 's') {
            CPSID_I();
            wait_us(868);
            CPSIE_I();
        } else if (last == '?') {
            result_count = 0;
            result(received);
            result(overruns);
            result(framing_errors);
            result(idles);
        }
    }
}
