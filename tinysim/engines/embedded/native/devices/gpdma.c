/* STM32U5 general-purpose DMA (RM0456): channels with linked lists. Every request moves one item at once.
 * Two-dimensional addressing, triggers, peripheral flow control and byte exchange do not exist. */
#include "clock.h"
#include "transfers.h"

enum { GPDMA_CHANNELS = 16, GPDMA_WORDS = 8 };

struct gpdma_channel {
    bool is_active;             /* enabled, not suspended, and something is left to do */
    bool wants_link;            /* the next thing to do is to load what LLR points at */
    uint32_t control;           /* CR */
    uint32_t flags;             /* of SR, and 1 in bit 0 while idle */
    uint32_t base;              /* LBAR */
    uint32_t block;             /* bytes of the present block */
    uint64_t ends_at;           /* as struct controller has it */
    uint32_t word[GPDMA_WORDS]; /* TR1, TR2, BR1, SAR, DAR, TR3, BR2, LLR */
};

struct gpdma {
    struct gpdma_channel channel[GPDMA_CHANNELS];
};

/* RM0456, GPDMA registers; offsets from the channel's first register on. */
enum {
    MISR = 0x0C,
    FIRST_CHANNEL = 0x50,
    CHANNEL_BYTES = 0x80,
    LBAR = 0x00,
    FCR = 0x0C,
    SR = 0x10,
    CR = 0x14,
    TR1_AT = 0x40,
    BR2_AT = 0x58,
    LLR_AT = 0x7C,
};
enum { TR1, TR2, BR1, SAR, DAR, TR3, BR2, LLR };
enum {
    CR_EN = 1u << 0,
    CR_RESET = 1u << 1,
    CR_SUSP = 1u << 2,
    SR_IDLEF = 1u << 0,
    SR_TCF = 1u << 8,
    SR_HTF = 1u << 9,
    SR_DTEF = 1u << 10,
    SR_ULEF = 1u << 11,
    SR_SUSPF = 1u << 13,
    SR_EVENTS = 0x7F00,
    TR1_SINC = 1u << 3,
    TR1_DINC = 1u << 19,
    TR1_PACKS = 1u << 12,
    TR2_SWREQ = 1u << 9,
    BR1_BNDT = 0xFFFF,
    LLR_LA = 0xFFFC,
};
#define LBAR_BASE 0xFFFF0000u
#define LLR_ULL   (1u << 16)

static void make_idle(struct gpdma_channel *channel)
{
    channel->is_active = false;
    channel->wants_link = false;
    channel->control &= ~(uint32_t)(CR_EN | CR_SUSP | CR_RESET);
    channel->flags |= SR_IDLEF;
}

static void reset(struct device *device, uint64_t now)
{
    (void)now;
    struct gpdma *gpdma = device->state;
    *gpdma = (struct gpdma){0};
    for (uint32_t number = 0; number < GPDMA_CHANNELS; number++) {
        make_idle(&gpdma->channel[number]);
        gpdma->channel[number].ends_at = NEVER;
    }
}

static bool has_event(const struct gpdma *gpdma, uint32_t number)
{
    const struct gpdma_channel *channel = &gpdma->channel[number];
    return (channel->flags & channel->control & SR_EVENTS) != 0;
}

static uint32_t masked_interrupts(const struct gpdma *gpdma)
{
    uint32_t value = 0;
    for (uint32_t number = 0; number < GPDMA_CHANNELS; number++) {
        value |= (has_event(gpdma, number) ? 1u : 0u) << number;
    }
    return value;
}

/* The place among `word` of a register, or -1. */
static int word_at(uint32_t at)
{
    if (at >= TR1_AT && at <= BR2_AT) {
        return (int)((at - TR1_AT) / 4);
    }
    return at == LLR_AT ? LLR : -1;
}

