/* The chips as vendors' libraries see them: the registers that the guest uses, and the way to full speed
 * that a HAL takes, with a wait on every flag. */
#ifndef BOARD_H
#define BOARD_H

#include <stdbool.h>
#include <stdint.h>

#define REGISTER(address) (*(volatile uint32_t *)(address))

enum { RTC_FLAGS_AT = 0x0C }; /* ISR or ICSR */

static inline void wait_until(uint32_t address, uint32_t mask, uint32_t value)
{
    while ((REGISTER(address) & mask) != value) {
    }
}

static inline void modify(uint32_t address, uint32_t clear, uint32_t set)
{
    REGISTER(address) = (REGISTER(address) & ~clear) | set;
}

#if defined(NUCLEO_L4R5ZI)

enum { CORE_HZ = 120000000, TIMER_HZ = 30000000, UART_HZ = 15000000, LOW_POWER_UART = 1 };
enum { UART = 0x40008000, UART_IRQ = 70, OTHER_UART = 0x40013800, OTHER_UART_HZ = 120000000 };
enum { LPTIM = 0x40007C00, RTC = 0x40002800, RTC_CONTROL = RTC + 0x08, RTC_WAKEUP_IRQ = 3, CRC = 0x40023000 };
enum { RX_IRQ = 11, UNKNOWN = 0x40005400 };

static inline void start_clocks(void)
{
    REGISTER(0x40007000) = 1u << 9 | 1u << 8; /* PWR_CR1: range 1, DBP */
    REGISTER(0x40007080) = 0;                 /* PWR_CR5: R1MODE */
    wait_until(0x40007014, 1u << 10, 0);      /* PWR_SR2: VOSF */
    REGISTER(0x40022000) = 5 | 7u << 8;       /* FLASH_ACR */
    wait_until(0x40022000, 0xF, 5);
    modify(0x40021000, 0, 1u << 8); /* HSION */
    wait_until(0x40021000, 1u << 10, 1u << 10);
    REGISTER(0x4002100C) = 2 | 1u << 4 | 30u << 8 | 1u << 24; /* HSI / 2 * 30 / 2 */
    modify(0x40021000, 0, 1u << 24);
    wait_until(0x40021000, 1u << 25, 1u << 25);
    REGISTER(0x40021008) = 3 | 6u << 8; /* PLL; APB1 / 8: timers run at twice 15 MHz */
    wait_until(0x40021008, 3u << 2, 3u << 2);
    REGISTER(0x40021094) |= 1; /* LSION */
    wait_until(0x40021094, 2, 2);
    REGISTER(0x40021090) = 2u << 8 | 1u << 15; /* RTC from LSI */
    REGISTER(0x40021088) = 1u << 18;           /* LPTIM1 from LSI; LPUART1 from PCLK1 */
}

static inline void start_dma(uint32_t from, uint32_t to, uint32_t count)
{
    REGISTER(0x40020800) = 34; /* DMAMUX1: LPUART1_RX */
    REGISTER(0x4002000C) = count;
    REGISTER(0x40020010) = from;
    REGISTER(0x40020014) = to;
    REGISTER(0x40020008) = 1 | 1u << 1 | 1u << 2 | 1u << 5 | 1u << 7; /* CIRC, MINC, half and complete */
}

static inline uint32_t dma_left(void)
{
    return REGISTER(0x4002000C);
}

/* Returns what happened: 1 half, 2 complete. */
static inline uint32_t take_dma_events(void)
{
    uint32_t flags = REGISTER(0x40020000) & 0xF;
    REGISTER(0x40020004) = flags & ~1u;
    return (flags >> 2 & 1u) | (flags & 2u);
}

#elif defined(NUCLEO_U575ZI_Q)

enum { CORE_HZ = 160000000, TIMER_HZ = 80000000, UART_HZ = 160000000, LOW_POWER_UART = 0 };
enum { UART = 0x40013800, UART_IRQ = 61, OTHER_UART = 0x40004800, OTHER_UART_HZ = 40000000 };
enum { LPTIM = 0x46004400, RTC = 0x46007800, RTC_CONTROL = RTC + 0x18, RTC_WAKEUP_IRQ = 2, CRC = 0x40023000 };
enum { RX_IRQ = 29, UNKNOWN = 0x40005400 };

