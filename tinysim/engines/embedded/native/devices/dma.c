/* STM32 DMA controllers with channels (RM0432, RM0444) and with streams (RM0385, RM0455). The stream's FIFO
 * makes no difference, but that it packs items of different widths. */
#include <stddef.h>
#include <string.h>

#include "clock.h"
#include "transfers.h"

extern const struct device_type stm32_dma_streams;

enum { DMA_CHANNELS = 8 };

/* A channel or stream. */
struct dma_channel {
    bool is_active;   /* enabled, and items are left */
    uint32_t control; /* CCR or CR */
    uint32_t count;   /* CNDTR or NDTR */
    uint32_t reload;  /* what was last written to it */
    uint32_t peripheral;
    uint32_t memory[2];
    uint32_t fifo; /* FCR */
    uint32_t at_peripheral;
    uint32_t at_memory;
    uint32_t flags;
    uint64_t ends_at; /* the tick at which a transfer without requests is over, or NEVER */
};

struct dma {
    bool has_streams;
    uint32_t channels;
    uint32_t
        request_register; /* where a multiplexer selects the request of the first channel; 0: by itself */
    struct dma_channel channel[DMA_CHANNELS];
};

enum { COMPLETE = 1u << 0, HALF = 1u << 1, ERROR = 1u << 2 };

/* Channels: RM0432, DMA registers. */
enum {
    ISR = 0x00,
    IFCR = 0x04,
    FIRST_CHANNEL = 0x08,
    CHANNEL_BYTES = 0x14,
    CCR = 0x00,
    CNDTR = 0x04,
    CPAR = 0x08,
    CMAR = 0x0C,
};
enum {
    EN = 1u << 0, /* in CR too */
    CCR_TCIE = 1u << 1,
    CCR_HTIE = 1u << 2,
    CCR_TEIE = 1u << 3,
    CCR_DIR = 1u << 4,
    CCR_CIRC = 1u << 5,
    CCR_PINC = 1u << 6,
    CCR_MINC = 1u << 7,
    CCR_MEM2MEM = 1u << 14,
};

/* Streams: RM0385, DMA registers. */
enum {
    LISR = 0x00,
    HISR = 0x04,
    LIFCR = 0x08,
    HIFCR = 0x0C,
    FIRST_STREAM = 0x10,
    STREAM_BYTES = 0x18,
    CR = 0x00,
    NDTR = 0x04,
    PAR = 0x08,
    M0AR = 0x0C,
    M1AR = 0x10,
    FCR = 0x14,
    FCR_RESET = 0x21,
    FCR_WRITABLE = 0x87,
};
enum {
    CR_TEIE = 1u << 2,
    CR_HTIE = 1u << 3,
    CR_TCIE = 1u << 4,
    CR_CIRC = 1u << 8,
    CR_PINC = 1u << 9,
    CR_MINC = 1u << 10,
    CR_DBM = 1u << 18,
    CR_CT = 1u << 19,
    TO_MEMORY = 0,
    MEMORY_TO_MEMORY = 2,
};

static uint32_t direction(const struct dma_channel *stream)
{
    return stream->control >> 6 & 3u;
}

static bool is_circular(const struct dma *dma, const struct dma_channel *channel)
{
    if (dma->has_streams) {
        return (channel->control & (CR_CIRC | CR_DBM)) != 0 && direction(channel) != MEMORY_TO_MEMORY;
    }
    return (channel->control & (CCR_CIRC | CCR_MEM2MEM)) == CCR_CIRC;
}

static bool runs_freely(const struct device *device, uint32_t number)
{
    const struct dma *dma = device->state;
    const struct dma_channel *channel = &dma->channel[number];
    return dma->has_streams ? direction(channel) == MEMORY_TO_MEMORY : (channel->control & CCR_MEM2MEM) != 0;
}