static uint32_t register_value(const struct gpdma *gpdma, uint32_t offset)
{
    if (offset == MISR) {
        return masked_interrupts(gpdma);
    }
    if (offset < FIRST_CHANNEL || (offset - FIRST_CHANNEL) / CHANNEL_BYTES >= GPDMA_CHANNELS) {
        return 0;
    }
    const struct gpdma_channel *channel = &gpdma->channel[(offset - FIRST_CHANNEL) / CHANNEL_BYTES];
    uint32_t at = (offset - FIRST_CHANNEL) % CHANNEL_BYTES;
    switch (at) {
    case LBAR:
        return channel->base;
    case SR:
        return channel->flags;
    case CR:
        return channel->control;
    default:
        return word_at(at) < 0 ? 0 : channel->word[word_at(at)];
    }
}

static void start_block(struct gpdma_channel *channel)
{
    channel->block = channel->word[BR1] & BR1_BNDT;
    channel->wants_link = channel->block == 0;
    if (channel->block == 0 && channel->word[LLR] == 0) {
        channel->flags |= SR_TCF;
        make_idle(channel);
    }
}

static void write_control(struct gpdma_channel *channel, uint32_t value)
{
    bool was_enabled = (channel->control & CR_EN) != 0;
    channel->control = value | (was_enabled ? CR_EN : 0u); /* software cannot clear EN */
    if ((value & CR_RESET) != 0) {
        channel->flags &= ~(uint32_t)SR_SUSPF;
        make_idle(channel);
    } else if ((channel->control & CR_EN) != 0) {
        channel->flags &= ~(uint32_t)SR_IDLEF;
        if (!was_enabled) {
            start_block(channel);
        }
        channel->is_active = (channel->control & (CR_EN | CR_SUSP)) == CR_EN;
        channel->flags |= (channel->control & CR_SUSP) != 0 ? SR_SUSPF : 0u;
    }
}

static void write_register(struct gpdma *gpdma, uint32_t offset, uint32_t value)
{
    if (offset < FIRST_CHANNEL || (offset - FIRST_CHANNEL) / CHANNEL_BYTES >= GPDMA_CHANNELS) {
        return;
    }
    struct gpdma_channel *channel = &gpdma->channel[(offset - FIRST_CHANNEL) / CHANNEL_BYTES];
    uint32_t at = (offset - FIRST_CHANNEL) % CHANNEL_BYTES;
    switch (at) {
    case LBAR:
        channel->base = value & LBAR_BASE;
        break;
    case FCR:
        channel->flags &= ~(value & SR_EVENTS);
        break;
    case CR:
        write_control(channel, value);
        break;
    default:
        if (word_at(at) >= 0) {
            channel->word[word_at(at)] = value;
        }
        break;
    }
}

static bool runs_freely(const struct device *device, uint32_t number)
{
    const struct gpdma *gpdma = device->state;
    return (gpdma->channel[number].word[TR2] & TR2_SWREQ) != 0;
}

static uint32_t selected_request(const struct device *device, uint32_t number)
{
    const struct gpdma *gpdma = device->state;
    return gpdma->channel[number].word[TR2] & 0x7Fu;
}

/* Loads the linked-list item that is due, if one is. */
static void prepare(struct device *device, uint32_t number)
{
    struct gpdma *gpdma = device->state;
    struct gpdma_channel *channel = &gpdma->channel[number];
    if (!channel->is_active || !channel->wants_link) {
        return;
    }
    /* LLR says which registers the item holds, in their order: UT1, UT2, UB1, USA, UDA, UT3, UB2, ULL. */
    static const uint8_t update_bits[GPDMA_WORDS] = {31, 30, 29, 28, 27, 26, 25, 16};
    uint32_t link = channel->word[LLR];
    uint32_t address = channel->base | (link & LLR_LA);
    uint32_t loaded[GPDMA_WORDS];
    for (uint32_t word = 0; word < GPDMA_WORDS; word++) {
        loaded[word] = channel->word[word];
        if ((link >> update_bits[word] & 1u) == 0) {
            continue;
        }
        if (!device_load_memory(device, address, &loaded[word])) {
            channel->flags |= SR_ULEF;
            make_idle(channel);
            return;
        }
        address += 4;
    }
    for (uint32_t word = 0; word < GPDMA_WORDS; word++) {
        channel->word[word] = loaded[word];
    }
    if ((link >> 29 & 1u) == 0) {
        /* Without a new BR1 the block is as long as the last one. */
        channel->word[BR1] = (channel->word[BR1] & ~(uint32_t)BR1_BNDT) | channel->block;
    }
    start_block(channel);
}

