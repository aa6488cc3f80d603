/* Echoes its console the way HAL firmware does, after a vendor's start-up. MODE: 0 polls, 1 by interrupts, 2
 * by circular DMA with half, complete and idle events, 3 polls another UART than the board's own at 9600
 * baud, 4 waits for a flag that nothing drives.
 *
 * '!' is answered with what the clocks tell: each measured over 10 ms of TIM2. */
#include "board.h"

enum { CR1 = 0x00, CR3 = 0x08, BRR = 0x0C, ISR = 0x1C, ICR = 0x20, RDR = 0x24, TDR = 0x28 };
enum { UE = 1, RE = 4, TE = 8, IDLEIE = 16, RXNEIE = 32, DMAR = 64 };
enum { ORE = 8, IDLE = 16, RXNE = 32, TXE = 128 };
enum { TIM2 = 0x40000000, SYST = 0xE000E010, BUFFER_BYTES = 16, QUEUE_BYTES = 256 };

static uint8_t buffer[BUFFER_BYTES];
static volatile uint8_t queue[QUEUE_BYTES];
static volatile uint8_t queued, taken;
volatile uint32_t half_events, complete_events, idle_events, ticks, wakeups;
static volatile uint32_t constant_in_ram = 0x12345678;

extern uint32_t stack_top[], data_load[], data_start[], data_end[];
static uint32_t uart = MODE == 3 ? OTHER_UART : UART;

static void put(uint8_t byte)
{
    while (!(REGISTER(uart + ISR) & TXE)) {
    }
    REGISTER(uart + TDR) = byte;
}

static void put_number(uint32_t value)
{
    for (int shift = 28; shift >= 0; shift -= 4) {
        put("0123456789abcdef"[value >> shift & 15]);
    }
    put(' ');
}

static void keep(uint8_t byte)
{
    queue[queued] = byte;
    queued = queued + 1;
}

/* As HAL_UARTEx_RxEventCallback() is given it: all up to the place that DMA has reached. */
static void take_buffer(void)
{
    static uint32_t read;
    uint32_t reached = (BUFFER_BYTES - dma_left()) % BUFFER_BYTES;
    while (read != reached) {
        keep(buffer[read]);
        read = (read + 1) % BUFFER_BYTES;
    }
}

void reset_handler(void);

void uart_handler(void)
{
    uint32_t status = REGISTER(uart + ISR);
    if (MODE == 1 && (status & RXNE)) {
        keep((uint8_t)REGISTER(uart + RDR));
    }
    if (status & IDLE) {
        REGISTER(uart + ICR) = IDLE;
        idle_events = idle_events + 1;
        take_buffer();
    }
}

void dma_handler(void)
{
    uint32_t events = take_dma_events();
    half_events = half_events + (events & 1);
    complete_events = complete_events + (events >> 1);
    take_buffer();
}

void systick_handler(void)
{
    ticks = ticks + 1;
}

void wakeup_handler(void)
{
    wakeups = wakeups + 1;
    if (RTC_CONTROL == RTC + 0x08) {
        modify(RTC + RTC_FLAGS_AT, 1u << 10, 0); /* ISR: WUTF */
    } else {
        REGISTER(RTC + 0x5C) = 1u << 2; /* SCR */
    }
}

void other_handler(void)
{
    for (;;) {
    }
}

__attribute__((section(".vectors"), used)) static void *const vectors[16 + 160] = {
    [0] = stack_top,
    [1] = (void *)reset_handler,
    [2 ... 14] = (void *)other_handler,
    [15] = (void *)systick_handler,
    [16 + UART_IRQ] = (void *)uart_handler,
    [16 + RX_IRQ] = (void *)dma_handler,
    [16 + RTC_WAKEUP_IRQ] = (void *)wakeup_handler,
};

static void enable_interrupt(uint32_t interrupt)
{
    REGISTER(0xE000E100 + 4 * (interrupt / 32)) = 1u << (interrupt % 32);
}

