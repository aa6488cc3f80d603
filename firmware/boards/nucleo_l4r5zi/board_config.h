/* What the shared parts of the firmware ask about the NUCLEO-L4R5ZI. */
#ifndef BOARD_CONFIG_H
#define BOARD_CONFIG_H

#include "stm32l4r5.h"

#define CORE_CLOCK_HZ 120000000u

/* RM0432 table 76. */
#define EXTERNAL_INTERRUPTS 95

/* UM2179 6.8: the ST-LINK's virtual COM port is LPUART1. */
#define CONSOLE_USART     LPUART1
#define CONSOLE_INTERRUPT 70

#ifndef CONSOLE_BAUD
#define CONSOLE_BAUD 115200u
#endif

#endif
