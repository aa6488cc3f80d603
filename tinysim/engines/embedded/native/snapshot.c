#include "snapshot.h"

#include <stdlib.h>
#include <string.h>

struct snapshot {
    const struct core *core;
    struct state state;
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
    snapshot->pages = malloc((core->registers.page_count + 1) * sizeof *snapshot->pages);
    snapshot->memory = malloc(saved_bytes(&core->memories) + 1);
    if (snapshot->pages == NULL || snapshot->memory == NULL ||
        uc_context_alloc(core->uc, &snapshot->context) != UC_ERR_OK ||
        uc_context_save(core->uc, snapshot->context) != UC_ERR_OK) {
        snapshot_free(snapshot);
        return NULL;
    }
    snapshot->state = core->state;
    snapshot->unicorn_exception = core->unicorn_exception;
    snapshot->page_count = core->registers.page_count;
    if (snapshot->page_count != 0) {
        memcpy(snapshot->pages, core->registers.pages, snapshot->page_count * sizeof *snapshot->pages);
    }
    uint8_t *place = snapshot->memory;
    for (uint32_t number = 0; number < core->memories.count; number++) {
        const struct memory *memory = &core->memories.list[number];
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
    if (snapshot->core != core || snapshot->page_count > core->registers.page_capacity ||
        uc_context_restore(core->uc, snapshot->context) != UC_ERR_OK) {
        return false;
    }
    core->state = snapshot->state;
    core->unicorn_exception = snapshot->unicorn_exception;
    core->block = NULL;
    core->masks_instructions = NEVER;
    core->stack_limits_changed = core->model.has_stack_limits;
    core_device_changed(core);
    line_reset(&core->line);
    polling_restart(&core->polling, core_ticks(core), core->state.instructions);
    core->registers.page_count = snapshot->page_count;
    if (snapshot->page_count != 0) {
        memcpy(core->registers.pages, snapshot->pages, snapshot->page_count * sizeof *snapshot->pages);
    }
    const uint8_t *place = snapshot->memory;
    for (uint32_t number = 0; number < core->memories.count; number++) {
        struct memory *memory = &core->memories.list[number];
        if (is_saved(memory)) {
            memcpy(memory->host, place, memory->bytes);
            place += memory->bytes;
        }
    }
    return true;
}
