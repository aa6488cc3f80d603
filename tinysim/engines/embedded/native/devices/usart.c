/* STM32 USART and LPUART, asynchronous mode (RM0432 50, 51): registers, FIFOs, errors, interrupts.
 *
 * Characters take their time; what happens on the line beyond the pins belongs to line.h. Flow control,
 * parity and the synchronous, smartcard, LIN and IrDA modes do not exist. */
#include <string.h>

#include "clock.h"
#include "device.h"

extern const struct device_type stm32_lpuart;

enum { USART_FIFO_DEPTH = 8 };

struct usart_fifo {
    uint16_t data[USART_FIFO_DEPTH];
    uint8_t first;
    uint8_t count;
};

/* The requests by which a DMA controller knows it. */
struct requests {
    uint32_t count;
    uint32_t numbers[OPTION_VALUES];
};

struct usart {
    struct requests receive_requests;
    struct requests transmit_requests;
    uint32_t line_baud;  /* taken where the guest has set no rate yet */
    uint64_t sent_bytes; /* ever */
    bool low_power;
    bool without_fifo; /* CR1.FIFOEN does not exist */
    uint32_t kernel_hz;
    uint32_t core_hz;
    uint64_t frame_ticks; /* that one character takes, start and stop bits included */
    uint32_t cr1;
    uint32_t cr2;
    uint32_t cr3;
    uint32_t brr;
    uint32_t gtpr;
    uint32_t rtor;
    uint32_t presc;
    uint32_t flags; /* the bits of ISR that are set by events and cleared by ICR */
    struct usart_fifo receive;
    struct usart_fifo transmit;
    uint16_t last_read;
    bool shifting;
    uint16_t shift;
    uint64_t shifted_at; /* the tick at which the stop bit ends */
    uint64_t idle_at;    /* the tick at which the line has been idle for a frame, or NEVER */
};

/* RM0432 50.8. */
enum {
    CR1 = 0x00,
    CR2 = 0x04,
    CR3 = 0x08,
    BRR = 0x0C,
    GTPR = 0x10,
    RTOR = 0x14,
    RQR = 0x18,
    ISR = 0x1C,
    ICR = 0x20,
    RDR = 0x24,
    TDR = 0x28,
    PRESC = 0x2C
};

#define CR1_UE     (1u << 0)
#define CR1_RE     (1u << 2)
#define CR1_TE     (1u << 3)
#define CR1_IDLEIE (1u << 4)
#define CR1_RXNEIE (1u << 5)
#define CR1_TCIE   (1u << 6)
#define CR1_TXEIE  (1u << 7)
#define CR1_M0     (1u << 12)
#define CR1_CMIE   (1u << 14)
#define CR1_OVER8  (1u << 15)
#define CR1_M1     (1u << 28)
#define CR1_FIFOEN (1u << 29)
#define CR1_TXFEIE (1u << 30)
#define CR1_RXFFIE (1u << 31)

#define CR3_EIE    (1u << 0)
#define CR3_DMAR   (1u << 6)
#define CR3_DMAT   (1u << 7)
#define CR3_OVRDIS (1u << 12)
#define CR3_TXFTIE (1u << 23)
#define CR3_RXFTIE (1u << 28)

#define ISR_FE    (1u << 1)
#define ISR_NE    (1u << 2)
#define ISR_ORE   (1u << 3)
#define ISR_IDLE  (1u << 4)
#define ISR_RXNE  (1u << 5)
#define ISR_TC    (1u << 6)
#define ISR_TXE   (1u << 7)
#define ISR_BUSY  (1u << 16)
#define ISR_CMF   (1u << 17)
#define ISR_TEACK (1u << 21)
#define ISR_REACK (1u << 22)
#define ISR_TXFE  (1u << 23)
#define ISR_RXFF  (1u << 24)
#define ISR_RXFT  (1u << 26)
#define ISR_TXFT  (1u << 27)

/* Flags that ICR clears, at the same places in both registers. */
#define ICR_FLAGS (ISR_FE | ISR_NE | ISR_ORE | ISR_IDLE | ISR_TC | ISR_CMF)

#define RQR_RXFRQ (1u << 3)
#define RQR_TXFRQ (1u << 4)

static void fifo_push(struct usart_fifo *fifo, uint16_t data)
{
    fifo->data[(fifo->first + fifo->count) % USART_FIFO_DEPTH] = data;
    fifo->count++;
}

static uint16_t fifo_pop(struct usart_fifo *fifo)
{
    uint16_t data = fifo->data[fifo->first];
    fifo->first = (uint8_t)((fifo->first + 1) % USART_FIFO_DEPTH);
    fifo->count--;
    return data;
}

static uint32_t depth(const struct usart *usart)
{
    return (usart->cr1 & CR1_FIFOEN) != 0 ? USART_FIFO_DEPTH : 1;
}