/* RTC and LPTIM1 on LSI, as a low-power ticker has them. */
static void start_low_power(void)
{
    enum { STATUS = RTC + RTC_FLAGS_AT };
    REGISTER(RTC + 0x24) = 0xCA;
    REGISTER(RTC + 0x24) = 0x53;
    modify(STATUS, 0, 1u << 7);
    wait_until(STATUS, 1u << 6, 1u << 6);
    REGISTER(RTC + 0x10) = 124u << 16 | 255;
    REGISTER(RTC + 0x00) = 0x235958;
    REGISTER(RTC + 0x04) = 0x23u << 16 | 7u << 13 | 0x12u << 8 | 0x31;
    modify(STATUS, 1u << 7, 0);
    wait_until(STATUS, 1u << 5, 1u << 5);
    modify(RTC_CONTROL, 1u << 10, 0);
    wait_until(STATUS, 1u << 2, 1u << 2);
    REGISTER(RTC + 0x14) = 31; /* 32 counts of LSI / 16: 16 ms */
    modify(RTC_CONTROL, 7, 1u << 10 | 1u << 14);
    enable_interrupt(RTC_WAKEUP_IRQ);

    REGISTER(LPTIM + 0x0C) = 0;
    REGISTER(LPTIM + 0x10) = 1;
    REGISTER(LPTIM + 0x18) = 0xFFFF;
    wait_until(LPTIM, 1u << 4, 1u << 4);
    REGISTER(LPTIM + 0x10) = 1 | 1u << 2;
}

static uint32_t crc_of(uint32_t word)
{
    REGISTER(CRC + 0x08) = 1;
    while (REGISTER(CRC + 0x08) & 1) {
    }
    REGISTER(CRC) = word;
    return REGISTER(CRC);
}

static void report(void)
{
    REGISTER(0xE000EDFC) |= 1u << 24;
    REGISTER(0xE0001FB0) = 0xC5ACCE55;
    REGISTER(0xE0001004) = 0;
    REGISTER(0xE0001000) |= 1;
    uint32_t start = REGISTER(TIM2 + 0x24), cycles = REGISTER(0xE0001004);
    uint32_t low = REGISTER(LPTIM + 0x1C), tick = ticks;
    while (REGISTER(TIM2 + 0x24) - start < 10000) {
    }
    cycles = REGISTER(0xE0001004) - cycles;
    tick = ticks - tick;
    low = REGISTER(LPTIM + 0x1C) - low;
    put_number(cycles);
    put_number(tick);
    put_number(low);
    put_number(crc_of(0xF407A5C2));
    put_number(constant_in_ram);
    put_number(half_events);
    put_number(complete_events);
    put_number(idle_events);
    put_number(wakeups != 0);
    put('\n');
}

static void answer(uint8_t byte)
{
    if (byte == '!') {
        report();
    } else {
        put(byte);
    }
}

void reset_handler(void)
{
    for (uint32_t *from = data_load, *to = data_start; to != data_end;) {
        *to++ = *from++;
    }
    start_clocks();
    REGISTER(SYST + 4) = CORE_HZ / 1000 - 1;
    REGISTER(SYST + 8) = 0;
    REGISTER(SYST) = 7;
    REGISTER(TIM2 + 0x28) = TIMER_HZ / 1000000 - 1;
    REGISTER(TIM2 + 0x2C) = 0xFFFFFFFF;
    REGISTER(TIM2 + 0x14) = 1;
    REGISTER(TIM2) = 1;
    start_low_power();

    uint32_t hz = MODE == 3 ? OTHER_UART_HZ : UART_HZ, baud = MODE == 3 ? 9600 : 115200;
    bool low_power = LOW_POWER_UART && MODE != 3;
    REGISTER(uart + BRR) = low_power ? (uint32_t)(256ull * hz / baud) : hz / baud;
    REGISTER(uart + CR1) = UE | RE | TE;
    if (MODE == 1) {
        modify(uart + CR1, 0, RXNEIE);
        enable_interrupt(UART_IRQ);
    } else if (MODE == 2) {
        start_dma(uart + RDR, (uint32_t)buffer, BUFFER_BYTES);
        modify(uart + CR3, 0, DMAR);
        modify(uart + CR1, 0, IDLEIE);
        enable_interrupt(UART_IRQ);
        enable_interrupt(RX_IRQ);
    }
    put('>');
    if (MODE == 4) {
        wait_until(UNKNOWN + 0x18, 1u << 15, 1u << 15);
    }
    for (;;) {
        if (MODE == 0 || MODE == 3) {
            if (REGISTER(uart + ISR) & RXNE) {
                answer((uint8_t)REGISTER(uart + RDR));
            }
        } else if (queued == taken) {
            __asm volatile("wfi" ::: "memory");
        } else {
            answer(queue[taken]);
            taken = taken + 1;
        }
    }
}
