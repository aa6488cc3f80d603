#include "transfers.h"

#include <stddef.h>

#include "clock.h"

/* What a transfer between memories takes: an access each for reading and writing an item. */
enum { TICKS_PER_ITEM = 2, TICKS_PER_BLOCK = 8 };
/* A channel that does not take what was asked for with would be asked for ever. */
enum { ITEMS_AT_ONCE = 64 };

static void prepare(struct device *device, uint32_t channel)
{
    const struct controller *controller = device->type->controller;
    if (controller->prepare != NULL) {
        controller->prepare(device, channel);
    }
}

/* Moves one item. */
static void transfer(struct device *device, uint32_t channel, uint64_t now)
{
    const struct controller *controller = device->type->controller;
    struct item item = controller->next(device, channel);
    uint32_t value = 0;
    bool moved = item.from_bytes != 0 && item.to_bytes != 0 && item.from % item.from_bytes == 0 &&
                 item.to % item.to_bytes == 0;
    if (moved && device_load(device, item.from, item.from_bytes, &value, now)) {
        value &= item.from_bytes == 4 ? UINT32_MAX : (1u << 8 * item.from_bytes) - 1;
        moved = device_store(device, item.to, item.to_bytes, value, now);
    } else {
        moved = false;
    }
    controller->done(device, channel, !moved);
}

void transfers_plan(struct device *device, uint64_t now)
{
    const struct controller *controller = device->type->controller;
    for (uint32_t channel = 0; channel < controller->channels(device); channel++) {
        uint64_t *ends_at = controller->ends_at(device, channel);
        prepare(device, channel);
        if (!controller->is_active(device, channel) || !controller->runs_freely(device, channel)) {
            *ends_at = NEVER;
        } else if (*ends_at == NEVER) {
            *ends_at = now + TICKS_PER_BLOCK + TICKS_PER_ITEM * controller->items_left(device, channel);
        }
    }
}

uint64_t transfers_due(const struct device *device)
{
    const struct controller *controller = device->type->controller;
    uint64_t due = NEVER;
    for (uint32_t channel = 0; channel < controller->channels(device); channel++) {
        uint64_t ends_at = *controller->ends_at(device, channel);
        due = ends_at < due ? ends_at : due;
    }
    return due;
}

void transfers_advance(struct device *device, uint64_t now)
{
    const struct controller *controller = device->type->controller;
    for (uint32_t channel = 0; channel < controller->channels(device); channel++) {
        uint64_t *ends_at = controller->ends_at(device, channel);
        if (*ends_at > now) {
            continue;
        }
        *ends_at = NEVER;
        for (uint64_t items = controller->items_left(device, channel);
             items != 0 && controller->is_active(device, channel); items--) {
            transfer(device, channel, now);
            if (controller->items_left(device, channel) == 0) {
                break;
            }
        }
        transfers_plan(device, now);
    }
}

bool transfers_serve(struct device *device, uint64_t now)
{
    const struct controller *controller = device->type->controller;
    bool any = false;
    for (uint32_t channel = 0; channel < controller->channels(device); channel++) {
        for (uint32_t item = 0; item < ITEMS_AT_ONCE && controller->is_active(device, channel) &&
                                !controller->runs_freely(device, channel) &&
                                device_is_requested(device, controller->selected_request(device, channel));
             item++) {
            transfer(device, channel, now);
            prepare(device, channel);
            any = true;
        }
    }
    return any;
}