/* TXFTCFG and RXFTCFG: 1/8, 1/4, 1/2, 3/4, 7/8 of the depth, empty or full (RM0432 50.8.4). */
static uint32_t threshold(uint32_t code)
{
    static const uint32_t eighths[] = {1, 2, 4, 6, 7, 8, 8, 8};
    return eighths[code & 7u];
}

static bool enabled(const struct usart *usart, uint32_t direction)
{
    return (usart->cr1 & (CR1_UE | direction)) == (CR1_UE | direction);
}

static uint32_t prescaler(const struct usart *usart)
{
    static const uint32_t divisors[] = {1, 2, 4, 6, 8, 10, 12, 16, 32, 64, 128, 256, 256, 256, 256, 256};
    return divisors[usart->presc & 15u];
}

/* The rate is multiplier * kernel_hz / divisor (RM0432 50.5.7, 51.4.6). */
static uint64_t divisor(const struct usart *usart, uint32_t *multiplier)
{
    uint64_t value = usart->brr;
    *multiplier = 1;
    if (usart->low_power) {
        *multiplier = 256;
    } else if ((usart->cr1 & CR1_OVER8) != 0) {
        *multiplier = 2;
        value = (usart->brr & 0xFFF0u) | (usart->brr & 7u) << 1;
    }
    return value * prescaler(usart);
}

static uint32_t half_bits_per_frame(const struct usart *usart)
{
    static const uint32_t stop_half_bits[] = {2, 1, 4, 3};
    uint32_t data_bits = (usart->cr1 & CR1_M1) != 0 ? 7 : (usart->cr1 & CR1_M0) != 0 ? 9 : 8;
    return 2 * (1 + data_bits) + stop_half_bits[usart->cr2 >> 12 & 3u];
}

static uint64_t frame_ticks(const struct usart *usart)
{
    uint32_t multiplier;
    uint64_t dividend = divisor(usart, &multiplier);
    uint64_t half_bits = half_bits_per_frame(usart);
    if (dividend == 0 || usart->kernel_hz == 0) {
        return scale_up(half_bits, usart->core_hz, 2ull * usart->line_baud);
    }
    return scale_up(half_bits * dividend, usart->core_hz, 2ull * multiplier * usart->kernel_hz);
}

static uint32_t baud_of(const struct usart *usart)
{
    uint32_t multiplier;
    uint64_t dividend = divisor(usart, &multiplier);
    if (dividend == 0 || usart->kernel_hz == 0) {
        return usart->line_baud;
    }
    return (uint32_t)(((uint64_t)usart->kernel_hz * multiplier + dividend / 2) / dividend);
}

static uint32_t status(const struct usart *usart)
{
    uint32_t value = usart->flags;
    value |= usart->receive.count != 0 ? ISR_RXNE : 0u;
    value |= usart->transmit.count < depth(usart) ? ISR_TXE : 0u;
    value |= enabled(usart, CR1_TE) ? ISR_TEACK : 0u;
    value |= enabled(usart, CR1_RE) ? ISR_REACK : 0u;
    if ((usart->cr1 & CR1_FIFOEN) != 0) {
        uint32_t transmit_free = USART_FIFO_DEPTH - usart->transmit.count;
        value |= usart->transmit.count == 0 ? ISR_TXFE : 0u;
        value |= usart->receive.count == USART_FIFO_DEPTH ? ISR_RXFF : 0u;
        value |= usart->receive.count >= threshold(usart->cr3 >> 25) ? ISR_RXFT : 0u;
        value |= transmit_free >= threshold(usart->cr3 >> 29) ? ISR_TXFT : 0u;
    }
    return value;
}

static bool interrupt(const struct device *device, uint32_t line)
{
    (void)line;
    const struct usart *usart = device->state;
    if ((usart->cr1 & CR1_UE) == 0) {
        return false;
    }
    uint32_t now = status(usart);
    uint32_t wanted = 0;
    wanted |= (usart->cr1 & CR1_RXNEIE) != 0 ? ISR_RXNE | ISR_ORE : 0u;
    wanted |= (usart->cr1 & CR1_TXEIE) != 0 ? ISR_TXE : 0u;
    wanted |= (usart->cr1 & CR1_TCIE) != 0 ? ISR_TC : 0u;
    wanted |= (usart->cr1 & CR1_IDLEIE) != 0 ? ISR_IDLE : 0u;
    wanted |= (usart->cr1 & CR1_CMIE) != 0 ? ISR_CMF : 0u;
    wanted |= (usart->cr1 & CR1_TXFEIE) != 0 ? ISR_TXFE : 0u;
    wanted |= (usart->cr1 & CR1_RXFFIE) != 0 ? ISR_RXFF : 0u;
    wanted |= (usart->cr3 & CR3_EIE) != 0 ? ISR_FE | ISR_NE | ISR_ORE : 0u;
    wanted |= (usart->cr3 & CR3_TXFTIE) != 0 ? ISR_TXFT : 0u;
    wanted |= (usart->cr3 & CR3_RXFTIE) != 0 ? ISR_RXFT : 0u;
    return (now & wanted) != 0;
}

