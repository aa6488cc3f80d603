/* What the shared parts of the firmware ask about the NUCLEO-G0B1RE. */
#ifndef BOARD_CONFIG_H
#define BOARD_CONFIG_H

#include "stm32g0b1.h"

#define CORE_CLOCK_HZ 64000000u

/* PM0223, NVIC. */
#define EXTERNAL_INTERRUPTS 32

/* UM2324: the ST-LINK's virtual COM port is USART2. */
#define CONSOLE_USART     USART2
#define CONSOLE_INTERRUPT 28

#ifndef CONSOLE_BAUD
#define CONSOLE_BAUD 115200u
#endif

#endif
