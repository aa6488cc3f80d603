#include "requests.h"

#include "bus.h"

/* What a transfer between memories takes: an access each for reading and writing an item. */
enum { TICKS_PER_ITEM = 2, TICKS_PER_BLOCK = 8 };
/* A channel that does not take what was asked for with would be asked for ever. */
enum { ITEMS_AT_ONCE = 64 };
enum { REQUEST_OF_STREAM = 0x8000 }; /* such a request is a controller, a stream and a channel selection */
enum { MULTIPLEXER_REQUEST = 0x7F }; /* DMAREQ_ID (RM0432, DMAMUX registers) */

static struct dma *controller(struct core *core, const struct unit *unit)
{
    return unit->kind == UNIT_GPDMA ? NULL : &core->state.dmas[unit->index];
}

static uint32_t channel_count(struct core *core, const struct unit *unit)
{
    const struct dma *dma = controller(core, unit);
    return dma == NULL ? GPDMA_CHANNELS : dma->channels;
}

static bool is_active(struct core *core, const struct unit *unit, uint32_t channel)
{
    const struct dma *dma = controller(core, unit);
    return dma == NULL ? core->state.gpdma.channel[channel].is_active : dma->channel[channel].is_active;
}

static bool runs_freely(struct core *core, const struct unit *unit, uint32_t channel)
{
    const struct dma *dma = controller(core, unit);
    return dma == NULL ? gpdma_runs_freely(&core->state.gpdma, channel) : dma_runs_freely(dma, channel);
}

static uint64_t *end(struct core *core, const struct unit *unit, uint32_t channel)
{
    struct dma *dma = controller(core, unit);
    return dma == NULL ? &core->state.gpdma.channel[channel].ends_at : &dma->channel[channel].ends_at;
}

static bool load_word_of_list(void *context, uint32_t address, uint32_t *value)
{
    const uint8_t *place = memories_at(context, address, 4);
    *value = place == NULL ? 0 : load_word(place);
    return place != NULL;
}

static void load_link(struct core *core, const struct unit *unit, uint32_t channel)
{
    if (unit->kind == UNIT_GPDMA) {
        gpdma_link(&core->state.gpdma, channel, load_word_of_list, &core->memories);
    }
}

static uint64_t items_left(struct core *core, const struct unit *unit, uint32_t channel)
{
    const struct dma *dma = controller(core, unit);
    return dma == NULL ? core->state.gpdma.channel[channel].word[2] & 0xFFFFu : dma->channel[channel].count;
}

/* Moves one item. */
static void transfer(struct core *core, const struct unit *unit, uint32_t channel, uint64_t now)
{
    struct dma *dma = controller(core, unit);
    struct dma_item item = dma == NULL ? gpdma_next(&core->state.gpdma, channel) : dma_next(dma, channel);
    uint32_t value = 0;
    bool moved = item.from_bytes != 0 && item.to_bytes != 0 && item.from % item.from_bytes == 0 &&
                 item.to % item.to_bytes == 0;
    if (moved && bus_load(core, item.from, item.from_bytes, &value, now)) {
        value &= item.from_bytes == 4 ? UINT32_MAX : (1u << 8 * item.from_bytes) - 1;
        moved = bus_store(core, item.to, item.to_bytes, value, now);
    } else {
        moved = false;
    }
    if (dma == NULL) {
        gpdma_done(&core->state.gpdma, channel, !moved);
    } else {
        dma_done(dma, channel, !moved);
    }
}

void requests_plan(struct core *core, const struct unit *unit, uint64_t now)
{
    for (uint32_t channel = 0; channel < channel_count(core, unit); channel++) {
        uint64_t *ends_at = end(core, unit, channel);
        load_link(core, unit, channel);
        if (!is_active(core, unit, channel) || !runs_freely(core, unit, channel)) {
            *ends_at = NEVER;
        } else if (*ends_at == NEVER) {
            *ends_at = now + TICKS_PER_BLOCK + TICKS_PER_ITEM * items_left(core, unit, channel);
        }
    }
}

uint64_t requests_advance(struct core *core, const struct unit *unit, uint64_t now)
{
    uint64_t due = NEVER;
    bool serves_requests = core->serves_requests;
    core->serves_requests = true;
    for (uint32_t channel = 0; channel < channel_count(core, unit); channel++) {
        uint64_t *ends_at = end(core, unit, channel);
        if (*ends_at <= now) {
            *ends_at = NEVER;
            for (uint64_t items = items_left(core, unit, channel);
                 items != 0 && is_active(core, unit, channel); items--) {
                transfer(core, unit, channel, now);
                if (items_left(core, unit, channel) == 0) {
                    break;
                }
            }
            requests_plan(core, unit, now);
        }
        due = *ends_at < due ? *ends_at : due;
    }
    core->serves_requests = serves_requests;
    return due;
}

static uint32_t selected_request(struct core *core, const struct unit *unit, uint32_t channel)
{
    const struct dma *dma = controller(core, unit);
    if (dma == NULL) {
        return gpdma_selected_request(&core->state.gpdma, channel);
    }
    if (unit->multiplexer != 0) {
        return registers_read(&core->registers, unit->multiplexer + 4 * channel) & MULTIPLEXER_REQUEST;
    }
    /* The first controller is number 1. */
    return REQUEST_OF_STREAM | (unit->index + 1) << 8 | channel << 4 | dma_selected_request(dma, channel);
}

static bool is_among(const uint32_t *requests, uint32_t request)
{
    for (uint32_t number = 0; number < REQUESTS_MAXIMUM; number++) {
        if (requests[number] == request) {
            return request != 0;
        }
    }
    return false;
}

static bool is_requested(const struct core *core, uint32_t request)
{
    for (uint32_t number = 0; number < core->usart_count; number++) {
        const struct device_place *usart = &core->usart_places[number];
        uint32_t requests = usart_requests(&core->state.usarts[number]);
        if (((requests & USART_REQUEST_RECEIVE) != 0 && is_among(usart->receive_requests, request)) ||
            ((requests & USART_REQUEST_TRANSMIT) != 0 && is_among(usart->transmit_requests, request))) {
            return true;
        }
    }
    return false;
}

static bool serve_unit(struct core *core, const struct unit *unit, uint64_t now)
{
    bool any = false;
    for (uint32_t channel = 0; channel < channel_count(core, unit); channel++) {
        for (uint32_t item = 0;
             item < ITEMS_AT_ONCE && is_active(core, unit, channel) && !runs_freely(core, unit, channel) &&
             is_requested(core, selected_request(core, unit, channel));
             item++) {
            transfer(core, unit, channel, now);
            load_link(core, unit, channel);
            any = true;
        }
    }
    return any;
}

bool requests_serve(struct core *core, uint64_t now)
{
    bool any = false;
    if (!core->state.uses_dma || core->serves_requests) {
        return false;
    }
    core->serves_requests = true;
    for (uint32_t number = 0; number < core->unit_count; number++) {
        const struct unit *unit = &core->units[number];
        if (unit->kind == UNIT_DMA_CHANNELS || unit->kind == UNIT_DMA_STREAMS || unit->kind == UNIT_GPDMA) {
            any |= serve_unit(core, unit, now);
        }
    }
    core->serves_requests = false;
    return any;
}