/* Of a stream a request is a controller, of which the first is number 1, a stream and a channel selection. */
static uint32_t selected_request(const struct device *device, uint32_t number)
{
    enum {
        REQUEST_OF_STREAM = 0x8000,
        MULTIPLEXER_REQUEST = 0x7F
    }; /* DMAREQ_ID (RM0432, DMAMUX registers) */
    const struct dma *dma = device->state;
    if (dma->request_register != 0) {
        return device_register(device, dma->request_register + 4 * number) & MULTIPLEXER_REQUEST;
    }
    return REQUEST_OF_STREAM | (device->number + 1) << 8 | number << 4 |
           (dma->channel[number].control >> 25 & 7u);
}

/* Flags in the order of the registers: ISR has GIF, TCIF, HTIF, TEIF. */
static uint32_t channel_flags(const struct dma_channel *channel)
{
    return channel->flags << 1 | (channel->flags != 0 ? 1u : 0u);
}

/* LISR and HISR have TEIF, HTIF, TCIF from bit 3 of each stream's field on. */
static uint32_t stream_flags(const struct dma_channel *stream)
{
    return ((stream->flags & ERROR) != 0 ? 1u << 3 : 0u) | ((stream->flags & HALF) != 0 ? 1u << 4 : 0u) |
           ((stream->flags & COMPLETE) != 0 ? 1u << 5 : 0u);
}

static uint32_t stream_flags_shift(uint32_t stream)
{
    static const uint8_t shifts[] = {0, 6, 16, 22};
    return shifts[stream % 4];
}

static uint32_t read_flags(const struct dma *dma, uint32_t offset)
{
    uint32_t value = 0;
    if (!dma->has_streams) {
        for (uint32_t number = 0; number < dma->channels; number++) {
            value |= channel_flags(&dma->channel[number]) << 4 * number;
        }
        return value;
    }
    uint32_t first = offset == HISR ? 4 : 0;
    for (uint32_t number = first; number < first + 4; number++) {
        value |= stream_flags(&dma->channel[number]) << stream_flags_shift(number);
    }
    return value;
}

static void clear_channel_flags(struct dma *dma, uint32_t value)
{
    for (uint32_t number = 0; number < dma->channels; number++) {
        uint32_t bits = value >> 4 * number & 0xFu;
        dma->channel[number].flags &= (bits & 1u) != 0 ? 0 : ~(bits >> 1);
    }
}

static void clear_stream_flags(struct dma *dma, uint32_t first, uint32_t value)
{
    for (uint32_t number = first; number < first + 4; number++) {
        uint32_t bits = value >> stream_flags_shift(number);
        uint32_t flags = ((bits >> 3 & 1u) != 0 ? ERROR : 0u) | ((bits >> 4 & 1u) != 0 ? HALF : 0u) |
                         ((bits >> 5 & 1u) != 0 ? COMPLETE : 0u);
        dma->channel[number].flags &= ~flags;
    }
}

/* The channel whose registers `offset` is among, and where in these; NULL: none's. */
static const struct dma_channel *find(const struct dma *dma, uint32_t offset, uint32_t *at)
{
    uint32_t first = dma->has_streams ? FIRST_STREAM : FIRST_CHANNEL;
    uint32_t bytes = dma->has_streams ? STREAM_BYTES : CHANNEL_BYTES;
    if (offset < first || (offset - first) / bytes >= dma->channels) {
        return NULL;
    }
    *at = (offset - first) % bytes;
    return &dma->channel[(offset - first) / bytes];
}

static uint32_t register_value(const struct dma *dma, uint32_t offset)
{
    uint32_t at;
    const struct dma_channel *channel = find(dma, offset, &at);
    if (channel == NULL) {
        return offset == ISR || (dma->has_streams && offset == HISR) ? read_flags(dma, offset) : 0;
    }
    switch (at) {
    case CCR:
        return channel->control;
    case CNDTR:
        return channel->count;
    case CPAR:
        return channel->peripheral;
    case CMAR:
        return channel->memory[0];
    case M1AR:
        return channel->memory[1];
    case FCR:
        return channel->fifo;
    default:
        return 0;
    }
}

static uint32_t present_memory(const struct dma *dma, const struct dma_channel *channel)
{
    return channel->memory[dma->has_streams && (channel->control & CR_CT) != 0 ? 1 : 0];
}

