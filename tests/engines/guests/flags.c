/* Flags that are cleared by writing 1, of devices that never set them. */
#include "guest.h"

void guest(void)
{
    REGISTER(0x40022010) = 0xC3FB; /* FLASH_SR: EOP and errors */
    result(REGISTER(0x40022010));
    REGISTER(0x40010414) = 0xFFFFFFFF; /* EXTI_PR1 */
    result(REGISTER(0x40010414));
}