static inline void start_clocks(void)
{
    REGISTER(0x4602080C) = 3u << 16; /* PWR_VOSR: range 1 */
    wait_until(0x4602080C, 1u << 15, 1u << 15);
    modify(0x46020808, 0, 1u << 1); /* PWR_CR3: REGSEL, the SMPS */
    wait_until(0x4602083C, 1u << 1, 1u << 1);
    REGISTER(0x40022000) = 4; /* FLASH_ACR */
    wait_until(0x40022000, 0xF, 4);
    REGISTER(0x46020C28) = 1 | 0u << 8 | 1u << 18;             /* PLL1CFGR: MSIS, R */
    REGISTER(0x46020C34) = 79 | 1u << 9 | 1u << 16 | 1u << 24; /* 4 MHz * 80 / 2 */
    modify(0x4602080C, 0, 1u << 18);                           /* the EPOD booster */
    wait_until(0x4602080C, 1u << 14, 1u << 14);
    modify(0x46020C00, 0, 1u << 24);
    wait_until(0x46020C00, 1u << 25, 1u << 25);
    modify(0x46020C1C, 3, 3);
    wait_until(0x46020C1C, 3u << 2, 3u << 2);
    modify(0x46020C20, 7u << 4, 5u << 4); /* APB1 / 4 */
    wait_until(0x40030404, 1, 0);         /* ICACHE_SR: BUSYF */
    modify(0x40030400, 0, 2);
    wait_until(0x40030404, 2, 2);
    modify(0x40030400, 0, 1);
    modify(0x46020828, 0, 1);        /* PWR_DBPR */
    modify(0x46020CF0, 0, 1u << 26); /* LSION */
    wait_until(0x46020CF0, 1u << 27, 1u << 27);
    modify(0x46020CF0, 3u << 8, 2u << 8 | 1u << 15);
    modify(0x46020CE8, 3u << 10, 1u << 10); /* LPTIM1 from LSI */
}

#elif defined(NUCLEO_U385RG_Q)

enum { CORE_HZ = 96000000, TIMER_HZ = 48000000, UART_HZ = 96000000, LOW_POWER_UART = 0 };
enum { UART = 0x40013800, UART_IRQ = 61, OTHER_UART = 0x40004800, OTHER_UART_HZ = 24000000 };
enum { LPTIM = 0x40044400, RTC = 0x40007800, RTC_CONTROL = RTC + 0x18, RTC_WAKEUP_IRQ = 2, CRC = 0x40023000 };
enum { RX_IRQ = 29, UNKNOWN = 0x40005400 };

static inline void start_clocks(void)
{
    modify(0x40030808, 0, 1u << 1); /* PWR_CR3: REGSEL, the SMPS */
    wait_until(0x4003083C, 1u << 1, 1u << 1);
    REGISTER(0x40030C28) = 1;           /* CFGR4: the booster from MSIS */
    modify(0x4003080C, 0, 1u << 8 | 1); /* PWR_VOSR: BOOSTEN, R1EN */
    wait_until(0x4003080C, 1u << 24 | 1u << 16, 1u << 24 | 1u << 16);
    REGISTER(0x40022000) = 2; /* FLASH_ACR */
    wait_until(0x40022000, 0xF, 2);
    modify(0x40030C08, 3u << 29 | 1u << 31, 1u << 23); /* ICSCR1: MSIS is MSIRC0, undivided */
    wait_until(0x40030C00, 1u << 2, 1u << 2);
    modify(0x40030C1C, 3, 0); /* SW: MSIS */
    wait_until(0x40030C1C, 3u << 2, 0);
    modify(0x40030C20, 7u << 4, 5u << 4); /* APB1 / 4 */
    wait_until(0x40030404, 1, 0);         /* ICACHE_SR: BUSYF */
    modify(0x40030400, 0, 2);
    wait_until(0x40030404, 2, 2);
    modify(0x40030400, 0, 1);
    modify(0x40030828, 0, 1); /* PWR_DBPR */
    modify(0x40030D14, 0, 1); /* LSION */
    wait_until(0x40030D14, 2, 2);
    modify(0x40030D10, 3u << 8, 2u << 8 | 1u << 15);
    modify(0x40030D08, 3u << 10, 1u << 10); /* LPTIM1 from LSI */
}

#elif defined(NUCLEO_H7A3ZI_Q)

enum { CORE_HZ = 280000000, TIMER_HZ = 140000000, UART_HZ = 70000000, LOW_POWER_UART = 0 };
enum { UART = 0x40004800, UART_IRQ = 39, OTHER_UART = 0x40011000, OTHER_UART_HZ = 280000000 };
enum { LPTIM = 0x40002400, RTC = 0x58004000, RTC_CONTROL = RTC + 0x18, RTC_WAKEUP_IRQ = 3, CRC = 0x40023000 };
enum { RX_IRQ = 11, UNKNOWN = 0x40005400 };