static void rewind_addresses(const struct dma *dma, struct dma_channel *channel)
{
    channel->at_peripheral = channel->peripheral;
    channel->at_memory = present_memory(dma, channel);
}

static void write_control(const struct dma *dma, struct dma_channel *channel, uint32_t value)
{
    bool was_enabled = (channel->control & EN) != 0;
    channel->control = value;
    if ((value & EN) == 0) {
        if (channel->is_active && dma->has_streams) {
            /* Software that switches a stream off is told so by TCIF (RM0385, DMA: stream configuration). */
            channel->flags |= COMPLETE;
        }
        channel->is_active = false;
    } else if (!was_enabled) {
        rewind_addresses(dma, channel);
        channel->is_active = channel->count != 0;
    }
}

static void write_register(struct dma *dma, uint32_t offset, uint32_t value)
{
    uint32_t at;
    const struct dma_channel *found = find(dma, offset, &at);
    if (found == NULL) {
        if (dma->has_streams && (offset == LIFCR || offset == HIFCR)) {
            clear_stream_flags(dma, offset == HIFCR ? 4 : 0, value);
        } else if (!dma->has_streams && offset == IFCR) {
            clear_channel_flags(dma, value);
        }
        return;
    }
    struct dma_channel *channel = &dma->channel[found - dma->channel];
    switch (at) {
    case CCR:
        write_control(dma, channel, value);
        break;
    case CNDTR:
        if (!channel->is_active) {
            channel->count = value & 0xFFFFu;
            channel->reload = channel->count;
        }
        break;
    case CPAR:
        channel->peripheral = value;
        break;
    case CMAR:
        channel->memory[0] = value;
        break;
    case M1AR:
        channel->memory[1] = dma->has_streams ? value : 0;
        break;
    case FCR:
        channel->fifo = dma->has_streams ? value & FCR_WRITABLE : 0;
        break;
    default:
        break;
    }
}

static uint32_t peripheral_bytes(const struct dma *dma, const struct dma_channel *channel)
{
    return 1u << (channel->control >> (dma->has_streams ? 11 : 8) & 3u) & 7u;
}

/* A stream's memory side is as wide as its other one, or packed to the same bytes. */
static uint32_t memory_bytes(const struct dma *dma, const struct dma_channel *channel)
{
    return dma->has_streams ? peripheral_bytes(dma, channel) : 1u << (channel->control >> 10 & 3u) & 7u;
}

static bool reads_memory(const struct dma *dma, const struct dma_channel *channel)
{
    return dma->has_streams ? direction(channel) == 1 : (channel->control & CCR_DIR) != 0;
}

static struct item next(const struct device *device, uint32_t number)
{
    const struct dma *dma = device->state;
    const struct dma_channel *channel = &dma->channel[number];
    uint32_t peripheral = peripheral_bytes(dma, channel);
    uint32_t memory = memory_bytes(dma, channel);
    if (reads_memory(dma, channel)) {
        return (struct item){channel->at_memory, channel->at_peripheral, memory, peripheral};
    }
    return (struct item){channel->at_peripheral, channel->at_memory, peripheral, memory};
}

static void finish(const struct dma *dma, struct dma_channel *channel)
{
    channel->flags |= COMPLETE;
    if (is_circular(dma, channel)) {
        channel->count = channel->reload;
        if (dma->has_streams && (channel->control & CR_DBM) != 0) {
            channel->control ^= CR_CT;
        }
        rewind_addresses(dma, channel);
        return;
    }
    channel->is_active = false;
    if (dma->has_streams) {
        channel->control &= ~(uint32_t)EN;
    }
}