static bool is_among(const struct requests *requests, uint32_t request)
{
    for (uint32_t number = 0; number < requests->count; number++) {
        if (requests->numbers[number] == request) {
            return true;
        }
    }
    return false;
}

static bool requests(const struct device *device, uint32_t request)
{
    const struct usart *usart = device->state;
    bool receives = (usart->cr3 & CR3_DMAR) != 0 && usart->receive.count != 0;
    bool transmits =
        (usart->cr3 & CR3_DMAT) != 0 && enabled(usart, CR1_TE) && usart->transmit.count < depth(usart);
    return (receives && is_among(&usart->receive_requests, request)) ||
           (transmits && is_among(&usart->transmit_requests, request));
}

static void start_character(struct usart *usart, uint64_t now)
{
    usart->shift = fifo_pop(&usart->transmit);
    usart->shifting = true;
    usart->shifted_at = now + usart->frame_ticks;
    usart->flags &= ~ISR_TC;
}

static void start_if_possible(struct usart *usart, uint64_t now)
{
    if (!usart->shifting && usart->transmit.count != 0 && enabled(usart, CR1_TE)) {
        start_character(usart, now);
    }
}

static void advance(struct device *device, uint64_t now)
{
    struct usart *usart = device->state;
    if (usart->idle_at <= now) {
        usart->idle_at = NEVER;
        usart->flags |= ISR_IDLE;
    }
    if (usart->shifted_at > now) {
        return;
    }
    uint64_t ended = usart->shifted_at;
    uint8_t sent = (uint8_t)usart->shift;
    usart->shifting = false;
    usart->shifted_at = NEVER;
    start_if_possible(usart, ended);
    if (!usart->shifting) {
        usart->flags |= ISR_TC;
    }
    usart->sent_bytes++;
    device_sent(device, sent, now);
}

static void receive(struct device *device, uint8_t data, bool framing_error, uint64_t now)
{
    struct usart *usart = device->state;
    if (!enabled(usart, CR1_RE)) {
        return;
    }
    usart->idle_at = now + usart->frame_ticks;
    if (usart->receive.count == depth(usart)) {
        if ((usart->cr3 & CR3_OVRDIS) == 0) {
            usart->flags |= ISR_ORE;
            return;
        }
        (void)fifo_pop(&usart->receive);
    }
    uint32_t mask = (usart->cr1 & CR1_M1) != 0 ? 0x7Fu : 0xFFu;
    fifo_push(&usart->receive, (uint16_t)(data & mask));
    if (framing_error) {
        usart->flags |= ISR_FE;
    }
    if (data == usart->cr2 >> 24) {
        usart->flags |= ISR_CMF;
    }
}

static uint32_t read_register(struct usart *usart, uint32_t offset)
{
    switch (offset) {
    case CR1:
        return usart->cr1;
    case CR2:
        return usart->cr2;
    case CR3:
        return usart->cr3;
    case BRR:
        return usart->brr;
    case GTPR:
        return usart->gtpr;
    case RTOR:
        return usart->rtor;
    case ISR:
        return status(usart);
    case RDR:
        if (usart->receive.count != 0) {
            usart->last_read = fifo_pop(&usart->receive);
        }
        return usart->last_read;
    case TDR:
        return usart->shift;
    case PRESC:
        return usart->presc;
    default:
        return 0;
    }
}

static void write_control(struct usart *usart, uint32_t value, uint64_t now)
{
    usart->cr1 = usart->without_fifo ? value & ~(CR1_FIFOEN | CR1_TXFEIE | CR1_RXFFIE) : value;
    usart->frame_ticks = frame_ticks(usart);
    if ((value & CR1_UE) == 0) {
        /* "The USART prescalers and outputs are stopped immediately, and all current operations are
         * discarded"; status flags return to their default values (RM0432 50.8.1, UE). */
        usart->receive.count = 0;
        usart->transmit.count = 0;
        usart->shifting = false;
        usart->shifted_at = NEVER;
        usart->idle_at = NEVER;
        usart->flags = ISR_TC;
    }
    start_if_possible(usart, now);
}

static void request(struct usart *usart, uint32_t value)
{
    if ((value & RQR_RXFRQ) != 0) {
        usart->receive.count = 0;
    }
    if ((value & RQR_TXFRQ) != 0) {
        usart->transmit.count = 0;
    }
}

