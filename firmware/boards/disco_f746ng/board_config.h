/* What the shared parts of the firmware ask about the 32F746GDISCOVERY. */
#ifndef BOARD_CONFIG_H
#define BOARD_CONFIG_H

#include "stm32f746.h"

#define CORE_CLOCK_HZ 216000000u
#define APB1_CLOCK_HZ (CORE_CLOCK_HZ / 4)
#define APB2_CLOCK_HZ (CORE_CLOCK_HZ / 2)

/* RM0385, NVIC: vector table. */
#define EXTERNAL_INTERRUPTS 98

/* UM1907: the ST-LINK's virtual COM port is USART1. */
#define CONSOLE_USART     USART1
#define CONSOLE_INTERRUPT 37

#ifndef CONSOLE_BAUD
#define CONSOLE_BAUD 115200u
#endif

#endif
