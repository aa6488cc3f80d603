/* What the shared parts of the firmware ask about the NUCLEO-H7A3ZI-Q. */
#ifndef BOARD_CONFIG_H
#define BOARD_CONFIG_H

#include "stm32h7a3.h"

#define CORE_CLOCK_HZ 280000000u
#define APB_CLOCK_HZ  (CORE_CLOCK_HZ / 2)

/* RM0455, NVIC: vector table. */
#define EXTERNAL_INTERRUPTS 155

/* UM2408: the ST-LINK's virtual COM port is USART3. */
#define CONSOLE_USART     USART3
#define CONSOLE_INTERRUPT 39

#ifndef CONSOLE_BAUD
#define CONSOLE_BAUD 115200u
#endif

#endif
