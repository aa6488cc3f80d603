/* Carries out a list of register accesses that the host has written: fuel for property tests.
 *
 * Each entry: address (bits 0 and 1: 0 read word, 1 write word, 2 write byte, 3 sleep), value. */
#include "guest.h"

#define COUNT   REGISTER(0x20002000)
#define ENTRIES ((volatile uint32_t *)0x20002004)
#define SEEN    REGISTER(0x20001FF0)
#define EVENTS  REGISTER(0x20001FF4)

static void any_interrupt(void)
{
    EVENTS = EVENTS + 1 + (MRS(ipsr) << 16);
    /* What asks for service once it is served; else it would ask for ever. */
    TIM2->SR = 0;
    TIM3->SR = 0;
    TIM6->SR = 0;
    LPUART1->ICR = 0xFFFFFFFFu;
    LPUART1->CR1 &= ~0xF0u;
    (void)LPUART1->RDR;
}

void TIM2_Handler(void)
{
    any_interrupt();
}

void TIM3_Handler(void)
{
    any_interrupt();
}

void TIM6_Handler(void)
{
    any_interrupt();
}

void LPUART1_Handler(void)
{
    any_interrupt();
}

void SysTick_Handler(void)
{
    any_interrupt();
}

void PendSV_Handler(void)
{
    any_interrupt();
}

void guest(void)
{
    enable_interrupt(TIM2_IRQ, 0x80);
    enable_interrupt(TIM3_IRQ, 0x40);
    enable_interrupt(TIM6_IRQ, 0xC0);
    enable_interrupt(LPUART1_IRQ, 0x20);
    for (uint32_t entry = 0; entry < COUNT; entry++) {
        uint32_t address = ENTRIES[2 * entry];
        uint32_t value = ENTRIES[2 * entry + 1];
        switch (address & 3u) {
        case 0:
            SEEN = SEEN * 31 + REGISTER(address);
            break;
        case 1:
            REGISTER(address & ~3u) = value;
            break;
        case 2:
            *(volatile uint8_t *)((address & ~3u) + (value >> 8 & 3u)) = (uint8_t)value;
            break;
        default:
            for (uint32_t round = 0; round < (value & 0xFFu); round++) {
                __asm volatile("nop");
            }
            break;
        }
    }
}