static void done(struct device *device, uint32_t number, bool failed)
{
    struct dma *dma = device->state;
    struct dma_channel *channel = &dma->channel[number];
    if (failed) {
        /* "The faulty channel is automatically disabled" (RM0432, DMA error management). */
        channel->flags |= ERROR;
        channel->is_active = false;
        channel->control &= ~(uint32_t)EN;
        return;
    }
    uint32_t peripheral_moves = dma->has_streams ? CR_PINC : CCR_PINC;
    uint32_t memory_moves = dma->has_streams ? CR_MINC : CCR_MINC;
    channel->at_peripheral += (channel->control & peripheral_moves) != 0 ? peripheral_bytes(dma, channel) : 0;
    channel->at_memory += (channel->control & memory_moves) != 0 ? memory_bytes(dma, channel) : 0;
    channel->count--;
    if (channel->count == channel->reload / 2) {
        channel->flags |= HALF;
    }
    if (channel->count == 0) {
        finish(dma, channel);
    }
}

static bool interrupt(const struct device *device, uint32_t number)
{
    const struct dma *dma = device->state;
    if (number >= dma->channels) {
        return false;
    }
    const struct dma_channel *channel = &dma->channel[number];
    uint32_t control = channel->control;
    uint32_t wanted = 0;
    wanted |= (control & (dma->has_streams ? CR_TCIE : CCR_TCIE)) != 0 ? COMPLETE : 0u;
    wanted |= (control & (dma->has_streams ? CR_HTIE : CCR_HTIE)) != 0 ? HALF : 0u;
    wanted |= (control & (dma->has_streams ? CR_TEIE : CCR_TEIE)) != 0 ? ERROR : 0u;
    return (channel->flags & wanted) != 0;
}

static uint32_t channels(const struct device *device)
{
    const struct dma *dma = device->state;
    return dma->channels;
}

static bool is_active(const struct device *device, uint32_t number)
{
    const struct dma *dma = device->state;
    return dma->channel[number].is_active;
}

static uint64_t items_left(const struct device *device, uint32_t number)
{
    const struct dma *dma = device->state;
    return dma->channel[number].count;
}

static uint64_t *ends_at(const struct device *device, uint32_t number)
{
    struct dma *dma = device->state;
    return &dma->channel[number].ends_at;
}

static const struct controller CONTROLLER = {
    .channels = channels,
    .is_active = is_active,
    .runs_freely = runs_freely,
    .items_left = items_left,
    .selected_request = selected_request,
    .next = next,
    .done = done,
    .ends_at = ends_at,
};

static bool configure(struct device *device, const struct device_option *option)
{
    struct dma *dma = device->state;
    if (strcmp(option->name, "channels") == 0) {
        dma->channels = option->values[0];
        return option->count == 1 && dma->channels <= DMA_CHANNELS;
    }
    dma->request_register = option->values[0];
    return strcmp(option->name, "request_register") == 0 && option->count == 1;
}

static void reset(struct device *device, uint64_t now)
{
    (void)now;
    struct dma *dma = device->state;
    *dma = (struct dma){
        .has_streams = device->type == &stm32_dma_streams,
        .channels = dma->channels,
        .request_register = dma->request_register,
    };
    for (uint32_t number = 0; number < DMA_CHANNELS; number++) {
        dma->channel[number].fifo = dma->has_streams ? FCR_RESET : 0;
        dma->channel[number].ends_at = NEVER;
    }
}

static bool read(struct device *device, uint32_t offset, uint32_t *value, uint64_t now)
{
    (void)now;
    *value = register_value(device->state, offset);
    return true;
}

static bool write(struct device *device, uint32_t offset, uint32_t value, uint32_t mask, uint64_t now)
{
    write_register(device->state, offset, device_merged(device, offset, value, mask, now));
    transfers_plan(device, now);
    return true;
}

#define DMA(NAME)                                                                                            \
    const struct device_type NAME = {                                                                        \
        .name = #NAME,                                                                                       \
        .state_bytes = sizeof(struct dma),                                                                   \
        .settles = true,                                                                                     \
        .configure = configure,                                                                              \
        .reset = reset,                                                                                      \
        .read = read,                                                                                        \
        .write = write,                                                                                      \
        .due = transfers_due,                                                                                \
        .advance = transfers_advance,                                                                        \
        .interrupt = interrupt,                                                                              \
        .serve = transfers_serve,                                                                            \
        .controller = &CONTROLLER,                                                                           \
    }

DMA(stm32_dma_channels);
DMA(stm32_dma_streams);
