#include "snapshot.h"

#include <stdlib.h>
#include <string.h>

struct snapshot {
    const struct core *core;
    struct state state;
    struct chip_state chip;
    uint8_t *devices;
    uint32_t unicorn_exception;
    uc_context *context;
    struct register_page *pages;
    uint32_t page_count;
    uint8_t *memory; /* all RAM, range after range */
};

static bool is_saved(const struct memory *memory)
{
    return memory->writable && memory->owns_host;
}

static size_t saved_bytes(const struct memories *memories)
{
    size_t bytes = 0;
    for (uint32_t number = 0; number < memories->count; number++) {
        bytes += is_saved(&memories->list[number]) ? memories->list[number].bytes : 0;
    }
    return bytes;
}

void snapshot_free(struct snapshot *snapshot)
{
    if (snapshot != NULL) {
        if (snapshot->context != NULL) {
            (void)uc_context_free(snapshot->context);
        }
        free(snapshot->devices);
        free(snapshot->pages);
        free(snapshot->memory);
        free(snapshot);
    }
}

struct snapshot *snapshot_take(struct core *core)
{
    struct snapshot *snapshot = calloc(1, sizeof *snapshot);
    if (snapshot == NULL) {
        return NULL;
    }
    snapshot->core = core;
    snapshot->pages = malloc((core->chip.registers.page_count + 1) * sizeof *snapshot->pages);
    snapshot->devices = malloc(core->chip.device_state_bytes + 1);
    snapshot->memory = malloc(saved_bytes(&core->chip.memories) + 1);
    if (snapshot->pages == NULL || snapshot->devices == NULL || snapshot->memory == NULL ||
        uc_context_alloc(core->uc, &snapshot->context) != UC_ERR_OK ||
        uc_context_save(core->uc, snapshot->context) != UC_ERR_OK) {
        snapshot_free(snapshot);
        return NULL;
    }
    snapshot->state = core->state;
    snapshot->chip = core->chip.state;
    if (core->chip.device_state_bytes != 0) {
        memcpy(snapshot->devices, core->chip.device_states, core->chip.device_state_bytes);
    }
    snapshot->unicorn_exception = core->unicorn_exception;
    snapshot->page_count = core->chip.registers.page_count;
    if (snapshot->page_count != 0) {
        memcpy(snapshot->pages, core->chip.registers.pages, snapshot->page_count * sizeof *snapshot->pages);
    }
    uint8_t *place = snapshot->memory;
    for (uint32_t number = 0; number < core->chip.memories.count; number++) {
        const struct memory *memory = &core->chip.memories.list[number];
        if (is_saved(memory)) {
            memcpy(place, memory->host, memory->bytes);
            place += memory->bytes;
        }
    }
    return snapshot;
}

bool snapshot_restore(struct core *core, const struct snapshot *snapshot)
{
    /* Pages are never given back, so there is room for those of any earlier moment. */
    if (snapshot->core != core || snapshot->page_count > core->chip.registers.page_capacity ||
        uc_context_restore(core->uc, snapshot->context) != UC_ERR_OK) {
        return false;
    }
    core->state = snapshot->state;
    core->chip.state = snapshot->chip;
    if (core->chip.device_state_bytes != 0) {
        memcpy(core->chip.device_states, snapshot->devices, core->chip.device_state_bytes);
    }
    core->unicorn_exception = snapshot->unicorn_exception;
    core->block = NULL;
    core->masks_instructions = NEVER;
    core->stack_limits_changed = core->model.has_stack_limits;
    core_device_changed(core);
    line_reset(&core->chip.line);
    polling_restart(&core->chip.polling, core_ticks(core), core->state.instructions);
    core->chip.registers.page_count = snapshot->page_count;
    if (snapshot->page_count != 0) {
        memcpy(core->chip.registers.pages, snapshot->pages, snapshot->page_count * sizeof *snapshot->pages);
    }
    const uint8_t *place = snapshot->memory;
    for (uint32_t number = 0; number < core->chip.memories.count; number++) {
        struct memory *memory = &core->chip.memories.list[number];
        if (is_saved(memory)) {
            memcpy(memory->host, place, memory->bytes);
            place += memory->bytes;
        }
    }
    return true;
}
