/* Bit-band aliases of RAM and of a peripheral, narrow accesses to registers, software reset, division by 0.
 */
#include "guest.h"

static volatile uint32_t word;
#define BIT_ALIAS(address, bit)                                                                              \
    REGISTER(((uint32_t)(address) & 0xF0000000u) + 0x02000000u + ((uint32_t)(address) & 0xFFFFFu) * 32 +     \
             (bit) * 4)
/* Not cleared by a reset: beyond .bss. */
#define BOOTS REGISTER(0x20008000)

void guest(void)
{
    BOOTS = BOOTS + 1;
    if (BOOTS > 1) {
        result(BOOTS);
        result(TIM2->PSC);
        result(MRS(primask));
        return;
    }
    word = 0;
    BIT_ALIAS(&word, 5) = 1;
    BIT_ALIAS(&word, 31) = 0xFF;
    BIT_ALIAS(&word, 5) = 0xFE;
    result(word);
    result(BIT_ALIAS(&word, 31));
    TIM2->PSC = 0;
    BIT_ALIAS(&TIM2->PSC, 3) = 1;
    result(TIM2->PSC);
    *(volatile uint8_t *)0x40000029 = 0x12;
    result(TIM2->PSC);
    *(volatile uint16_t *)0x48000014 = 0xBEEF; /* GPIOA_ODR: reads as written */
    result(*(volatile uint8_t *)0x48000015);

    volatile uint32_t zero = 0;
    result(1000 / zero); /* the trap is off: 0 */

    REGISTER(0x20008004) = result_count;
    CPSID_I();
    SCB_AIRCR = 0x05FA0004;
    for (;;) {
    }
}
