/* What the shared parts of the firmware ask about the NUCLEO-U575ZI-Q. */
#ifndef BOARD_CONFIG_H
#define BOARD_CONFIG_H

#include "stm32u575.h"

#define CORE_CLOCK_HZ 160000000u

/* RM0456, NVIC: vector table. */
#define EXTERNAL_INTERRUPTS 126

/* UM2861: the ST-LINK's virtual COM port is USART1. */
#define CONSOLE_USART     USART1
#define CONSOLE_INTERRUPT 61

#ifndef CONSOLE_BAUD
#define CONSOLE_BAUD 115200u
#endif

#endif