static bool write(struct device *device, uint32_t offset, uint32_t value, uint32_t mask, uint64_t now)
{
    struct usart *usart = device->state;
    value &= mask;
    switch (offset) {
    case CR1:
        write_control(usart, value, now);
        break;
    case CR2:
        usart->cr2 = value;
        usart->frame_ticks = frame_ticks(usart);
        break;
    case CR3:
        usart->cr3 = value;
        break;
    case BRR:
        usart->brr = value & (usart->low_power ? 0xFFFFFu : 0xFFFFu);
        usart->frame_ticks = frame_ticks(usart);
        break;
    case GTPR:
        usart->gtpr = value;
        break;
    case RTOR:
        usart->rtor = value;
        break;
    case RQR:
        request(usart, value);
        break;
    case ICR:
        usart->flags &= ~(value & ICR_FLAGS);
        break;
    case TDR:
        /* Written while full, the data register loses its content to the new character. */
        if (usart->transmit.count == depth(usart)) {
            usart->transmit.count--;
        }
        fifo_push(&usart->transmit, (uint16_t)(value & 0x1FFu));
        usart->flags &= ~ISR_TC;
        start_if_possible(usart, now);
        break;
    case PRESC:
        usart->presc = value & 15u;
        usart->frame_ticks = frame_ticks(usart);
        break;
    default:
        break;
    }
    return true;
}

static bool set_requests(struct requests *requests, const struct device_option *option)
{
    requests->count = option->count;
    memcpy(requests->numbers, option->values, sizeof requests->numbers);
    return true;
}

static bool configure(struct device *device, const struct device_option *option)
{
    struct usart *usart = device->state;
    if (strcmp(option->name, "dma_receive") == 0) {
        return set_requests(&usart->receive_requests, option);
    }
    if (strcmp(option->name, "dma_transmit") == 0) {
        return set_requests(&usart->transmit_requests, option);
    }
    usart->without_fifo = option->values[0] == 0;
    return strcmp(option->name, "fifo") == 0 && option->count == 1;
}

static void reset(struct device *device, uint64_t now)
{
    (void)now;
    struct usart *usart = device->state;
    *usart = (struct usart){
        .low_power = device->type == &stm32_lpuart,
        .without_fifo = usart->without_fifo,
        .receive_requests = usart->receive_requests,
        .transmit_requests = usart->transmit_requests,
        .kernel_hz = usart->kernel_hz,
        .core_hz = usart->core_hz == 0 ? 1 : usart->core_hz,
        .line_baud = device_line_baud(device),
        .sent_bytes = usart->sent_bytes,
        .flags = ISR_TC,
        .shifted_at = NEVER,
        .idle_at = NEVER,
    };
    usart->frame_ticks = frame_ticks(usart);
}

static bool read(struct device *device, uint32_t offset, uint32_t *value, uint64_t now)
{
    (void)now;
    *value = read_register(device->state, offset);
    return true;
}

static void clock(struct device *device, uint32_t clock_hz, uint64_t now)
{
    (void)now;
    struct usart *usart = device->state;
    usart->kernel_hz = clock_hz;
    usart->core_hz = device_core_hz(device);
    usart->frame_ticks = frame_ticks(usart);
}

static uint64_t due(const struct device *device)
{
    const struct usart *usart = device->state;
    return usart->shifted_at < usart->idle_at ? usart->shifted_at : usart->idle_at;
}

static bool listens(const struct device *device)
{
    return enabled(device->state, CR1_RE);
}

static uint32_t baud(const struct device *device)
{
    return baud_of(device->state);
}

static uint64_t frame(const struct device *device)
{
    const struct usart *usart = device->state;
    return usart->frame_ticks;
}

static uint64_t sent_bytes(const struct device *device)
{
    const struct usart *usart = device->state;
    return usart->sent_bytes;
}

static const struct uart_functions UART_FUNCTIONS = {
    .listens = listens,
    .baud = baud,
    .frame_ticks = frame,
    .receive = receive,
    .sent_bytes = sent_bytes,
};

#define USART(NAME)                                                                                          \
    const struct device_type NAME = {                                                                        \
        .name = #NAME,                                                                                       \
        .state_bytes = sizeof(struct usart),                                                                 \
        .lines = 1,                                                                                          \
        .configure = configure,                                                                              \
        .reset = reset,                                                                                      \
        .read = read,                                                                                        \
        .write = write,                                                                                      \
        .clock = clock,                                                                                      \
        .due = due,                                                                                          \
        .advance = advance,                                                                                  \
        .interrupt = interrupt,                                                                              \
        .requests = requests,                                                                                \
        .uart = &UART_FUNCTIONS,                                                                             \
    }

USART(stm32_usart);
USART(stm32_lpuart);