static uint32_t source_bytes(const struct gpdma_channel *channel)
{
    return 1u << (channel->word[TR1] & 3u) & 7u;
}

static uint32_t destination_bytes(const struct gpdma_channel *channel)
{
    /* Packed data are the same bytes in a row. */
    return (channel->word[TR1] & TR1_PACKS) != 0 ? source_bytes(channel)
                                                 : 1u << (channel->word[TR1] >> 16 & 3u) & 7u;
}

static struct item next(const struct device *device, uint32_t number)
{
    const struct gpdma *gpdma = device->state;
    const struct gpdma_channel *channel = &gpdma->channel[number];
    return (struct item){channel->word[SAR], channel->word[DAR], source_bytes(channel),
                         destination_bytes(channel)};
}

/* TCEM: block, repeated block, linked-list item, or the whole channel (RM0456, GPDMA_CxTR2). */
static bool tells_complete(const struct gpdma_channel *channel)
{
    bool is_last = channel->word[LLR] == 0;
    return is_last || channel->word[TR2] >> 30 != 3;
}

static void done(struct device *device, uint32_t number, bool failed)
{
    struct gpdma *gpdma = device->state;
    struct gpdma_channel *channel = &gpdma->channel[number];
    uint32_t bytes = source_bytes(channel);
    if (failed || bytes == 0) {
        channel->flags |= SR_DTEF;
        make_idle(channel);
        return;
    }
    channel->word[SAR] += (channel->word[TR1] & TR1_SINC) != 0 ? bytes : 0;
    channel->word[DAR] += (channel->word[TR1] & TR1_DINC) != 0 ? destination_bytes(channel) : 0;
    uint32_t before = channel->word[BR1] & BR1_BNDT;
    uint32_t left = before > bytes ? before - bytes : 0;
    channel->word[BR1] = (channel->word[BR1] & ~(uint32_t)BR1_BNDT) | left;
    if (before > channel->block / 2 && left <= channel->block / 2) {
        channel->flags |= SR_HTF;
    }
    if (left != 0) {
        return;
    }
    channel->flags |= tells_complete(channel) ? SR_TCF : 0u;
    if (channel->word[LLR] == 0) {
        make_idle(channel);
    } else {
        channel->wants_link = true;
    }
}

static uint32_t channels(const struct device *device)
{
    (void)device;
    return GPDMA_CHANNELS;
}

static bool is_active(const struct device *device, uint32_t number)
{
    const struct gpdma *gpdma = device->state;
    return gpdma->channel[number].is_active;
}

static uint64_t items_left(const struct device *device, uint32_t number)
{
    const struct gpdma *gpdma = device->state;
    return gpdma->channel[number].word[BR1] & BR1_BNDT;
}

static uint64_t *ends_at(const struct device *device, uint32_t number)
{
    struct gpdma *gpdma = device->state;
    return &gpdma->channel[number].ends_at;
}

static const struct controller CONTROLLER = {
    .channels = channels,
    .is_active = is_active,
    .runs_freely = runs_freely,
    .items_left = items_left,
    .selected_request = selected_request,
    .next = next,
    .done = done,
    .prepare = prepare,
    .ends_at = ends_at,
};

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

static bool interrupt(const struct device *device, uint32_t number)
{
    return has_event(device->state, number);
}

const struct device_type stm32_gpdma = {
    .name = "stm32_gpdma",
    .state_bytes = sizeof(struct gpdma),
    .settles = true,
    .reset = reset,
    .read = read,
    .write = write,
    .due = transfers_due,
    .advance = transfers_advance,
    .interrupt = interrupt,
    .serve = transfers_serve,
    .controller = &CONTROLLER,
};
