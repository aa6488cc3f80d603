#include "usart.h"

#include "clock.h"

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

uint32_t usart_baud(const struct usart *usart)
{
    uint32_t multiplier;
    uint64_t dividend = divisor(usart, &multiplier);
    if (dividend == 0 || usart->kernel_hz == 0) {
        return usart->line_baud;
    }
    return (uint32_t)(((uint64_t)usart->kernel_hz * multiplier + dividend / 2) / dividend);
}

void usart_reset(struct usart *usart)
{
    *usart = (struct usart){
        .low_power = usart->low_power,
        .has_fifo = usart->has_fifo,
        .kernel_hz = usart->kernel_hz,
        .core_hz = usart->core_hz,
        .line_baud = usart->line_baud,
        .flags = ISR_TC,
        .shifted_at = NEVER,
        .idle_at = NEVER,
    };
    usart->frame_ticks = frame_ticks(usart);
}

void usart_clock(struct usart *usart, uint32_t kernel_hz, uint32_t core_hz)
{
    usart->kernel_hz = kernel_hz;
    usart->core_hz = core_hz;
    usart->frame_ticks = frame_ticks(usart);
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

bool usart_interrupt(const struct usart *usart)
{
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

uint32_t usart_requests(const struct usart *usart)
{
    uint32_t requests = 0;
    if ((usart->cr3 & CR3_DMAR) != 0 && usart->receive.count != 0) {
        requests |= USART_REQUEST_RECEIVE;
    }
    if ((usart->cr3 & CR3_DMAT) != 0 && enabled(usart, CR1_TE) && usart->transmit.count < depth(usart)) {
        requests |= USART_REQUEST_TRANSMIT;
    }
    return requests;
}

bool usart_receives(const struct usart *usart)
{
    return enabled(usart, CR1_RE);
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

bool usart_advance(struct usart *usart, uint64_t now, uint8_t *sent)
{
    if (usart->idle_at <= now) {
        usart->idle_at = NEVER;
        usart->flags |= ISR_IDLE;
    }
    if (usart->shifted_at > now) {
        return false;
    }
    uint64_t ended = usart->shifted_at;
    *sent = (uint8_t)usart->shift;
    usart->shifting = false;
    usart->shifted_at = NEVER;
    start_if_possible(usart, ended);
    if (!usart->shifting) {
        usart->flags |= ISR_TC;
    }
    return true;
}

void usart_receive(struct usart *usart, uint8_t data, bool framing_error, uint64_t now)
{
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

uint32_t usart_read(struct usart *usart, uint32_t offset)
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
    usart->cr1 = usart->has_fifo ? value : value & ~(CR1_FIFOEN | CR1_TXFEIE | CR1_RXFFIE);
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

void usart_write(struct usart *usart, uint32_t offset, uint32_t value, uint64_t now)
{
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
}