static inline void start_clocks(void)
{
    modify(0x5802480C, 1u << 1, 1u << 2); /* PWR_CR3: the SMPS supplies */
    wait_until(0x58024804, 1u << 13, 1u << 13);
    modify(0x58024818, 3u << 14, 3u << 14); /* PWR_SRDCR: VOS 0 */
    wait_until(0x58024818, 1u << 13, 1u << 13);
    wait_until(0x58024804, 3u << 14, 3u << 14);
    REGISTER(0x52002000) = 6 | 3u << 4; /* FLASH_ACR */
    wait_until(0x52002000, 0xF, 6);
    modify(0x58024400, 0, 1u << 18 | 1u << 16); /* HSEBYP, HSEON */
    wait_until(0x58024400, 1u << 17, 1u << 17);
    REGISTER(0x58024428) = 2 | 4u << 4;                         /* HSE / 4 */
    REGISTER(0x5802442C) = 1u << 2 | 7u << 16;                  /* range, outputs */
    REGISTER(0x58024430) = 139 | 0u << 9 | 1u << 16 | 1u << 24; /* * 140 / 1 */
    modify(0x58024400, 0, 1u << 24);
    wait_until(0x58024400, 1u << 25, 1u << 25);
    REGISTER(0x5802441C) = 5u << 4; /* APB1 / 4 */
    modify(0x58024410, 7, 3);
    wait_until(0x58024410, 7u << 3, 3u << 3);
    modify(0x58024800, 0, 1u << 8); /* DBP */
    modify(0x58024474, 0, 1);
    wait_until(0x58024474, 2, 2);
    modify(0x58024470, 3u << 8, 2u << 8 | 1u << 15);
    modify(0x58024454, 7u << 28, 4u << 28); /* LPTIM1 from LSI */
    modify(0x58000420, 0, 1);               /* the compensation cell */
    wait_until(0x58000420, 1u << 8, 1u << 8);
}

static inline void start_dma(uint32_t from, uint32_t to, uint32_t count)
{
    REGISTER(0x40020800) = 45; /* DMAMUX1: USART3_RX */
    REGISTER(0x40020014) = count;
    REGISTER(0x40020018) = from;
    REGISTER(0x4002001C) = to;
    REGISTER(0x40020010) = 1 | 1u << 3 | 1u << 4 | 1u << 8 | 1u << 10;
}

static inline uint32_t dma_left(void)
{
    return REGISTER(0x40020014);
}

static inline uint32_t take_dma_events(void)
{
    uint32_t flags = REGISTER(0x40020000) & 0x3D;
    REGISTER(0x40020008) = flags;
    return (flags >> 4 & 1u) | (flags >> 4 & 2u);
}

#elif defined(DISCO_F746NG)

enum { CORE_HZ = 216000000, TIMER_HZ = 108000000, UART_HZ = 108000000, LOW_POWER_UART = 0 };
enum { UART = 0x40011000, UART_IRQ = 37, OTHER_UART = 0x40011400, OTHER_UART_HZ = 108000000 };
enum { LPTIM = 0x40002400, RTC = 0x40002800, RTC_CONTROL = RTC + 0x08, RTC_WAKEUP_IRQ = 3, CRC = 0x40023000 };
enum { RX_IRQ = 58, UNKNOWN = 0x40005400 };

static inline void start_clocks(void)
{
    modify(0x40023800, 0, 1u << 16); /* HSEON */
    wait_until(0x40023800, 1u << 17, 1u << 17);
    REGISTER(0x40023804) = 25 | 432u << 6 | 0u << 16 | 1u << 22 | 9u << 24;
    modify(0x40023800, 0, 1u << 24);
    wait_until(0x40023800, 1u << 25, 1u << 25);
    modify(0x40007000, 0, 1u << 16); /* over-drive */
    wait_until(0x40007004, 1u << 16, 1u << 16);
    modify(0x40007000, 0, 1u << 17);
    wait_until(0x40007004, 1u << 17, 1u << 17);
    REGISTER(0x40023C00) = 7 | 3u << 8; /* FLASH_ACR */
    wait_until(0x40023C00, 0xF, 7);
    REGISTER(0x40023808) = 2 | 5u << 10 | 4u << 13; /* APB1 / 4, APB2 / 2 */
    wait_until(0x40023808, 3u << 2, 2u << 2);
    modify(0x40007000, 0, 1u << 8); /* DBP */
    modify(0x40023874, 0, 1);
    wait_until(0x40023874, 2, 2);
    modify(0x40023870, 3u << 8, 2u << 8 | 1u << 15);
    modify(0x40023890, 3u << 24, 1u << 24); /* LPTIM1 from LSI */
}

static inline void start_dma(uint32_t from, uint32_t to, uint32_t count)
{
    REGISTER(0x40026444) = count; /* DMA2, stream 2, channel 4: USART1_RX */
    REGISTER(0x40026448) = from;
    REGISTER(0x4002644C) = to;
    REGISTER(0x40026440) = 1 | 1u << 3 | 1u << 4 | 1u << 8 | 1u << 10 | 4u << 25;
}

static inline uint32_t dma_left(void)
{
    return REGISTER(0x40026444);
}

static inline uint32_t take_dma_events(void)
{
    uint32_t flags = REGISTER(0x40026400) >> 16 & 0x3D;
    REGISTER(0x40026408) = flags << 16;
    return (flags >> 4 & 1u) | (flags >> 4 & 2u);
}

#elif defined(NUCLEO_G0B1RE)

enum { CORE_HZ = 64000000, TIMER_HZ = 32000000, UART_HZ = 16000000, LOW_POWER_UART = 0 };
enum { UART = 0x40004400, UART_IRQ = 28, OTHER_UART = 0x40013800, OTHER_UART_HZ = 16000000 };
enum { LPTIM = 0x40007C00, RTC = 0x40002800, RTC_CONTROL = RTC + 0x18, RTC_WAKEUP_IRQ = 2, CRC = 0x40023000 };
enum { RX_IRQ = 10, UNKNOWN = 0x40005400 };

static inline void start_clocks(void)
{
    wait_until(0x40007014, 1u << 10, 0); /* PWR_SR2: VOSF */
    REGISTER(0x40022000) = 2 | 3u << 8;  /* FLASH_ACR */
    wait_until(0x40022000, 7, 2);
    REGISTER(0x4002100C) = 2 | 8u << 8 | 1u << 28 | 1u << 29; /* HSI * 8 / 2 */
    modify(0x40021000, 0, 1u << 24);
    wait_until(0x40021000, 1u << 25, 1u << 25);
    REGISTER(0x40021008) = 2 | 5u << 12; /* APB / 4 */
    wait_until(0x40021008, 7u << 3, 2u << 3);
    modify(0x40007000, 0, 1u << 8); /* DBP */
    modify(0x40021060, 0, 1);
    wait_until(0x40021060, 2, 2);
    modify(0x4002105C, 3u << 8, 2u << 8 | 1u << 15);
    modify(0x40021054, 3u << 18, 1u << 18); /* LPTIM1 from LSI */
}

static inline void start_dma(uint32_t from, uint32_t to, uint32_t count)
{
    REGISTER(0x40020804) = 52; /* DMAMUX, channel 1: USART2_RX by DMA channel 2 */
    REGISTER(0x40020020) = count;
    REGISTER(0x40020024) = from;
    REGISTER(0x40020028) = to;
    REGISTER(0x4002001C) = 1 | 1u << 1 | 1u << 2 | 1u << 5 | 1u << 7;
}

static inline uint32_t dma_left(void)
{
    return REGISTER(0x40020020);
}

static inline uint32_t take_dma_events(void)
{
    uint32_t flags = REGISTER(0x40020000) >> 4 & 0xF;
    REGISTER(0x40020004) = (flags & ~1u) << 4;
    return (flags >> 2 & 1u) | (flags & 2u);
}

#else
#error "define the board"
#endif

#if defined(NUCLEO_U575ZI_Q) || defined(NUCLEO_U385RG_Q)

/* A list of one item that leads to itself: circular. */
static uint32_t item[3] __attribute__((aligned(32)));

static inline void start_dma(uint32_t from, uint32_t to, uint32_t count)
{
    item[0] = count;
    item[1] = to;
    item[2] = 1u << 29 | 1u << 27 | 1u << 16 | ((uint32_t)item & 0xFFFC); /* UB1, UDA, ULL */
    REGISTER(0x40020050) = (uint32_t)item & 0xFFFF0000;
    REGISTER(0x40020090) = 1u << 19; /* DINC, bytes */
    REGISTER(0x40020094) = 24;       /* USART1_RX */
    REGISTER(0x40020098) = count;
    REGISTER(0x4002009C) = from;
    REGISTER(0x400200A0) = to;
    REGISTER(0x400200CC) = item[2];
    REGISTER(0x40020064) = 1 | 1u << 8 | 1u << 9;
}

static inline uint32_t dma_left(void)
{
    return REGISTER(0x40020098) & 0xFFFF;
}

static inline uint32_t take_dma_events(void)
{
    uint32_t flags = REGISTER(0x40020060) & (3u << 8);
    REGISTER(0x4002005C) = flags;
    return (flags >> 9 & 1u) | (flags >> 7 & 2u);
}

#endif

#endif
